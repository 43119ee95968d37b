"""Reconciliation with the MIP: beginning one, and reading what the last ones found.

`patients.services.reconciling` does the work, in steps.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from lmis.actors import Actor
from lmis.services import nights
from patients.exceptions import MipNotConfigured
from patients.mip import client
from patients.models import MipHolding, Reconciliation
from patients.services import pauses

logger = logging.getLogger(__name__)
TOO_OLD = timedelta(hours=20)  # one that has not come to an end by then is given up for a new one
KEPT = timedelta(days=400)


def start(*, by: Actor, now: datetime) -> Reconciliation:
    """Begin one, or let the one that is not over yet go on at once. Raises MipNotConfigured."""
    if not client.is_configured():
        raise MipNotConfigured
    with transaction.atomic():
        pauses.lock_settings()  # two beats at once: the second waits here, and then finds the first one's
        unfinished = Reconciliation.objects.select_for_update(no_key=True).filter(ended_at=None).first()
        if unfinished and unfinished.started_at > now - TOO_OLD:
            unfinished.due_at = now
            unfinished.save(update_fields=["due_at"])
            return unfinished
        if unfinished:
            give_up(run=unfinished, now=now)
        Reconciliation.objects.filter(started_at__lt=now - KEPT).delete()
        MipHolding.objects.all().delete()  # of one that was given up: whoever finishes leaves it empty
        run = Reconciliation.objects.create(started_at=now, started_by=by.label, due_at=now)
    logger.info("reconciliation with the MIP begins, asked by %s", by)
    return run


def start_tonight(*, by: Actor, now: datetime) -> Reconciliation | None:
    """Begin tonight's, once; None by day, when tonight's has begun, when one is not over yet or there is no MIP.

    Called again and again. The night is that of the clinic (`lmis.services.nights`).
    """
    if not client.is_configured():
        return None
    tonight = nights.tonight(now=now)
    if tonight is None:
        return None
    with transaction.atomic():
        pauses.lock_settings()  # two beats at once: the second waits here, and then finds the first one's
        going_on = Q(ended_at=None, started_at__gt=now - TOO_OLD)  # by itself, when the MIP lets it
        if Reconciliation.objects.filter(going_on | Q(started_at__gte=tonight)).exists():
            return None
        return start(by=by, now=now)


def is_due(*, now: datetime) -> bool:
    """There is one to work on, and nobody does. One statement."""
    free = Q(held_until__isnull=True) | Q(held_until__lte=now)
    return Reconciliation.objects.filter(free, ended_at=None, due_at__lte=now).exists()


def give_up(*, run: Reconciliation, now: datetime) -> None:
    """It did not come to an end in time; its counts stay as far as they go."""
    Reconciliation.objects.filter(pk=run.pk).update(
        stage=Reconciliation.Stage.FAILED, ended_at=now, holder=None, held_until=None
    )
    logger.error("reconciliation with the MIP was given up (%s)", run.error or "no worker")


def last(now: datetime) -> Reconciliation | None:
    """The latest one, finished or not."""
    return Reconciliation.objects.order_by("-started_at", "-pk").first()


def trend(*, nights: int = 30) -> list[Reconciliation]:
    """The last ones that are over, the oldest first."""
    return list(Reconciliation.objects.filter(ended_at__isnull=False).order_by("-started_at", "-pk")[:nights])[::-1]
