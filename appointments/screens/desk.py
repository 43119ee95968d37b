"""The booking desk, where a registrar's work begins: one box, the person on the left, the booking on the right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment
from appointments.screens import desk_panels as panels
from appointments.screens import workplace
from appointments.screens.desk_state import State
from appointments.screens.directed import astray, is_to
from appointments.services import desk_finding
from directions.models import Direction
from lmis.models import Lpu
from lmis.screens import toast
from lmis.screens.toasts import trigger
from lmis.screens.views import Screen
from lmis.services import access
from patients.models import Patient

SHORTEST = 2  # letters before anything is looked for


class Part(Screen):
    """One act at the desk: by POST, since what is sent is personal; answered with halves of the page."""

    right = "lmis.use_desk"
    http_method_names = ["post"]

    @cached_property
    def state(self) -> State:
        """What the form carries."""
        return State(self.request)

    @property
    def channel(self) -> str:
        """Window or telephone."""
        return workplace.channel_of(self.request)

    def card(self, guid: UUID | None) -> Patient:
        """The card, or the one it was merged into; raises Http404."""
        rows = Patient.objects.select_related("lpu", "merged_into__lpu")
        found = rows.filter(guid=guid, lpu__is_own=True).first() if guid else None
        if found is None:
            raise Http404
        return found.survivor

    @cached_property
    def patient(self) -> Patient:
        """Whose booking it is; raises Http404."""
        return self.card(self.state.patient)

    def opened(self, patient: Patient) -> None:
        """Enter into the access log that the card was opened; before it is shown."""
        access.note(by=self.by, what=access.What.OPENED, cards=[patient.guid], screen="desk")

    def person(self, patient: Patient, marked: Appointment | None = None) -> dict[str, Any]:
        """The left half."""
        return {**panels.person(patient, now=self.now, marked=marked), "left": "person"}

    def whom(self, patient: Patient) -> dict[str, Any]:
        """The right half: whom to see."""
        shown = panels.whom(patient, lpu=patient.lpu, channel=self.channel, kind=self.state.kind, now=self.now)
        return {**shown, "patient": patient, "moving": self.moved(), "state": self.state, "right": "whom"}

    def places(self, patient: Patient, **more: Any) -> dict[str, Any]:
        """The right half: which place; whom to see, when that is not known."""
        overbooks = self.allows("lmis.overbook")
        offering = panels.Offering(self.state, patient, channel=self.channel, overbooks=overbooks, now=self.now)
        if offering.field is None:
            return self.whom(patient)
        moving = self.moved()
        may_place = self.allows("lmis.move_appointments" if moving else "lmis.book_appointments")
        shown = {"moving": moving, "astray": astray(moving, offering.field.speciality), "may_place": may_place}
        return {**offering.context(), **shown, "right": "places", **more}

    def moved(self) -> Appointment | None:
        """The appointment that is being moved."""
        if self.state.moving is None:
            return None
        return Appointment.objects.with_all_shown().filter(guid=self.state.moving, state="booked").first()

    def halves(self, *parts: dict[str, Any], status: int = 200, **more: Any) -> HttpResponse:
        """The answer: those halves of the page that these describe."""
        shown: dict[str, Any] = {"channel": self.channel, "now": self.now, **more}
        for part in parts:
            shown |= part
        return self.render(shown, "screens/desk/_halves.html", status=status)


class Desk(Part):
    """The page; before anybody is chosen its right half tells where places are free."""

    template = "screens/desk/page.html"
    title = _("Booking desk")
    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Empty, the cursor in the box; `?appointment=` (its guid) opens the patient of a ticket scanned elsewhere."""
        switches = {"channel": self.channel, "prints": workplace.prints(request)}
        around = {**switches, "now": self.now, "directory": Lpu.objects.all()}
        return self.render({**around, **(self._scanned(request.GET.get("appointment", "")) or self._idle())})

    def _idle(self) -> dict[str, Any]:
        halves = {"left": "idle", "right": "idle"}
        if not self.lpus:
            return halves
        return {**panels.whom(None, lpu=self.lpus[0], channel=self.channel, kind="", now=self.now), **halves}

    def _scanned(self, guid: str) -> dict[str, Any] | None:
        try:
            marked = Appointment.objects.select_related("patient").filter(guid=UUID(guid)).first()
        except ValueError:
            return None
        if marked is None:
            return None
        patient = self.card(marked.patient.guid)
        self.opened(patient)
        return {**self.person(patient, marked), **self.whom(patient)}


