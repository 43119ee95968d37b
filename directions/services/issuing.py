"""Directions that staff write: issued by our doctors, entered at the desk from paper, cancelled, followed up.

Every verb is one transaction; the card is locked, so that it cannot be merged away while a direction is written for it.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from directions.exceptions import (
    CardNotUsable,
    DirectionCancelled,
    DirectionInUse,
    DirectionKnown,
    DoctorNotHere,
    LastDayOver,
    NotFollowed,
)
from directions.info import UNKNOWN, UNKNOWN_SENDER, SenderInfo
from directions.locks import lock_direction, paper_keys
from directions.models import Direction
from directions.services.numbers import next_number
from lmis.actors import Actor
from lmis.models import Doctor, Lpu, Speciality
from patients.info import Coded
from patients.locks import lock_identities
from patients.models import Patient
from patients.services.cards import same_person


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
    Raises DoctorNotHere, CardNotUsable, LastDayOver.
    """
    local = now.astimezone(doctor.lpu.tz)
    if not doctor.is_active or not doctor.lpu.is_own:
        raise DoctorNotHere
    if valid_until is not None and valid_until < local.date():
        raise LastDayOver
    with transaction.atomic():
        patient = _locked(patient, doctor.lpu)
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
            **_what(_coded(speciality), diagnosis),
            **SenderInfo.of_doctor(doctor).columns(),
        )
        direction.save(force_insert=True)
    return direction


def enter_paper(
    *,
    patient: Patient,
    lpu_from: Lpu,
    by: Actor,
    now: dt.datetime,
    number: str = "",
    speciality: Speciality | None = None,
    diagnosis: Coded = UNKNOWN,
    reason: str = "",
    date_direction: dt.datetime | None = None,
    valid_until: dt.date | None = None,
    sender: SenderInfo = UNKNOWN_SENDER,
) -> Direction:
    """A direction that the patient brought on paper, to the LPU of the card; it gets a guid of ours for the time being.

    Raises DirectionKnown when we already have a live one of this LPU, number and patient; CardNotUsable.
    """
    with transaction.atomic():
        # The region may send the same direction at this moment, and both would be new:
        # the same advisory lock as in a booking by direction, before looking.
        lock_identities(paper_keys(lpu_from.guid, number))
        patient = _locked(patient, patient.lpu)
        papers = Direction.objects.filter(lpu_from=lpu_from, number=number, cancelled_at=None)
        if number and any(same_person(paper.patient, patient) for paper in papers.select_related("patient")):
            raise DirectionKnown
        direction = Direction(
            origin=Direction.Origin.DESK,
            number=number,
            lpu_from=lpu_from,
            lpu_to=patient.lpu,
            patient=patient,
            reason=reason,
            date_direction=date_direction,
            valid_until=valid_until,
            created_by=by.label,
            created_at=now,
            **_what(_coded(speciality), diagnosis),
            **sender.columns(),
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


def record_outcome(*, direction: Direction, outcome: str, by: Actor, now: dt.datetime) -> Direction:
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
        direction.save(update_fields=["outcome"])
    return direction


def _locked(patient: Patient, lpu: Lpu) -> Patient:
    """The card, locked and read afresh; it must be in use at this LPU of ours."""
    rows = Patient.objects.select_related("lpu").select_for_update(of=("self",), no_key=True)
    patient = rows.get(pk=patient.pk)
    if patient.state != Patient.State.ACTIVE or patient.lpu != lpu or not patient.lpu.is_own:
        raise CardNotUsable
    return patient


def _coded(speciality: Speciality | None) -> Coded:
    return Coded(speciality.code, speciality.name) if speciality else UNKNOWN


def _what(speciality: Coded, diagnosis: Coded) -> dict[str, str]:
    return {
        "speciality_code": speciality.code,
        "speciality_name": speciality.name,
        "diagnosis_code": diagnosis.code,
        "diagnosis_name": diagnosis.name,
    }
