"""Uploading in the background. Nothing but the sweep tells the broker of a card: no request waits for Redis."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import time, timedelta
from typing import Any

from celery import Celery, Task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from lmis.actors import SYSTEM
from lmis.celery import app
from lmis.exceptions import Unavailable
from lmis.services import nights
from patients.mip import client
from patients.models import CardUpload
from patients.services import backfill, concerned, history, likely_pairs, reconciliation, reconciling, totals, uploads
from patients.services.importing import hints as import_hints
from patients.services.importing import imports, steps

logger = logging.getLogger(__name__)
_IMPORTS = 2.0  # seconds: whoever brings a file looks at the page
QUEUE = "mip"  # of the uploads, whose waits must not hold up anything else; sweeps go to the default one
SENDING = 5.0  # seconds of one sender, so that a worker of both queues gets to its other work
_EXPIRES = max(4.0, 2 * settings.MIP["SWEEP_SECONDS"])  # a sender that could not begin by then is asked for again
_BACKLOG = 30.0
_RECONCILIATION = 5.0
_PATIENCE = 60.0  # of a reconciliation's turn in the queue: senders stand in it, too
_DUPLICATES = time(1, 30)  # at the clinic, when the reconciliation is well on its way
_HOUR = 3600.0


@app.task(name="patients.upload_card")
def upload_card(*, card_id: int, **kwargs: Any) -> None:
    """Send one card to the MIP if it is still due."""
    uploads.upload(card_id=card_id)


@app.task(name="patients.send_due_cards")
def send_due_cards(**kwargs: Any) -> None:
    """Send what is due for a few seconds; the next sweep asks for the next seconds."""
    uploads.send_due(seconds=SENDING)


@app.task(name="patients.sweep_uploads")
def sweep_uploads(**kwargs: Any) -> None:
    """Put those who may be harmed first, and ask for a sender when something is due, stuck or forgotten."""
    now = timezone.now()
    if not client.is_configured():
        return
    concerned.put_first(now=now)
    if not CardUpload.objects.sendable(now).exists():
        return
    _ask(send_due_cards, expires=_EXPIRES, left="cards wait")


@app.task(name="patients.move_backfill")
def move_backfill(**kwargs: Any) -> None:
    """Hand existing cards that somebody asked for to the outbox, as many as there is room for."""
    if not client.is_configured():
        return
    with suppress(Unavailable):  # somebody holds a row of it for long: the next one comes soon
        backfill.work(now=timezone.now())


@app.task(name="patients.reconcile")
def reconcile(**kwargs: Any) -> None:
    """Begin tonight's reconciliation, once it is night at the clinic and if there is a MIP to ask."""
    reconciliation.start_tonight(by=SYSTEM, now=timezone.now())


@app.task(name="patients.sweep_reconciliation")
def sweep_reconciliation(**kwargs: Any) -> None:
    """Ask for a worker when a reconciliation has something to do."""
    if not (client.is_configured() and reconciliation.is_due(now=timezone.now())):
        return
    _ask(work_on_reconciliation, expires=_PATIENCE, left="the reconciliation waits")


def _ask(task: Task, *, expires: float, left: str) -> None:
    """Let a worker of the queue do it; without a broker `left` is what stays behind until the next sweep."""
    try:
        task.apply_async(queue=QUEUE, expires=expires)
    except OperationalError:
        logger.warning("the broker is away: %s for the next sweep", left)


@app.task(name="patients.work_on_reconciliation")
def work_on_reconciliation(**kwargs: Any) -> None:
    """Move the reconciliation on for a few seconds; the next sweep asks for the next seconds."""
    reconciling.work(until=timezone.now() + timedelta(seconds=SENDING))


@app.task(name="patients.put_concerned_first")
def put_concerned_first(**kwargs: Any) -> None:
    """What is too slow for every sweep: in a backlog of many, put those who may be harmed first; let go at once what a
    clock that was set back would hold up."""
    if client.is_configured():
        uploads.pull_forward(now=timezone.now())
        concerned.put_first_among_many(now=timezone.now())


@app.task(name="patients.tend_history")
def tend_history(**kwargs: Any) -> None:
    """Make the coming days' partitions of the history, add its minutes up, drop what is too old."""
    now = timezone.now()
    try:
        history.look_ahead(now=now)
        totals.advance(now=now)
        history.prune(now=now)
    except Unavailable:
        logger.warning("the history of the uploads is in use: its partitions wait for the next hour")


@app.task(name="patients.work_on_import")
def work_on_import(*, import_id: int, **kwargs: Any) -> None:
    """Move one import on for a while; the next sweep tells of it again when there is more to do."""
    try:
        more = steps.work(import_id=import_id, until=timezone.now() + import_hints.TURN)
    except Unavailable:
        more = True
    if more:
        import_hints.take_back(ids=[import_id])


@app.task(name="patients.sweep_imports")
def sweep_imports(**kwargs: Any) -> None:
    """Tell the broker of the imports that a worker should look at; delete those that are long over."""
    now = timezone.now()
    ids = import_hints.hand_out(now=now)
    try:
        for import_id in ids:
            work_on_import.apply_async(kwargs={"import_id": import_id}, expires=import_hints.GOOD_FOR.total_seconds())
    except OperationalError:
        import_hints.take_back(ids=ids)
        logger.warning("the broker is away: %d imports wait for the next sweep", len(ids))
    imports.prune(now=now)


@app.task(name="patients.look_for_duplicates")
def look_for_duplicates(**kwargs: Any) -> None:
    """Enter likely duplicates into the list that people work through, once it is night at the clinic."""
    now = timezone.now()
    nights.once(name="look_for_duplicates", work=lambda: likely_pairs.look(now=now), now=now, begins=_DUPLICATES)


@app.on_after_finalize.connect
def _schedule(sender: Celery, **kwargs: Any) -> None:
    every = settings.MIP["SWEEP_SECONDS"]
    # A sweep that waited in the queue is worth nothing once the next ones are there.
    sender.add_periodic_task(every, sweep_uploads.s(), name="patients.sweep_uploads", expires=max(10.0, 2 * every))
    sender.add_periodic_task(every, move_backfill.s(), name="patients.move_backfill", expires=max(10.0, 2 * every))
    sender.add_periodic_task(_BACKLOG, put_concerned_first.s(), name="patients.put_concerned_first", expires=_BACKLOG)
    sender.add_periodic_task(_IMPORTS, sweep_imports.s(), name="patients.sweep_imports", expires=10.0)
    sender.add_periodic_task(
        _RECONCILIATION, sweep_reconciliation.s(), name="patients.sweep_reconciliation", expires=_RECONCILIATION
    )
    sender.add_periodic_task(nights.EVERY, reconcile.s(), name="patients.reconcile", expires=nights.EVERY)
    sender.add_periodic_task(
        nights.EVERY, look_for_duplicates.s(), name="patients.look_for_duplicates", expires=nights.EVERY
    )
    sender.add_periodic_task(_HOUR, tend_history.s(), name="patients.tend_history", expires=_HOUR)


@worker_ready.connect
def _say_when_there_is_no_mip(**kwargs: Any) -> None:
    if not client.is_configured():
        logger.warning("MIP_URL is not set: cards are not uploaded, they wait")
