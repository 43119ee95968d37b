"""What the one box of the desk finds: cards, and those to whom a ticket or a direction belongs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from appointments.models import Appointment
from appointments.querysets import AppointmentQuerySet
from appointments.tickets import pk_of
from directions.models import Direction
from lmis.models import Lpu
from patients.models import Patient
from patients.services import search
from patients.services.spellings import spellings

LIMIT = 12
_LONGEST_NUMBER = 16  # of a ticket


@dataclass(frozen=True, slots=True)
class Hit:
    """A card, and by what it was found when that was not the card itself."""

    patient: Patient
    appointment: Appointment | None = None
    direction: Direction | None = None


def find(*, text: str, lpus: Collection[Lpu], today: dt.date, now: dt.datetime, limit: int = LIMIT) -> list[Hit]:
    """Up to `limit` people whom `text` means, a scanned ticket alone, else cards, then tickets, then directions.

    In: `today` at the clinic, which ends the days of birth. Statements: those of `patients.services.search.find`, and
    two for what could be the number of a ticket or of a direction. Nothing is raised for a text that means nothing.
    """
    number = search.parse(text, today).number
    scanned = list(_of_code(number, lpus)) if number else []
    if scanned:
        return scanned
    cards = [Hit(card) for card in search.find(text=text, lpus=lpus, today=today, limit=limit)]
    if number:
        cards += [*_of_tickets(number, lpus, now, limit), *_of_directions(number, lpus, limit)]
    return cards[:limit]


def _of_code(number: str, lpus: Collection[Lpu]) -> Iterator[Hit]:
    """The appointment of a ticket's code, whatever became of it; no statement for what is no code."""
    pk = pk_of(number)
    if pk is not None:
        rows = _shown().filter(pk=pk, patient__lpu__in=lpus)
        yield from (Hit(row.patient, appointment=row) for row in rows)


def _of_tickets(number: str, lpus: Collection[Lpu], now: dt.datetime, limit: int) -> list[Hit]:
    """Tickets of today, past hours too, and of the days to come: every doctor has one with this number."""
    if len(number) > _LONGEST_NUMBER:
        return []
    since = now - dt.timedelta(days=1)  # by the index; the day itself is the LPU's own
    rows = _shown().filter(number=number, state="booked", patient__lpu__in=lpus, slot__begin__gt=since)
    found = rows.order_by("slot__begin", "pk")[: 4 * limit]
    return [Hit(row.patient, appointment=row) for row in found if _is_from_today(row, now)][:limit]


def _is_from_today(appointment: Appointment, now: dt.datetime) -> bool:
    return appointment.slot.day >= now.astimezone(appointment.slot.doctor.lpu.tz).date()


def _of_directions(number: str, lpus: Collection[Lpu], limit: int) -> list[Hit]:
    """Live directions with this number, however typed, whoever wrote them; by the index that begins with the LPU."""
    rows = Direction.objects.select_related("patient__lpu", "patient__merged_into__lpu", "lpu_from")
    live = rows.filter(patient__lpu__in=lpus, cancelled_at=None)
    found = live.filter(number__in=spellings(number), lpu_from__in=Lpu.objects.all())
    return [Hit(row.patient.survivor, direction=row) for row in found.order_by("-pk")[:limit]]


def _shown() -> AppointmentQuerySet:
    return Appointment.objects.select_related("slot__doctor__lpu", "slot__doctor__speciality", "patient__lpu")
