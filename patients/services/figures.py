"""Counting what the operators' page leads with: kept in one row, and so seldom that it costs a twentieth at most."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, Count, F, Func, QuerySet, Window
from django.db.models.functions import RowNumber

from lmis.rows import fetch
from patients.models import CardUpload, ExchangeFigures
from patients.querysets import CardUploadQuerySet
from patients.services import concerned, exchange_words, gate

EVERY = timedelta(seconds=5)
AHEAD = timedelta(minutes=1)  # more than machines differ by: then the clock was set back since the last count
_SHARE = 20  # a count that took a second is not repeated for twenty
_MOST = 500  # pairs of state and code that are kept by their code
_LOCK = 0x666967  # of whoever counts


class _Sum(Func):
    """Of what is counted already, over a window: Django's own takes no aggregate."""

    function = "SUM"
    window_compatible = True


_PLACE = Window(RowNumber(), partition_by="state", order_by=["-cards", "error_code"])
_OF_STATE = Window(_Sum(F("cards"), output_field=BigIntegerField()), partition_by="state")


def keep(*, now: datetime) -> bool:
    """Count and keep it, unless that was done just now or somebody is at it; every process calls it again and again."""
    before = read()
    if before is not None and not _is_due(before, now):
        return False
    with transaction.atomic():
        # All processes wake up at about the same time, and each would count a million rows: one does.
        if not fetch("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])[0][0]:
            return False
        columns = [field.name for field in ExchangeFigures._meta.concrete_fields if field.name != "id"]
        ExchangeFigures.objects.bulk_create(
            [count(now=now)], update_conflicts=True, unique_fields=["id"], update_fields=columns
        )
    return True


def _is_due(before: ExchangeFigures, now: datetime) -> bool:
    passed = now - before.counted_at
    return passed >= max(EVERY, timedelta(milliseconds=_SHARE * before.took_ms)) or passed < -AHEAD


def read() -> ExchangeFigures | None:
    """As kept last; None before the first count. One statement."""
    return ExchangeFigures.objects.filter(pk=1).first()


def count(*, now: datetime) -> ExchangeFigures:
    """The figures as they are now, not saved. At a million cards it takes some tenths of a second."""
    begun = time.perf_counter()
    oldest = oldest_unsent()
    fresh = ExchangeFigures(
        counted_at=now,
        reasons=by_reason(CardUpload.objects.all()),
        notices=by_reason(CardUpload.objects.refused().out_of_use()),
        concerned=concerned.count(now=now),
        oldest_since=oldest.since if oldest else None,  # type: ignore[attr-defined]  # annotated
        oldest_card=oldest.pk if oldest else None,
        failing=failing().count(),
    )
    fresh.took_ms = round((time.perf_counter() - begun) * 1000)
    return fresh


def by_reason(found: QuerySet[CardUpload]) -> list[list[str | int]]:
    """`[state, code, cards]` for every pair there is; of too many the rest of each state as `other`. One statement.

    A state's codes add up to its cards: where the MIP writes a code of its own for each card, they still do.
    """
    by_pair = found.order_by().values_list("state", "error_code").annotate(cards=Count("pk"))
    ranked = by_pair.annotate(place=_PLACE, of_state=_OF_STATE).order_by("place", "-cards", "state", "error_code")
    kept, rest = list[list[str | int]](), dict[str, int]()
    for state, code, cards, _place, of_state in ranked[:_MOST]:  # each state's first ones, so that none is left out
        kept.append([state, code, cards])
        rest[state] = rest.get(state, of_state) - cards
    return kept + [[state, exchange_words.OTHER, cards] for state, cards in rest.items() if cards]


def oldest_unsent() -> CardUpload | None:
    """The oldest change that the MIP does not have and that is on its way, with `since`; the failing aside.

    One statement, along the index of what is due.
    """
    unsent = _changes().filter(attempts__lte=gate.FRESH)
    return unsent.annotate(since=F("wanted_since")).order_by("since", "pk").first()


def failing() -> CardUploadQuerySet:
    """Changes that fail again and again: that is each card's own trouble, and says nothing of the others' way.

    Were they the oldest, one of them would hide for ever how long the others wait.
    """
    return _changes().filter(attempts__gt=gate.FRESH)


def _changes() -> CardUploadQuerySet:
    """On their way and not at the MIP, existing cards aside; one that the MIP has and is sent again harms nobody."""
    return CardUpload.objects.unsent().behind().filter(priority__lt=CardUpload.Priority.BACKFILL)
