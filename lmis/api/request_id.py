"""One id for everything that happens in a request: on the response, in every log line, in a 500."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-Id"
current: ContextVar[str] = ContextVar("request_id", default="-")
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,128}")


def choose(given: str | None) -> str:
    """The caller's own id if it is one that may stand in a log, else a new one."""
    return given if given and _GIVEN.fullmatch(given) else uuid.uuid4().hex


class RequestIdFilter(logging.Filter):
    """Puts the id into log records, as `%(request_id)s`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mark the record; never hold one back."""
        request = getattr(record, "request", None)  # Django's own lines about a response come after the middleware
        record.request_id = getattr(request, "request_id", None) or current.get()
        return True
