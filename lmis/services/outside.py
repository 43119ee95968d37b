"""The schedule as the region sees it. The app that owns the schedule says how it is read (`read_by`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lmis.models import Doctor, Lpu

SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Free:
    """Free places that are open to the Internet within `SOON`, of a speciality with so many published doctors."""

    speciality: str
    places: int
    doctors: int


@dataclass(frozen=True, slots=True)
class Horizon:
    """The last day of an LPU that has slots (None: none at all), and how many days are left until then."""

    lpu: Lpu
    until: date | None
    days: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Trouble is: a speciality without free places, a published doctor without slots, a short horizon."""

    free: list[Free]
    without_slots: list[Doctor]
    horizons: list[Horizon]

    @property
    def specialities_without_places(self) -> list[str]:
        """Whom nobody can book from outside."""
        return [one.speciality for one in self.free if not one.places]


_reader: list[Callable[[datetime], Seen]] = []


def read_by(reader: Callable[[datetime], Seen]) -> None:
    """Say how the schedule is read. Called once, by the app that owns it."""
    _reader[:] = [reader]


def seen(*, now: datetime) -> Seen:
    """What the region can book. Two statements, whatever the size of the clinic."""
    return _reader[0](now)
