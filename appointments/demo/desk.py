"""What lies on the desk of the demo: patients who wait for a place, and some whom the clinic has to call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from random import Random

from appointments.demo import cast
from appointments.demo.guids import guid_of
from appointments.demo.people import GROWN_UP
from appointments.models import Appointment, CallTask, Slot
from appointments.services import calls, cancelling, waiting
from lmis.actors import SYSTEM
from lmis.models import Doctor, Lpu, Source
from patients.models import Patient

_SEED = 1907
_REASON = "Повышение квалификации врача"
# speciality, days since, times, weekdays, days of the norm from today on, note
_WAITING: tuple[tuple[str, int, str, list[int], int, str], ...] = (
    (cast.CARDIOLOGY, 16, "morning", [], -2, "Предоперационное обследование"),
    (cast.CARDIOLOGY, 3, "", [], 11, ""),
    (cast.GYNAECOLOGY, 9, "evening", [1, 3, 5], 5, "Работает до 16 часов"),
    (cast.GYNAECOLOGY, 1, "", [], 13, ""),
    ("Неврология", 6, "", [2, 4], 8, "Может приехать за час"),
    ("Офтальмология", 2, "morning", [], 12, ""),
)
_BY_NAME = 4  # how many days ago somebody asked for the first surgeon and nobody else


def write(lpu: Lpu, doctors: list[Doctor], patients: list[Patient], now: dt.datetime) -> None:
    """Inside the caller's transaction; `patients` may be on it, `doctors` are in the order of the cast."""
    rng = Random(_SEED)  # noqa: S311 - made-up data need no cryptography
    people = _grown_up(patients, rng)
    specialities = {doctor.speciality.name: doctor.speciality for doctor in doctors}
    for number, (name, ago, part, weekdays, norm, note) in enumerate(_WAITING):
        entry = waiting.add(
            patient=next(people),
            speciality=specialities[name],
            part=part,
            weekdays=weekdays,
            due=now.date() + dt.timedelta(days=norm),
            urgent=number == 1,
            note=note,
            by=SYSTEM,
            now=now - dt.timedelta(days=ago),
        )
        entry.guid = guid_of(lpu.guid, "waiting", number)
        entry.save(update_fields=["guid"])
    surgeon = next(doctor for doctor in doctors if doctor.speciality.name == "Хирургия")
    waiting.add(patient=next(people), doctor=surgeon, by=SYSTEM, now=now - dt.timedelta(days=_BY_NAME))
    _calls(lpu, now)


def _grown_up(patients: list[Patient], rng: Random) -> Iterator[Patient]:
    """Women, so that every speciality will do; each one once."""
    found = [p for p in patients if p.sex == "F" and p.birth_date and p.birth_date.year < GROWN_UP and p.phone]
    return iter(rng.sample(found, len(found)))


def _calls(lpu: Lpu, now: dt.datetime) -> None:
    """Two are moved to another day of the same doctor and one is cancelled; nobody has told them yet."""
    booked = Appointment.objects.filter(state=Appointment.State.BOOKED, slot__doctor__lpu=lpu, direction=None)
    last = booked.filter(slot__begin__gt=now, slot__capacity=1).order_by("-slot__begin", "-pk")
    chosen = list(last.select_related("slot__doctor", "patient")[:3])
    for number, appointment in enumerate(chosen):
        old, among = appointment.slot, Appointment.objects.filter(pk=appointment.pk)
        new = _next_of(old, now) if number else None
        if new is None:
            cancelling.cancel(guid=appointment.guid, among=among, reason=_REASON, by=SYSTEM, now=now)
        else:
            channels = [Source.REGISTRY]
            cancelling.move(
                guid=appointment.guid, among=among, to_slot_guid=new.guid, channels=channels, by=SYSTEM, now=now
            )
        what = CallTask.What.MOVED if new else CallTask.What.CANCELLED
        calls.enter(appointment=appointment, old_slot=old, new_slot=new, what=what, reason=_REASON, by=SYSTEM, now=now)


def _next_of(slot: Slot, now: dt.datetime) -> Slot | None:
    free = Slot.objects.free(now).open_to([Source.REGISTRY]).filter(doctor=slot.doctor, capacity=1)
    return free.filter(day__gt=slot.day).order_by("begin").first()
