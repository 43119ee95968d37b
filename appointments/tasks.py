"""Background work on the schedule."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import time
from typing import Any

from celery import Celery
from celery.signals import beat_init
from django.utils import timezone
from kombu.exceptions import OperationalError

from appointments.services import horizon, integrity, releasing
from lmis.actors import SYSTEM
from lmis.celery import app
from lmis.services import nights

logger = logging.getLogger(__name__)
_HOUR = 3600.0
_MINUTE = 60.0
_CHECKED = time(2, 30)  # at the clinic, after what else is done at night


@app.task(name="appointments.keep_horizon")
def keep_horizon(**kwargs: Any) -> None:
    """Keep the schedule full; every hour, since midnight comes at another time in each LPU's zone."""
    horizon.keep_full(by=SYSTEM, now=timezone.now())


@app.task(name="appointments.open_due")
def open_due(**kwargs: Any) -> None:
    """Open places that were kept for some channels; every minute, since a promise of hours is kept to the minute."""
    releasing.open_due(by=SYSTEM, now=timezone.now())


@app.task(name="appointments.check_integrity")
def check_integrity(**kwargs: Any) -> None:
    """Recompute what the database promises, once it is night at the clinic; a finding is an error in the log."""
    nights.once(name="check_integrity", work=_tell_of_findings, now=timezone.now(), begins=_CHECKED)


def _tell_of_findings() -> None:
    for finding in integrity.report():
        logger.error("integrity: %s, %d times, ids %s", finding.check, finding.count, finding.sample)


@beat_init.connect
def _fill_at_once(**kwargs: Any) -> None:
    """A clinic that has just been switched on does not wait an hour for its schedule."""
    with suppress(OperationalError):  # the broker is away: the hourly one comes
        keep_horizon.apply_async(expires=_HOUR, retry=False)


@app.on_after_finalize.connect
def _schedule(sender: Celery, **kwargs: Any) -> None:
    # One that waited in the queue is worth nothing once the next one is there.
    sender.add_periodic_task(_HOUR, keep_horizon.s(), name="appointments.keep_horizon", expires=_HOUR)
    sender.add_periodic_task(_MINUTE, open_due.s(), name="appointments.open_due", expires=_MINUTE)
    sender.add_periodic_task(
        nights.EVERY, check_integrity.s(), name="appointments.check_integrity", expires=nights.EVERY
    )
