"""The waiting list: whom to call for the places that are free now, booked in one click; and who else waits."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import WaitingEntry
from appointments.querysets_waiting import WaitingQuerySet
from appointments.screens.workplace import channel_of
from appointments.services import waiting, waiting_offers
from appointments.services.waiting_offers import Offered
from appointments.shown import ticket_of
from lmis.exceptions import Refusal, ValidationFailed
from lmis.models import Department, Lpu, Source, Speciality
from lmis.screens import toast
from lmis.screens.numbers import number
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen
from lmis.services import access

SHOWN = 100  # of those who wait; a longer list is narrowed by the speciality


class ServeForm(forms.Form):
    """Whom, and into which place; what is malformed here the page has not sent."""

    entry = forms.UUIDField()
    slot = forms.UUIDField(required=False)
    reason = forms.CharField(required=False, max_length=255, strip=True)


class WaitingScreen(Screen):
    """What the parts of the screen have in common."""

    right = "lmis.use_waiting_list"
    template = "screens/waiting/page.html"
    title = gettext_lazy("Waiting list")

    @cached_property
    def speciality(self) -> int | None:
        """The speciality to which the screen is narrowed, by id; it stands in the address, for it is no secret."""
        asked = self.request.POST.get("speciality") or self.request.GET.get("speciality") or ""
        return number(asked, digits=9)

    @cached_property
    def lpu(self) -> Lpu | None:
        """The LPU to which the screen is narrowed, as the head's page is; None for all that there are."""
        return self.chosen(self.lpus, "lpu")

    @cached_property
    def department(self) -> Department | None:
        """The department to which the screen is narrowed, as the head's page is; None for all that there are."""
        return self.chosen(self.departments, "department")

    @cached_property
    def departments(self) -> list[Department]:
        """Those of the chosen LPU, by name; one statement."""
        return list(Department.objects.filter(lpu__in=[self.lpu] if self.lpu else self.lpus).order_by("name", "pk"))

    @cached_property
    def zone(self) -> dt.tzinfo:
        """That of the chosen LPU: its norms end with its days."""
        return self.lpu.tz if self.lpu else super().zone

    @cached_property
    def late(self) -> bool:
        """Whether the screen is narrowed to those whose norm has passed."""
        return (self.request.POST.get("late") or self.request.GET.get("late")) == "1"

    @property
    def narrowed(self) -> dict[str, Any]:
        """To what, for the templates; `narrowed` goes with each request, for its answer is the list as it was."""
        to = {"speciality": self.speciality, "lpu": self.lpu, "department": self.department, "late": self.late}
        sent = {name: value.pk if isinstance(value, Model) else int(value) for name, value in to.items() if value}
        return {**to, "narrowed": json.dumps(sent)}

    @property
    def channel(self) -> str:
        """Window or telephone, as the desk of this workplace is switched."""
        return channel_of(self.request)

    @cached_property
    def scope(self) -> WaitingQuerySet:
        """Those whom this employee may see."""
        return WaitingEntry.objects.of_doctors(doctors_of(self.user))

    @property
    def here(self) -> WaitingQuerySet:
        """Those of the chosen LPU and department."""
        found = self.scope.of_lpu(self.lpu) if self.lpu else self.scope
        return found.of_department(self.department) if self.department else found

    def among(self) -> WaitingQuerySet:
        """Those of the chosen LPU and speciality, or only the late ones of them."""
        found = self.here.of_speciality(self.speciality) if self.speciality else self.here
        return found.overdue(self.today) if self.late else found

    def content(self) -> dict[str, Any]:
        """The places to offer and who waits; the cards shown are noted."""
        offered = waiting_offers.offers(now=self.now, channels={self.channel}, among=self.among())
        shown = list(self.among().open().with_all_shown().first_to_call()[: SHOWN + 1])
        cards = {entry.patient.guid for entry in [*shown, *(one.first for one in offered)]}
        access.note(by=self.by, what=access.What.FOUND, cards=cards, screen="waiting")
        return {
            "offered": offered,
            "revision": revision(offered, shown),
            "entries": shown[:SHOWN],
            "more": len(shown) > SHOWN,
            **self.narrowed,
            "today": self.today,
            "channel": Source(self.channel).label,
        }

    def form(self, request: HttpRequest) -> dict[str, Any]:
        """What was sent; raises Http404 for what the page cannot have sent, or what is not this employee's."""
        form = ServeForm(request.POST)
        if not form.is_valid():
            raise Http404
        if not self.scope.filter(guid=form.cleaned_data["entry"]).exists():
            raise Http404
        return form.cleaned_data

    def again(self, said: str, level: str) -> HttpResponse:
        """The content as it is now, with a word about what was done."""
        response = self.render(self.content(), "screens/waiting/_content.html")
        return toast(response, said, level)  # type: ignore[arg-type]


