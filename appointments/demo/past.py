"""The week before the demo begins: places that were, who came and who did not. What the head's page counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random

from appointments.demo import bookings
from appointments.demo.guids import guid_of
from appointments.models import Appointment, Slot
from appointments.services import generation
from appointments.services.slot_rows import GuidFor
from lmis.actors import SYSTEM, Actor
from lmis.models import Doctor, Lpu, Source
from patients.models import Patient

LENGTH = dt.timedelta(weeks=1)  # of the four that the head's page looks at: each more delays the first start
_SEED = 2811
_TAKEN = (0.95, 0.6)  # of the busiest doctor's places, and of the idlest one's
_MISSED = (0.05, 0.2)
_BOOKED_BEFORE = dt.timedelta(days=3)
_LEFT = 2  # of the account's doctor, forgotten on the last day


def open_weeks(lpu: Lpu, now: dt.datetime, guid_for: GuidFor) -> None:
    """The places as the pattern has them, generated as on the morning of their first day."""
    today = now.astimezone(lpu.tz).date()
    morning = dt.datetime.combine(today - LENGTH, dt.time(), tzinfo=lpu.tz)
    generation.generate(until=today - dt.timedelta(days=1), by=SYSTEM, now=morning, guid_for=guid_for)


def fill(
    lpu: Lpu, doctors: Sequence[Doctor], patients: list[Patient], by: dict[str, Actor], now: dt.datetime
) -> list[Appointment]:
    """Who had the single places of these weeks; more at some doctors than at others, all but a few marked.

    Written at once: that a past place cannot be booked is a rule of the services, the database's own promises hold.
    """
    rng = Random(_SEED)  # noqa: S311 - made-up visits need no cryptography
    waiting = bookings.queues(patients, rng)
    today = now.astimezone(lpu.tz).date()
    share = {one.pk: number / max(len(doctors) - 1, 1) for number, one in enumerate(doctors)}
    slots = Slot.objects.in_schedule().filter(doctor__in=doctors, day__lt=today, capacity=1, booked=0)
    made = []
    for slot in slots.select_related("doctor__speciality").order_by("pk"):
        if rng.random() > _between(_TAKEN, share[slot.doctor_id]):
            continue
        missed = rng.random() < _between(_MISSED, share[slot.doctor_id])
        made.append(_visit(lpu, slot, next(waiting[slot.doctor.speciality.name]), by, missed=missed))
    _forget_some(made, doctors[0])
    return Appointment.objects.bulk_create(made, batch_size=1000)


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share


def _visit(lpu: Lpu, slot: Slot, patient: Patient, by: dict[str, Actor], *, missed: bool) -> Appointment:
    source = Source.REGISTRY if Source.REGISTRY in slot.channels else slot.channels[0]
    who = by.get(source, SYSTEM)
    return Appointment(
        guid=guid_of(lpu.guid, "past visit", slot.guid),
        slot=slot,
        patient=patient,
        state=Appointment.State.MISSED if missed else Appointment.State.VISITED,
        arrived_at=None if missed else slot.begin - dt.timedelta(minutes=5),
        number=slot.number_of(1),
        source=source,
        created_at=slot.begin - _BOOKED_BEFORE,
        booked_by=who.label,
        user=who.user,
        client=who.client,
    )


def _forget_some(made: Sequence[Appointment], doctor: Doctor) -> None:
    """The last visits of the doctor who has an account were not marked: the day's page tells of them."""
    own = sorted((one for one in made if one.slot.doctor_id == doctor.pk), key=lambda one: one.slot.begin)
    for visit in own[-_LEFT:]:
        visit.state, visit.arrived_at = Appointment.State.BOOKED, None
