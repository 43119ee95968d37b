"""Booking a place: for a patient, and by a direction (contract G and A)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from appointments import locks
from appointments.exceptions import DirectionAlreadyBooked, FullSlot, SlotTaken, WrongLpu
from appointments.models import Appointment, Slot
from appointments.services import rules
from directions.info import DirectionInfo, SenderInfo
from directions.locks import direction_keys
from directions.models import Direction
from directions.services import receiving
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Lpu, Source
from lmis.rows import insert
from lmis.services import directory, journal
from patients.exceptions import PatientNotFound
from patients.info import PatientInfo
from patients.locks import identity_keys, lock_identities
from patients.models import Patient
from patients.services import cards


@dataclass(frozen=True, slots=True)
class DirectionBooking:
    """What contract A sends, its shape checked."""

    slot_guid: UUID
    patient: PatientInfo
    sender: SenderInfo
    direction: DirectionInfo


def book(
    *,
    slot_guid: UUID,
    patient: Patient,
    source: str,
    channels: Collection[str],
    by: Actor,
    now: dt.datetime,
    direction: Direction | None = None,
    over_plan_reason: str = "",
) -> Appointment:
    """Take a place of a slot for a card.

    In: `channels` are those through which the caller may book, `source` is what the appointment shows. A reason for
    going beyond the plan is the deliberate act of an employee who may (the caller has checked that).
    Out: the appointment, with slot, doctor, LPU and direction loaded. Raises the refusals of `appointments.exceptions`.
    """
    return book_own(
        slot_guid=slot_guid,
        patients=[patient],
        source=source,
        channels=channels,
        by=by,
        now=now,
        direction=direction,
        over_plan_reason=over_plan_reason,
    )


def book_own(
    *,
    slot_guid: UUID,
    patients: Sequence[Patient],
    source: str,
    channels: Collection[str],
    by: Actor,
    now: dt.datetime,
    direction: Direction | None = None,
    over_plan_reason: str = "",
) -> Appointment:
    """Like `book`, for one person's cards in several own LPUs: the card of the slot's LPU is used (contract G).

    Raises PatientNotFound when there is none.
    """
    with transaction.atomic(savepoint=False):
        asked = _Asked(patients, direction, channels, now)
        try:
            # An employee may go beyond the plan, and hears the reason at once: the API's callers refuse at the lock.
            slot = locks.lock_slots([slot_guid], with_place=by.user is None)[slot_guid]
        except locks.NoPlaceLeft as full:
            raise FullSlot(lambda: asked.refused_by_full(slot_guid)) from full
        patient = asked.card_for(slot)
        seat = rules.free_seat(slot=slot, patient=patient, channels=channels, over_plan=bool(over_plan_reason))
        appointment = Appointment(
            slot=slot,
            patient=patient,
            direction=direction,
            seat=seat,
            number=slot.number_of(seat),
            source=source,
            over_plan=bool(over_plan_reason) and slot.places_left <= 0,
            over_reason=over_plan_reason,
            created_at=now,
            booked_by=by.label,
            client=by.client,
            user=by.user,
        )
        # Without signals: the journal would cost a booking another statement. What a client does stands on the row.
        insert(appointment)
        if by.client is None:
            journal.note_created(appointment, by=by)
    return appointment


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a booking asks of its slot, a place aside."""

    patients: Sequence[Patient]
    direction: Direction | None
    channels: Collection[str]
    now: dt.datetime

    def card_for(self, slot: Slot) -> Patient:
        """The patient's card in the slot's LPU, if the slot is open to this caller now; else the refusal is raised."""
        patient = next((card for card in self.patients if card.lpu_id == slot.doctor.lpu_id), None)
        if patient is None:
            raise PatientNotFound
        if self.direction is not None and settings.CHECK_DIRECTION_SPECIALITY:
            receiving.check_speciality(direction=self.direction, speciality=slot.doctor.speciality)
        rules.check_open(slot=slot, channels=self.channels, now=self.now)
        return patient

    def refused_by_full(self, slot_guid: UUID) -> Refusal:
        """What to answer when the slot was full: other refusals come before that one (contract §3.A)."""
        slot = Slot.objects.select_related("doctor__lpu").get(guid=slot_guid)
        try:
            return SlotTaken(slot, self.channels, self.card_for(slot))
        except Refusal as refusal:
            return refusal


def book_by_direction(*, booking: DirectionBooking, source: str, by: Actor, now: dt.datetime) -> Appointment:
    """Book as the receiving LPU (contract A, steps 1–4; the view has validated the shape).

    One transaction: a refusal leaves no card, no direction and no LPU behind. Out and raises as `book`, and WrongLpu,
    PatientAmbiguous, DirectionMismatch and the other refusals of a direction.
    """
    info = booking.direction
    with transaction.atomic(savepoint=False):
        lpu_to, lpu_from = _both_lpus(booking)
        # Two first bookings of one person, or two by one direction, would each find nothing and make their own:
        # one advisory lock per identity sent, direction first, before looking.
        lock_identities(
            [
                *direction_keys(info.guid, info.lpu_from_guid, info.number),
                *identity_keys(lpu_guid=lpu_to.guid, info=booking.patient),
            ]
        )
        patient = cards.locate(lpu=lpu_to, info=booking.patient, by=by.label)
        lpu_from = lpu_from or directory.add(guid=info.lpu_from_guid, by=by.label)
        direction = receiving.take(
            info=info, sender=booking.sender, patient=patient, lpu_to=lpu_to, lpu_from=lpu_from, by=by.label, now=now
        )
        _refuse_second(direction)
        channels = {Source.DOCTOR_OTHER_LPU, source} if lpu_from.is_own else {Source.DOCTOR_OTHER_LPU}
        return book(
            slot_guid=booking.slot_guid,
            patient=patient,
            source=source,
            channels=channels,
            by=by,
            now=now,
            direction=direction,
        )


def _both_lpus(booking: DirectionBooking) -> tuple[Lpu, Lpu | None]:
    """The receiving LPU, which must be ours and that of the slot's doctor, and the referring one if known."""
    info = booking.direction
    slots = Slot.objects.filter(guid=booking.slot_guid)
    known = {
        lpu.guid: lpu
        for lpu in Lpu.objects.filter(guid__in={info.lpu_to_guid, info.lpu_from_guid}).annotate(
            slot_exists=Exists(slots), slot_is_here=Exists(slots.filter(doctor__lpu=OuterRef("pk")))
        )
    }
    lpu_to = known.get(info.lpu_to_guid)
    if lpu_to is None or not lpu_to.is_own or (lpu_to.slot_exists and not lpu_to.slot_is_here):
        raise WrongLpu
    return lpu_to, known.get(info.lpu_from_guid)


def _refuse_second(direction: Direction) -> None:
    """One live appointment a direction; under the direction's lock nobody can slip in between."""
    if not direction.is_held:
        return
    # Cancelling does not wait for the direction, so the appointment may have let go of it since that look:
    # then there is nothing to refuse.
    live = Appointment.objects.with_all_shown().holding_direction(direction).first()
    if live is not None:
        raise DirectionAlreadyBooked(live)
