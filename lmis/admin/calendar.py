"""Public holidays and moved working days."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from lmis.admin.base import LmisModelAdmin, RowsInline
from lmis.admin.filters import DaysFilter
from lmis.models import CalendarDay, HolidayWork

RIGHT = "lmis.edit_calendar"


class HolidayWorkInline(RowsInline):
    """Departments that see patients although it is a day off."""

    model = HolidayWork
    extra = 0
    autocomplete_fields = ["department"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the day."""
        return request.user.has_perm("lmis.view_calendarday")

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        """Whoever edits the calendar."""
        return request.user.has_perm(RIGHT)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return request.user.has_perm(RIGHT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return request.user.has_perm(RIGHT)


@admin.register(CalendarDay)
class CalendarDayAdmin(LmisModelAdmin):
    """The schedule follows a change within the hour; who is booked stays booked."""

    list_display = ["date", "shown_weekday", "kind", "name", "moved_from", "is_preliminary", "source"]
    list_filter = [("date", DaysFilter), "kind", "is_preliminary"]
    search_fields = ["name"]
    date_hierarchy = "date"
    fieldsets = [
        (None, {"fields": ["date", "kind", "name", "moved_from"]}),
        (_("Where it comes from"), {"fields": ["source", "is_preliminary"]}),
    ]
    inlines = [HolidayWorkInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """With the right to edit the calendar, too."""
        return super().has_add_permission(request) and request.user.has_perm(RIGHT)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return super().has_change_permission(request, obj) and request.user.has_perm(RIGHT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return super().has_delete_permission(request, obj) and request.user.has_perm(RIGHT)

    @display(description=_("weekday"), ordering="date")
    def shown_weekday(self, day: CalendarDay) -> str:
        """In words."""
        return str(WEEKDAYS[day.date.weekday()])
