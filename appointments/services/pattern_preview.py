"""What a pattern would do to a doctor's schedule, computed by the generator itself, with nothing written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Q
from django.db.models.functions import Coalesce

from appointments.models import ScheduleException, ScheduleTemplate, Slot
from appointments.services import generation
from appointments.services.filling import Window
from appointments.services.reconciling import Changes
from appointments.services.timetable import DAY, Periods, Place, midnight
from lmis.models import Doctor
from lmis.services.calendar import Departure, WorkingDays, between


class Fate(StrEnum):
    """What becomes of a place."""

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"
    BOOKED = "booked"  # the pattern has it, and somebody holds it
    LEFT = "left"  # the pattern does not have it, but somebody holds it
    OTHER = "other"  # laid by hand
    WITHDRAWN = "withdrawn"
    BARRED = "barred"  # wanted, but what stays is in the way


@dataclass(frozen=True, slots=True)
class Cell:
    """A place and its fate; instants."""

    begin: dt.datetime
    end: dt.datetime
    fate: Fate
    capacity: int
    is_queue: bool


@dataclass(frozen=True, slots=True)
class Rival:
    """A place of another doctor in the same room, or of the same person in another position, at the same time."""

    begin: dt.datetime
    end: dt.datetime
    doctor: str
    room: str  # blank: it is the person who is wanted twice


@dataclass(slots=True)
class Preview:
    """All of it, for the days first..last in the zone of the doctor's LPU."""

    first: dt.date
    last: dt.date
    calendar: WorkingDays
    cells: list[Cell] = field(default_factory=list)
    rivals: list[Rival] = field(default_factory=list)
    holidays: list[Departure] = field(default_factory=list)
    exceptions: list[ScheduleException] = field(default_factory=list)

    def count(self, fate: Fate) -> int:
        """How many places have this fate."""
        return sum(cell.fate == fate for cell in self.cells)


def preview(*, doctor: Doctor, pattern: Sequence[ScheduleTemplate], until: dt.date, now: dt.datetime) -> Preview:
    """Look at an unsaved pattern of the doctor (with `lpu` loaded) from `now` through the day `until`.

    The plan is that of `generation.generate`: what it would do if it ran this moment. Six statements.
    Raises ValidationError for a day that is past or more than a year ahead.
    """
    generation.check_until(until, now)
    today = now.astimezone(doctor.lpu.tz).date()
    window = Window(doctor=doctor, first=today, last=until, until=until, now=now, pattern=pattern)
    changes = window.changes()
    calendar = between(today, until)
    found = Preview(today, until, calendar, cells=sorted(_cells(changes), key=lambda cell: cell.begin))
    found.holidays = [day for day in calendar.departures.values() if _is_lost(day, calendar, doctor, pattern)]
    found.holidays.sort(key=lambda day: day.date)
    exceptions = ScheduleException.objects.of_doctor(doctor).touching(now, midnight(until + DAY, doctor.lpu.tz))
    found.exceptions = list(exceptions.order_by("begin", "pk"))
    found.rivals = list(_rivals(doctor, changes))
    return found


def _cells(changes: Changes) -> Iterable[Cell]:
    for place in changes.create:
        yield _of_place(place, Fate.CREATED)
    for place in changes.barred:
        yield _of_place(place, Fate.BARRED)
    for slot, offer in changes.update:
        fate = Fate.CREATED if slot.withdrawn else Fate.CHANGED
        yield Cell(slot.begin, slot.end, fate, offer.capacity, offer.is_queue)
    for slots, fate in ((changes.left, Fate.LEFT), (changes.other, Fate.OTHER), (changes.withdraw, Fate.WITHDRAWN)):
        yield from (_of_slot(slot, fate) for slot in slots)
    for slot in changes.same:
        yield _of_slot(slot, Fate.BOOKED if slot.booked else Fate.SAME)


def _of_place(place: Place, fate: Fate) -> Cell:
    return Cell(place.begin, place.end, fate, place.offer.capacity, place.offer.is_queue)


def _of_slot(slot: Slot, fate: Fate) -> Cell:
    return Cell(slot.begin, slot.end, fate, slot.capacity, slot.is_queue)


def _is_lost(day: Departure, calendar: WorkingDays, doctor: Doctor, pattern: Sequence[ScheduleTemplate]) -> bool:
    """Whether the pattern has hours on a day on which nobody works."""
    return calendar.is_closed(day.date, doctor.department_id) and any(each.applies_on(day.date) for each in pattern)


def _rivals(doctor: Doctor, changes: Changes) -> Iterable[Rival]:
    """One statement; places that are closed leave the room free."""
    wanted = [
        *((place.begin, place.end, place.offer.room_id or doctor.room_id) for place in changes.create),
        *((slot.begin, slot.end, offer.room_id or doctor.room_id) for slot, offer in changes.update),
        *((slot.begin, slot.end, slot.room_id or doctor.room_id) for slot in changes.same),
    ]
    if not wanted:
        return
    anywhere = Periods((begin, end) for begin, end, _room in wanted)
    rooms = {
        room: Periods((begin, end) for begin, end, where in wanted if where == room)
        for room in {room for _begin, _end, room in wanted if room}
    }
    namesakes = Doctor.objects.filter(family=doctor.family, name=doctor.name, patronymic=doctor.patronymic)
    people = Q(doctor__in=namesakes.exclude(pk=doctor.pk).exclude(name=""))
    others = Slot.objects.in_schedule().exclude(doctor=doctor).filter(doctor__lpu__is_own=True, is_blocked=False)
    others = others.annotate(where=Coalesce("room", "doctor__room")).filter(Q(where__in=list(rooms)) | people)
    begins, ends = min(begin for begin, _end, _room in wanted), max(end for _begin, end, _room in wanted)
    there = others.filter(begin__lt=ends, end__gt=begins).order_by("begin", "pk")
    names = ("doctor__family", "doctor__name", "doctor__patronymic")
    for begin, end, where, label, *name in there.values_list("begin", "end", "where", "room_label", *names):
        whole = Doctor(family=name[0], name=name[1], patronymic=name[2])
        is_same = whole.full_name == doctor.full_name
        if (anywhere if is_same else rooms[where]).overlap(begin, end):
            yield Rival(begin, end, whole.short_name, "" if is_same else label)
