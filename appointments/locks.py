"""The one lock door of booking, cancelling and moving.

Order, everywhere: direction and patient (advisory, `patients.locks`), slots by ascending id, appointment. Each wait is
bounded by the transaction's `lock_timeout` (1 s, set by `lmis.services.transactions`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from appointments.exceptions import AppointmentNotFound, SlotNotFound
from appointments.models import Appointment, Slot
from lmis.models import Doctor, Lpu
from lmis.rows import Columns, constraint_of, fetch

_SLOT = Columns(Slot, "s")
_DOCTOR = Columns(Doctor, "d", "id", "guid", "lpu", "family", "name", "patronymic", "speciality")
_LPU = Columns(Lpu, "l")
_SLOTS = f"""
    SELECT {_SLOT.sql}, {_DOCTOR.sql}, {_LPU.sql} FROM "appointments_slot" s
      JOIN "lmis_doctor" d ON d.id = s.doctor_id JOIN "lmis_lpu" l ON l.id = d.lpu_id"""  # noqa: S608
# A booking locks one slot, and PostgreSQL plans that anew at every call unless the text says that it is one.
_LOCK_ONE = f"{_SLOTS} WHERE s.guid = %s FOR NO KEY UPDATE OF s"
# Fifty callers after one place each wait for the lock only to hear "taken": an error in the locking statement makes
# PostgreSQL let go at once, where a caller would come back for the rollback first.
_LOCK_PLACE = f"SELECT * FROM ({_LOCK_ONE}) s WHERE appointments_has_place(s.capacity + s.overbooked - s.booked)"  # noqa: S608
_LOCK_MANY = f"{_SLOTS} WHERE s.guid = ANY(%s) ORDER BY s.id FOR NO KEY UPDATE OF s"


def _slot(row: tuple[Any, ...]) -> Slot:
    slot = _SLOT.read(row[: len(_SLOT)])
    slot.doctor = _DOCTOR.read(row[len(_SLOT) : -len(_LPU)])
    slot.doctor.lpu = _LPU.read(row[-len(_LPU) :])
    return slot


def _refuse_outside_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A lock outside a transaction is let go at once.")


class NoPlaceLeft(Exception):
    """The slot was full when its lock was had; the transaction is broken and holds nothing any more."""


def lock_slots(guids: Collection[UUID], *, with_place: bool = False) -> dict[UUID, Slot]:
    """These slots, locked and read afresh with doctor and LPU; one statement.

    `with_place` is for one slot that shall have a place left, else NoPlaceLeft.
    Raises SlotNotFound when one does not exist.
    """
    _refuse_outside_transaction()
    # Two moves in opposite directions would each hold what the other needs:
    # rows are locked in ascending id, whoever asks.
    wanted = list(set(guids))
    if with_place:
        rows = _with_place(wanted)
    else:
        rows = fetch(_LOCK_ONE, wanted) if len(wanted) == 1 else fetch(_LOCK_MANY, [wanted])
    found = {slot.guid: slot for slot in map(_slot, rows)}
    if len(found) < len(wanted):
        raise SlotNotFound
    return found


def _with_place(wanted: list[UUID]) -> list[tuple[Any, ...]]:
    try:
        return fetch(_LOCK_PLACE, wanted)
    except IntegrityError as error:
        if constraint_of(error) != "slot_never_over_capacity":
            raise
        raise NoPlaceLeft from error


def lock_appointment(pk: int) -> Appointment:
    """This appointment, locked and read afresh with its direction; after its slots. One statement."""
    _refuse_outside_transaction()
    rows = Appointment.objects.select_related("direction__lpu_from", "direction__lpu_to", "patient")
    found = rows.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if found is None:
        raise AppointmentNotFound
    return found
