"""What the prints show, in words; on what, and when at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment, Slot
from appointments.shown import come_at
from lmis.screens.toasts import trigger

FORMATS = {"a5": _("A5 sheet"), "roll": _("80 mm roll")}
_COOKIE, _YEAR = "ticket_format", 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class When:
    """Day and time of a slot as its LPU's wall shows them; `time` is a stretch in a live queue, else the begin."""

    day: str
    weekday: str
    time: str

    @classmethod
    def of(cls, slot: Slot) -> Self:
        """In: a slot with its doctor's LPU."""
        begin, end = (moment.astimezone(slot.doctor.lpu.tz) for moment in (slot.begin, slot.end))
        return cls(
            day=formats.date_format(begin, "DATE_FORMAT"),
            weekday=capfirst(formats.date_format(begin, "l")),
            time=f"{begin:%H:%M}–{end:%H:%M}" if slot.is_queue else f"{begin:%H:%M}",
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go: number of the room, its floor, the address of the branch."""

    room: str
    floor: str
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """A patient on a day sheet; `came` is a plus for one who was seen, a minus for one who did not come.

    Of one who is in the house it is since when.
    """

    time: str
    appointment: Appointment
    birth_date: str
    came: str

    @classmethod
    def of(cls, appointment: Appointment, zone: ZoneInfo) -> Self:
        """In: an appointment with its slot and patient."""
        born = appointment.patient.birth_date
        return cls(
            time=come_at(appointment.slot, zone),
            appointment=appointment,
            birth_date=formats.date_format(born, "SHORT_DATE_FORMAT") if born else "",
            came=_came(appointment, zone),
        )


def _came(appointment: Appointment, zone: ZoneInfo) -> str:
    marks: dict[str, str] = {Appointment.State.VISITED: "+", Appointment.State.MISSED: "−"}
    if mark := marks.get(appointment.state):
        return mark
    return f"{appointment.arrived_at.astimezone(zone):%H:%M}" if appointment.arrived_at else ""


def place_of(slot: Slot) -> Place:
    """The slot's own room before the doctor's; the department's address before the LPU's."""
    doctor = slot.doctor
    room = slot.room or doctor.room
    address = (doctor.department.address if doctor.department else "") or doctor.lpu.address
    return Place(room=room.number if room else "", floor=room.floor if room else "", address=address)


def format_of(request: HttpRequest) -> str:
    """What this workplace prints tickets on; A5 until somebody chooses."""
    chosen = request.COOKIES.get(_COOKIE, "")
    return chosen if chosen in FORMATS else "a5"


def remember(response: HttpResponse, chosen: str) -> None:
    """Keep the choice at the workplace: nothing about anybody is in it."""
    response.set_cookie(_COOKIE, chosen, max_age=_YEAR, path="/admin/", httponly=True, samesite="Lax")


def print_at_once(response: HttpResponse, made: Appointment) -> HttpResponse:
    """The answer that also makes the page print the ticket."""
    return trigger(response, "print", {"url": reverse("screens:ticket", args=[made.guid])})
