"""Acts on one visit of the doctor's day: marks, and the next visit from the doctor's own channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from appointments.models import Appointment, Slot
from appointments.screens.asked import guid_or_404
from appointments.screens.day import DayPart
from appointments.screens.grid_acts import RIGHTS
from appointments.screens.grid_words import clock
from appointments.screens.printing import print_at_once
from appointments.services import booking, visits, waiting
from appointments.services.explaining import precise
from lmis.exceptions import Refusal
from lmis.models import Source
from lmis.screens.toasts import toast, trigger

State = Appointment.State
DAYS, MOST = 6, 150
WEEKS = (1, 2, 4)


class DayAct(DayPart):
    """A mark; the list itself is renewed by the poll that follows at once."""

    def post(self, request: HttpRequest, guid: UUID, name: str) -> HttpResponse:
        """204 with what was done, or why not, as a note."""
        marks: dict[str, Callable[[Appointment], Any]] = {
            "arrive": lambda visit: visits.arrive(appointment=visit, by=self.by, now=self.now),
            "leave": lambda visit: visits.leave(appointment=visit, by=self.by),
            "visited": lambda visit: visits.mark(appointment=visit, state=State.VISITED, by=self.by, now=self.now),
            "missed": lambda visit: visits.mark(appointment=visit, state=State.MISSED, by=self.by, now=self.now),
            "undo": lambda visit: visits.undo(appointment=visit, by=self.by),
        }
        if name not in marks:
            raise Http404
        self.demand(RIGHTS[name])
        visit = self.visit(guid)
        done = self.act(lambda: marks[name](visit))
        response = trigger(HttpResponse(status=204), "grid-changed")
        if isinstance(done, Refusal):
            return toast(response, done.said, "error")
        said = {
            "arrive": _("Written down: the patient came."),
            "leave": _("Taken back."),
            "visited": _("Seen."),
            "missed": _("Written down: did not come."),
            "undo": _("The mark is taken back."),
        }
        return toast(response, said[name])


class Repeat(DayPart):
    """The next visit of this patient to the same doctor."""

    template = "screens/day/_repeat.html"

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """Free places of the doctor's own channel, from tomorrow or from so many weeks on."""
        self.demand("lmis.book_appointments")
        return self._show(self.visit(guid))

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """Book the place that was chosen; a lost one is told and others are offered."""
        self.demand("lmis.book_appointments")
        visit = self.visit(guid)
        slot = self._slot(visit)
        made = self.act(lambda: self._book(visit, slot))
        if isinstance(made, Refusal):
            refusal = precise(made)
            return toast(self._show(visit, refusal), refusal.said, "error")
        response = self.render({"visit": visit, "made": made, "when": clock(made.slot, made.slot.begin)})
        print_at_once(response, made)
        return trigger(toast(response, _("Booked.")), "grid-changed")

    def _book(self, visit: Appointment, slot: Slot) -> Appointment:
        made = booking.book(
            slot_guid=slot.guid,
            patient=visit.patient,
            source=Source.DOCTOR,
            channels={Source.DOCTOR},
            by=self.by,
            now=self.now,
        )
        waiting.served(patient=visit.patient, appointment=made, by=self.by, now=self.now)
        return made

    def _slot(self, visit: Appointment) -> Slot:
        """Of the doctors that this employee may see."""
        wanted = guid_or_404(self.request.POST.get("slot", ""))
        found = Slot.objects.of_doctors(self.own).filter(guid=wanted, doctor__lpu=visit.slot.doctor.lpu_id).first()
        if found is None:
            raise Http404
        return found

    def _show(self, visit: Appointment, refusal: Refusal | None = None) -> HttpResponse:
        weeks = self._weeks()
        doctor = visit.slot.doctor
        today = self.now.astimezone(doctor.lpu.tz).date()
        first = today + dt.timedelta(days=7 * weeks or 1)
        free = Slot.objects.free(self.now).open_to({Source.DOCTOR}).filter(doctor=doctor, day__gte=first)
        slots = list(free.order_by("begin")[:MOST])
        for slot in slots:
            slot.doctor = doctor
        days = [
            (day, [(slot, clock(slot, slot.begin)) for slot in part])
            for day, part in groupby(slots, key=lambda slot: slot.day)
        ]
        context = {"visit": visit, "days": days[:DAYS], "weeks": weeks, "choices": WEEKS, "refusal": refusal}
        return self.render(context, status=409 if refusal else 200)

    def _weeks(self) -> int:
        asked = self.request.GET.get("weeks", "0")
        return int(asked) if asked in {"0", *map(str, WEEKS)} else 0
