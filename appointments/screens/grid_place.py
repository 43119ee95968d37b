"""One place of the grid in a dialog: who is booked, and what can be done."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from appointments.exceptions import SlotRefusal
from appointments.models import Appointment, Slot, WaitingEntry
from appointments.screens.asked import guid_or_404
from appointments.screens.directed import astray
from appointments.screens.grid import GridPart
from appointments.screens.grid_acts import acts_of, blocking_of
from appointments.screens.grid_words import clock, when
from appointments.screens.printing import print_at_once
from appointments.screens.workplace import channel_of
from appointments.services import booking, slots, waiting
from appointments.services.explaining import precise
from appointments.services.nearest import nearest_free
from lmis.exceptions import Refusal
from lmis.models import Source
from lmis.screens.toasts import toast, trigger
from lmis.services import access
from patients.models import Patient
from patients.services import search

DIALOG = "screens/grid/_place.html"
FOUND = 8
CALLED = 3  # of those who wait: the first to call, and two in case nobody answers
# A doctor finds own patients only, so that more than are shown have to be looked through.
LOOKED_THROUGH = 200


def lost_place(made: Any) -> SlotRefusal | None:
    """The refusal of a place that cannot be had, after which others are offered; None for whatever else happened."""
    refusal = precise(made) if isinstance(made, Refusal) else None
    return refusal if isinstance(refusal, SlotRefusal) else None


class PlacePart(GridPart):
    """A slot of a doctor whom this employee may see."""

    def slot(self, guid: UUID) -> Slot:
        """Read afresh; raises Http404 for one that is not there or not for this employee."""
        shown = Slot.objects.of_doctors(self.own).filter(doctor__lpu__is_own=True)
        found = shown.select_related("doctor__lpu", "doctor__speciality", "busy_type").filter(guid=guid).first()
        if found is None:
            raise Http404
        return found

    def show(self, guid: UUID, refused: Refusal | None = None, **more: Any) -> HttpResponse:
        """The dialog as things are now, with what was refused; each card in it goes into the access log."""
        slot = self.slot(guid)
        names = self.viewer.names
        held = list(self._held(slot)) if names or slot.booked else []
        bookable = self._bookable(slot)
        waits = [] if more.get("moving") or more.get("moved") else self._waiting(slot, bookable)
        if names:
            access.note(by=self.by, what=access.What.OPENED, cards=[one.patient.guid for one in held], screen="grid")
            access.note(by=self.by, what=access.What.FOUND, cards=[one.patient.guid for one in waits], screen="grid")
        context = {
            "slot": slot,
            **self._words(slot),
            "names": names,
            "visits": [(one, acts_of(one, slot, self.user, self.now)) for one in held],
            "blocking": blocking_of(slot, self.user, self.now),
            "bookable": bookable,
            "waiting": waits,
            "refusal": refused,
            "is_desk": self.own is None,
            "astray": astray(more.get("moving"), slot.doctor.speciality),
            **more,
        }
        response = self.render(context, DIALOG, status=409 if refused else 200)
        return toast(response, refused.said, "error") if refused else response

    def _words(self, slot: Slot) -> dict[str, Any]:
        """What the dialog says of the place besides its columns."""
        open_here = [(value, str(Source(value).label)) for value in self.channels if value in slot.channels]
        return {
            "begin": clock(slot, slot.begin),
            "end": clock(slot, slot.end),
            "is_free": slot.begin > self.now and slot.is_bookable_by_clinic and slot.places_left > 0,
            "sources": open_here,
            "source": self.source() if self.source() in slot.channels else (open_here or [("", "")])[0][0],
            "channel_words": ", ".join(str(Source(value).label) for value in slot.channels),
            "over_label": _("Reason of going beyond the plan"),
            "block_label": _("Reason of the block"),
            "cancel_label": _("Reason of cancelling"),
        }

    def source(self) -> str:
        """What the booking shows: the dialog's choice, else the workplace's switch, else the first of one's own."""
        asked = (self.request.POST.get("source", ""), channel_of(self.request), self.channels[0])
        return next(channel for channel in asked if channel in self.channels)

    def done(self, guid: UUID, result: Any, text: str) -> HttpResponse:
        """The dialog after an act: what was done is said, and the grid looks for changes at once."""
        if isinstance(result, Refusal):
            return trigger(self.show(guid, precise(result)), "grid-changed")
        return trigger(toast(self.show(guid), text), "grid-changed")

    def elsewhere(self, lost: SlotRefusal, patient: Patient, name: str, chosen: dict[str, str]) -> HttpResponse:
        """Why the place cannot be had, and the nearest others for the same patient.

        `chosen` goes with the other place's guid to the address `name`, in whose words the patient was chosen.
        """
        source = self.source()
        among = Slot.objects.of_doctors(self.own).select_related("doctor__lpu")
        near = nearest_free(slot=lost.slot, channels={source}, now=self.now, among=among)
        if self.viewer.names:
            access.note(by=self.by, what=access.What.OPENED, cards=[patient.guid], screen="grid")
        slot = self.slot(lost.slot.guid)
        shown = {
            "slot": slot,
            "was": when(slot),
            "refusal": lost,
            "patient": patient,
            "names": self.viewer.names,
            "chosen": json.dumps({**chosen, "source": source}),
            "near": [(reverse(name, args=[one.guid]), one, when(one)) for one in near],
        }
        response = self.render(shown, "screens/grid/_lost.html", status=409)
        return trigger(toast(response, lost.said, "error"), "grid-changed")

    def _held(self, slot: Slot) -> Any:
        found = Appointment.objects.holding().filter(slot=slot).select_related("patient__lpu", "direction__lpu_from")
        return found.order_by("seat")

    def _waiting(self, slot: Slot, bookable: str) -> list[WaitingEntry]:
        """Whom to call first for a free place, for those who may; one statement then."""
        if bookable != "free" or not self.viewer.names or self.own is not None:
            return []
        if not self.allows("lmis.use_waiting_list"):
            return []
        return waiting.candidates_for(slot, limit=CALLED)

    def _bookable(self, slot: Slot) -> str:
        """`free`, or `over` when full and the employee may go beyond the plan, or blank."""
        open_here = set(self.channels) & set(slot.channels)
        if slot.begin <= self.now or not slot.is_bookable_by_clinic or not open_here:
            return ""
        if not self.allows("lmis.book_appointments"):
            return ""
        if slot.places_left > 0:
            return "free"
        return "over" if self.allows("lmis.overbook") else ""


