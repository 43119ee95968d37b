"""One row of what the MIP holds, asked for as a check of the way there: status, its clock, what came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID, uuid4

import httpx
from django.conf import settings
from django.utils import timezone

from lmis import outgoing
from patients.mip.client import BAD_SETTINGS


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` None: none came, `error` says why. `clock`: how far the MIP's clock is ahead of ours, to a second.

    `rows` None: what came is no list as contract §4 has it.
    """

    status: int | None
    error: str
    milliseconds: int
    request_id: UUID
    clock: timedelta | None = None
    rows: int | None = None


def ask_one_row(*, lpu_guid: UUID, patience: float) -> Answer:
    """Ask for one row of this LPU's cards, on a connection of its own. Raises nothing to do with the network.

    `patience` is for one step; all of them have twice as long.
    """
    request_id, begun = uuid4(), timezone.now()
    try:
        response = _ask(lpu_guid, request_id, patience)
    except outgoing.BadSettings:
        return Answer(None, BAD_SETTINGS, _since(begun), request_id)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(None, type(error).__name__, _since(begun), request_id)
    took = _since(begun)
    clock = _ahead(response.headers.get("Date"), begun, timezone.now())
    return Answer(response.status_code, "", took, request_id, clock, _rows(response))


def _ask(lpu_guid: UUID, request_id: UUID, patience: float) -> httpx.Response:
    mip = settings.MIP
    headers = {"Accept": "application/json", "X-Request-Id": str(request_id)}
    with outgoing.client(auth=(mip["LOGIN"], mip["PASSWORD"]), headers=headers, timeout=patience) as client:
        url, query = f"{mip['URL'].rstrip('/')}/mkab", {"lpuGuid": str(lpu_guid), "limit": 1}
        return outgoing.ask(client, "GET", url, seconds=2 * patience, most=outgoing.MEBIBYTE, params=query)


def _since(begun: datetime) -> int:
    return round((timezone.now() - begun).total_seconds() * 1000)


def _ahead(date: str | None, begun: datetime, ended: datetime) -> timedelta | None:
    """Compared with the middle of the call; a difference that the call itself explains is none."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    # The header has whole seconds, and servers keep it for one: it is up to two old.
    if begun - timedelta(seconds=2) <= theirs <= ended:
        return timedelta()
    middle = begun + (ended - begun) / 2
    return timedelta(seconds=round((theirs - middle).total_seconds()))


def _rows(response: httpx.Response) -> int | None:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    items = body.get("items") if isinstance(body, dict) else None
    return len(items) if isinstance(items, list) else None
