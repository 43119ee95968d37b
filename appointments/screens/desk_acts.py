"""What the desk writes: a booking, a move, a cancelling; the waiting list is beside it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.exceptions import HeldAppointment, SlotRefusal
from appointments.models import Appointment, Slot, WaitingEntry
from appointments.screens.desk import Part
from appointments.screens.printing import print_at_once
from appointments.screens.workplace import prints
from appointments.services import cancelling, desk, explaining, nearest, waiting
from appointments.services.norms import Norms
from appointments.services.offers import Place
from directions.models import Direction
from lmis.exceptions import Refusal, ValidationFailed
from lmis.screens import toast
from lmis.screens.toasts import trigger
from lmis.services import access

REASONS = (
    gettext_lazy("The patient asked"),
    gettext_lazy("The patient is better"),
    gettext_lazy("Another time suits better"),
    gettext_lazy("The doctor is away"),
)
OVER_REASONS = (
    gettext_lazy("Acute pain"),
    gettext_lazy("The doctor agreed"),
    gettext_lazy("The head of department ordered it"),
)


class Act(Part):
    """A write: what went wrong leaves everything as it was filled in."""

    def refused(self, refusal: Refusal) -> HttpResponse:
        """The places again, with what the refusal says to do next; for a lost place, five others under Enter."""
        more: dict[str, Any] = {"refusal": refusal.said, "focus": False}
        if isinstance(refusal, SlotRefusal):
            more["others"] = self.others(refusal)
            self.aim(refusal.slot)
        if isinstance(refusal, HeldAppointment):
            more["stands"] = refusal.appointment
            self.aim(refusal.appointment.slot)
        shown = {**self.places(self.patient), **more}
        response = self.halves(self.person(self.patient), shown, status=409)
        return trigger(toast(response, refusal.said, "error"), "close-dialog")

    def aim(self, slot: Slot) -> None:
        """Where the form does not say to whom (a place chosen from elsewhere), it is this slot's doctor."""
        if not (self.state.doctor or self.state.speciality):
            self.state.doctor = slot.doctor.guid

    def others(self, refusal: SlotRefusal) -> list[Place]:
        """Up to five free places, of the same doctor first, each with its wait."""
        channels = refusal.channels or {self.channel}
        slot = Slot.objects.select_related("doctor__speciality").get(pk=refusal.slot.pk)
        norms = Norms.read(zone=self.patient.lpu.tz, now=self.now)
        found = nearest.nearest_free(slot=slot, channels=channels, now=self.now)
        rows = Slot.objects.select_related("doctor__lpu", "doctor__position", "doctor__room")
        known = {row.pk: row for row in rows.filter(pk__in=[one.pk for one in found])}
        slots = [known[one.pk] for one in found]
        return [Place(one, norms.wait(doctor=one.doctor, begin=one.begin, kind=self.state.kind)) for one in slots]

    def done(self, made: Appointment, text: str) -> HttpResponse:
        """The person afresh, what was booked, the ticket; the box is ready for the next one."""
        shown = Appointment.objects.with_all_shown().select_related(
            "slot__doctor__speciality", "slot__doctor__room", "slot__doctor__department", "patient"
        )
        booked = shown.get(pk=made.pk)
        response = self.halves(self.person(self.patient, marked=booked), {"right": "booked", "booked": booked})
        toast(response, text)
        trigger(response, "desk-done")
        if prints(self.request):
            print_at_once(response, booked)
        return response

    def over_plan_reason(self) -> str:
        """Why beyond the plan; only from those who may."""
        reason = " ".join(self.request.POST.get("over_reason", "").split())
        if reason:
            self.demand("lmis.overbook")
        return reason[:255]


