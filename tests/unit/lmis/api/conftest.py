"""Callers of the test views."""

import base64
import contextlib
import datetime as dt
import http.server
import itertools
import threading

import jwt
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from lmis.actors import Actor
from lmis.models import Source
from lmis.models.api_client import Scope
from lmis.services import clients

_number = itertools.count(1)
LONG_SECRET = "a secret of at least thirty-two bytes, as HS256 wants it"


def basic(login, secret):
    """An Authorization header; bytes go in as they are."""
    login, secret = (text if isinstance(text, bytes) else text.encode() for text in (login, secret))
    return "Basic " + base64.b64encode(login + b":" + secret).decode()


class Known:
    """A client of ours and its secret."""

    def __init__(self, **fields):
        values = {"login": f"client{next(_number)}", "name": "test", "scopes": Scope.values} | fields
        self.client, self.secret = clients.create(**values, by=Actor("test"))
        self.http = APIClient(HTTP_AUTHORIZATION=basic(self.client.login, self.secret))


def token(key=LONG_SECRET, algorithm="HS256", headers=None, **claims):
    """A patient token, good for an hour unless said otherwise; None removes a claim."""
    body = {"exp": timezone.now() + dt.timedelta(hours=1)} | claims
    body = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(body, key, algorithm=algorithm, headers=headers)


@pytest.fixture(autouse=True)
def urls(settings):
    """The test views instead of the project's."""
    settings.ROOT_URLCONF = "tests.unit.lmis.api.views"


@pytest.fixture(autouse=True)
def token_settings(settings):
    """HS256 with a key of the tests; change the dict to change the configuration."""
    settings.PATIENT_TOKEN = {
        **settings.PATIENT_TOKEN,
        "ALGORITHMS": ["HS256"],
        "KEY": LONG_SECRET,
        "JWKS_URL": "",
        "ISSUER": "",
        "AUDIENCE": "",
    }
    return settings.PATIENT_TOKEN


@pytest.fixture
def known(db):
    """A client with every scope and the source Internet."""
    return Known(source=Source.INTERNET)


class Issuer:
    """A token issuer on real HTTP: what it serves can be changed, and how often it was asked is counted."""

    def __init__(self):
        self.document = b'{"keys": []}'
        self.status = 200
        self.asked = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                self.send_response(issuer.status)
                self.end_headers()
                self.wfile.write(issuer.document)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def issuer():
    """A JWKS server of this test alone."""
    issuer = Issuer()
    yield issuer
    with contextlib.suppress(OSError):
        issuer.server.shutdown()
        issuer.server.server_close()
