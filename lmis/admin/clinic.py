"""LPUs, departments, rooms, doctors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from lmis.admin.ask import Question, ask, each, found_or_404
from lmis.admin.base import LmisModelAdmin, actor
from lmis.models import Department, Doctor, Lpu, Room
from lmis.services import directory, leaving, lpu_merging
from lmis.services.connections import CONTACTS


class GuidKeptAdmin(LmisModelAdmin):
    """The guid is chosen when a thing is entered; the region knows it by that ever after."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """With `guid` once it exists."""
        return [*super().get_readonly_fields(request, obj), *(["guid"] if obj else [])]


@admin.register(Lpu)
class LpuAdmin(GuidKeptAdmin):
    """The regional directory, own LPUs first."""

    list_display = ["shown_name", "whose", "state", "oid", "phone", "guid"]
    list_filter = ["is_own", "is_confirmed"]
    readonly_fields = ["is_confirmed"]
    actions = ["confirm_ticked"]
    actions_detail = ["confirm", "merge", "connection"]
    search_fields = ["name", "short_name", "oid", "guid__exact"]
    search_help_text = _("Name, OID or guid")
    fieldsets = [
        (None, {"fields": ["guid", "name", "short_name", "oid", "ogrn"]}),
        (_("Where"), {"fields": ["address", "phone", "time_zone", "ticket_note"]}),
        (_("Exchange"), {"fields": ["is_own", "is_confirmed", "entry_point"]}),
        (_("Contacts"), {"fields": [tuple(CONTACTS[1:4]), tuple(CONTACTS[4:])], "classes": ["tab"]}),
    ]

    @display(description=_("name"), ordering="short_name")
    def shown_name(self, lpu: Lpu) -> str:
        """The short name, else the full one, else the guid."""
        return str(lpu)

    @display(description=_("whose"), ordering="is_own", label={"own": "success", "other": "info"})
    def whose(self, lpu: Lpu) -> tuple[str, Any]:
        """Served by this system, or somebody else's."""
        return ("own", _("ours")) if lpu.is_own else ("other", _("of others"))

    @display(description=_("state"), ordering="is_confirmed", label={"new": "warning", "known": "success"})
    def state(self, lpu: Lpu) -> tuple[str, Any]:
        """Whether somebody has looked at it since a direction brought it along."""
        return ("known", _("confirmed")) if lpu.is_confirmed else ("new", _("to be confirmed"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Contacts are asked for our own alone: they stand in its connection request."""
        found = super().get_fieldsets(request, obj)
        return found if obj is not None and obj.is_own else found[:-1]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Confirming what is not, merging what is outside, the request of what is ours."""
        lpu = self.get_object(request, str(object_id))
        left_out = set() if lpu and not lpu.is_confirmed else {"confirm"}
        if lpu is None or lpu.is_own:
            left_out.add("merge")
        if lpu is None or not lpu.is_own or not request.user.has_perm("lmis.manage_connections"):
            left_out.add("connection")
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if one.action_name.rpartition("_")[2] not in left_out]

    @action(description=_("Confirm"), url_path="confirm", permissions=["change"], icon="verified")
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Names and address were looked at, and are right."""
        lpu = found_or_404(self, request, object_id)
        if not self.has_change_permission(request, lpu):
            raise PermissionDenied
        question = Question(
            title=_("Confirm the LPU"),
            submit=_("Confirm"),
            text=_("A booking by direction brought this LPU along. Compare name and guid with the regional directory."),
        )

        def agree(_data: dict[str, Any]) -> str:
            directory.confirm(lpu=lpu, by=actor(request))
            return str(_("The LPU is confirmed."))

        return ask(self, request, question, [lpu], agree)

    @action(description=_("Merge into…"), url_path="merge", permissions=["change"], icon="merge")
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Two entries that are one LPU."""
        lpu = found_or_404(self, request, object_id)
        if not self.has_change_permission(request, lpu):
            raise PermissionDenied
        question = Question(
            title=_("Merge two entries of one LPU"),
            submit=_("Merge"),
            text=_merging_text(lpu),
            form_class=MergeForm,
            danger=True,
        )

        def act(data: dict[str, Any]) -> HttpResponse:
            stays = lpu_merging.merge(duplicate=lpu, into=data["into"], by=actor(request), now=timezone.now())
            messages.success(request, _("Merged into %(lpu)s.") % {"lpu": stays})
            return HttpResponseRedirect(reverse("admin:lmis_lpu_change", args=[stays.pk]))

        return ask(self, request, question, [lpu], act)

    @action(description=_("Connection request"), url_path="connection", permissions=["view"], icon="print")
    def connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the screen that prints it."""
        return HttpResponseRedirect(reverse("screens:connection_request", args=[object_id]))

    @admin.action(description=_("Confirm"), permissions=["change"])
    def confirm_ticked(self, request: HttpRequest, queryset: Any) -> None:
        """Each by itself; what cannot be confirmed is told."""
        by = actor(request)
        done = each(request, queryset, lambda lpu: directory.confirm(lpu=lpu, by=by))
        if done:
            text = ngettext("%(count)d LPU is confirmed.", "%(count)d LPUs are confirmed.", done) % {"count": done}
            messages.success(request, text)


class MergeForm(forms.Form):
    """Which entry stays."""

    into = forms.ModelChoiceField(
        Lpu.objects.filter(is_own=False).order_by("short_name", "name", "pk"),
        label=_("The entry that stays"),
        widget=UnfoldAdminSelectWidget,
    )


def _merging_text(lpu: Lpu) -> str:
    """What goes along, before anybody presses the button."""
    counts = (f"{capfirst(model._meta.verbose_name_plural)}: {count}" for model, count in lpu_merging.counted(lpu))
    text = _("Everything of this entry goes to the one that stays, and what comes with its guid later means that one.")
    return " ".join([str(text), *(f"{one}." for one in counts)])


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

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Who leaves must have settled the patients."""
        if change and "is_active" in form.changed_data and not obj.is_active:
            leaving.leave(doctor=obj, now=timezone.now())
        super().save_model(request, obj, form, change)
