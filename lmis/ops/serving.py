"""What a web process does beside answering: it shows that it lives, and writes down what it counted."""

from __future__ import annotations

import atexit

from lmis.ops import heartbeat
from lmis.ops.counting import COUNTS, FLUSH_SECONDS
from lmis.ops.every import Every, safely


def begin() -> None:
    """Called once by each process that answers requests, never by commands or tests."""
    heartbeat.begin("web", hooks=heartbeat.WEB_HOOK_SECONDS)
    counts = Every(FLUSH_SECONDS, COUNTS.flush, name="counts")
    counts.start()
    atexit.register(_end, counts)


def _end(counts: Every) -> None:
    counts.end()
    safely(COUNTS.flush, name="counts")
    heartbeat.end("web")
