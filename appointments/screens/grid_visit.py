"""Acts on one appointment of the grid: marks, cancelling, moving, taking a mistake back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from appointments.exceptions import SlotRefusal
from appointments.models import Appointment, Slot
from appointments.screens.asked import guid_or_404
from appointments.screens.directed import astray
from appointments.screens.grid_acts import RIGHTS
from appointments.screens.grid_place import PlacePart, lost_place
from appointments.screens.grid_scope import query_of
from appointments.screens.grid_words import when
from appointments.services import cancelling, visits
from appointments.services.explaining import precise
from appointments.services.nearest import nearest_free
from lmis.exceptions import Refusal
from lmis.screens.toasts import toast, trigger

State = Appointment.State


class Act(PlacePart):
    """One of the marks, the mistake, or cancelling with a reason."""

    def post(self, request: HttpRequest, guid: UUID, name: str) -> HttpResponse:
        """The dialog of the place where the appointment is afterwards."""
        if name not in RIGHTS or name == "move":
            raise Http404
        self.demand(RIGHTS[name])
        visit = self.visit(guid)
        reason = request.POST.get("reason", "").strip()[:500]
        if name == "cancel" and not reason:
            return self.show(visit.slot.guid, reason_missing=True, cancelling=visit.guid)
        work, text = self._work(name, visit, reason)
        done = self.act(work)
        place = done.slot if name == "move_back" and isinstance(done, Appointment) else visit.slot
        return self.done(place.guid, done, text)

    def _work(self, name: str, visit: Appointment, reason: str) -> tuple[Callable[[], Any], str]:
        """The service behind the act, and what to say afterwards."""
        by, now = self.by, self.now
        own: dict[str, Any] = {"guid": visit.guid, "among": self.among, "by": by, "now": now}
        return {
            "arrive": (lambda: visits.arrive(appointment=visit, by=by, now=now), _("Written down: the patient came.")),
            "leave": (lambda: visits.leave(appointment=visit, by=by), _("Taken back.")),
            "visited": (lambda: visits.mark(appointment=visit, state=State.VISITED, by=by, now=now), _("Seen.")),
            "missed": (
                lambda: visits.mark(appointment=visit, state=State.MISSED, by=by, now=now),
                _("Written down: did not come."),
            ),
            "undo": (lambda: visits.undo(appointment=visit, by=by), _("The mark is taken back.")),
            "mistake": (lambda: cancelling.undo_mistake(**own), _("The booking is taken back and counts nowhere.")),
            "move_back": (lambda: cancelling.undo_move(**own), _("The appointment is back in its old place.")),
            "cancel": (
                lambda: cancelling.cancel(**own, reason=reason, late=True),
                _("Cancelled: the place is free again."),
            ),
        }[name]


class Move(PlacePart):
    """Where to move an appointment: five near places at once, any other on the grid."""

    template = "screens/grid/_move.html"
    right = "lmis.use_grid"

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The places offered, and the way to the grid with the appointment in hand."""
        self.demand("lmis.move_appointments")
        visit = self.visit(guid)
        if visit.state != State.BOOKED:
            raise Http404
        return self._offer(visit)

    def _offer(self, visit: Appointment, lost: SlotRefusal | None = None) -> HttpResponse:
        among = Slot.objects.of_doctors(self.own).select_related("doctor__lpu")
        near = nearest_free(slot=visit.slot, channels=self.channels, now=self.now, among=among)
        query = query_of(doctor=visit.slot.doctor, day=max(visit.slot.day, self.today), moving=visit.guid)
        shown = {"visit": visit, "near": [(slot, when(slot)) for slot in near], "query": query}
        shown["astray"] = astray(visit, visit.slot.doctor.speciality)
        return self.render(
            {**shown, "names": self.viewer.names, "was": when(visit.slot), "refusal": lost}, status=409 if lost else 200
        )

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The dialog of the new place, with why not if so; for a lost one others, with the appointment in hand."""
        self.demand("lmis.move_appointments")
        visit, target = self.visit(guid), self.slot(guid_or_404(self.request.POST.get("to", "")))
        reason = request.POST.get("reason", "").strip()[:255]
        if reason and not self.allows("lmis.overbook"):
            raise PermissionDenied
        channels = set(self.channels)
        moved = self.act(
            lambda: cancelling.move(
                guid=visit.guid,
                among=self.among,
                to_slot_guid=target.guid,
                channels=channels,
                by=self.by,
                now=self.now,
                over_plan_reason=reason,
            )
        )
        if lost := lost_place(moved):
            return trigger(toast(self._offer(visit, lost), lost.said, "error"), "grid-changed")
        if isinstance(moved, Refusal):
            return trigger(self.show(target.guid, precise(moved)), "grid-changed")
        response = toast(self.show(target.guid, moved=True), _("Moved."))
        return trigger(response, "grid-changed")
