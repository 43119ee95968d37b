"""Cards to mend: what the MIP has refused, for those who keep the cards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from lmis.models import Lpu
from patients.models import CardUpload
from patients.services import concerned, exchange_words

COUNTED = 999  # more are too many to count each minute


@dataclass(frozen=True, slots=True)
class ToMend:
    """A refused card: all that is wrong with it, and whether there is a hurry."""

    upload: CardUpload
    faults: list[exchange_words.Fault]
    is_duplicate: bool
    is_urgent: bool


def to_mend(*, lpus: Iterable[Lpu]) -> QuerySet[CardUpload]:
    """Refused cards of these LPUs that are in use; news of the others is the operators' (`exchange_words.NOTICES`)."""
    return CardUpload.objects.refused().filter(patient__lpu__in=list(lpus), patient__state="active")


def count(*, lpus: Iterable[Lpu]) -> int:
    """How many, at most one more than `COUNTED`. One statement, by an index."""
    return to_mend(lpus=lpus).order_by()[: COUNTED + 1].count()


def page(*, lpus: Iterable[Lpu], now: datetime, limit: int, begin: int = 0) -> list[ToMend]:
    """Those who are expected here soon first, then the oldest refusal. As many statements as asking who that is takes,
    and at most two."""
    refused = to_mend(lpus=lpus).select_related("patient").order_by("last_attempt_at", "pk")
    soon = list(concerned.missing(now=now).refused().values_list("pk", flat=True)[:COUNTED])
    urgent = list(refused.filter(pk__in=soon))
    told = [(row, True) for row in urgent[begin : begin + limit]]
    if left := limit - len(told):
        # Sorted in one statement with the urgent ones, all the others would be read: an index has them in order.
        first = max(begin - len(urgent), 0)
        told += [(row, False) for row in refused.exclude(pk__in=soon)[first : first + left]]
    return [_told(row, is_urgent=is_urgent) for row, is_urgent in told]


def _told(upload: CardUpload, *, is_urgent: bool) -> ToMend:
    duplicate = upload.state == CardUpload.State.DUPLICATE
    return ToMend(
        upload=upload,
        faults=exchange_words.faults_of(upload),
        is_duplicate=duplicate,
        is_urgent=is_urgent,
    )
