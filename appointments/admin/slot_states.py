"""The states of a place, as staff speak of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Slot


class StateFilter(admin.SimpleListFilter):
    """What can be done with a place."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """As a registrar asks."""
        return [
            ("free", gettext_lazy("free")),
            ("full", gettext_lazy("taken")),
            ("blocked", gettext_lazy("blocked")),
            ("withdrawn", gettext_lazy("withdrawn")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those alone."""
        match self.value():
            case "free":
                return queryset.free(timezone.now())
            case "full":
                return queryset.in_schedule().filter(booked__gte=F("capacity") + F("overbooked"))
            case "blocked":
                return queryset.in_schedule().filter(is_blocked=True)
            case "withdrawn":
                return queryset.exclude(withdrawn="")
        return queryset


def state_of(slot: Slot, now: dt.datetime) -> tuple[str, str]:
    """(key of the colour, word)."""
    if slot.withdrawn:
        return "withdrawn", _("withdrawn")
    if slot.is_blocked:
        return "blocked", _("blocked")
    if slot.begin <= now:
        return "begun", _("begun")
    return ("taken", _("taken")) if slot.places_left <= 0 else ("free", _("free"))


def acts_for(slot: Slot, now: dt.datetime) -> tuple[str, ...]:
    """The paths of the acts that make sense."""
    if slot.begin <= now:
        return ()
    if slot.withdrawn:
        return ("put-back",) if slot.withdrawn == Slot.Withdrawn.STAFF else ("put-back", "withdraw")
    return "unblock" if slot.is_blocked else "block", "withdraw"
