"""Back on the waiting list: what an appointment had ended is open again when the clinic takes that appointment away."""

from __future__ import annotations

import logging

from django.db import IntegrityError, transaction

from appointments.models import Appointment, WaitingEntry
from appointments.services.waiting import ONCE
from lmis.actors import Actor
from lmis.rows import constraint_of

logger = logging.getLogger(__name__)
State = WaitingEntry.State


def reopen(*, appointment: Appointment, by: Actor) -> list[WaitingEntry]:
    """Put back on the list whom this appointment, just cancelled by the clinic, had taken off it; returns the entries.

    In the cancelling's transaction. An entry stays as it was when the patient waits for the same thing again already.
    """
    with transaction.atomic(savepoint=False):
        # Behind slots and appointment, as where the entries were ended.
        rows = WaitingEntry.objects.select_for_update(no_key=True).filter(state=State.BOOKED, appointment=appointment)
        found = [entry for entry in rows.order_by("pk") if _opened(entry)]
    for entry in found:
        logger.info("waiting entry %s is open again, by %s", entry.guid, by)
    return found


def _opened(entry: WaitingEntry) -> bool:
    """False when an open one stands in the way."""
    entry.state, entry.appointment, entry.closed_at, entry.closed_by = State.OPEN, None, None, ""
    try:
        # A colleague may be putting the patient on the list again at this moment:
        # the index lets one in, and the savepoint keeps the cancelling.
        with transaction.atomic():
            entry.save(update_fields=["state", "appointment", "closed_at", "closed_by"])
    except IntegrityError as error:
        if constraint_of(error) not in ONCE:
            raise
        return False
    return True
