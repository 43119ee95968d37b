"""Housekeeping in the background."""

from __future__ import annotations

from typing import Any

from celery import Celery
from django.utils import timezone

from lmis.celery import app
from lmis.services import access, credentials, heartbeats, idempotency, traffic

_HOUR = 3600.0


@app.task(name="lmis.prune")
def prune(**kwargs: Any) -> None:
    """Delete answers kept for repeated requests, failed logins, records of access and counts that no longer count."""
    now = timezone.now()
    idempotency.prune(now)
    credentials.prune_failed_logins(now=now)
    access.prune(now)
    heartbeats.prune(now=now)
    traffic.prune(now=now)


@app.on_after_finalize.connect
def _schedule(sender: Celery, **kwargs: Any) -> None:
    # One that waited in the queue is worth nothing once the next one is there.
    sender.add_periodic_task(_HOUR, prune.s(), name="lmis.prune", expires=_HOUR)
