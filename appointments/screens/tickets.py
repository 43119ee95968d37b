"""Prints of the booking: the patient's ticket and the doctor's day sheet; and what a scanned ticket opens."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Appointment
from appointments.screens import day_list, printing
from appointments.screens.asked import day_or_404, guid_or_404
from appointments.screens.grid_scope import query_of
from appointments.tickets import bars_of, code_of, pk_of
from lmis.models import Doctor
from lmis.screens import toast
from lmis.screens.menu import address_of
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen
from lmis.services import access

LOOKS = ("lmis.use_desk", "lmis.use_grid", "lmis.use_day")
# A scanned ticket opens where the employee works with appointments, the first of these that there is.
OPENS = (("lmis.use_desk", "screens:desk"), ("lmis.use_day", "screens:day"), ("lmis.use_grid", "screens:grid"))
ALIVE = (Appointment.State.BOOKED, Appointment.State.VISITED)


class AppointmentScreen(Screen):
    """For whoever works with appointments; a doctor has own patients' ones only."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Refuse those who have none of the screens that print."""
        if request.user.is_authenticated and not any(request.user.has_perm(right) for right in LOOKS):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def appointments(self) -> QuerySet[Appointment]:
        """Those that this employee may see, with what a ticket shows."""
        return Appointment.objects.of_doctors(doctors_of(self.user)).with_ticket_shown()


class Ticket(AppointmentScreen):
    """The ticket, on A5 or on a roll of 80 mm, whichever this workplace prints."""

    template = "print/ticket.html"
    title = gettext_lazy("Ticket")
    framed = True

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The page to print; one that is cancelled has no ticket any more."""
        appointment = get_object_or_404(self.appointments(), guid=guid)
        if appointment.state not in ALIVE:
            said = _("This appointment does not hold any more: there is no ticket to print.")
            return self.render({"said": said}, status=409)
        access.note(by=self.by, what=access.What.PRINTED, cards=[appointment.patient.guid], screen="ticket")
        code = code_of(appointment)
        shown = {
            "appointment": appointment,
            "slot": appointment.slot,
            "doctor": appointment.slot.doctor,
            "lpu": appointment.slot.doctor.lpu,
            "place": printing.place_of(appointment.slot),
            "when": printing.When.of(appointment.slot),
            "code": f"{code[0]} {code[1:7]} {code[7:]}",
            "bars": bars_of(code),
            "format": printing.format_of(request),
            "formats": printing.FORMATS,
        }
        return self.render(shown)


class TicketFormat(AppointmentScreen):
    """What this workplace prints on."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember it in the browser, which is the workplace, for a year; back to the ticket it was asked from."""
        chosen = request.POST.get("format", "")
        if chosen not in printing.FORMATS:
            raise Http404
        guid = request.POST.get("ticket", "")
        response: HttpResponse = HttpResponse(status=204)
        if guid:
            ticket = get_object_or_404(self.appointments(), guid=guid_or_404(guid))
            response = HttpResponseRedirect(address_of("screens:ticket", ticket.guid))
        printing.remember(response, chosen)
        return toast(response, _("Tickets are printed on: %(format)s.") % {"format": printing.FORMATS[chosen]})


class DaySheet(AppointmentScreen):
    """A doctor's day on paper."""

    template = "print/day_sheet.html"
    title = gettext_lazy("Day sheet")
    framed = True

    def get(self, request: HttpRequest, guid: UUID, day: str) -> HttpResponse:
        """The patients of that day by time."""
        date = day_or_404(day)
        mine = doctors_of(self.user)
        doctors = Doctor.objects.all() if mine is None else mine
        doctor = get_object_or_404(doctors.with_titles(), guid=guid)
        held = Appointment.objects.holding().filter(slot__doctor=doctor).on_days(date, date)
        rows = list(held.select_related("slot", "patient").order_by("slot__begin", "seat"))
        access.note(by=self.by, what=access.What.PRINTED, cards=[row.patient.guid for row in rows], screen="day_sheet")
        lines = [printing.Line.of(row, doctor.lpu.tz) for row in rows]
        return self.render({"doctor": doctor, "lpu": doctor.lpu, "day": date, "lines": lines, "now": self._now(doctor)})

    def _now(self, doctor: Doctor) -> dt.datetime:
        return self.now.astimezone(doctor.lpu.tz)


class Scan(AppointmentScreen):
    """A ticket's code, typed by a scanner anywhere on our pages."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Go where the appointment is; the script on the page asks, so the address comes in a header."""
        pk = pk_of(request.POST.get("code", ""))
        appointment = None if pk is None else self.appointments().filter(pk=pk).first()
        if appointment is None:
            return toast(
                HttpResponse(status=404),
                _("There is no appointment with this code among those that you may see. Find the patient by the name."),
                "error",
            )
        for right, name in OPENS:
            if self.allows(right) and (screen := address_of(name)):
                return HttpResponse(status=204, headers={"HX-Redirect": f"{screen}?{_place_of(appointment, name)}"})
        raise Http404


def _place_of(appointment: Appointment, screen: str) -> str:
    """What a screen has to be asked for to show this appointment; the part behind # names the row or the cell."""
    slot = appointment.slot
    if screen == "screens:day":
        return f"{day_list.query_of(doctor=slot.doctor, day=slot.day)}#v{appointment.pk}"
    if screen == "screens:grid":
        return f"{query_of(doctor=slot.doctor, day=slot.day)}#s{slot.pk}"
    return f"appointment={appointment.guid}"
