"""How the journal names what belongs to the schedule, to patients and to directions."""

from __future__ import annotations

import datetime as dt

from django.utils import formats

from appointments.models import Appointment, CallTask, ScheduleException, ScheduleTemplate, Slot
from appointments.models.waiting import WaitingEntry
from directions.models import Direction, IncomingDirection
from lmis.models import Doctor
from lmis.services.journal_words import Described, describes
from patients.models import Patient


def register() -> None:
    """Called once, when the apps are ready."""
    describes(Patient, Described(name=str, nameless=lambda card: f"№ {card.card_number}"))
    describes(
        Appointment,
        Described(
            related=("slot__doctor__lpu", "patient"),
            name=lambda one: f"{_appointment(one)} — {one.patient.full_name}",
            nameless=_appointment,
        ),
    )
    for model in (Direction, IncomingDirection):
        describes(
            model,
            Described(related=("patient",), name=lambda one: f"№ {one} — {one.patient.full_name}", nameless=_number),
        )
    describes(
        WaitingEntry,
        Described(
            related=("patient", "doctor__speciality", "speciality"), name=str, nameless=lambda one: str(one.wanted)
        ),
    )
    describes(
        CallTask,
        Described(related=("patient",), name=str, nameless=lambda one: str(one.get_what_display())),
    )
    describes(Slot, Described(related=("doctor__lpu",), name=_slot))
    describes(Doctor, Described(related=("speciality",)))
    describes(ScheduleTemplate, Described(related=("doctor",), name=_plan))
    describes(ScheduleException, Described(related=("doctor__lpu", "lpu"), name=_plan))


def _appointment(one: Appointment) -> str:
    return f"№ {one.number}, {_slot(one.slot)}"


def _slot(slot: Slot) -> str:
    local: dt.datetime = slot.begin.astimezone(slot.doctor.lpu.tz)
    return f"{formats.date_format(local, 'SHORT_DATETIME_FORMAT')}, {slot.doctor.short_name}"


def _number(one: Direction) -> str:
    return f"№ {one}"


def _plan(one: ScheduleTemplate | ScheduleException) -> str:
    return f"{one}, {one.doctor.short_name}" if one.doctor else str(one)