class Place(PlacePart):
    """The dialog itself."""

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """With the question whether to move here, when an appointment is being moved."""
        moving = request.GET.get("move")
        return self.show(guid, moving=self._moving(moving) if moving else None)

    def _moving(self, text: str) -> Appointment | None:
        found = self.among.select_related("patient", "slot__doctor__lpu", "direction")
        return found.filter(guid=guid_or_404(text), state=Appointment.State.BOOKED).first()


class Cards(PlacePart):
    """The dialog's box: cards to book for."""

    template = "screens/grid/_cards.html"

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """What was typed may mean these cards of the slot's LPU; a doctor finds own patients only."""
        self.demand("lmis.book_appointments")
        slot, text = self.slot(guid), request.POST.get("text", "")
        found = self._find(slot, text) if self.viewer.names else []
        access.note(by=self.by, what=access.What.FOUND, cards=[card.guid for card in found], screen="grid")
        desk = reverse("screens:desk") if self.allows("lmis.use_desk") else ""
        return self.render({"slot": slot, "cards": found, "text": text.strip(), "desk": desk})

    def _find(self, slot: Slot, text: str) -> list[Patient]:
        own = self.own
        limit = FOUND if own is None else LOOKED_THROUGH
        cards = search.find(text=text, lpus=[slot.doctor.lpu], today=self.today, limit=limit)
        if own is None:
            return cards
        mine = set(Patient.objects.filter(pk__in=[card.pk for card in cards]).of_doctors(own))
        return [card for card in cards if card in mine][:FOUND]


class Book(PlacePart):
    """Booking for the card that was chosen."""

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The dialog with the ticket, or why not; going beyond the plan needs the right and a reason."""
        self.demand("lmis.book_appointments")
        reason = request.POST.get("reason", "").strip()[:255]
        if reason:
            self.demand("lmis.overbook")
        slot, card = self.slot(guid), self._card()
        made = self.act(lambda: self._book(slot, card, reason))
        if lost := lost_place(made):
            return self.elsewhere(lost, card, "screens:grid_book", {"card": str(card.guid)})
        response = self.done(guid, made, _("Booked."))
        return print_at_once(response, made) if isinstance(made, Appointment) else response

    def _book(self, slot: Slot, card: Patient, reason: str) -> Appointment:
        source = self.source()
        made = booking.book(
            slot_guid=slot.guid,
            patient=card,
            source=source,
            channels={source},
            by=self.by,
            now=self.now,
            over_plan_reason=reason,
        )
        waiting.served(patient=card, appointment=made, by=self.by, now=self.now)
        return made

    def _card(self) -> Patient:
        """A doctor books for own patients only."""
        cards = Patient.objects.live().filter(guid=guid_or_404(self.request.POST.get("card", "")))
        found = cards.of_doctors(self.own).select_related("lpu").first()
        if found is None:
            raise Http404
        return found


class Block(PlacePart):
    """Closing a place with a reason, and opening it again."""

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The dialog afterwards; a reason is asked for where one is needed."""
        self.demand("appointments.change_slot")
        slot = self.slot(guid)
        reason = request.POST.get("reason", "").strip()[:255]
        if slot.is_blocked:
            done = self.act(lambda: slots.unblock(guids=[guid], by=self.by, now=self.now))
            return self.done(guid, done, _("The place is open again."))
        if not reason:
            return self.show(guid, reason_missing=True)
        done = self.act(lambda: slots.block(guids=[guid], reason=reason, by=self.by, now=self.now))
        return self.done(guid, done, _("The place is blocked."))
