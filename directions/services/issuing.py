"""Directions that our doctors write: issued, cancelled, followed up. Papers of others: `directions.services.paper`."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from directions.exceptions import (
    DirectionCancelled,
    DirectionInUse,
    DoctorNotHere,
    LastDayOver,
    NotFollowed,
)
from directions.info import UNKNOWN, SenderInfo, what
from directions.locks import lock_direction
from directions.models import Direction
from directions.services.cards import lock_card
from directions.services.diagnoses import checked
from directions.services.numbers import next_number
from lmis.actors import Actor
from lmis.models import Doctor, Lpu, Speciality
from patients.info import Coded
from patients.models import Patient


def issue(
    *,
    doctor: Doctor,
    patient: Patient,
    lpu_to: Lpu,
    by: Actor,
    now: dt.datetime,
    speciality: Speciality | None = None,
    diagnosis: Coded = UNKNOWN,
    reason: str = "",
    valid_until: dt.date | None = None,
) -> Direction:
    """A direction from our doctor, with a number of the doctor's LPU and year and a snapshot of the doctor.

    In: `patient` is a live card of the doctor's LPU; `valid_until` is the last good day in that LPU's time zone.
    The transaction is its own; the card is locked in it. Raises DoctorNotHere, CardNotUsable, LastDayOver,
    DiagnosisMalformed.
    """
    local = now.astimezone(doctor.lpu.tz)
    if not doctor.is_active or not doctor.lpu.is_own:
        raise DoctorNotHere
    if valid_until is not None and valid_until < local.date():
        raise LastDayOver
    diagnosis = checked(diagnosis)
    with transaction.atomic():
        patient = lock_card(patient, doctor.lpu)
        direction = Direction(
            origin=Direction.Origin.ISSUED,
            number=next_number(lpu=doctor.lpu, year=local.year),
            lpu_from=doctor.lpu,
            lpu_to=lpu_to,
            patient=patient,
            doctor=doctor,
            reason=reason,
            date_direction=now,
            valid_until=valid_until,
            created_by=by.label,
            created_at=now,
            **what(speciality, diagnosis),
            **SenderInfo.of_doctor(doctor).columns(),
        )
        direction.save(force_insert=True)
    return direction


def cancel(*, direction: Direction, reason: str, by: Actor, now: dt.datetime) -> Direction:
    """Take a direction back; the row locked and read afresh is returned.

    Raises DirectionCancelled when it already is, DirectionInUse while an appointment holds it.
    """
    with transaction.atomic():
        # A booking may be taking it at this moment:
        # both lock the row first, so whoever comes second sees what the first has done.
        direction = lock_direction(direction.pk)
        if direction.cancelled_at is not None:
            raise DirectionCancelled
        if direction.appointments.filter(state__in=["booked", "visited"]).exists():
            raise DirectionInUse
        direction.cancelled_at = now
        direction.cancelled_by = by.label
        direction.cancel_reason = reason
        direction.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
    return direction


def record_outcome(
    *, direction: Direction, outcome: str, by: Actor, now: dt.datetime, outcome_note: str = ""
) -> Direction:
    """What staff learnt about a direction issued here to another's LPU (`Direction.Outcome`); blank takes it back.

    Raises DirectionCancelled; NotFollowed where our own appointments tell, or it was not written here.
    """
    with transaction.atomic():
        direction = lock_direction(direction.pk)
        if direction.cancelled_at is not None:
            raise DirectionCancelled
        if direction.origin != Direction.Origin.ISSUED or direction.lpu_to.is_own:
            raise NotFollowed
        direction.outcome = Direction.Outcome(outcome)
        direction.outcome_note = outcome_note.strip()
        direction.save(update_fields=["outcome", "outcome_note"])
    return direction
