"""Basic for clients, Bearer for patients (contract §2.1)."""

from __future__ import annotations

import base64
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from lmis.api import tokens
from lmis.api.addresses import client_address, within
from lmis.api.callers import Caller
from lmis.exceptions import NetworkNotAllowed, Throttled, Unauthorized
from lmis.services import credentials


class ClientAuthentication(BaseAuthentication):
    """Gives a `Caller` as `request.auth`, or refuses; there are no anonymous callers and no users."""

    def authenticate(self, request: Request) -> tuple[None, Caller]:
        """Raise `Unauthorized`, `Throttled`, `NetworkNotAllowed`, or what is wrong with a Bearer token."""
        scheme, _, rest = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        match scheme.lower():
            case "basic":
                return None, _client(request.META, rest.strip())
            case "bearer":
                return None, Caller(claims=tokens.check(rest.strip()), bearer=True)
        raise Unauthorized

    def authenticate_header(self, request: Request) -> str:
        """For DRF's own 401s."""
        return Unauthorized().headers["WWW-Authenticate"]


def _client(meta: dict[str, Any], encoded: str) -> Caller:
    """The client behind Basic. A failure is counted, the right credentials pass however many failed before."""
    now = timezone.now()
    address = client_address(meta)
    login, secret = decoded(encoded)
    client = credentials.check(login=login, secret=secret, now=now)
    if client is None:
        wait = credentials.failed(login=login, address=str(address or ""), now=now)
        raise Throttled(wait) if wait else Unauthorized
    if client.networks and not within(address, client.networks):
        raise NetworkNotAllowed
    credentials.touch(client=client, now=now)
    return Caller(client=client)


def decoded(encoded: str) -> tuple[str, bytes]:
    """Login and secret; what is not Basic at all is as good as an empty login.

    Browsers and libraries disagree whether a login is UTF-8 or Latin-1; nearly no Latin-1 text is valid UTF-8.
    """
    try:
        login, _, secret = base64.b64decode(encoded, validate=True).partition(b":")
    except ValueError:
        return "", b""
    try:
        return login.decode(), secret
    except UnicodeDecodeError:
        return login.decode("latin-1"), secret
