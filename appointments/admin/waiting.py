"""The waiting list and the calls, to look back at; they are worked on at their screens."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from appointments.models import CallAttempt, CallTask, WaitingEntry
from lmis.admin.base import ReadOnlyAdmin, RowsInline
from lmis.admin.noting import NotesCards
from lmis.admin.words import WHO, who_column
from lmis.screens.scope import doctors_of


class RightAdmin(NotesCards, ReadOnlyAdmin):
    """Whoever has the screen's right may look. No search: what is searched for stands in the URL."""

    right = ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who have the screen."""
        return request.user.has_perm(self.right)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Likewise."""
        return request.user.has_perm(self.right)


@admin.register(WaitingEntry)
class WaitingEntryAdmin(RightAdmin):
    """Who waits, who was booked, who was taken off and why."""

    right = "lmis.use_waiting_list"
    list_display = ["created_at", "patient", "wanted_shown", "state", "closed_at", "closed_by_shown", "close_reason"]
    list_filter = ["state", "urgent"]
    ordering = ["-created_at", "-pk"]
    exclude = ["user"]
    closed_by_shown = who_column("closed_by", _("closed by"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitingEntry]:
        """Those that this employee may see, with what a row shows."""
        seen = WaitingEntry.objects.of_doctors(doctors_of(request.user)).order_by(*self.ordering)
        return seen.select_related("patient", "speciality", "doctor")

    @display(description=_("to whom"))
    def wanted_shown(self, entry: WaitingEntry) -> str:
        """Doctor or speciality."""
        return entry.wanted


class AttemptInline(RowsInline):
    """Each try to reach the patient."""

    model = CallAttempt
    fields = ["at", "outcome", "note", "by"]
    readonly_fields = fields
    readonly_preprocess_fields = WHO
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who have the screen."""
        return request.user.has_perm("lmis.use_calls")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


@admin.register(CallTask)
class CallTaskAdmin(RightAdmin):
    """Who was to be called about what, and how that went."""

    right = "lmis.use_calls"
    list_display = ["created_at", "patient", "what", "reason", "state", "done_at"]
    list_filter = ["state", "what"]
    ordering = ["-created_at", "-pk"]
    inlines = [AttemptInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallTask]:
        """Those that this employee may see, with what a row shows."""
        seen = CallTask.objects.of_doctors(doctors_of(request.user)).order_by(*self.ordering)
        return seen.select_related("patient")
