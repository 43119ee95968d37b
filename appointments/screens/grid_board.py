"""The grid as a whole: its columns with their cells, its hours, and what changed since."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from appointments.models import Appointment, Slot
from appointments.querysets import SlotQuerySet
from appointments.screens.grid_cells import Cell, Holder, Viewer, cell_of
from appointments.screens.grid_scope import Column, Scope
from appointments.screens.grid_since import Since
from lmis.text import short_name

LEAST_MINUTES = 5  # a shorter place is drawn as long as this
DAY_BEGINS, DAY_ENDS = 8, 15  # the hours of a grid with nothing in it
_WORKDAYS = 5


@dataclass(frozen=True, slots=True)
class Lane:
    """A column with what is in it; `now` is the minute of the day there, None on another day; `other` is the query of
    the view that crosses this one: the doctor's week, the speciality's day."""

    column: Column
    cells: list[Cell]
    now: int | None
    other: str

    @property
    def free(self) -> int:
        """How many places can be booked."""
        return sum(cell.free for cell in self.cells)

    @property
    def now_classes(self) -> str:
        """Where the line of now stands."""
        return "" if self.now is None else f"h{self.now // 60} m{self.now % 60}"


@dataclass(frozen=True, slots=True)
class Board:
    """All of it. Hours are whole ones, `until` is the one after the last; `shortest` sets the height of a row."""

    since: Since
    lanes: list[Lane]
    idle: list[Lane]
    begins: int
    until: int
    shortest: int

    @property
    def hours(self) -> range:
        """For the axis."""
        return range(self.begins, self.until)

    @property
    def rest(self) -> int:
        """How many whole hours it is high."""
        return self.until - self.begins


def read(scope: Scope, *, viewer: Viewer, now: dt.datetime) -> Board:
    """All cells of the view; three statements, whatever its size."""
    since = Since.at(now)
    cells = _cells(_slots(scope).filter(Q(withdrawn="") | Q(booked__gt=0)), scope, viewer, now)
    by_column = defaultdict(list)
    for cell in cells:
        by_column[cell.column].append(cell)
    every = [
        Lane(column, by_column[column.key], _minute_of(column, now), scope.crossing(column)) for column in scope.columns
    ]
    lanes = [lane for lane in every if lane.cells or _is_kept(scope, lane.column)]
    idle = [] if scope.doctor else [lane for lane in every if not lane.cells]
    begins = min((cell.begin for cell in cells), default=DAY_BEGINS * 60) // 60
    until = -(-max((cell.end for cell in cells), default=DAY_ENDS * 60) // 60)
    shortest = max(min((cell.minutes for cell in cells), default=15), LEAST_MINUTES)
    return Board(since, lanes, idle, begins, until, min(shortest, 60))


def changes(scope: Scope, *, since: Since | None, viewer: Viewer, now: dt.datetime) -> tuple[Since, list[Cell]]:
    """The cells that changed since then, also those whose time has come; all of them when `since` is of no use.

    Out: the moment to ask from next time, and the cells; some may be told again. At most three statements.
    """
    current = Since.at(now)
    slots = _slots(scope)
    if since is None or not since.leads_to(current):
        return current, _cells(slots, scope, viewer, now)
    # A mark touches the appointment alone; booking, moving and cancelling touch the slot.
    marked = Appointment.objects.filter(slot=OuterRef("pk"), changed__gte=since.edge)
    began = Q(begin__gt=since.moment, begin__lte=now)
    return current, _cells(slots.filter(Q(changed__gte=since.edge) | began | Exists(marked)), scope, viewer, now)


def _slots(scope: Scope) -> SlotQuerySet:
    doctors = [doctor.pk for doctor in scope.doctors]
    return Slot.objects.filter(doctor__in=doctors, day__range=(scope.first, scope.last)).order_by("begin", "pk")


def _cells(slots: Iterable[Slot], scope: Scope, viewer: Viewer, now: dt.datetime) -> list[Cell]:
    found = list(slots)
    zones = {doctor.pk: doctor.lpu.tz for doctor in scope.doctors}
    held = _held([slot.pk for slot in found if slot.booked], viewer)
    return [cell_of(slot, held.get(slot.pk, ()), zones[slot.doctor_id], now, viewer) for slot in found]


def _held(slots: list[int], viewer: Viewer) -> dict[int, list[Holder]]:
    """Who holds the places of these slots; without the patients for whom their names are not to be seen.

    Rows and not models: the day of a speciality has hundreds, and two objects for each cost more than asking.
    """
    held: dict[int, list[Holder]] = defaultdict(list)
    columns = ["slot_id", "state", "source", "arrived_at"]
    if viewer.names:
        columns += [f"patient__{name}" for name in ("family", "name", "patronymic", "card_number")]
    found = Appointment.objects.holding().filter(slot__in=slots).order_by("seat").values_list(*columns)
    for slot, state, source, arrived_at, *names in found if slots else ():
        held[slot].append(Holder(state, source, state == "booked" and arrived_at is not None, _shown(*names)))
    return held


def _shown(family: str = "", name: str = "", patronymic: str = "", card_number: str = "") -> str:
    """As `Patient.short_name`; blank for who may not see names."""
    return short_name(family, name, patronymic) or card_number


def _is_kept(scope: Scope, column: Column) -> bool:
    """An empty workday of a doctor's week keeps its column, a free Saturday does not."""
    return scope.doctor is not None and column.day.isoweekday() <= _WORKDAYS


def _minute_of(column: Column, now: dt.datetime) -> int | None:
    local = now.astimezone(column.doctor.lpu.tz)
    return local.hour * 60 + local.minute if local.date() == column.day else None
