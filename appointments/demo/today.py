"""A working day of the doctor who has an account, whatever day the demo is begun on: some came, some are to come."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from appointments.demo.guids import guid_of
from appointments.demo.people import GROWN_UP
from appointments.models import Appointment, ScheduleException, ScheduleTemplate, Slot
from appointments.services import booking, generation, visits
from appointments.services.slot_rows import GuidFor
from lmis.actors import SYSTEM, Actor
from lmis.models import Doctor, Lpu, Source
from patients.models import Patient

_FREE_EVERY, _MISSED_EVERY = 4, 6
_WAITS_WITHIN = dt.timedelta(hours=1)
_BEGIN, _END = dt.time(8), dt.time(14)


def open_day(lpu: Lpu, doctor: Doctor, now: dt.datetime, guid_for: GuidFor) -> None:
    """Places of the whole day, also of its hours that are over; a day off becomes one of extra hours.

    Nothing once the doctor has places on that day: the demo was begun on it, or before it.
    """
    today = now.astimezone(lpu.tz).date()
    midnight = dt.datetime.combine(today, dt.time(), tzinfo=lpu.tz)
    for extra in (False, True):
        if doctor.slots.filter(day=today).exists():
            return
        if extra:
            _extra_hours(lpu, doctor, today)
        generation.generate(until=today, by=SYSTEM, doctors=[doctor], now=midnight, guid_for=guid_for)


def _extra_hours(lpu: Lpu, doctor: Doctor, day: dt.date) -> None:
    pattern = ScheduleTemplate.objects.filter(doctor=doctor).order_by("pk")[0]
    ScheduleException.objects.create(
        kind=ScheduleException.Kind.EXTRA,
        doctor=doctor,
        begin=dt.datetime.combine(day, _BEGIN, tzinfo=lpu.tz),
        end=dt.datetime.combine(day, _END, tzinfo=lpu.tz),
        reason="Дополнительный приём",
        slot_minutes=pattern.slot_minutes,
        channels=pattern.channels,
        busy_type=pattern.busy_type,
    )


def fill(lpu: Lpu, doctor: Doctor, patients: list[Patient], by: dict[str, Actor], now: dt.datetime) -> None:
    """Books most of the day's places as of its morning; of those whose time has come most came.

    In: `by` is who books at the desk and who marks, by source. To be called inside a transaction.
    """
    today = now.astimezone(lpu.tz).date()
    midnight = dt.datetime.combine(today, dt.time(), tzinfo=lpu.tz)
    places = doctor.slots.free(midnight).filter(day=today, channels__contains=[Source.REGISTRY]).order_by("pk")
    grown = [patient for patient in patients if patient.birth_date and patient.birth_date.year < GROWN_UP]
    taken = [slot for number, slot in enumerate(places) if number % _FREE_EVERY != _FREE_EVERY - 1]
    made = [
        _booked(slot, patient, guid_of(lpu.guid, "visit", number), by.get(Source.REGISTRY, SYSTEM), midnight)
        for number, (slot, patient) in enumerate(zip(taken, reversed(grown), strict=False))
    ]
    for number, appointment in enumerate(made):
        _mark(appointment, number, by.get(Source.DOCTOR, SYSTEM), now)


def _booked(slot: Slot, patient: Patient, guid: UUID, by: Actor, now: dt.datetime) -> Appointment:
    made = booking.book(
        slot_guid=slot.guid, patient=patient, source=Source.REGISTRY, channels=[Source.REGISTRY], by=by, now=now
    )
    Appointment.objects.filter(pk=made.pk).update(guid=guid)
    made.guid = guid
    return made


def _mark(appointment: Appointment, number: int, by: Actor, now: dt.datetime) -> None:
    slot = appointment.slot
    if slot.end <= now:
        missed = number % _MISSED_EVERY == _MISSED_EVERY - 1
        state = Appointment.State.MISSED if missed else Appointment.State.VISITED
        visits.mark(appointment=appointment, state=state, by=by, now=now)
    elif slot.begin <= now + _WAITS_WITHIN:
        visits.arrive(appointment=appointment, by=by, now=now)
