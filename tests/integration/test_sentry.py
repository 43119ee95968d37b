"""Faults told to Sentry: what arrives at its door names nobody."""

import gzip
import http.server
import json
import os
import subprocess
import sys
import textwrap
import threading

import pytest

from lmis.ops import sentry
from tests.demo import ROOT

PERSONAL = ("Сидоров", "9876543210987654", "112-233-445 95", "secret-token", "session-of-nurse")
# A process of its own: the library changes Django, Celery and logging for good.
FAULTS = """
    import logging, sys
    import django
    from django.conf import settings
    django.setup()
    from celery import Celery
    from django.http import HttpResponse
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import RequestFactory
    from django.urls import path
    import sentry_sdk

    def view(request, which=""):
        family = "Сидоров"
        raise ValueError(f"{family} 9876543210987654")

    urlpatterns = [path("api/broken/<str:which>", view), path("broken", view)]
    settings.ROOT_URLCONF = "__main__"
    settings.ALLOWED_HOSTS = ["testserver"]
    wanted = ("lmis.api", "django.middleware.common")
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name.startswith(wanted)]
    served = WSGIHandler()  # as the web server calls it: what the test client calls is not watched
    told = {"HTTP_X_REQUEST_ID": "request-7", "HTTP_AUTHORIZATION": "Basic secret-token",
            "HTTP_COOKIE": "sessionid=session-of-nurse", "HTTP_X_PATIENT_TOKEN": "secret-token"}
    body = '{"family": "Сидоров", "snils": "112-233-445 95"}'
    for url in ("/api/broken/x?family=Сидоров", "/broken?snils=112-233-445 95"):
        request = RequestFactory().generic("POST", url, body, content_type="application/json", **told)
        list(served(request.environ, lambda status, headers: None))

    app = Celery("x", set_as_current=False)
    @app.task(name="tests.broken")
    def broken(**kwargs):
        raise RuntimeError("Сидоров")
    broken.apply(kwargs={"family": "Сидоров"})

    logging.getLogger("lmis.tests").error("card %s", "the-guid")
    logging.getLogger("other").error("patient %s", "Сидоров")
    logging.getLogger("other").error("patient Сидоров")
    logging.getLogger("lmis.tests").error("%d", "no number")
    sentry_sdk.flush(20)
"""


class Door(http.server.BaseHTTPRequestHandler):
    """Takes what Sentry's library sends."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture(scope="module")
def taken():
    """All that arrived, as text."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.taken = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        dsn = f"http://key@127.0.0.1:{server.server_port}/1"
        env = {**os.environ, "SENTRY_DSN": dsn, "LMIS_VERSION": "abc123", "DJANGO_SETTINGS_MODULE": "lmis.settings"}
        told = [sys.executable, "-c", textwrap.dedent(FAULTS)]
        done = subprocess.run(told, cwd=ROOT, env=env, capture_output=True, text=True)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    return [body.decode() for body in server.taken]


@pytest.fixture(scope="module")
def events(taken):
    lines = [line for body in taken for line in body.splitlines()]
    return [json.loads(line) for line in lines if '"event_id"' in line and '"level"' in line]


def test_nothing_personal_arrives(taken, events):
    assert len(events) >= 6
    everything = "\n".join(taken)
    found = [text for text in PERSONAL if text in everything or json.dumps(text)[1:-1] in everything]
    assert found == []


def test_a_fault_of_a_request_is_told_with_its_place_and_request_id(events):
    told = [event for event in events if event.get("logger") == "lmis.api.errors"]
    assert told
    assert "ValueError" in told[0]["logentry"]["message"]
    assert told[0]["tags"] == {"request_id": "request-7"}
    assert told[0]["release"] == "abc123"
    assert told[0]["request"] == {"method": "POST"}


def test_a_fault_of_a_page_and_of_a_task_has_its_type(events):
    types = {one["type"] for event in events for one in event.get("exception", {}).get("values", ())}
    assert {"ValueError", "RuntimeError"} <= types
    assert not any(one.get("value") for event in events for one in event.get("exception", {}).get("values", ()))


def test_lines_of_ours_are_told_in_full_and_others_without_values(events):
    said = [event["logentry"]["message"] for event in events if "logentry" in event]
    assert "card the-guid" in said
    assert "patient %s" in said


def test_without_an_address_nothing_is_loaded():
    told = "import sys, django; django.setup(); print('sentry_sdk' in sys.modules)"
    env = {**os.environ, "SENTRY_DSN": "", "DJANGO_SETTINGS_MODULE": "lmis.settings"}
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_a_later_version_of_the_library_may_gather_stays_here():
    event = {"level": "error", "new_thing": "Сидоров", "user": {"id": 1}, "extra": {"a": "Сидоров"}, "modules": {}}
    assert sentry.scrub(event, {}) == {"level": "error", "tags": {"request_id": "-"}}
