"""What can be offered at the desk: whom to see, and the nearest places, each held against the norm of waiting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from appointments.models import Slot
from appointments.models.waiting import EVENING_BEGINS, MORNING_ENDS, PartOfDay
from appointments.querysets import SlotQuerySet
from appointments.services.norms import Norms, Wait
from lmis.models import Doctor, Lpu, Speciality

NEAREST = 9  # as many as there are digits on the keyboard
DAYS = 5  # of one doctor, side by side
SATURDAY = 6


@dataclass(frozen=True, slots=True)
class Wish:
    """Which times suit: a part of the day (`PartOfDay`); `weekday`, `weekend` or any day; not before `first`.

    Words that are unknown mean any.
    """

    part: str = ""
    days: str = ""
    first: dt.date | None = None

    def among(self, slots: SlotQuerySet, lpu: Lpu) -> SlotQuerySet:
        """The slots at such times on the wall of the LPU."""
        if self.part in (PartOfDay.MORNING, PartOfDay.EVENING):
            slots = slots.annotate(hour=ExtractHour("begin", tzinfo=lpu.tz))
            morning = self.part == PartOfDay.MORNING
            span = {"hour__lt": MORNING_ENDS.hour} if morning else {"hour__gte": EVENING_BEGINS.hour}
            slots = slots.filter(**span)
        if self.days in ("weekday", "weekend"):
            slots = slots.annotate(weekday=ExtractIsoWeekDay("day"))
            weekend = Q(weekday__gte=SATURDAY)
            slots = slots.filter(weekend if self.days == "weekend" else ~weekend)
        return slots.filter(day__gte=self.first) if self.first else slots


@dataclass(frozen=True, slots=True)
class Choice:
    """A doctor to go to, with the wait for the next free place; None when there is none."""

    doctor: Doctor
    wait: Wait | None


@dataclass(frozen=True, slots=True)
class Field:
    """A speciality to go to: its doctors, those with a nearer place first, and the wait for the nearest of all."""

    speciality: Speciality
    doctors: list[Choice] = field(default_factory=list)

    @property
    def wait(self) -> Wait | None:
        """For the nearest place of any of them."""
        return self.doctors[0].wait if self.doctors else None


@dataclass(frozen=True, slots=True)
class Place:
    """A place that can be offered; `full` ones only to those who may go beyond the plan."""

    slot: Slot
    wait: Wait

    @property
    def full(self) -> bool:
        """Nobody is booked here but beyond the plan."""
        return self.slot.places_left <= 0


def fields(*, lpu: Lpu, channels: Collection[str], norms: Norms, now: dt.datetime, kind: str = "") -> list[Field]:
    """Whom a patient of this LPU may be sent to, by speciality in the order of the alphabet; one statement.

    In: `channels` through which will be booked, `kind` of visit as `WaitNorm.Kind`.
    """
    places = _open(lpu, channels, now).filter(doctor=OuterRef("pk")).order_by("begin")
    doctors = Doctor.objects.published().filter(lpu=lpu).with_titles()
    found: dict[int, Field] = {}
    for doctor in doctors.annotate(next_free=Subquery(places.values("begin")[:1])):
        begin = doctor.next_free
        wait = norms.wait(doctor=doctor, begin=begin, kind=kind) if begin else None
        found.setdefault(doctor.speciality_id, Field(doctor.speciality)).doctors.append(Choice(doctor, wait))
    for each in found.values():
        each.doctors.sort(key=lambda choice: (choice.wait is None, choice.wait.begin if choice.wait else now))
    return sorted(found.values(), key=lambda each: each.speciality.name)


def nearest(
    *,
    lpu: Lpu,
    speciality: Speciality,
    channels: Collection[str],
    wish: Wish,
    norms: Norms,
    now: dt.datetime,
    kind: str = "",
    limit: int = NEAREST,
) -> list[Place]:
    """The nearest free places of a speciality, whoever the doctor, in order of time; one statement."""
    slots = wish.among(_open(lpu, channels, now).filter(doctor__speciality=speciality), lpu)
    return _places(slots.order_by("begin", "doctor__family", "pk")[:limit], norms, kind)


def days_of(
    *,
    doctor: Doctor,
    channels: Collection[str],
    wish: Wish,
    norms: Norms,
    now: dt.datetime,
    kind: str = "",
    full: bool = False,
    days: int = DAYS,
) -> list[tuple[dt.date, list[Place]]]:
    """The doctor's next days that have places, each with its places in order of time; two statements.

    In: `full` shows booked-out places too, to go beyond the plan.
    """
    slots = _bookable(now).open_to(channels) if full else within_reach(channels=channels, now=now)
    slots = wish.among(slots.filter(doctor=doctor), doctor.lpu)
    chosen = list(slots.order_by("day").values_list("day", flat=True).distinct()[:days])
    places = _places(slots.filter(day__in=chosen).order_by("begin"), norms, kind) if chosen else []
    return [(day, list(group)) for day, group in groupby(places, key=lambda place: place.slot.day)]


def earliest(places: Iterable[Place]) -> Wait | None:
    """The wait for the first free one of these."""
    return min((place.wait for place in places if not place.full), key=lambda wait: wait.begin, default=None)


def within_reach(*, channels: Collection[str], now: dt.datetime) -> SlotQuerySet:
    """The free places that can be offered to who comes by one of these channels: a norm is held against them alone."""
    return Slot.objects.free(now).open_to(channels)


def _open(lpu: Lpu, channels: Collection[str], now: dt.datetime) -> SlotQuerySet:
    return within_reach(channels=channels, now=now).filter(doctor__lpu=lpu)


def _bookable(now: dt.datetime) -> SlotQuerySet:
    """Free and full ones alike: all that is upcoming and open to patients."""
    return Slot.objects.upcoming(now).filter(withdrawn="", is_blocked=False, visible=True)


def _places(slots: Any, norms: Norms, kind: str) -> list[Place]:
    rows = slots.select_related("doctor__lpu", "doctor__position", "doctor__speciality", "doctor__room")
    return [Place(slot, norms.wait(doctor=slot.doctor, begin=slot.begin, kind=kind)) for slot in rows]
