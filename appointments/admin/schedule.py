"""The weekly pattern."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action as unfold_action
from unfold.decorators import display

from appointments.models import ScheduleTemplate
from appointments.services import horizon
from appointments.services.filling import Report
from lmis.admin.base import ReadOnlyAdmin, actor
from lmis.admin.words import labels
from lmis.models import Source

WHAT_IS_OFFERED: Any = ["slot_minutes", "capacity", "channels", "busy_type", "room"]


VISITS: Any = [
    ("lunch_begin", "lunch_end"),
    ("repeat_minutes", "repeat_after", "repeat_busy_type"),
    "is_queue",
    ("release_hours", "release_channels"),
]


@admin.register(ScheduleTemplate)
class ScheduleTemplateAdmin(ReadOnlyAdmin):
    """Intervals of the week as a list, to search; they are edited on the screen of the templates."""

    list_display = [
        "doctor_name",
        "weekday",
        "parity",
        "interval",
        "slot_minutes",
        "capacity",
        "busy_type",
        "room",
        "valid_from",
        "valid_to",
    ]
    list_display_links = ["doctor_name", "weekday"]
    list_filter = [
        ("doctor", AutocompleteSelectFilter),
        ("doctor__speciality", AutocompleteSelectFilter),
        "weekday",
        ("busy_type", AutocompleteSelectFilter),
    ]
    search_fields = ["doctor__family"]
    search_help_text = gettext_lazy("Surname of the doctor")
    readonly_preprocess_fields = {"channels": labels(Source), "release_channels": labels(Source)}
    actions = ["lay_places"]
    actions_list = ["open_screen"]
    fieldsets = [
        (None, {"fields": ["doctor", ("weekday", "parity"), ("begin", "end"), ("valid_from", "valid_to")]}),
        (gettext_lazy("Visits"), {"fields": VISITS}),
        (gettext_lazy("What is offered"), {"fields": WHAT_IS_OFFERED}),
    ]

    def has_edit_permission(self, request: HttpRequest) -> bool:
        """For what changes the schedule: whoever edits templates."""
        return request.user.has_perm("lmis.edit_templates")

    @unfold_action(description=gettext_lazy("Edit the templates"), url_path="edit", permissions=["edit"])
    def open_screen(self, request: HttpRequest) -> HttpResponse:
        """To the screen."""
        return HttpResponseRedirect(reverse("screens:templates"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScheduleTemplate]:
        """With what its page shows."""
        return super().get_queryset(request).select_related("doctor__speciality", "room", "busy_type")

    @admin.action(description=gettext_lazy("Lay the places of these doctors now"), permissions=["edit"])
    def lay_places(self, request: HttpRequest, queryset: QuerySet[ScheduleTemplate]) -> None:
        """Without waiting for the hour; also follows the doctors' absences, holidays and extra hours."""
        doctors = set(queryset.values_list("doctor", flat=True))
        tell(request, horizon.keep_full(by=actor(request), now=timezone.now(), only=doctors))

    @display(description=gettext_lazy("doctor"), ordering="doctor__family")
    def doctor_name(self, template: ScheduleTemplate) -> str:
        """Surname and initials."""
        return template.doctor.short_name

    @display(description=gettext_lazy("hours"), ordering="begin")
    def interval(self, template: ScheduleTemplate) -> str:
        """From–to."""
        return f"{template.begin:%H:%M}–{template.end:%H:%M}"


def tell(request: HttpRequest, report: Report) -> None:
    """Say what laying the places did."""
    said = [_("Places made: %(created)d, brought back: %(revived)d, changed: %(updated)d, withdrawn: %(withdrawn)d.")]
    if report.left:
        said.append(_("Booked ones that the templates no longer have: %(left)d; they stay."))
    if report.failed:
        said.append(_("Doctors whose places could not be laid: %(failed)d; their schedule is as it was."))
    level = messages.WARNING if report.left or report.failed else messages.SUCCESS
    messages.add_message(request, level, " ".join(said) % asdict(report))