class Book(Act):
    """A place is chosen: it is booked, or the appointment that is being moved goes there."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """One transaction; see `appointments.services.desk`."""
        if self.state.slot is None:
            raise Http404
        return self._moved() if self.state.moving else self._booked()

    def _booked(self) -> HttpResponse:
        self.demand("lmis.book_appointments")
        if self.state.by_paper:
            self.demand("lmis.enter_paper_directions")
            if self.state.is_paper_mistyped:
                return self.refused(ValidationFailed.of("paper_day", _("Look at the row of the direction.")))
        order = self._order()
        made = self.act(
            lambda: desk.book(order=order, source=self.channel, channels={self.channel}, by=self.by, now=self.now)
        )
        if isinstance(made, Refusal):
            return self.refused(explaining.precise(made))
        return self.done(made, _("Booked."))

    def _order(self) -> desk.Order:
        slot, token, guid = self.state.slot, self.state.token, self.state.direction_guid
        if slot is None or token is None:
            raise Http404
        rows = Direction.objects.select_related("lpu_from").filter(patient=self.patient)
        direction = rows.filter(guid=guid).first() if guid else None
        if guid and direction is None:
            raise Http404
        return desk.Order(
            patient=self.patient,
            slot_guid=slot,
            token=token,
            direction=direction,
            paper=self.state.paper,
            over_plan_reason=self.over_plan_reason(),
        )

    def _moved(self) -> HttpResponse:
        self.demand("lmis.move_appointments")
        slot, guid, reason = self.state.slot, self.state.moving, self.over_plan_reason()
        if slot is None or guid is None:
            raise Http404
        made = self.act(
            lambda: desk.move(
                guid=guid,
                to_slot_guid=slot,
                channels={self.channel},
                by=self.by,
                now=self.now,
                over_plan_reason=reason,
            )
        )
        if isinstance(made, Refusal):
            return self.refused(explaining.precise(made))
        return self.done(made, _("Moved."))


class Over(Act):
    """Asks why a full place shall take one more."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """A dialog; its answer goes to Book."""
        self.demand("lmis.overbook")
        guid = self.state.slot
        slot = Slot.objects.select_related("doctor__lpu").filter(guid=guid).first() if guid else None
        if slot is None:
            raise Http404
        return self.render({"slot": slot, "reasons": OVER_REASONS}, "screens/desk/_over.html")


class Cancel(Act):
    """Asks for a reason, then cancels."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Without `reason` the dialog; with it the deed."""
        self.demand("lmis.cancel_appointments")
        rows = Appointment.objects.with_all_shown().filter(patient=self.patient)
        guid = self.state.appointment
        found = rows.filter(guid=guid).first() if guid else None
        if found is None:
            raise Http404
        asked = {"appointment": found, "reasons": REASONS, "patient": self.patient}
        reason = request.POST.get("reason")
        if reason is None:
            return self.render(asked, "screens/desk/_cancel.html")
        done = self.act(lambda: desk.cancel(guid=found.guid, reason=reason[:500], by=self.by, now=self.now))
        if isinstance(done, Refusal):
            again = self.render({**asked, "refusal": done.said}, "screens/desk/_cancel.html", status=409)
            again["HX-Retarget"], again["HX-Reswap"] = "#dialog-body", "innerHTML"
            return again
        response = self.halves(self.person(self.patient), self.whom(self.patient), freed=self._freed(found.slot))
        return trigger(toast(response, _("Cancelled. The place is free again.")), "close-dialog")

    def _freed(self, slot: Slot) -> WaitingEntry | None:
        """Whom to call first for the place, if it can be booked here and the employee may see who waits.

        Not whoever has just given it up. Statements: the place, those who wait, the note of the card.
        """
        rights = ("lmis.use_waiting_list", "patients.view_patient")
        if not all(map(self.allows, rights)):
            return None
        free = Slot.objects.free(self.now).open_to({self.channel}).select_related("doctor__lpu")
        place = free.filter(pk=slot.pk).first()
        waits = waiting.candidates_for(place, limit=2) if place else []
        first = next((entry for entry in waits if entry.patient_id != self.patient.pk), None)
        if first is not None:
            access.note(by=self.by, what=access.What.FOUND, cards=[first.patient.guid], screen="desk")
        return first


class Mistake(Act):
    """Takes back what was booked or moved by a slip."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Within two minutes; later it is cancelled with a reason, or moved again."""
        self.demand("lmis.undo_mistake")
        guid = self.state.appointment
        if guid is None:
            raise Http404
        own = Appointment.objects.filter(patient=self.patient)
        done = self.act(lambda: cancelling.take_back(guid=guid, among=own, by=self.by, now=self.now))
        if isinstance(done, Refusal):
            return toast(self.halves(self.person(self.patient), status=409), done.said, "error")
        return toast(self.halves(self.person(self.patient), self.whom(self.patient)), _("Taken back."))
