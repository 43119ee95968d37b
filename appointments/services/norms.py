"""Which norm of waiting counts for a doctor, and up to when it lets the patient wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from appointments.models import WaitNorm
from lmis.models import Doctor
from lmis.services import calendar
from lmis.services.calendar import WorkingDays
from lmis.text import name_key

AHEAD = dt.timedelta(days=92)  # of the calendar; nothing is booked farther ahead


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for a place that begins at `begin`, held against the norm.

    `days` are calendar days; `until` is the last moment within the norm, None where the table has no row.
    """

    begin: dt.datetime
    days: int
    working_days: int
    norm: WaitNorm | None = None
    until: dt.datetime | None = None

    @property
    def late(self) -> bool:
        """Beyond the norm."""
        return self.until is not None and self.begin > self.until


class Norms:
    """The table and the clinic's calendar, read once for a screen, for patients who ask at `now`."""

    def __init__(self, rows: Iterable[WaitNorm], *, days: WorkingDays, zone: ZoneInfo, now: dt.datetime) -> None:
        self._rows = list(rows)
        self._days, self._zone, self._now = days, zone, now
        self._today = now.astimezone(zone).date()

    @classmethod
    def read(cls, *, zone: ZoneInfo, now: dt.datetime) -> Norms:
        """Two statements; `zone` is that of the LPU."""
        today = now.astimezone(zone).date()
        return cls(WaitNorm.objects.all(), days=calendar.between(today, today + AHEAD), zone=zone, now=now)

    def of(self, doctor: Doctor, kind: str = WaitNorm.Kind.USUAL) -> WaitNorm | None:
        """The row that says most about this doctor (with `position` loaded) among those of this kind of visit.

        A position counts more than the words it begins with, these more than a speciality, that more than a row for
        all. A kind without any such row is held against the usual one.
        """
        for wanted in dict.fromkeys((kind, WaitNorm.Kind.USUAL)):
            fitting = [row for row in self._rows if row.kind == wanted and _fits(row, doctor)]
            if fitting:
                return max(fitting, key=_weight)
        return None

    def wait(self, *, doctor: Doctor, begin: dt.datetime, kind: str = WaitNorm.Kind.USUAL) -> Wait:
        """How long a patient who asks now waits for this doctor's place."""
        norm = self.of(doctor, kind)
        day = begin.astimezone(self._zone).date()
        passed = min((day - self._today).days, AHEAD.days)
        worked = sum(self._days.is_working(self._today + dt.timedelta(days=n)) for n in range(1, passed + 1))
        return Wait(begin, (day - self._today).days, worked, norm, self.until(norm) if norm else None)

    def until(self, norm: WaitNorm) -> dt.datetime:
        """The last moment within the norm: so many hours from now, or the end of the last of its working days.

        The day of asking does not count.
        """
        if norm.hours is not None:
            return self._now + dt.timedelta(hours=norm.hours)
        return _end_of(self._days.add(self._today, norm.working_days or 0), self._zone)


def _end_of(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone) - dt.timedelta(microseconds=1)


def _fits(row: WaitNorm, doctor: Doctor) -> bool:
    if row.speciality_id is not None and row.speciality_id != doctor.speciality_id:
        return False
    if row.position_id is not None and row.position_id != doctor.position_id:
        return False
    return name_key(doctor.position.name).startswith(name_key(row.position_begins))


def _weight(row: WaitNorm) -> tuple[bool, int, bool, int]:
    return (row.position_id is not None, len(row.position_begins), row.speciality_id is not None, -row.pk)
