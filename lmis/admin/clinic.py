"""LPUs, departments, rooms, doctors."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from lmis.admin.base import LmisModelAdmin
from lmis.models import Department, Doctor, Lpu, Room


class GuidKeptAdmin(LmisModelAdmin):
    """The guid is chosen when a thing is entered; the region knows it by that ever after."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """With `guid` once it exists."""
        return [*super().get_readonly_fields(request, obj), *(["guid"] if obj else [])]


@admin.register(Lpu)
class LpuAdmin(GuidKeptAdmin):
    """The regional directory, own LPUs first."""

    list_display = ["shown_name", "guid", "oid", "time_zone", "is_own", "is_confirmed"]
    list_filter = ["is_own", "is_confirmed"]
    search_fields = ["name", "short_name", "oid", "guid__exact"]
    search_help_text = _("Name, OID or guid")
    fieldsets = [
        (None, {"fields": ["guid", "name", "short_name", "oid", "ogrn"]}),
        (_("Where"), {"fields": ["address", "phone", "time_zone", "ticket_note"]}),
        (_("Exchange"), {"fields": ["is_own", "is_confirmed", "entry_point"]}),
    ]

    @display(description=_("name"), ordering="short_name")
    def shown_name(self, lpu: Lpu) -> str:
        """The short name, else the full one, else the guid."""
        return str(lpu)


@admin.register(Department)
class DepartmentAdmin(LmisModelAdmin):
    """Departments of the own LPUs."""

    list_display = ["name", "lpu", "address"]
    list_select_related = ["lpu"]
    list_filter = [("lpu", AutocompleteSelectFilter)]
    search_fields = ["name", "address"]
    autocomplete_fields = ["lpu"]


@admin.register(Room)
class RoomAdmin(LmisModelAdmin):
    """Rooms of the own LPUs."""

    list_display = ["number", "floor", "lpu"]
    list_select_related = ["lpu"]
    list_filter = [("lpu", AutocompleteSelectFilter)]
    search_fields = ["number"]
    autocomplete_fields = ["lpu"]


@admin.register(Doctor)
class DoctorAdmin(GuidKeptAdmin):
    """Doctors, that is whoever can be booked."""

    list_display = ["full_name", "speciality", "department", "room", "lpu", "is_published", "is_active"]
    list_filter = [
        ("speciality", AutocompleteSelectFilter),
        ("department", AutocompleteSelectFilter),
        ("lpu", AutocompleteSelectFilter),
        "is_published",
        "is_active",
    ]
    search_fields = ["family", "name", "patronymic"]
    search_help_text = _("Surname, first name, patronymic")
    autocomplete_fields = ["lpu", "position", "speciality", "department", "room", "user"]
    fieldsets = [
        (None, {"fields": ["guid", ("family", "name", "patronymic"), "lpu", "position", "speciality"]}),
        (_("Where"), {"fields": ["department", "room"]}),
        (_("State"), {"fields": ["is_published", "is_active", "user"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the list and a doctor's name show."""
        return super().get_queryset(request).select_related("lpu", "speciality", "department", "room")

    @display(description=_("doctor"), ordering="family")
    def full_name(self, doctor: Doctor) -> str:
        """Surname, first name, patronymic."""
        return doctor.full_name
