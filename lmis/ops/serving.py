"""What a web process does beside answering: it shows that it lives, and writes down what it counted."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable
from multiprocessing import util
from typing import Any

from django.urls import get_resolver

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class FirstRequest:
    """A WSGI application that begins all that with its first request: importing it alone does nothing."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._begun = False
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer."""
        if not self._begun:
            self._begin()
        return self._application(environ, start_response)

    def _begin(self) -> None:
        with self._lock:
            if not self._begun:
                begin()
                self._begun = True


def settle() -> None:
    """Take all that is loaded by now out of the garbage collector's sight.

    It would look through 200,000 objects of Django's and of libraries' that never go, again and again: 150 ms each
    time, in the middle of somebody's request, about one page of the grid in twenty.
    """
    get_resolver().url_patterns  # noqa: B018  # reading it loads every view
    gc.collect()
    gc.freeze()


def begin() -> None:
    """Called once by each process that answers requests, never by commands or tests."""
    from lmis.ops import heartbeat  # these need the apps, and this module is imported before they are ready
    from lmis.ops.counting import COUNTS, FLUSH_SECONDS
    from lmis.ops.every import Every, safely

    heartbeat.begin("web", hooks=heartbeat.WEB_HOOK_SECONDS)
    counts = Every(FLUSH_SECONDS, COUNTS.flush, name="counts")
    counts.start()
    settle()

    def end() -> None:
        counts.end()
        safely(COUNTS.flush, name="counts")
        heartbeat.end("web")

    # Not `atexit`: the web server's processes are made by `multiprocessing`, and end without it.
    util.Finalize(None, end, exitpriority=10)
