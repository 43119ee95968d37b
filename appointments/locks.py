"""The one lock door of booking, cancelling and moving.

Order, everywhere: direction and patient (advisory, `patients.locks`), slots by ascending id, appointment. Each wait is
bounded by the transaction's `lock_timeout` (1 s, set by `lmis.services.transactions`).
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from appointments.exceptions import AppointmentNotFound, SlotNotFound
from appointments.models import Appointment, Slot


def _refuse_outside_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A lock outside a transaction is let go at once.")


def lock_slots(guids: Collection[UUID]) -> dict[UUID, Slot]:
    """These slots, locked and read afresh with doctor and LPU; one statement.

    Raises SlotNotFound when one does not exist.
    """
    _refuse_outside_transaction()
    # Two moves in opposite directions would each hold what the other needs:
    # rows are locked in ascending id, whoever asks.
    rows = Slot.objects.select_related("doctor__lpu").select_for_update(of=("self",), no_key=True)
    found = {slot.guid: slot for slot in rows.filter(guid__in=guids).order_by("pk")}
    if len(found) < len(set(guids)):
        raise SlotNotFound
    return found


def lock_appointment(pk: int) -> Appointment:
    """This appointment, locked and read afresh with its direction; after its slots. One statement."""
    _refuse_outside_transaction()
    rows = Appointment.objects.select_related("direction__lpu_from", "direction__lpu_to", "patient")
    found = rows.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if found is None:
        raise AppointmentNotFound
    return found
