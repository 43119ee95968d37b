"""Whether the patient came: marking it, and taking the mark back; and that somebody is here and waits."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments import locks
from appointments.exceptions import AlreadyCancelled, DirectionAlreadyBooked
from appointments.models import Appointment, Slot
from appointments.services.writing import write
from directions.locks import direction_keys
from lmis.actors import Actor
from lmis.exceptions import Refusal
from patients.locks import lock_identities

logger = logging.getLogger(__name__)
State = Appointment.State
MARKS = (State.VISITED, State.MISSED)


class AlreadyMarked(Refusal):
    """Staff only: the API has no method that marks."""

    status = 409
    code = "already_marked"
    message = _("The visit is already marked. Take that mark back first.")


class NotMarked(Refusal):
    """Staff only: nothing to take back."""

    status = 409
    code = "not_marked"
    message = _("The visit is not marked yet. Refresh the page to see how it stands.")


class TooEarlyToMark(Refusal):
    """Staff only: nobody can have come, or stayed away, yet."""

    status = 409
    code = "too_early_to_mark"
    message = _('It is too early. Mark a visit on its day, and "did not come" after its time has begun.')


class PatientIsHere(Refusal):
    """Staff only: likewise."""

    status = 409
    code = "patient_is_here"
    message = _('It is written down that the patient came. Take that back first, or mark "seen".')


class NotItsDay(Refusal):
    """Staff only: likewise."""

    status = 409
    code = "not_its_day"
    message = _(
        "That a patient came is written down on the day of the visit. Move the appointment, or wait for its day."
    )


def arrive(*, appointment: Appointment, by: Actor, now: dt.datetime) -> Appointment:
    """Write down that the patient is here and waits; the state stays `booked`. Saying it again changes nothing.

    On the visit's day alone, by the clock of the LPU. Raises AlreadyCancelled, AlreadyMarked, NotItsDay.
    """
    with transaction.atomic(savepoint=False):
        found = _still_booked(appointment)
        if found.arrived_at is not None:
            return found
        slot = _slot_of(found)
        if now.astimezone(slot.doctor.lpu.tz).date() != slot.day:
            raise NotItsDay
        write(found, by=by, arrived_at=now)
    return found


def leave(*, appointment: Appointment, by: Actor) -> Appointment:
    """Take back that the patient is here. Raises AlreadyCancelled, AlreadyMarked, NotMarked."""
    with transaction.atomic(savepoint=False):
        found = _still_booked(appointment)
        if found.arrived_at is None:
            raise NotMarked
        write(found, by=by, arrived_at=None)
    return found


def mark(*, appointment: Appointment, state: str, by: Actor, now: dt.datetime) -> Appointment:
    """Write down that the patient came (`visited`) or did not (`missed`).

    In: an appointment as last seen; it is read afresh. `visited` from the visit's day on in the LPU's time zone,
    `missed` once its time has begun. Raises AlreadyCancelled, AlreadyMarked, TooEarlyToMark, and PatientIsHere for
    somebody who came and is to be marked `missed`.
    """
    if state not in MARKS:
        raise ValueError(f"not a mark: {state}")
    with transaction.atomic(savepoint=False):
        found = _still_booked(appointment)
        if state == State.MISSED and found.arrived_at is not None:
            raise PatientIsHere
        if now < _earliest(found, state):
            raise TooEarlyToMark
        return _write(found, state, by)


def undo(*, appointment: Appointment, by: Actor) -> Appointment:
    """Take the mark back: booked again. Raises NotMarked, and DirectionAlreadyBooked when a missed visit's direction
    has been used for another appointment since."""
    with transaction.atomic(savepoint=False):
        _lock_direction_of(appointment)
        found = locks.lock_appointment(appointment.pk)
        if found.state not in MARKS:
            raise NotMarked
        if found.direction is not None:
            live = Appointment.objects.with_all_shown().holding_direction(found.direction).exclude(pk=found.pk).first()
            if live is not None:
                raise DirectionAlreadyBooked(live)
        return _write(found, State.BOOKED, by)


def _still_booked(appointment: Appointment) -> Appointment:
    """Locked and read afresh. Two people at two windows may mark one visit: the second is told of the first."""
    found = locks.lock_appointment(appointment.pk)
    if found.state == State.CANCELLED:
        raise AlreadyCancelled
    if found.state != State.BOOKED:
        raise AlreadyMarked
    return found


def _slot_of(appointment: Appointment) -> Slot:
    return Slot.objects.select_related("doctor__lpu").get(pk=appointment.slot_id)


def _earliest(appointment: Appointment, state: str) -> dt.datetime:
    slot = _slot_of(appointment)
    if state == State.MISSED:
        return slot.begin
    return dt.datetime.combine(slot.day, dt.time(), tzinfo=slot.doctor.lpu.tz)


def _lock_direction_of(appointment: Appointment) -> None:
    """A booking by this direction, at this moment, would not see the mark go: the direction's lock comes first."""
    direction = appointment.direction
    if direction is not None:
        lock_identities(direction_keys(direction.guid, direction.lpu_from.guid, direction.number))


def _write(appointment: Appointment, state: str, by: Actor) -> Appointment:
    write(appointment, by=by, state=state)
    logger.info("appointment %s is %s, by %s", appointment.guid, state, by)
    return appointment