class Workplace(Part):
    """The switches of this workplace: window or telephone, ticket at once or not."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember both; places of the other channel are offered from the next step on."""
        channel = request.POST.get("channel", "")
        if channel not in workplace.CHANNELS:
            raise Http404
        response = HttpResponse(status=204)
        workplace.keep(response, channel=channel, at_once=request.POST.get("prints") == "1")
        return trigger(response, "desk-channel")


class Find(Part):
    """What the box finds, letter by letter; with Enter (or a scanner) the only one found is chosen at once."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Results on the left; the right half waits until somebody is chosen."""
        text = " ".join(request.POST.get("text", "").split())
        hits = self._hits(text) if len(text) >= SHORTEST else []
        if len(hits) == 1 and request.POST.get("enter"):
            self.opened(hits[0].patient)
            person = self.person(hits[0].patient, marked=hits[0].appointment)
            return trigger(self.halves(person, self.whom(hits[0].patient)), "desk-chosen")
        access.note(by=self.by, what=access.What.FOUND, cards=[hit.patient.guid for hit in hits], screen="desk")
        found = {"left": "results" if len(text) >= SHORTEST else "idle", "text": text, "hits": hits}
        return self.halves({**found, "full": len(hits) == desk_finding.LIMIT})

    def _hits(self, text: str) -> list[desk_finding.Hit]:
        return desk_finding.find(text=text, lpus=self.lpus, today=self.today, now=self.now)


class Choose(Part):
    """Somebody is chosen."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The person on the left; on the right whom to see, or the places that a direction or the waiting list asks."""
        patient = self.patient
        self.opened(patient)
        marked = Appointment.objects.filter(guid=self.state.appointment).first() if self.state.appointment else None
        return trigger(self.halves(self.person(patient, marked), self.whom(patient)), "desk-chosen")


class Whom(Part):
    """Back to the choice of a speciality; also where a move begins."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The right half alone; a move goes at once to the places of the same doctor."""
        moving = self.moved()
        if moving is not None and not request.POST.get("anybody"):
            self.demand("lmis.move_appointments")
            self.state.doctor = moving.slot.doctor.guid
            return self.halves(self.places(self.patient, focus=True))
        return self.halves(self.whom(self.patient))


class Places(Part):
    """The places of a speciality or of a doctor."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The right half alone; the cursor goes to the first place unless a filter was touched."""
        by_filter = request.headers.get("HX-Trigger-Name") in {"kind", "part", "days", "first", "direction"}
        self._by_direction()
        shown = self.places(self.patient, focus=not by_filter)
        response = self.halves(shown)
        if shown["right"] == "whom":
            toast(response, _("No doctor of this speciality sees patients here. Choose another one."), "warning")
        return response

    def _by_direction(self) -> None:
        """A direction chosen on the left names its speciality."""
        guid = self.state.direction_guid
        if guid is None or self.state.speciality or self.state.doctor:
            return
        direction = Direction.objects.filter(guid=guid, patient=self.patient).first()
        if direction is None:
            raise Http404
        doctors = self.patient.lpu.doctors.filter(is_active=True).select_related("speciality")
        fitting = (one.speciality for one in doctors if is_to(direction, one.speciality))
        speciality = next(fitting, None)
        self.state.speciality = speciality.pk if speciality else None
