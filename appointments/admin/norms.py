"""The table of the norms of waiting."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from appointments.models import WaitNorm
from lmis.admin.base import LmisModelAdmin

_RIGHT = "lmis.edit_norms"


@admin.register(WaitNorm)
class WaitNormAdmin(LmisModelAdmin):
    """A dozen rows; the row that says most about a doctor counts."""

    list_display = ["kind_shown", "whom", "limit", "basis"]
    list_display_links = ["kind_shown", "whom"]
    list_filter = ["kind"]
    search_fields = ["speciality__name", "position__name", "position_begins"]
    search_help_text = gettext_lazy("Speciality or position")
    autocomplete_fields = ["speciality", "position"]
    fieldsets = [
        (None, {"fields": ["kind", ("hours", "working_days"), "basis"]}),
        (
            gettext_lazy("For whom; all blank means for everybody"),
            {"fields": ["speciality", "position", "position_begins"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitNorm]:
        """With what a row shows."""
        return super().get_queryset(request).select_related("speciality", "position")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who edits norms."""
        return super().has_add_permission(request) and request.user.has_perm(_RIGHT)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return super().has_change_permission(request, obj) and request.user.has_perm(_RIGHT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return super().has_delete_permission(request, obj) and request.user.has_perm(_RIGHT)

    @display(description=gettext_lazy("kind of visit"), ordering="kind")
    def kind_shown(self, norm: WaitNorm) -> str:
        """In words; the usual one has a blank code."""
        return str(norm.get_kind_display())

    @display(description=gettext_lazy("for whom"))
    def whom(self, norm: WaitNorm) -> str:
        """What narrows the row."""
        begins = f"{norm.position_begins}…" if norm.position_begins else ""
        parts = [str(part) for part in (norm.position, begins, norm.speciality) if part]
        return ", ".join(parts) or _("everybody")

    @display(description=gettext_lazy("norm"))
    def limit(self, norm: WaitNorm) -> str:
        """Hours or working days."""
        return str(norm)
