"""Reading the schedule (contract E and F): in full, as a difference, or that nothing changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db import ProgrammingError, connection
from django.utils.translation import gettext as _

from appointments.exceptions import ResourceNotFound
from appointments.models import Slot
from appointments.services.revision import Revision, Tags, tag
from appointments.sql import fetch, load
from lmis.exceptions import ValidationFailed

DEFAULT_DAYS, MOST_DAYS = 15, 62

# What names the cluster. A managed server may forbid either function: it is then left out, and the epoch remains.
_SYSTEM = {
    "pg_control_system()": "(SELECT system_identifier FROM pg_control_system())::text, ",
    "pg_walfile_name(pg_lsn)": "left(pg_walfile_name(pg_current_wal_lsn()), 8), ",
}
_forbidden: set[str] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for. Days are inclusive, in the zone of each LPU; None means the default of the contract.

    `since` is the text of an earlier revision, whatever it is; `held` are the tags that the caller has answers for.
    """

    resource: UUID | None = None
    lpu: UUID | None = None
    speciality: str | None = None
    channel: str | None = None
    free: bool = False
    first: dt.date | None = None
    last: dt.date | None = None
    since: str | None = None
    held: Tags = field(default_factory=Tags)


@dataclass(frozen=True, slots=True)
class Answer:
    """The entity tag, and the JSON body; no body: the caller has it already."""

    etag: str
    body: bytes | None


def read(*, question: Question, now: dt.datetime) -> Answer:
    """Answer in two statements, a 304 in one.

    The slots are read a moment after the state that the revision names: what changed in between is told again next
    time, and nothing is missed, since whatever they do not show yet has a number at or above the revision's edge.
    Raises ResourceNotFound for a doctor who was never shown, ValidationFailed for days in the wrong order or too many.
    """
    _check_days(question)
    parameters = _parameters(question, now)
    answer, place, revision, next_begin, edge = (_text(value) for value in _state(parameters))
    if answer == "unknown":
        raise ResourceNotFound
    if answer == "too long":
        raise _bad_days()
    if answer == "unchanged":
        return Answer(question.held.known[place - 1].text if place else tag(revision, next_begin), None)
    rows = fetch(load(f"schedule_{answer}"), {**parameters, "edge": edge})
    items = b",".join(row[2] for row in sorted(rows))
    full = b"true" if answer == "full" else b"false"
    body = b'{"revision":"%b","full":%b,"items":[%b]}' % (revision.encode(), full, items)
    return Answer(tag(revision, next_begin), body)


def render(*, slots: Sequence[Slot], now: dt.datetime) -> list[dict[str, Any]]:
    """These slots as the contract shows them, in the order given; one statement."""
    rows = dict(fetch(load("slots"), {"ids": [slot.pk for slot in slots], "now": now}))
    return [orjson.loads(rows[slot.pk]) for slot in slots]


def _check_days(question: Question) -> None:
    """What can be said without knowing what day it is there."""
    if question.first and question.last and not 0 <= (question.last - question.first).days < MOST_DAYS:
        raise _bad_days()


def _bad_days() -> ValidationFailed:
    message = _("dateTo must not be before dateFrom, and at most %(most)d days may be asked for.")
    return ValidationFailed.of("dateTo", message % {"most": MOST_DAYS}, "date_range")


def _parameters(question: Question, now: dt.datetime) -> dict[str, Any]:
    filters = {name: getattr(question, name) for name in ("resource", "lpu", "speciality", "channel", "free")}
    since = Revision.parse(question.since) if question.since else None
    tags = question.held.known
    return {
        **filters,
        "first": question.first,
        "last": question.last,
        "now": now,
        "default_days": DEFAULT_DAYS,
        "most_days": MOST_DAYS,
        "asked": orjson.dumps(filters).decode(),
        "any_tag": question.held.any,
        "tag_marks": [t.revision.mark for t in tags],
        "tag_windows": [t.revision.windows for t in tags],
        "tag_edges": [t.revision.edge for t in tags],
        "tag_nexts": [t.next_begin for t in tags],
        "wants_since": bool(question.since),
        "since_mark": since and since.mark,
        "since_edge": since and since.edge,
        "since_first": since.first if since else [],
        "since_last": since.last if since else [],
    }


def _state(parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        return fetch(_state_sql(), parameters)[0]
    except ProgrammingError as error:
        if _forbidden or not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            raise
        _forbidden.update(_ask_what_is_forbidden())
        return fetch(_state_sql(), parameters)[0]


def _state_sql() -> str:
    return load("schedule_state", system="".join(part for name, part in _SYSTEM.items() if name not in _forbidden))


def _ask_what_is_forbidden() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f FROM unnest(%s::text[]) f WHERE NOT has_function_privilege('pg_catalog.' || f, 'execute')",
            [list(_SYSTEM)],
        )
        return [row[0] for row in cursor.fetchall()]


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
