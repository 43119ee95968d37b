"""What the booking desk does in one act: a booking with all that belongs to it, and a move."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments.exceptions import DirectionAlreadyBooked
from appointments.models import Appointment, Slot
from appointments.services import booking, cancelling, waiting
from directions.exceptions import DirectionCancelled, DirectionExpired, DirectionMismatch
from directions.info import SenderInfo
from directions.locks import direction_keys, lock_direction
from directions.models import Direction
from directions.services import paper
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import IdempotencyRecord
from lmis.services import idempotency
from patients.info import Coded
from patients.locks import lock_identities
from patients.models import Patient
from patients.services.cards import same_person


class BookedBefore(Refusal):
    """Staff only: this form has made a booking already, of another place; `appointment` is that one."""

    status = 409
    code = "booked_before"
    message = _("The booking before this one has gone through: look at the coming appointments.")

    def __init__(self, appointment: Appointment) -> None:
        super().__init__()
        self.appointment = appointment


class NoReason(Refusal):
    """Staff only: going beyond the plan and cancelling are explained."""

    status = 400
    code = "reason_required"
    message = _("Say why.")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper direction as it is typed into one row; `lpu_from` is the guid of an LPU, or a name."""

    lpu_from: UUID | str
    number: str = ""
    day: dt.date | None = None
    diagnosis: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `token` is the form's own: the same one never books twice.

    `direction` is one of the patient's open ones; `paper` one that is entered in the same step; at most one of them.
    """

    patient: Patient
    slot_guid: UUID
    token: UUID
    direction: Direction | None = None
    paper: Paper | None = None
    over_plan_reason: str = ""

    @property
    def fingerprint(self) -> bytes:
        """Of what a repetition must have in common with the first time."""
        parts = (self.patient.pk, self.slot_guid, self.direction and self.direction.pk, self.paper)
        return hashlib.sha256(repr(parts).encode()).digest()


def book(*, order: Order, source: str, channels: Collection[str], by: Actor, now: dt.datetime) -> Appointment:
    """Book a place at the desk: by a direction or a paper if there is one; ends what the patient waited for.

    One transaction: a refusal leaves no paper behind. The same order sent twice gives the same appointment; whether
    the employee may go beyond the plan the caller has checked. Raises what `booking.book`, `paper.enter` and the
    directions refuse with, and BookedBefore.
    """
    principal = f"user:{by.user.pk if by.user else ''}"
    with transaction.atomic(savepoint=False):
        # Enter pressed twice sends two requests, and the second would take another seat or be refused:
        # it waits for the first one's lock, and finds in a statement of its own what that has booked.
        lock_identities([idempotency.lock_number(principal, str(order.token))])
        kept = idempotency.find(principal=principal, key=str(order.token), now=now)
        if kept is not None:
            return _first_answer(kept, order)
        direction = _direction(order, by=by, now=now)
        made = booking.book(
            slot_guid=order.slot_guid,
            patient=order.patient,
            source=source,
            channels=channels,
            by=by,
            now=now,
            direction=direction,
            over_plan_reason=order.over_plan_reason,
        )
        waiting.served(patient=order.patient, appointment=made, by=by, now=now)
        _remember(made, order, principal, now)
    return made


def move(
    *,
    guid: UUID,
    to_slot_guid: UUID,
    channels: Collection[str],
    by: Actor,
    now: dt.datetime,
    over_plan_reason: str = "",
) -> Appointment:
    """Give a booked appointment another place; sent twice it is moved once. Raises what `cancelling.move` raises."""
    try:
        with transaction.atomic():
            return cancelling.move(
                guid=guid,
                among=Appointment.objects.all(),
                to_slot_guid=to_slot_guid,
                channels=channels,
                by=by,
                now=now,
                over_plan_reason=over_plan_reason,
            )
    except Refusal:
        # Enter pressed twice moves twice, and the second is told that the place is taken, by the first:
        # where the appointment already is there is nothing left to do.
        there = Appointment.objects.with_all_shown().filter(guid=guid, slot__guid=to_slot_guid, state="booked").first()
        if there is None:
            raise
        return there


def cancel(*, guid: UUID, reason: str, by: Actor, now: dt.datetime) -> Appointment:
    """Cancel with a reason, also when its time has come. Raises NoReason and what `cancelling.cancel` raises."""
    if not reason.strip():
        raise NoReason
    everything = Appointment.objects.all()
    return cancelling.cancel(guid=guid, among=everything, reason=reason.strip(), by=by, now=now, late=True)


def _first_answer(kept: IdempotencyRecord, order: Order) -> Appointment:
    made = Appointment.objects.with_all_shown().get(guid=UUID(bytes(kept.body).decode()))
    if bytes(kept.fingerprint) != order.fingerprint:
        raise BookedBefore(made)
    return made


def _remember(made: Appointment, order: Order, principal: str, now: dt.datetime) -> None:
    idempotency.keep(
        IdempotencyRecord(
            principal=principal,
            key=str(order.token),
            fingerprint=order.fingerprint,
            status=201,
            headers={},
            body=str(made.guid).encode(),
            created_at=now,
        )
    )


def _direction(order: Order, *, by: Actor, now: dt.datetime) -> Direction | None:
    if order.paper is not None:
        return _free(_entered(order, order.paper, by=by, now=now), order.patient, now)
    if order.direction is None:
        return None
    known = order.direction
    # The region may be booking by the same direction just now, and both would find it free:
    # the advisory locks of its booking first, then the row, read afresh.
    lock_identities(direction_keys(known.guid, known.lpu_from.guid, known.number))
    return _free(lock_direction(known.pk), order.patient, now)


def _entered(order: Order, typed: Paper, *, by: Actor, now: dt.datetime) -> Direction:
    slot = Slot.objects.select_related("doctor__speciality").filter(guid=order.slot_guid).first()
    return paper.enter(
        patient=order.patient,
        lpu_from=typed.lpu_from,
        by=by,
        now=now,
        number=typed.number,
        date_direction=typed.day,
        speciality=slot.doctor.speciality if slot else None,
        diagnosis=Coded(typed.diagnosis),
        sender=SenderInfo(family=typed.sender),
    )


def _free(direction: Direction, patient: Patient, now: dt.datetime) -> Direction:
    """The same direction, unless it cannot be booked by."""
    if not same_person(direction.patient, patient):
        raise DirectionMismatch
    if direction.cancelled_at is not None:
        raise DirectionCancelled
    today = now.astimezone(direction.lpu_from.tz).date()
    if settings.CHECK_DIRECTION_EXPIRY and direction.valid_until is not None and direction.valid_until < today:
        raise DirectionExpired
    held = Appointment.objects.with_all_shown().holding_direction(direction).first()
    if held is not None:
        raise DirectionAlreadyBooked(held)
    return direction
