"""Cancelling and moving an appointment (contract I; the admin's move)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from appointments import locks
from appointments.exceptions import (
    AlreadyBooked,
    AlreadyCancelled,
    AppointmentNotFound,
    NothingMoved,
    NotOurMistake,
    OldPlaceGone,
    SlotTaken,
    TooLateForMistake,
    TooLateToCancel,
    VisitDone,
)
from appointments.models import Appointment, Slot
from appointments.models.appointment import MISTAKE_WITHIN, may_be_slip
from appointments.querysets import AppointmentQuerySet
from appointments.services import rules, waiting_again
from appointments.services.writing import write
from lmis.actors import Actor
from lmis.exceptions import Unavailable

_ATTEMPTS = 3
_WITHIN_PLAN: dict[str, Any] = {"over_plan": False, "over_reason": ""}


def cancel(
    *, guid: UUID, among: AppointmentQuerySet, reason: str, by: Actor, now: dt.datetime, late: bool = False
) -> Appointment:
    """Cancel a booked appointment: its place and its direction are free again at once.

    In: `among` is what the caller may see (the patient's own, or those with a direction); `late` lets an employee
    cancel after the time has come. Raises AppointmentNotFound, AlreadyCancelled, VisitDone, TooLateToCancel.
    """
    with transaction.atomic(savepoint=False):
        slots, appointment = _locked(guid=guid, among=among, targets=())
        slot = next(iter(slots.values()))
        _check_cancellable(appointment, slot, now=now, late=late)
        _write_cancelled(appointment, by=by, now=now, cancel_reason=reason)
    return appointment


def undo_mistake(*, guid: UUID, among: AppointmentQuerySet, by: Actor, now: dt.datetime) -> Appointment:
    """Take back what an employee has just booked by a slip: cancelled, and in no statistics.

    Who was taken off the waiting list by that booking is on it again.
    In: `among` as for `cancel`. Within `MISTAKE_WITHIN` of the booking. Raises AppointmentNotFound, AlreadyCancelled,
    VisitDone, NotOurMistake (the patient's own booking), TooLateForMistake.
    """
    with transaction.atomic(savepoint=False):
        slots, appointment = _locked(guid=guid, among=among, targets=())
        _check_cancellable(appointment, next(iter(slots.values())), now=now, late=True)
        if appointment.user_id is None:
            raise NotOurMistake
        if not may_be_slip(appointment.created_at, now):
            raise TooLateForMistake
        _write_cancelled(appointment, by=by, now=now, cancel_reason="", mistake=True)
        waiting_again.reopen(appointment=appointment, by=by)
    return appointment


def undo_move(*, guid: UUID, among: AppointmentQuerySet, by: Actor, now: dt.datetime) -> Appointment:
    """Take back what an employee has just moved by a slip: it goes back to its old place, whose time may have come.

    In: `among` as for `cancel`. Within `MISTAKE_WITHIN` of the move. Raises AppointmentNotFound, AlreadyCancelled,
    VisitDone, NothingMoved, OldPlaceGone (taken or closed meanwhile); then nothing has moved.
    """
    with transaction.atomic(savepoint=False):
        old = among.filter(guid=guid).values_list("moved_from__guid", flat=True).first()
        slots, appointment = _locked(guid=guid, among=among, targets=[old] if old else [])
        _check_cancellable(appointment, appointment.slot, now=now, late=True)
        # A colleague may have moved it on between the look and the lock: then the old place is another one.
        if old is None or appointment.moved_from_id != slots[old].pk or not may_be_slip(appointment.moved_at, now):
            raise NothingMoved
        seat = _seat_again(slots[old], appointment)
        number = slots[old].number_of(seat)
        nowhere = {"moved_from": None, "moved_at": None}
        write(appointment, by=by, beside=nowhere, slot=slots[old], seat=seat, number=number, **_WITHIN_PLAN)
    return appointment


def take_back(*, guid: UUID, among: AppointmentQuerySet, by: Actor, now: dt.datetime) -> Appointment:
    """Take back an employee's last act, done by a slip: the move, else the booking; raises what these two raise."""
    moved = among.filter(guid=guid, moved_at__gte=now - MISTAKE_WITHIN).exists()
    return (undo_move if moved else undo_mistake)(guid=guid, among=among, by=by, now=now)


def move(
    *,
    guid: UUID,
    among: AppointmentQuerySet,
    to_slot_guid: UUID,
    channels: Collection[str],
    by: Actor,
    now: dt.datetime,
    over_plan_reason: str = "",
) -> Appointment:
    """Give a booked appointment another place; its guid stays, its number changes.

    Raises what `cancel` and `booking.book` raise; then nothing has moved.
    """
    with transaction.atomic(savepoint=False):
        slots, appointment = _locked(guid=guid, among=among, targets=(to_slot_guid,))
        _check_cancellable(appointment, appointment.slot, now=now, late=True)
        target = slots[to_slot_guid]
        rules.check_open(slot=target, channels=channels, now=now)
        seat = rules.free_seat(
            slot=target, patient=appointment.patient, channels=channels, over_plan=bool(over_plan_reason)
        )
        # Who is here for today's visit is not here for another day's.
        gone = {} if target.day == appointment.slot.day else {"arrived_at": None}
        write(
            appointment,
            by=by,
            beside={"moved_from": appointment.slot, "moved_at": now},
            **gone,
            slot=target,
            seat=seat,
            number=target.number_of(seat),
            over_plan=bool(over_plan_reason) and target.places_left <= 0,
            over_reason=over_plan_reason,
        )
    return appointment


def _seat_again(old: Slot, appointment: Appointment) -> int:
    """A seat of the locked slot that the appointment left; through which channels it is booked matters no more."""
    if not old.is_bookable_by_clinic:
        raise OldPlaceGone
    try:
        return rules.free_seat(slot=old, patient=appointment.patient, channels=old.channels, over_plan=False)
    except (SlotTaken, AlreadyBooked):
        raise OldPlaceGone from None


def _write_cancelled(appointment: Appointment, *, by: Actor, now: dt.datetime, **more: Any) -> None:
    write(appointment, by=by, state=Appointment.State.CANCELLED, cancelled_at=now, cancelled_by=by.label, **more)


def _check_cancellable(appointment: Appointment, slot: Slot, *, now: dt.datetime, late: bool) -> None:
    if appointment.state == Appointment.State.CANCELLED:
        raise AlreadyCancelled
    if appointment.state != Appointment.State.BOOKED:
        raise VisitDone
    if not late and now >= slot.begin - dt.timedelta(minutes=settings.CANCEL_UNTIL_MINUTES):
        raise TooLateToCancel


def _locked(
    *, guid: UUID, among: AppointmentQuerySet, targets: Collection[UUID]
) -> tuple[dict[UUID, Slot], Appointment]:
    """The slots concerned and the appointment, locked in the order of `appointments.locks`."""
    for _attempt in range(_ATTEMPTS):
        seen = among.filter(guid=guid).values_list("pk", "slot__guid").first()
        if seen is None:
            raise AppointmentNotFound
        slots = locks.lock_slots([seen[1], *targets])
        appointment = locks.lock_appointment(seen[0])
        # Somebody may have moved it between the look and the lock:
        # then the wrong slot is held, so look again.
        if appointment.slot_id == slots[seen[1]].pk:
            appointment.slot = slots[seen[1]]
            return slots, appointment
    raise Unavailable
