"""Reading the journal: what was changed and which cards were seen, the newest first, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q

from lmis.models import AccessRecord

PAGE = 50
_CHANGES, _SEEN = "c", "s"


@dataclass(frozen=True, slots=True)
class Kind:
    """Of what the entries are: changes of one model (of all, if None), cards seen in one way (in any, if blank)."""

    changes: bool = True
    model: type[models.Model] | None = None
    seen: bool = True
    what: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Which entries: a half-open period; by whom, of what kind, of whose card, as far as that is asked.

    `cards` are guids of one person's cards, `objects` the ids of that person's things by model; None is everybody.
    """

    begin: dt.datetime
    end: dt.datetime
    user_id: int | None = None
    kind: Kind = field(default_factory=Kind)
    cards: Collection[UUID] | None = None
    objects: Mapping[type[models.Model], Collection[int]] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which entry the next page begins; as text it stands in the form's hidden field."""

    at: dt.datetime
    source: str
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.source} {self.pk}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """From the field; None for a blank one. Raises ValueError for what is no place."""
        if not text:
            return None
        at, source, pk = text.split(" ")
        place = cls(dt.datetime.fromisoformat(at), source, int(pk))
        if source not in (_CHANGES, _SEEN) or place.at.tzinfo is None:
            raise ValueError(text)
        return place


Entry = LogEntry | AccessRecord


def read(question: Question, after: Place | None = None, limit: int = PAGE) -> tuple[list[Entry], Place | None]:
    """Up to `limit` entries, the newest first, and the place behind them when there are more.

    Two statements at most, by index; of equal instants changes come before what was seen.
    """
    rows: list[list[tuple[Any, Entry]]] = []
    if question.kind.changes:
        rows.append([(_place(entry), entry) for entry in _changes(question, after)[: limit + 1]])
    if question.kind.seen:
        rows.append([(_place(entry), entry) for entry in _seen(question, after)[: limit + 1]])
    merged = list(islice(merge(*rows, key=lambda row: _order(row[0])), limit + 1))
    shown = [entry for _where, entry in merged[:limit]]
    return shown, merged[limit - 1][0] if len(merged) > limit else None


def _place(entry: Entry) -> Place:
    if isinstance(entry, LogEntry):
        return Place(entry.timestamp, _CHANGES, entry.pk)
    return Place(entry.at, _SEEN, entry.pk)


def _order(place: Place) -> tuple[float, str, int]:
    return (-place.at.timestamp(), place.source, -place.pk)


def _changes(question: Question, after: Place | None) -> models.QuerySet[LogEntry]:
    found = LogEntry.objects.filter(timestamp__gte=question.begin, timestamp__lt=question.end)
    if question.user_id is not None:
        found = found.filter(actor_id=question.user_id)
    if question.kind.model is not None:
        found = found.filter(content_type=ContentType.objects.get_for_model(question.kind.model))
    if question.objects is not None:
        theirs = Q(pk__in=[])
        for model, pks in question.objects.items():
            theirs |= Q(content_type=ContentType.objects.get_for_model(model), object_id__in=list(pks))
        found = found.filter(theirs)
    found = _behind(found, "timestamp", _CHANGES, after)
    return found.select_related("actor", "content_type").order_by("-timestamp", "-pk")


def _seen(question: Question, after: Place | None) -> models.QuerySet[AccessRecord]:
    found: models.QuerySet[AccessRecord] = AccessRecord.objects.in_period(question.begin, question.end)
    if question.user_id is not None:
        found = found.filter(user_id=question.user_id)
    if question.kind.what:
        found = found.filter(what=question.kind.what)
    if question.cards is not None:
        found = found.filter(card__in=list(question.cards))
    return _behind(found, "at", _SEEN, after).select_related("user").order_by("-at", "-pk")


def _behind(found: models.QuerySet[Any], column: str, source: str, after: Place | None) -> models.QuerySet[Any]:
    """What comes after that place in the order of `_order`."""
    if after is None:
        return found
    older = Q(**{f"{column}__lt": after.at})
    if source == after.source:
        older |= Q(**{column: after.at, "pk__lt": after.pk})
    elif source > after.source:
        older |= Q(**{column: after.at})
    return found.filter(older, **{f"{column}__lte": after.at})
