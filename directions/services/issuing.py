"""Directions that staff write: issued by our doctors, entered at the desk from paper, cancelled, followed up.

Every verb is one transaction. Wrong input raises Django's ValidationError by field, so that a form can show it.
"""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from directions.exceptions import DirectionCancelled, DirectionInUse, DirectionKnown
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
    Raises ValidationError as `check_issue` does.
    """
    local = now.astimezone(doctor.lpu.tz)
    with transaction.atomic():
        patient = _locked(patient)
        check_issue(doctor=doctor, patient=patient, valid_until=valid_until, today=local.date())
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


def check_issue(*, doctor: Doctor, patient: Patient, valid_until: dt.date | None, today: dt.date) -> None:
    """Whether this doctor may direct this card now; raises ValidationError by field (`doctor`, `patient`, …)."""
    errors = {}
    if not doctor.is_active or not doctor.lpu.is_own:
        errors["doctor"] = ValidationError(_("This doctor does not work here."), code="doctor_gone")
    if patient.state != Patient.State.ACTIVE:
        errors["patient"] = ValidationError(_("This card is no longer in use."), code="card_closed")
    elif patient.lpu_id != doctor.lpu_id:
        errors["patient"] = ValidationError(_("This is a card of another institution."), code="card_elsewhere")
    if valid_until is not None and valid_until < today:
        errors["valid_until"] = ValidationError(_("This day is over."), code="past")
    if errors:
        raise ValidationError(errors)


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

    Raises DirectionKnown when we already have a live one of this LPU, number and patient; ValidationError when the
    card is closed or not ours.
    """
    with transaction.atomic():
        # The region may send the same direction at this moment, and both would be new:
        # the same advisory lock as in a booking by direction, before looking.
        lock_identities(paper_keys(lpu_from.guid, number))
        patient = _locked(patient)
        check_paper(patient=patient, lpu_from=lpu_from, number=number)
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


def check_paper(*, patient: Patient, lpu_from: Lpu, number: str) -> None:
    """Whether this paper may be entered for this card; raises ValidationError by field, DirectionKnown."""
    if patient.state != Patient.State.ACTIVE or not patient.lpu.is_own:
        raise ValidationError({"patient": _("This card is no longer in use.")}, code="card_closed")
    papers = Direction.objects.filter(lpu_from=lpu_from, number=number, cancelled_at=None)
    if number and any(same_person(paper.patient, patient) for paper in papers.select_related("patient")):
        raise DirectionKnown


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

    Raises DirectionCancelled, and ValidationError where appointments of our own tell, or it is not ours to follow.
    """
    with transaction.atomic():
        direction = lock_direction(direction.pk)
        if direction.cancelled_at is not None:
            raise DirectionCancelled
        if direction.origin != Direction.Origin.ISSUED or direction.lpu_to.is_own:
            raise ValidationError(_("Only for directions issued here to an institution outside."), code="not_followed")
        if outcome not in Direction.Outcome.values:
            raise ValidationError({"outcome": _("Unknown outcome.")}, code="invalid")
        direction.outcome = outcome
        direction.save(update_fields=["outcome"])
    return direction


def _locked(patient: Patient) -> Patient:
    """The card, locked: it cannot be merged away while a direction is written for it."""
    return Patient.objects.select_related("lpu").select_for_update(of=("self",), no_key=True).get(pk=patient.pk)


def _coded(speciality: Speciality | None) -> Coded:
    return Coded(speciality.code, speciality.name) if speciality else UNKNOWN


def _what(speciality: Coded, diagnosis: Coded) -> dict[str, str]:
    return {
        "speciality_code": speciality.code,
        "speciality_name": speciality.name,
        "diagnosis_code": diagnosis.code,
        "diagnosis_name": diagnosis.name,
    }
