"""Whose patient somebody is: who has an appointment with a doctor is that doctor's patient."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import Q

from directions.models import Direction
from lmis.models import Doctor
from lmis.querysets import DoctorQuerySet
from patients.models import Patient
from patients.querysets import PatientQuerySet
from patients.services import search

SHOWN = 20


def of_doctors(doctors: DoctorQuerySet | None) -> PatientQuerySet:
    """Live cards at our own LPUs of these doctors' patients; None means everybody's. The last appointment counts
    as much as the next one; cancelled ones do not.
    """
    return Patient.objects.at_own_lpus().live().select_related("lpu").of_doctors(doctors)


def find(*, text: str, doctors: DoctorQuerySet | None, today: dt.date) -> list[Patient]:
    """Up to `SHOWN` of them that `text` means, in the ways of the desk's own search."""
    for way in search.parse(text, today).ways:
        found = list(way.among(of_doctors(doctors))[:SHOWN])
        if found:
            return found
    return []


def appointment_of(*, guid: UUID, doctors: DoctorQuerySet | None) -> Any | None:
    """The appointment with its patient, doctor and direction, if it is with one of these doctors; else None."""
    rows = _appointments().select_related("patient__lpu", "slot__doctor", "direction").filter(guid=guid)
    return rows.first() if doctors is None else rows.filter(slot__doctor__in=doctors).first()


def last_diagnosis(*, patient: Patient, doctor: Doctor | None) -> Direction | None:
    """The newest direction of the patient that has a diagnosis, of those from this doctor or to this doctor's LPU."""
    rows = Direction.objects.filter(patient=patient, cancelled_at=None).exclude(diagnosis_code="", diagnosis_name="")
    if doctor is not None:
        rows = rows.filter(Q(doctor=doctor) | Q(appointments__slot__doctor=doctor))
    return rows.order_by("-created_at", "-pk").first()


def _appointments() -> Any:
    """All of them: their app imports us, not we it."""
    return Direction._meta.get_field("appointments").related_model._default_manager
