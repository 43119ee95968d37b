"""Reading the MIP's answers (contract §4): HTTP in, `Outcome` out. Nothing here raises, whatever was answered."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from patients.mip import outcomes
from patients.mip.outcomes import Accepted, Credentials, Duplicate, Fault, Later, Outcome, Rejected

LONGEST_WAIT = 86_400.0  # seconds; a Retry-After beyond a day is a slip of theirs
MOST_FAULTS = 30  # of one card; it has fewer fields
HIGHEST_VERSION = 2**62  # beyond it we could not rise above
# What may be shown to everybody who minds the exchange: anything else may be a patient's name or number.
PLAIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9_.\-\[\]]{0,63}|[0-9]{1,6})\Z")
_BAD_CARD = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
# Without any of them it is no answer of the MIP to a card, but of a server before it that does not take the request.
_ENVELOPE = frozenset(("message_code", "message", "errors"))
_NOT_LET_IN = {HTTPStatus.UNAUTHORIZED: "unauthorized", HTTPStatus.FORBIDDEN: outcomes.FORBIDDEN}


def classify(response: httpx.Response, *, now: datetime) -> Outcome:
    """What an answer to an upload means. Anything that is not said to be the card's fault is tried again later."""
    status = response.status_code
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        return _accepted(_object(response))
    if status in _BAD_CARD and _ENVELOPE & (body := _object(response)).keys():
        return _rejected(body, status)
    if status == HTTPStatus.CONFLICT:
        body = _object(response)
        return Duplicate(code=_name(body, "message_code") or "duplicate", text=_text(body, "message", 500))
    if status in _NOT_LET_IN:
        return Credentials(_NOT_LET_IN[HTTPStatus(status)])
    return Later(f"http_{status}", retry_after(response.headers.get("Retry-After"), now=now))


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from a `Retry-After` in seconds or as an HTTP date; None when there is none to be read."""
    if not value:
        return None
    try:
        seconds = float(value) if value.strip().isdecimal() else (_http_date(value) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else LONGEST_WAIT


def _http_date(value: str) -> datetime:
    moment = parsedate_to_datetime(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _accepted(body: Mapping[str, Any]) -> Outcome:
    version = body.get("version")
    if type(version) is not int or not 0 <= version < HIGHEST_VERSION:
        return Later("bad_answer")
    return Accepted(version=version, person_guid=_guid(body.get("personGuid")))


def _rejected(body: Mapping[str, Any], status: int) -> Rejected:
    """The envelope, and its list of errors."""
    faults = tuple(_faults(body.get("errors")))
    first = faults[0] if faults else Fault("", "", "")
    return Rejected(
        code=_name(body, "message_code") or f"http_{status}",
        text=first.text or _text(body, "message", 500),
        field=first.field,
        faults=faults,
    )


def _faults(errors: object) -> Iterator[Fault]:
    """Each that says anything, up to `MOST_FAULTS`."""
    for one in errors[:MOST_FAULTS] if isinstance(errors, list) else ():
        if isinstance(one, dict):
            fault = Fault(_name(one, "field"), _name(one, "message_code"), _text(one, "message", 500))
            if fault != Fault("", "", ""):
                yield fault


def _name(body: Mapping[str, Any], name: str) -> str:
    """A code or the name of a field; blank when it is no plain one."""
    text = _text(body, name, 65)
    return text if PLAIN.match(text) else ""


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _text(body: Mapping[str, Any], name: str, length: int) -> str:
    """A text that PostgreSQL can store: no NUL, no half of a surrogate pair, not too long."""
    value = body.get(name)
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:length]


def _guid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
