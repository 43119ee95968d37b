"""What the database refused, in the words of the contract.

The services look before they write, so this speaks only when a writer who takes no lock (an import, SQL) was first.
To be called after the rollback: some answers read.
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError

from appointments.exceptions import AlreadyBooked, DirectionAlreadyBooked, FullSlot, SlotTaken
from appointments.models import Appointment, Slot
from lmis.exceptions import Refusal, Unavailable
from lmis.rows import constraint_of


def precise(refusal: Refusal) -> Refusal:
    """`AlreadyBooked` for a full slot that the patient himself holds; any other refusal as it is. Reads a little."""
    if isinstance(refusal, FullSlot):
        refusal = refusal.reason()
    if isinstance(refusal, SlotTaken) and refusal.patient is not None:
        shown = Appointment.objects.with_all_shown().holding()
        own = shown.filter(slot=refusal.slot, patient=refusal.patient.pk).first()
        return AlreadyBooked(own) if own else refusal
    return refusal


def refusal_for(error: IntegrityError, *, slot_guid: UUID, direction_guid: UUID | None = None) -> Refusal | None:
    """The refusal that the constraint stands for; None when it is none of booking's."""
    constraint = constraint_of(error)
    if constraint == "appointment_direction_once" and direction_guid:
        held = Appointment.objects.with_all_shown().filter(direction__guid=direction_guid)
        live = held.filter(state__in=["booked", "visited"]).first()
        return DirectionAlreadyBooked(live) if live else Unavailable()
    if constraint in {"slot_never_over_capacity", "appointment_seat_held_once"}:
        return SlotTaken(Slot.objects.select_related("doctor").get(guid=slot_guid), channels=())
    return Unavailable() if constraint == "appointment_patient_once_a_slot" else None
