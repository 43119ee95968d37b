"""The doctor's day: today's patients, who is next, and the end of it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from appointments.models import Appointment
from appointments.screens import day_list
from appointments.screens.asked import day_or_404
from appointments.screens.day_list import Day
from appointments.screens.grid import GridPart
from appointments.screens.grid_scope import query_of
from appointments.screens.grid_since import Since
from appointments.services import closing
from lmis.models import Doctor
from lmis.screens.toasts import toast, trigger
from lmis.services import access

POLL_SECONDS = 4
LOOKED_BACK = dt.timedelta(days=30)  # for lists that nobody has closed; older ones are for the head's page
UNCLOSED_SHOWN = 5


class DayPart(GridPart):
    """A day of one of the doctors that this employee may see."""

    right = "lmis.use_day"

    @cached_property
    def doctors(self) -> list[Doctor]:
        """Those to choose from; one statement."""
        shown = Doctor.objects.filter(is_active=True, lpu__is_own=True) if self.own is None else self.own
        return list(shown.select_related("lpu", "speciality", "room").order_by("family", "name", "pk"))

    @property
    def doctor(self) -> Doctor:
        """The one asked for, or the first; raises Http404 for one who is not this employee's to see."""
        asked = self.request.GET.get("doctor")
        found = next((one for one in self.doctors if asked is None or str(one.guid) == asked), None)
        if found is None:
            raise Http404
        return found

    @property
    def date(self) -> dt.date:
        """The day asked for, or today; raises Http404 for what is none."""
        asked = self.request.GET.get("day")
        if asked is None:
            return self.now.astimezone(self.doctor.lpu.tz).date()
        return day_or_404(asked)

    def read(self) -> Day:
        """The day as it is now."""
        return day_list.read(self.doctor, self.date, user=self.user, now=self.now)

    def address(self, name: str = "screens:day", day: dt.date | None = None, doctor: Doctor | None = None) -> str:
        """Of a part of this view; it names the doctor and the day and nobody else."""
        return f"{reverse(name)}?{day_list.query_of(doctor=doctor or self.doctor, day=day or self.date)}"


class DayPage(DayPart):
    """The page, and the doctor's start page."""

    template = "screens/day/page.html"
    title = _("My day")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Today's list, or another day's; whose cards it shows is written down."""
        if not self.doctors:
            return self.render({"nobody": True, "no_doctors": self.own is None})
        day = self.read()
        cards = [row.visit.patient.guid for row in day.rows]
        access.note(by=self.by, what=access.What.OPENED, cards=cards, screen="day")
        return self.render({"day": day, "poll": POLL_SECONDS, **self._around(day)})

    def _around(self, day: Day) -> dict[str, Any]:
        others = [(one, self.address(day=day.date, doctor=one)) for one in self.doctors if one != day.doctor]
        today = self.now.astimezone(day.doctor.lpu.tz).date()
        return {
            "others": others[:50],
            "is_today": day.date == today,
            "yesterday": self.address(day=day.date - dt.timedelta(days=1)),
            "tomorrow": self.address(day=day.date + dt.timedelta(days=1)),
            "today": self.address(day=today),
            "changes": self.address("screens:day_changes"),
            "close": self.address("screens:day_close"),
            "unclosed": self._unclosed(day, today),
            "week": f"{reverse('screens:grid')}?{query_of(doctor=day.doctor, day=day.date)}",
            "may_direct": self.allows("lmis.issue_directions"),
            "may_book": self.allows("lmis.book_appointments"),
        }

    def _unclosed(self, day: Day, today: dt.date) -> list[tuple[dt.date, int, str]]:
        """Lists of the days before with somebody unmarked, each with its address; today's page alone tells them."""
        if day.date != today or not self.allows("lmis.mark_visits"):
            return []
        found = Appointment.objects.unmarked_days(day.doctor, today - LOOKED_BACK, today - dt.timedelta(days=1))
        return [(one, left, self.address(day=one)) for one, left in found.items()][:UNCLOSED_SHOWN]


class DayChanges(DayPart):
    """What changed on the day."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """204 when nothing did; else the rows afresh, and the page replaces those that differ."""
        since = Since.parse(request.GET.get("since", ""))
        if not day_list.has_changed(self.doctor, self.date, since=since, now=self.now):
            return HttpResponse(status=204)
        may = {"may_direct": self.allows("lmis.issue_directions"), "may_book": self.allows("lmis.book_appointments")}
        day = self.read()
        return self.render({"day": day, "close": self.address("screens:day_close"), **may}, "screens/day/_changes.html")


class DayClose(DayPart):
    """Those left at the end of the day, marked in one confirmed act."""

    template = "screens/day/_close.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The question, with everybody who is left."""
        self.demand("lmis.mark_visits")
        return self.render({"day": self.read(), "address": self.address("screens:day_close")})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Marks the ticked ones; what was refused is shown with its patient."""
        self.demand("lmis.mark_visits")
        left = {str(row.visit.guid): row.visit for row in self.read().left}
        chosen = {name: [left[guid] for guid in self._guids(name) if guid in left] for name in ("missed", "seen")}
        done = closing.close(**chosen, by=self.by, now=self.now)
        said = ngettext("%(count)d visit is marked.", "%(count)d visits are marked.", done.marked)
        day = self.read()
        context = {"day": day, "refused": done.refused, "address": self.address("screens:day_close")}
        response = self.render(context)
        if done.marked:
            toast(response, said % {"count": done.marked})
        if not done.refused and done.marked:
            trigger(response, "close-dialog")
        if not done.marked and not done.refused:
            toast(response, _t("Nobody is ticked. Tick those who came and those who did not."), "warning")
        return trigger(response, "grid-changed")

    def _guids(self, name: str) -> list[str]:
        """What was ticked, once each; anything that is no guid is nobody's."""
        found = dict.fromkeys(self.request.POST.getlist(name))
        return [guid for guid in found if _is_guid(guid)]


def _is_guid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
