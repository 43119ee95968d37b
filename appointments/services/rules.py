"""What makes a slot bookable. The database keeps the promise; these say why not (contract §2.2, §3.A)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from appointments.exceptions import (
    AlreadyBooked,
    ChannelNotAllowed,
    SlotExpired,
    SlotNotFound,
    SlotTaken,
    SlotUnavailable,
)
from appointments.models import Appointment, Slot
from patients.models import Patient


def check_open(*, slot: Slot, channels: Collection[str], now: dt.datetime) -> None:
    """The refusals that need the slot alone, in the contract's order."""
    if not slot.published:
        raise SlotNotFound
    if slot.begin <= now:
        raise SlotExpired(slot, channels)
    if not slot.is_bookable_by_clinic:
        raise SlotUnavailable(slot, channels)
    if not set(channels) & set(slot.channels):
        raise ChannelNotAllowed(slot)


def free_seat(*, slot: Slot, patient: Patient, channels: Collection[str], over_plan: bool) -> int:
    """The lowest seat of a locked slot that nobody holds; one statement, none for an empty slot.

    Raises AlreadyBooked, SlotTaken (a full slot, whoever holds it). Going beyond the plan asks for a seat behind the
    last one.
    """
    if slot.booked == 0:  # the counter is true under the slot's lock: nothing to read
        return 1
    if slot.places_left <= 0 and not over_plan:
        # Others queue for this lock only to hear the same: let go of it at once,
        # whether the patient is among the holders is read after the rollback (`explaining.precise`).
        raise SlotTaken(slot, channels, patient)
    held = dict(Appointment.objects.holding().filter(slot=slot).values_list("seat", "patient_id"))
    if patient.pk in held.values():
        raise AlreadyBooked(Appointment.objects.with_all_shown().holding().get(slot=slot, patient=patient))
    return lowest_missing(held)


def lowest_missing(taken: Iterable[int]) -> int:
    """The lowest positive number that is not among these."""
    numbers = set(taken)
    return next(seat for seat in range(1, len(numbers) + 2) if seat not in numbers)
