"""Adds to a refusal what the contract lets the caller see: other places, or the appointment in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import IntegrityError

from appointments.api.present import present_appointment
from appointments.api.slots import present_slots
from appointments.exceptions import HeldAppointment, SlotRefusal
from appointments.services.explaining import precise, refusal_for
from appointments.services.nearest import nearest_free
from lmis.exceptions import Refusal


@contextmanager
def explained(*, now: dt.datetime, slot_guid: UUID, direction_guid: UUID | None = None) -> Iterator[None]:
    """Around the write, outside its transaction: the details are read only after everything was rolled back."""
    try:
        yield
    except IntegrityError as error:
        refusal = refusal_for(error, slot_guid=slot_guid, direction_guid=direction_guid)
        if refusal is None:
            raise
        raise _detailed(refusal, now) from error
    except Refusal as refusal:
        raise _detailed(refusal, now) from None


def _detailed(refusal: Refusal, now: dt.datetime) -> Refusal:
    refusal = precise(refusal)
    if isinstance(refusal, SlotRefusal):
        slots = nearest_free(slot=refusal.slot, channels=refusal.channels, now=now)
        refusal.details["nearest"] = present_slots(slots, now=now)
    if isinstance(refusal, HeldAppointment):
        refusal.details["appointment"] = present_appointment(refusal.appointment)
    return refusal
