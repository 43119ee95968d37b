"""Background work on the schedule."""

from __future__ import annotations

from typing import Any

from celery import Celery
from django.utils import timezone

from appointments.services import horizon
from lmis.actors import SYSTEM
from lmis.celery import app

_HOUR = 3600.0


@app.task(name="appointments.keep_horizon", queue="default")
def keep_horizon(**kwargs: Any) -> None:
    """Keep the schedule full; every hour, since midnight comes at another time in each LPU's zone."""
    horizon.keep_full(by=SYSTEM, now=timezone.now())


@app.on_after_finalize.connect
def _schedule(sender: Celery, **kwargs: Any) -> None:
    # One that waited in the queue is worth nothing once the next one is there.
    sender.add_periodic_task(_HOUR, keep_horizon.s(), name="appointments.keep_horizon", expires=_HOUR)
