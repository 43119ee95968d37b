"""Schedule templates: the weekly pattern of one doctor as a table, looked at before it is saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from appointments.models import ScheduleTemplate
from appointments.screens import templates_picture as picture
from appointments.screens.asked import guid_or_404
from appointments.screens.templates_forms import Table, blank_row, numbers_in, rearranged
from appointments.services import generation, pattern_preview, patterns
from lmis.days import day_from
from lmis.models import Doctor
from lmis.screens.numbers import number
from lmis.screens.views import Screen

DAY = dt.timedelta(days=1)


class Templates(Screen):
    """Whose pattern: the doctors by speciality."""

    right = "lmis.edit_templates"
    template = "screens/templates/doctors.html"
    title = _("Schedule templates")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Everybody who works here, with the number of intervals; one statement."""
        valid = Q(templates__valid_to=None) | Q(templates__valid_to__gte=self.today)
        doctors = Doctor.objects.filter(is_active=True, lpu__is_own=True).select_related("speciality", "room")
        counted = doctors.annotate(intervals=Count("templates", filter=valid))
        return self.render({"doctors": counted.order_by("speciality__name", "speciality_id", "family", "name", "pk")})


class PatternScreen(Screen):
    """What the parts of one doctor's page have in common."""

    right = "lmis.edit_templates"
    template = "screens/templates/page.html"
    work = "screens/templates/_work.html"
    title = _("Schedule templates")

    @cached_property
    def doctor(self) -> Doctor:
        """Whose pattern it is; raises Http404."""
        return self.doctor_of(self.kwargs["guid"])

    def doctor_of(self, guid: UUID) -> Doctor:
        """One who works in an own LPU, with what the page shows; raises Http404."""
        known = Doctor.objects.with_titles().filter(guid=guid, is_active=True, lpu__is_own=True).first()
        if known is None:
            raise Http404
        return known

    @property
    def today(self) -> dt.date:
        """In the zone of the doctor's LPU."""
        return self.now.astimezone(self.doctor.lpu.tz).date()

    @cached_property
    def until(self) -> dt.date:
        """Through which day the schedule is wanted; raises ValidationError for one that cannot be."""
        usual = self.today + settings.SCHEDULE_HORIZON_DAYS * DAY
        until = day_of(self.request.POST.get("until"), usual)
        generation.check_until(until, self.now)
        return max(until, self.today)

    def context(self, table: Table, **more: Any) -> dict[str, Any]:
        """What the table needs."""
        farthest = self.today + (generation.FARTHEST - 1) * DAY
        shown = {"doctor": self.doctor, "table": table, "today": self.today, "farthest": farthest}
        shown["version"] = self.request.POST.get("version", "")
        shown["until"] = self.request.POST.get("until") or self.today + settings.SCHEDULE_HORIZON_DAYS * DAY
        return shown | more

    def looked_at(self, pattern: Sequence[ScheduleTemplate]) -> dict[str, Any]:
        """The preview of a pattern: the week that was asked for, and all conflicts."""
        doctor, tz = self.doctor, self.doctor.lpu.tz
        found = pattern_preview.preview(doctor=doctor, pattern=pattern, until=self.until, now=self.now)
        first, last = _monday(found.first), _monday(found.last)
        usual = found.cells[0].begin.astimezone(tz).date() if found.cells else first
        monday = min(max(_monday(day_of(self.request.POST.get("week"), usual)), first), last)
        return {
            "preview": found,
            "picture": picture.picture_of(found, monday, tz, doctor.department_id),
            "summary": picture.summary_of(found),
            "lines": picture.as_list(found, tz),
            "rivals": picture.rivals_of(found, tz),
            "week": monday,
            "before": monday - 7 * DAY if monday > first else None,
            "after": monday + 7 * DAY if monday < last else None,
        }

    def refuse(self, table: Table, error: Any, status: int = 422) -> HttpResponse:
        """The table as it was sent, with what is wrong."""
        return self.render(self.context(table, error=error), self.work, status=status)


class Pattern(PatternScreen):
    """The page of one doctor."""

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The pattern as saved; with `from` that of another doctor, looked at and not saved; `to` goes there."""
        if request.GET.get("to"):
            there = self.doctor_of(guid_or_404(request.GET["to"]))
            address = reverse("screens:pattern", args=[there.guid])
            return HttpResponseRedirect(f"{address}?from={self.doctor.guid}")
        saved = patterns.current(doctor=self.doctor, today=self.today)
        others = Doctor.objects.filter(is_active=True, lpu__is_own=True).exclude(pk=self.doctor.pk)
        more: dict[str, Any] = {"others": others.select_related("speciality").order_by("speciality__name", "family")}
        shown = saved
        if request.GET.get("from"):
            source = self.doctor_of(guid_or_404(request.GET["from"]))
            shown = patterns.copied(source=source, doctor=self.doctor, today=self.today)
            more |= {"source": source, "replaced": len(saved), **self.looked_at(shown)}
        context = self.context(Table.of(self.doctor, shown), **more)
        return self.render(context | {"version": patterns.version(saved)})


class PatternTable(PatternScreen):
    """Another row, the same row again, one row less; nothing is checked or saved."""

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The table as sent, with that done to it."""
        act, _dash, row = request.POST.get("act", "").partition("-")
        order = numbers_in(request.POST)
        if act == "drop":
            order = [each for each in order if str(each) != row]
        elif act == "again":
            order = [each for one in order for each in ([one, one] if str(one) == row else [one])]
        data = rearranged(request.POST, order)
        if act == "add":
            for name, values in blank_row(self.today, len(order)).items():
                data.setlist(name, values)
        known = number(row)
        fresh = {"add": len(order), "again": 0 if known is None else known + 1}.get(act)
        return self.render(self.context(Table.sent(self.doctor, data, silent=True), fresh=fresh), self.work)


class PatternPreview(PatternScreen):
    """What would happen, with nothing written."""

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The picture of a week below the table, or the table with what is wrong."""
        table = Table.sent(self.doctor, rearranged(request.POST, numbers_in(request.POST)))
        pattern = table.pattern()
        if pattern is None:
            return self.refuse(table, _("Correct what is marked."))
        try:
            return self.render(self.context(table, **self.looked_at(pattern)), self.work)
        except ValidationError as error:
            return self.refuse(table, " ".join(error.messages))


def day_of(text: str | None, usual: dt.date) -> dt.date:
    """A day that a page sent; raises ValidationError for what is none."""
    if not text:
        return usual
    try:
        return day_from(text)
    except ValueError as error:
        raise ValidationError(_("Not a day: %(text)s"), params={"text": text}, code="invalid") from error


def _monday(day: dt.date) -> dt.date:
    return day - (day.isoweekday() - 1) * DAY
