"""Log lines, text for people or JSON for machines. Neither says what an exception says: it may quote a patient."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from celery import current_task

from lmis.api.request_id import RequestIdFilter
from lmis.api.tracebacks import without_values

_NONE = "-"


class ContextFilter(RequestIdFilter):
    """What the line belongs to: a request, or a task. A card comes as its guid, by `extra={"card": …}`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mark the record; never hold one back."""
        super().filter(record)
        task = current_task.request if current_task else None
        record.task, record.task_id = getattr(task, "task", None), getattr(task, "id", None)
        record.context = record.task_id if record.request_id == _NONE and record.task_id else record.request_id  # type: ignore[attr-defined]
        _without_what_tasks_raised(record)
        return True


class TextFormatter(logging.Formatter):
    """A line for people, and under it where an exception came from."""

    def formatException(self, ei: Any) -> str:
        """Types and places; not the messages."""
        return _described(ei)


class JsonFormatter(logging.Formatter):
    """An object a line: time, level, logger, message, and what there is of `request_id`, `task`, `task_id`, `card`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        for name in ("request_id", "task", "task_id", "card"):
            value = getattr(record, name, None)
            if value not in (None, _NONE):
                line[name] = str(value)
        if record.exc_info:
            line["traceback"] = _described(record.exc_info)
        try:
            return orjson.dumps(line, option=orjson.OPT_UTC_Z).decode()
        except TypeError:  # half of a letter somewhere: the usual library writes it as an escape
            return json.dumps(line, default=str)


def _described(exc_info: Any) -> str:
    """Where an exception came from, of what `logging` keeps of it; nothing without one."""
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    return without_values(error) if error is not None else ""


def _without_what_tasks_raised(record: logging.LogRecord) -> None:
    """Celery's line about a failed task has the exception's text and the arguments in it."""
    if record.name == "celery.app.trace" and isinstance(record.args, Mapping) and "exc" in record.args:
        error = record.exc_info[1] if record.exc_info else None
        exc = type(error).__name__ if error is not None else "(not shown)"
        record.args = {**record.args, "exc": exc, "traceback": "", "args": "()", "kwargs": "{}"}
