"""Hints to the broker: which imports a worker should look at. Losing one costs two minutes, never an import."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from patients.models import CardImport

TURN = timedelta(seconds=10)  # of a worker at one import, so that others come to theirs
GOOD_FOR = timedelta(seconds=120)  # longer than a turn and than reading a file


def hand_out(*, now: datetime) -> list[int]:
    """Ids of imports with work to do that the broker was not told of lately. Marks them as told."""
    with transaction.atomic():
        # Two sweeps at once would tell of the same imports:
        # the second skips the rows that the first has locked.
        untold = CardImport.objects.at_work().untold_since(now - GOOD_FOR).select_for_update(skip_locked=True)
        ids = list(untold.values_list("pk", flat=True)[:20])
        CardImport.objects.filter(pk__in=ids).update(told_at=now)
    return ids


def take_back(*, ids: Collection[int]) -> None:
    """The next sweep tells of these again."""
    CardImport.objects.filter(pk__in=ids).update(told_at=None)
