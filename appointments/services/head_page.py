"""What the head of a department looks at in the morning, from a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from appointments.models import Appointment, ScheduleException, Slot
from appointments.querysets_waiting import WaitingQuerySet
from appointments.services import offers
from appointments.services.norms import Norms, Wait
from appointments.services.waiting_offers import Line, summary
from lmis.models import Doctor, Lpu, Position, Source
from lmis.querysets import DoctorQuerySet

DAYS = 14
WEEKS = 4
ABSENCES_AHEAD = dt.timedelta(days=30)
OVER_SHOWN = 20
WINDOW = (Source.REGISTRY,)  # the norm is about who comes to it: a place for the Internet alone is none to them


@dataclass(frozen=True, slots=True)
class Cell:
    """A speciality on a day: free places of `places`, `over` beyond the plan. None of any: nobody receives."""

    day: dt.date
    free: int = 0
    places: int = 0
    over: int = 0

    @property
    def level(self) -> str:
        """How free: `closed`, `none`, `few` (to a tenth), `some` (to a third), `many`."""
        if not self.places:
            return "closed"
        share = self.free / self.places
        bounds = (("none", 0.0), ("few", 0.1), ("some", 1 / 3))
        return next((name for name, bound in bounds if share <= bound), "many")


@dataclass(frozen=True, slots=True)
class Row:
    """A speciality: a cell for each day of the map."""

    speciality: int
    name: str
    cells: list[Cell]
    doctors: list[int]  # of the page, by id

    @property
    def free(self) -> int:
        """In all the days."""
        return sum(cell.free for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Load:
    """A doctor in the weeks that are over."""

    doctor: Doctor
    speciality: str
    places: int
    taken: int
    over: int
    visited: int = 0
    missed: int = 0

    @property
    def percent(self) -> int:
        """Of the places, how many were taken; more than a hundred beyond the plan."""
        return round(100 * self.taken / self.places) if self.places else 0

    @property
    def missed_percent(self) -> int:
        """Of those whose visit was marked, how many did not come."""
        marked = self.visited + self.missed
        return round(100 * self.missed / marked) if marked else 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A speciality: how far the nearest place for the window is, and who waits for one. `slot` None: none is free.

    `until` is the last moment within the norm for who asks now, whether a place is free or not; None without a norm.
    """

    speciality: int
    name: str
    slot: Slot | None = None
    wait: Wait | None = None
    line: Line | None = None
    until: dt.datetime | None = None

    @property
    def late(self) -> bool:
        """Beyond the norm: the place, or somebody of the list, or there is no place at all."""
        return self.slot is None or bool(self.wait and self.wait.late)


@dataclass(frozen=True, slots=True)
class Page:
    """All of it; `days` are those of the map, `since` and `until` those of the loads, both inclusive."""

    days: list[dt.date]
    rows: list[Row]
    since: dt.date
    until: dt.date
    loads: list[Load]
    absences: list[ScheduleException]
    waits: list[Waiting]
    over: list[Slot]


def read(*, lpu: Lpu, now: dt.datetime, doctors: DoctorQuerySet, waiting: WaitingQuerySet) -> Page:
    """The page of an LPU, about these doctors of it and who waits. Ten statements, however many doctors there are.

    Doctors. The map: slots by speciality and day. Loads: outcomes, slots. Absences. Waits: nearest places, norms, the
    calendar, the waiting list. Places beyond the plan.
    """
    today = now.astimezone(lpu.tz).date()
    days = [today + dt.timedelta(days=number) for number in range(DAYS)]
    since, until = today - dt.timedelta(weeks=WEEKS), today - dt.timedelta(days=1)
    slots = Slot.objects.of_doctors(doctors)
    people = {
        doctor.pk: doctor for doctor in Doctor.objects.filter(pk__in=doctors).select_related("speciality", "position")
    }
    rows = _rows(slots.on_days(days[0], days[-1]).free_by_speciality_and_day(now), days, people)
    return Page(
        days=days,
        rows=rows,
        since=since,
        until=until,
        loads=_loads(doctors, since, until, people),
        absences=list(
            ScheduleException.objects.filter(doctor__in=doctors).absences_with_patients(now, now + ABSENCES_AHEAD)
        ),
        waits=_waits(rows, people, doctors=doctors, waiting=waiting, lpu=lpu, now=now),
        over=list(slots.beyond_the_plan(now)[:OVER_SHOWN]),
    )


