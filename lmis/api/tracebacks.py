"""Exceptions for the log without what they say: their messages quote values, and values are people."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import psycopg


def without_values(error: BaseException) -> str:
    """Types, places in the code, and of a database error its code and constraint; causes first."""
    return "\n".join(_lines(error))


def _lines(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause)
    yield f"{type(error).__module__}.{type(error).__qualname__}{_database(error)}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"


def _database(error: BaseException) -> str:
    if not isinstance(error, psycopg.Error):
        return ""
    return f" sqlstate={error.sqlstate} constraint={error.diag.constraint_name}"