class Waiting(WaitingScreen):
    """The whole screen; with `?since=` the content if it has changed."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """204 when nothing is new: the page stays as it is, and so does what is open on it."""
        content = self.content()
        if request.GET.get("since") == content["revision"]:
            return HttpResponse(status=204)
        if self.is_htmx:
            return self.render(content, "screens/waiting/_content.html")
        if self.allows("lmis.view_waiting_summary"):
            content["summary"] = waiting_offers.summary(self.here, self.today)
        content["specialities"] = Speciality.objects.filter(pk__in=waiting_offers.specialities(self.here))
        return self.render(content)


class WaitingBook(WaitingScreen):
    """Booking a place for one who waits."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The content again: without the patient, or with the reason why not."""
        self.demand("lmis.book_appointments")
        given = self.form(request)
        if given["slot"] is None:
            raise Http404
        made = self.act(
            lambda: waiting.book_from(
                guid=given["entry"],
                slot_guid=given["slot"],
                source=self.channel,
                channels={self.channel},
                by=self.by,
                now=self.now,
            )
        )
        if isinstance(made, Refusal):
            return self.again(made.said, "error")
        return self.again(_("Booked: %(ticket)s.") % {"ticket": ticket_of(made)}, "success")


class WaitingPlaces(WaitingScreen):
    """Free places for one who waits, to choose another one from."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """In the dialog: those that suit, then others of the doctor or speciality."""
        self.demand("lmis.book_appointments")
        given = self.form(request)
        entry = self.scope.with_all_shown().get(guid=given["entry"])
        suits, others = waiting_offers.places_for(entry, now=self.now, channels={self.channel})
        access.note(by=self.by, what=access.What.OPENED, cards=[entry.patient.guid], screen="waiting")
        shown = {"entry": entry, "suits": suits, "others": others, **self.narrowed}
        return self.render(shown, "screens/waiting/_places.html")


class WaitingClose(WaitingScreen):
    """Taking a patient off the list."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The content again; without a reason, the question for it in the dialog."""
        given = self.form(request)
        if "reason" not in request.POST:
            return self._ask(given["entry"])
        done = self.act(lambda: waiting.close(guid=given["entry"], reason=given["reason"], by=self.by, now=self.now))
        if isinstance(done, ValidationFailed):
            return self._ask(given["entry"], done)
        if isinstance(done, Refusal):
            return self.again(done.said, "error")
        return self.again(_("Taken off the waiting list."), "success")

    def _ask(self, guid: UUID, refusal: ValidationFailed | None = None) -> HttpResponse:
        entry = self.scope.with_all_shown().get(guid=guid)
        shown = {"entry": entry, "errors": refusal.errors if refusal else (), **self.narrowed}
        response = self.render(shown, "screens/waiting/_close.html")
        if refusal:
            response["HX-Retarget"], response["HX-Reswap"] = "#dialog-body", "innerHTML"
        return response


def revision(offered: Sequence[Offered], entries: Sequence[WaitingEntry]) -> str:
    """A short text that is another one when the screen would look otherwise."""
    seen = [(one.slot.pk, one.slot.places_left, [each.pk for each in one.entries]) for one in offered]
    told = repr((seen, [entry.pk for entry in entries]))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
