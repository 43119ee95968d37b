"""The side menu, in the clinic's words. Models are named and not imported: the apps above this one stay unknown."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from lmis.screens.menu import screens_of

# Group → entries: model, icon (of Material Symbols, which unfold carries).
MENU: list[tuple[Any, list[tuple[str, str]]]] = [
    (_("Booking"), [("appointments.Appointment", "event_available"), ("appointments.Slot", "calendar_view_week")]),
    (
        _("Schedule"),
        [
            ("appointments.ScheduleTemplate", "calendar_month"),
            ("appointments.ScheduleException", "event_busy"),
            ("lmis.CalendarDay", "celebration"),
            ("appointments.WaitNorm", "timer"),
        ],
    ),
    (
        _("Patients"),
        [
            ("patients.Patient", "badge"),
            ("appointments.WaitingEntry", "hourglass_top"),
            ("appointments.CallTask", "call"),
        ],
    ),
    (
        _("Directions"),
        [("directions.Direction", "outgoing_mail"), ("directions.IncomingDirection", "move_to_inbox")],
    ),
    (_("Exchange with the MIP"), [("patients.CardUpload", "cloud_upload"), ("patients.MipGate", "traffic")]),
    (
        _("Directories"),
        [
            ("lmis.Doctor", "stethoscope"),
            ("lmis.Department", "domain"),
            ("lmis.Room", "meeting_room"),
            ("lmis.Speciality", "medical_services"),
            ("lmis.Position", "work"),
            ("lmis.BusyType", "category"),
            ("lmis.Lpu", "local_hospital"),
            ("lmis.Dictionary", "menu_book"),
            ("lmis.DictionaryCode", "tag"),
            ("lmis.CodeMapping", "sync_alt"),
        ],
    ),
    (
        _("Administration"),
        [
            ("lmis.ApiClient", "key"),
            ("lmis.FailedLogin", "lock"),
            ("lmis.IdempotencyRecord", "repeat"),
            ("lmis.Epoch", "history_toggle_off"),
            ("auth.User", "person"),
            ("auth.Group", "group"),
        ],
    ),
]

FOLDED = 4  # a longer group is folded until it is opened or in use


# What unfold's templates ask of each, on every page; looking in vain costs a template much more than finding nothing.
_GROUP: dict[str, Any] = {"title": "", "separator": False, "collapsible": False, "badge": None}
_ITEM: dict[str, Any] = {"badge": None, "link_callback": None}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """For unfold: the groups with what this employee may open; empty ones are left out."""
    home = _ITEM | {"title": _("Overview"), "icon": "home", "link": reverse("admin:index")}
    screens = [_ITEM | screen for screen in screens_of(request.user)]
    groups = [_GROUP | {"items": [home]}]
    if screens:
        groups.append(_GROUP | {"title": _("Workplace"), "items": screens})
    for title, entries in MENU:
        items = [item for label, icon in entries if (item := _item(request, label, icon))]
        if items:
            folds = len(items) > FOLDED
            groups.append(_GROUP | {"title": title, "separator": True, "collapsible": folds, "items": items})
    return groups


def _item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    if not admin.site.is_registered(model):
        return None
    if not admin.site.get_model_admin(model).has_view_or_change_permission(request):
        return None
    opts = model._meta
    link = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return _ITEM | {"title": capfirst(opts.verbose_name_plural), "icon": icon, "link": link}
