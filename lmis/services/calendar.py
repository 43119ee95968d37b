"""Which days are worked: the week, the holidays and moved days of the calendar, departments that work on a holiday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from lmis.models import CalendarDay, Department

DAY = dt.timedelta(days=1)
_WORKING_WEEK = range(1, 6)
# Of any so many days in a row at least one in three is worked: the longest rest known is of twelve days.
_FAR = 3
_REST = 14


@dataclass(frozen=True, slots=True)
class Departure:
    """A day that is not what its weekday says; `departments` see patients although it is a day off."""

    date: dt.date
    kind: str
    name: str
    moved_from: dt.date | None = None
    is_preliminary: bool = False
    departments: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The calendar of a stretch of days, read once. A day outside of the stretch counts as its weekday says."""

    departures: Mapping[dt.date, Departure]

    def on(self, day: dt.date) -> Departure | None:
        """What departs from the week on that day."""
        return self.departures.get(day)

    def is_closed(self, day: dt.date, department_id: int | None = None) -> bool:
        """Whether it is a holiday or a moved day off, and the department does not work on it all the same.

        A plain Saturday is not closed: who has hours on it works.
        """
        found = self.on(day)
        return found is not None and found.kind == CalendarDay.Kind.DAY_OFF and department_id not in found.departments

    def is_working(self, day: dt.date, department_id: int | None = None) -> bool:
        """Whether it is a working day: Monday to Friday, holidays and moved days considered."""
        found = self.on(day)
        if found is None:
            return day.isoweekday() in _WORKING_WEEK
        return found.kind != CalendarDay.Kind.DAY_OFF or department_id in found.departments

    def weekday_of(self, day: dt.date) -> int:
        """The ISO weekday whose hours are kept on that day: its own, but of a moved working day that of its origin."""
        found = self.on(day)
        if found is not None and found.kind == CalendarDay.Kind.WORKING and found.moved_from is not None:
            return found.moved_from.isoweekday()
        return day.isoweekday()

    def add(self, day: dt.date, count: int, department_id: int | None = None) -> dt.date:
        """The `count`th working day after `day`; `day` itself for 0."""
        while count > 0:
            day += DAY
            count -= self.is_working(day, department_id)
        return day


PLAIN = WorkingDays({})  # nothing but weeks


def between(first: dt.date, last: dt.date) -> WorkingDays:
    """The calendar from `first` through `last`, both inclusive; one statement."""
    rows = CalendarDay.objects.between(first, last).with_work().order_by()
    return WorkingDays(
        {
            row.date: Departure(
                row.date, row.kind, row.name, row.moved_from, row.is_preliminary, frozenset(row.departments)
            )
            for row in rows
        }
    )


def is_working(day: dt.date, department: Department | None = None) -> bool:
    """Whether that day is a working day, of that department if one is given; one statement."""
    return between(day, day).is_working(day, department.pk if department else None)


def add_working_days(day: dt.date, count: int, department: Department | None = None) -> dt.date:
    """The `count`th working day after `day`, `day` itself for 0; one statement.

    Raises ValueError for a negative `count`.
    """
    if count < 0:
        raise ValueError("working days are counted forwards")
    calendar = between(day, day + (_FAR * count + _REST) * DAY)
    return calendar.add(day, count, department.pk if department else None)
