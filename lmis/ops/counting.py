"""Counting requests: in memory while they are answered, into the tables a few times a minute.

A request pays a few microseconds and no statement. A process that is killed loses what it counted since the last time.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import defaultdict

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from lmis.api.authentication import decoded
from lmis.api.middleware import Handler
from lmis.querysets_ops import BAD_CREDENTIALS
from lmis.services import traffic
from lmis.services.traffic import BOUNDS, Key, Tally

FLUSH_SECONDS = 10.0
MOST_KEYS = 2000  # guessing by ever new logins must not fill the memory
NO_ROUTE = "(none)"  # static files, and URLs that we do not have
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOGIN_LENGTH = 64


class Counts:
    """What this process has counted and not yet written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: dict[Key, Tally] = defaultdict(Tally)

    def note(self, key: Key, seconds: float) -> None:
        """Count one request."""
        milliseconds = seconds * 1000
        place = bisect_left(BOUNDS, milliseconds)
        with self._lock:
            tally = self._tallies[key if len(self._tallies) < MOST_KEYS else Key("", "", NO_ROUTE, key.status, "")]
            tally.count += 1
            tally.milliseconds += milliseconds
            tally.last = time.time()
            tally.within[place] += 1

    def flush(self) -> None:
        """Write it down; what cannot be written now is kept for the next time, and the error raised."""
        with self._lock:
            taken, self._tallies = self._tallies, defaultdict(Tally)
        try:
            traffic.add(counts=taken, now=timezone.now())
        except BaseException:
            with self._lock:
                for key, tally in taken.items():
                    self._tallies[key].add(tally)
            raise


COUNTS = Counts()


class CountingMiddleware:
    """Outermost, so that what the others took counts, too."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and count the answer."""
        begun = time.perf_counter()
        response = self.get_response(request)
        COUNTS.note(key_of(request, response), time.perf_counter() - begun)
        return response


def key_of(request: HttpRequest, response: HttpResponseBase) -> Key:
    """What this answer is counted as. The route is the pattern: a path would name patients' cards."""
    match, method, status = request.resolver_match, request.method or "", response.status_code
    client, code = "", getattr(response, "refusal", "")
    caller = getattr(request, "auth", None)
    if caller is not None:
        client = caller.client.login if caller.client else ""
    elif status in (401, 403, 429):
        client = _login_tried(request)
        code = BAD_CREDENTIALS if client and status != 403 else code
    route = match.route if match else NO_ROUTE
    return Key(client, method if method in _METHODS else "", route, status, code)


def _login_tried(request: HttpRequest) -> str:
    scheme, _, rest = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return decoded(rest.strip())[0].replace("\x00", "\ufffd")[:_LOGIN_LENGTH] if scheme.lower() == "basic" else ""
