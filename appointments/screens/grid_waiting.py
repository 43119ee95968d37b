"""Who waits for a place that is free: the first one to call, booked in one click."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from appointments.models import Appointment, WaitingEntry
from appointments.screens.asked import guid_or_404
from appointments.screens.grid_place import PlacePart, lost_place
from appointments.screens.printing import print_at_once
from appointments.services import waiting


class Serve(PlacePart):
    """Booking the place for one who waits; the patient, the direction and the phone are the entry's."""

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The dialog with the ticket, or why not; a colleague may have been first."""
        self.demand("lmis.book_appointments")
        self.demand("lmis.use_waiting_list")
        slot, entry, source = self.slot(guid), self._entry(), self.source()
        made = self.act(
            lambda: waiting.book_from(
                guid=entry.guid, slot_guid=slot.guid, source=source, channels={source}, by=self.by, now=self.now
            )
        )
        if lost := lost_place(made):
            return self.elsewhere(lost, entry.patient, "screens:grid_serve", {"entry": str(entry.guid)})
        response = self.done(guid, made, _("Booked."))
        return print_at_once(response, made) if isinstance(made, Appointment) else response

    def _entry(self) -> WaitingEntry:
        """Raises Http404 for one that is not there or not for this employee."""
        wanted = guid_or_404(self.request.POST.get("entry", ""))
        found = WaitingEntry.objects.of_doctors(self.own).select_related("patient").filter(guid=wanted).first()
        if found is None:
            raise Http404
        return found
