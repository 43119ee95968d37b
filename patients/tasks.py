"""Uploading in the background. Nothing but the sweep tells the broker of a card: no request waits for Redis."""

from __future__ import annotations

import logging
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from lmis.celery import app
from patients.mip import client
from patients.services import hints, uploads

logger = logging.getLogger(__name__)
QUEUE = "mip"  # of the uploads, whose waits must not hold up anything else; sweeps go to the default one


@app.task(name="patients.upload_card")
def upload_card(*, card_id: int, **kwargs: Any) -> None:
    """Send one card to the MIP if it is still due."""
    uploads.upload(card_id=card_id)


@app.task(name="patients.sweep_uploads")
def sweep_uploads(**kwargs: Any) -> None:
    """Tell the broker of the cards that are due, stuck or forgotten."""
    ids = hints.hand_out(now=timezone.now())
    told, expires = 0, hints.GOOD_FOR.total_seconds()
    try:
        with app.producer_or_acquire() as producer:
            for card_id in ids:
                upload_card.apply_async(kwargs={"card_id": card_id}, producer=producer, queue=QUEUE, expires=expires)
                told += 1
    except OperationalError:
        hints.take_back(ids=ids[told:])
        logger.warning("the broker is away: %d cards wait for the next sweep", len(ids) - told)


@app.on_after_finalize.connect
def _schedule(sender: Celery, **kwargs: Any) -> None:
    every = settings.MIP["SWEEP_SECONDS"]
    # A sweep that waited in the queue is worth nothing once the next ones are there.
    sender.add_periodic_task(every, sweep_uploads.s(), name="patients.sweep_uploads", expires=max(10.0, 2 * every))


@worker_ready.connect
def _say_when_there_is_no_mip(**kwargs: Any) -> None:
    if not client.is_configured():
        logger.warning("MIP_URL is not set: cards are not uploaded, they wait")
