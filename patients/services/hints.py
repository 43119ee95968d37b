"""Hints to the broker: which cards a worker should look at. Losing one costs a minute, never a card."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from patients.mip import client
from patients.models import CardUpload
from patients.services import gate

GOOD_FOR = timedelta(seconds=60)  # an older hint is dropped by the worker, and given again
AT_MOST = 500  # in one sweep


def hand_out(*, now: datetime, limit: int = AT_MOST) -> list[int]:
    """Ids of cards to tell the broker of: stuck ones and due ones that it was not told of lately. Marks them as told.

    None while the gate is shut or no MIP is configured; one when the gate is due for a probe.
    """
    passage = gate.passage(now=now) if client.is_configured() else gate.Passage.SHUT
    if passage is gate.Passage.SHUT:
        return []
    with transaction.atomic():
        # Two sweeps at once would tell of the same cards:
        # the second skips the rows that the first has locked.
        untold = CardUpload.objects.untold_since(now - GOOD_FOR)
        ids = untold.lock_sendable(now=now, limit=1 if passage is gate.Passage.PROBE else limit)
        CardUpload.objects.filter(pk__in=ids).update(told_at=now)
    return ids


def take_back(*, ids: Collection[int]) -> None:
    """The broker could not be told of these after all: the next sweep tries again."""
    CardUpload.objects.filter(pk__in=ids).update(told_at=None)
