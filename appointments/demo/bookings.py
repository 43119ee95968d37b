"""Appointments of the demo, made through the services as everybody's are."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from random import Random

from django.db.models import QuerySet

from appointments.demo import cast
from appointments.demo.guids import guid_of
from appointments.demo.people import GROWN_UP
from appointments.models import Appointment, Slot
from appointments.services import booking, cancelling
from lmis.actors import SYSTEM, Actor
from lmis.models import Lpu, Source
from patients.models import Patient

COUNT, AMONG = 200, 1000  # so many of the next so many places
CANCELLED_EVERY = 12
SCARCE = ((3, 1.0), (6, 0.93), (9, 0.75))  # of the scarce speciality: within so many days such a share is booked
CROWDS = 2  # slots of several places that get some, but not all, of their patients

_SEED = 1105
_REASONS = ("Пациент передумал", "Пациент выздоровел", "Записан повторно", "")


def make(lpu: Lpu, patients: list[Patient], actors: dict[str, Actor], now: dt.datetime) -> list[Appointment]:
    """Books some of the places that are free now, and cancels some of that again.

    In: `patients` who may be booked; `actors` by source, the system for those not named. To be called inside a
    transaction. Slots are taken by ascending id, as everywhere.
    """
    rng = Random(_SEED)  # noqa: S311 - made-up bookings need no cryptography
    waiting = queues(patients, rng)
    made, places = [], _places(lpu, now, rng)
    for number, slot in enumerate(places):
        source = rng.choice([channel for channel in slot.channels if channel != Source.DOCTOR_OTHER_LPU])
        appointment = booking.book(
            slot_guid=slot.guid,
            patient=next(waiting[slot.doctor.speciality.name]),
            source=source,
            channels=[source],
            by=actors.get(source, SYSTEM),
            now=now,
        )
        appointment.guid = guid_of(lpu.guid, "appointment", number)
        made.append(appointment)
    Appointment.objects.bulk_update(made, ["guid"])
    plenty = [one for slot, one in zip(places, made, strict=True) if slot.doctor.speciality.name != cast.SCARCE]
    for appointment in plenty[::CANCELLED_EVERY]:
        cancelling.cancel(
            guid=appointment.guid,
            among=Appointment.objects.all(),
            reason=rng.choice(_REASONS),
            by=SYSTEM,
            now=now,
        )
    return made


def _places(lpu: Lpu, now: dt.datetime, rng: Random) -> list[Slot]:
    """The slots to book, one entry for each place, by ascending id."""
    ours = set(Source.values) - {Source.DOCTOR_OTHER_LPU}
    free = Slot.objects.free(now).open_to(ours).filter(doctor__lpu=lpu)
    free = free.select_related("doctor__speciality").order_by("begin", "pk")
    soon = list(free.filter(capacity=1)[:AMONG])
    crowds = [slot for slot in free.filter(capacity__gt=1)[:CROWDS] for _ in range(slot.capacity - 1)]
    chosen = {slot.pk: slot for slot in [*rng.sample(soon, min(COUNT, len(soon))), *_scarce(free, now, rng)]}
    return sorted([*chosen.values(), *crowds], key=lambda slot: slot.pk)


def _scarce(free: QuerySet[Slot], now: dt.datetime, rng: Random) -> list[Slot]:
    """What a head looks for: a speciality with nothing free for days, and little after that."""
    places = free.filter(capacity=1, doctor__speciality__name=cast.SCARCE)
    shares = [(now + dt.timedelta(days=days), share) for days, share in SCARCE]
    return [slot for slot in places if rng.random() < next((share for until, share in shares if slot.begin < until), 0)]


def queues(patients: Iterable[Patient], rng: Random) -> dict[str, Iterator[Patient]]:
    """For each speciality its patients, shuffled, round and round: children, women, grown-ups."""
    mixed = sorted(patients, key=lambda patient: patient.pk)
    rng.shuffle(mixed)
    grown = [patient for patient in mixed if _year(patient) < GROWN_UP]
    queues: dict[str, Iterator[Patient]] = {field.speciality: itertools.cycle(grown) for field in cast.FIELDS}
    queues[cast.PAEDIATRICS] = itertools.cycle([patient for patient in mixed if _year(patient) >= GROWN_UP])
    queues[cast.GYNAECOLOGY] = itertools.cycle([patient for patient in grown if patient.sex == "F"])
    return queues


def _year(patient: Patient) -> int:
    return patient.birth_date.year if patient.birth_date else 0
