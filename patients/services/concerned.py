"""Whom it harms when the region does not know a card: the patients who come soon, or are sent somewhere.

The apps above this one know who that is. While few cards wait they are asked about those few; in a backlog of a
million they are asked for everybody who comes, which takes longer and is done less often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from patients.models import CardUpload
from patients.querysets import CardUploadQuerySet

SOON = timedelta(days=7)
FEW = 2000  # cards by whose numbers the sources are asked
_FIRST = CardUpload.Priority.CONCERNED
# Each gives the rows, with a column `patient_id`, of whoever comes after the first moment and (when there is one)
# before the second, or has something open then. Appended by the apps above when they are ready.
SOURCES: list[Callable[[datetime, datetime | None], QuerySet[Any, Any]]] = []


def count(*, now: datetime) -> int:
    """How many cards of the concerned the MIP does not have as they are; few statements, each by an index."""
    return missing(now=now).count()


def missing(*, now: datetime) -> CardUploadQuerySet:
    """Uploads of those who come within a week, or have an open direction, and whose card the MIP does not have.

    Whatever the reason: waiting, rejected, a suspected duplicate. A card that only waits to be sent once more, and
    that the MIP has as it is, harms nobody.
    """
    unsettled = CardUpload.objects.unsettled()
    ids = list(unsettled.values_list("pk", flat=True)[: FEW + 1])
    if len(ids) <= FEW:
        return unsettled.behind().filter(pk__in=_concerned_among(ids, now, now + SOON))
    return unsettled.behind().filter(pk__in=_concerned(now, now + SOON))


def put_first(*, now: datetime) -> int:
    """Let the concerned go before all others; how many cards went up. Nothing in a backlog: see the next one."""
    ids = list(_later_ones().values_list("pk", flat=True)[: FEW + 1])
    return _raise(_concerned_among(ids, now, None)) if len(ids) <= FEW else 0


def put_first_among_many(*, now: datetime) -> int:
    """The same when more wait than can be asked about one by one; nothing when few do."""
    if len(_later_ones().values_list("pk", flat=True)[: FEW + 1]) <= FEW:
        return 0
    return _raise(_concerned(now, None))


def _later_ones() -> CardUploadQuerySet:
    """Those of which the MIP has nothing, or something old: one sent once more holds up nobody, whoever it is."""
    return CardUpload.objects.filter(state__in=["waiting", "retry"], priority__gt=_FIRST).behind()


def _concerned_among(ids: list[int], now: datetime, until: datetime | None) -> set[int]:
    found: set[int] = set()
    for source in SOURCES if ids else ():
        of_these = source(now, until).filter(patient_id__in=ids).order_by()
        found.update(of_these.values_list("patient_id", flat=True).distinct())
    return found


def _concerned(now: datetime, until: datetime | None) -> Any:
    sources = [source(now, until).order_by().values("patient_id") for source in SOURCES]
    return sources[0].union(*sources[1:]) if sources else []


def _raise(ids: Iterable[int]) -> int:
    with transaction.atomic():
        # An import may hold some of these rows and come to wait for one that we hold:
        # what somebody else has locked is left to the next time.
        free = _later_ones().filter(pk__in=ids).select_for_update(skip_locked=True, no_key=True, of=("self",))
        locked = list(free.values_list("pk", flat=True))
        return CardUpload.objects.filter(pk__in=locked).update(priority=_FIRST) if locked else 0