def _rows(found: Any, days: list[dt.date], people: dict[int, Doctor]) -> list[Row]:
    by_speciality: defaultdict[tuple[str, int], dict[dt.date, Cell]] = defaultdict(dict)
    for row in found:
        cell = Cell(row["day"], row["free"], row["places"], row["over"])
        by_speciality[row["name"], row["speciality"]][row["day"]] = cell
    doctors: defaultdict[int, list[int]] = defaultdict(list)
    for doctor in people.values():
        doctors[doctor.speciality_id].append(doctor.pk)
    return [
        Row(pk, name, [cells.get(day, Cell(day)) for day in days], sorted(doctors[pk]))
        for (name, pk), cells in sorted(by_speciality.items())
    ]


def _loads(doctors: DoctorQuerySet, since: dt.date, until: dt.date, people: dict[int, Doctor]) -> list[Load]:
    counted = Appointment.objects.of_doctors(doctors).on_days(since, until).counted()
    outcomes = {row["doctor"]: row for row in counted.outcomes_by_doctor()}
    loads = [
        Load(
            doctor=people[row["doctor"]],
            speciality=people[row["doctor"]].speciality.name,
            places=row["places"],
            taken=row["taken"],
            over=row["over"],
            visited=outcomes.get(row["doctor"], {}).get("visited", 0),
            missed=outcomes.get(row["doctor"], {}).get("missed", 0),
        )
        for row in Slot.objects.of_doctors(doctors).on_days(since, until).load_by_doctor()
    ]
    return sorted(loads, key=lambda load: (-load.percent, load.doctor.short_name))


def _waits(
    rows: list[Row],
    people: dict[int, Doctor],
    *,
    doctors: DoctorQuerySet,
    waiting: WaitingQuerySet,
    lpu: Lpu,
    now: dt.datetime,
) -> list[Waiting]:
    latest_first = reversed(list(offers.within_reach(channels=WINDOW, now=now).first_of_each(doctors)))
    nearest = {slot.doctor.speciality_id: slot for slot in latest_first}
    norms = Norms.read(zone=lpu.tz, now=now)
    lines = {line.speciality_id: line for line in summary(waiting, now.astimezone(lpu.tz).date())}
    names = {row.speciality: row.name for row in rows}
    names |= {pk: slot.doctor.speciality.name for pk, slot in nearest.items()}
    names |= {pk: line.speciality for pk, line in lines.items()}
    theirs: defaultdict[int, list[Doctor]] = defaultdict(list)
    for doctor in people.values():
        theirs[doctor.speciality_id].append(doctor)
    waits = [_waiting(pk, name, nearest.get(pk), norms, lines.get(pk), theirs[pk]) for pk, name in names.items()]
    return sorted(waits, key=lambda wait: (not wait.late, wait.name))


def _waiting(pk: int, name: str, slot: Slot | None, norms: Norms, line: Line | None, doctors: list[Doctor]) -> Waiting:
    if slot is not None:
        wait = norms.wait(doctor=slot.doctor, begin=slot.begin)
        return Waiting(pk, name, slot, wait, line, wait.until)
    return Waiting(pk, name, line=line, until=_norm_ends(pk, norms, doctors))


def _norm_ends(speciality: int, norms: Norms, doctors: list[Doctor]) -> dt.datetime | None:
    """The strictest norm of these, who have no place; of the speciality at large, when nobody receives in it."""
    asked = doctors or [Doctor(speciality_id=speciality, position=Position())]
    found = [norm for norm in (norms.of(doctor) for doctor in asked) if norm]
    return min((norms.until(norm) for norm in found), default=None)
