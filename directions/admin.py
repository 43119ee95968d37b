"""Directions as plain lists, written through `directions.services` only. The work itself is done on the screens.

No search here: what is searched for would stand in the address, and it may be a patient's name.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.decorators import action, display

from directions.forms import OutcomeForm, PaperForm
from directions.info import SenderInfo
from directions.models import Direction, IncomingDirection
from directions.screens.words import PROGRESS
from directions.services import issuing, paper
from lmis.actors import Actor
from lmis.admin.ask import Question, ReasonForm, ask
from lmis.admin.base import LmisModelAdmin
from lmis.admin.noting import NotesCards
from lmis.screens.scope import doctors_of
from patients.info import Coded

_CANCEL = Question(
    title=_("Cancel the direction"),
    submit=_("Cancel the direction"),
    text=_("Nobody will be able to book by it."),
    form_class=ReasonForm,
    danger=True,
)
_OUTCOME = Question(
    title=_("Record what came of it"),
    submit=_("Record"),
    text=_("For directions to institutions outside, whose appointments we do not see."),
    form_class=OutcomeForm,
)


_GROUPS = [
    (None, ["progress", "number", "origin", "date_direction", "valid_until", "patient", "lpu_from", "lpu_to"]),
    (_("What for"), ["speciality_name", "diagnosis_code", "diagnosis_name", "reason"]),
    (
        _("Who wrote it"),
        ["doctor", "sender_family", "sender_name", "sender_patronymic", "sender_position_name"],
    ),
    (
        _("What came of it"),
        ["outcome", "outcome_note", "cancelled_at", "cancelled_by", "cancel_reason"],
    ),
]


class ProgressFilter(admin.SimpleListFilter):
    """By what has become of the direction; the list is annotated by `get_queryset`."""

    title = _("progress")
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states of contract C."""
        return list(PROGRESS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """That state alone."""
        return queryset.filter(progress=self.value()) if self.value() in PROGRESS else queryset


class _DirectionAdmin(NotesCards, LmisModelAdmin):
    """Read-only once written; cancelling and recording the outcome are actions of the page."""

    list_filter = [
        ProgressFilter,
        "origin",
        ("lpu_from", AutocompleteSelectFilter),
        ("lpu_to", AutocompleteSelectFilter),
        ("created_at", RangeDateFilter),
    ]
    raw_id_fields = ["patient"]
    ordering = ["-created_at", "-pk"]
    actions_detail = ["open_screen", "cancel_direction", "record_outcome"]
    adding = ""  # the right to a new one

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With everything that the list shows, in one statement; a doctor sees own ones and those of own patients."""
        rows = Direction.objects.visible_to(doctors_of(request.user))
        return rows.with_all_shown().with_progress(timezone.now()).with_appointment()

    def get_fields(self, request: HttpRequest, obj: Direction | None = None) -> Any:
        """A new one asks for what the form declares; a known one shows all of itself."""
        if obj is None:
            return list(self.form.base_fields)
        return ["progress", *(field.name for field in Direction._meta.concrete_fields if field.name != "id")]

    def get_fieldsets(self, request: HttpRequest, obj: Direction | None = None) -> Any:
        """A known one by what is asked most; what nobody reads comes last."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        shown = {name for _title, names in _GROUPS for name in names}
        rest = [name for name in self.get_fields(request, obj) if name not in shown]
        groups = [(title, {"fields": names}) for title, names in _GROUPS]
        return [*groups, (_("Codes and marks"), {"fields": rest})]

    def get_readonly_fields(self, request: HttpRequest, obj: Direction | None = None) -> Any:
        """All of a known one."""
        return [] if obj is None else self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """By the right of the workplace, beside that of the list."""
        return super().has_add_permission(request) and request.user.has_perm(self.adding)

    def has_change_permission(self, request: HttpRequest, obj: Direction | None = None) -> bool:
        """Never through the form: see `has_act_permission`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Direction | None = None) -> bool:
        """Cancelled, never deleted."""
        return False

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """For cancelling and recording; a dotted name in `@action` would make the system check ask the database."""
        return request.user.has_perm(f"directions.change_{self.opts.model_name}")

    def save_model(self, request: HttpRequest, obj: Direction, form: forms.ModelForm, change: bool) -> None:
        """Write through the service and hand its result to the admin."""
        obj.pk = self.write(form.cleaned_data, _actor(request)).pk
        obj.refresh_from_db()

    def write(self, data: dict[str, Any], by: Actor) -> Direction:
        """Call the service."""
        raise NotImplementedError

    @display(description=_("progress"))
    def progress(self, obj: Any) -> Any:
        """In words."""
        return PROGRESS[obj.progress]

    @display(description=_("date"), ordering="date_direction")
    def dated(self, obj: Any) -> str:
        """The day where it was written."""
        if obj.date_direction is None:
            return ""
        return date_format(obj.date_direction.astimezone(obj.lpu_from.tz), "SHORT_DATE_FORMAT")

    @display(description=_("appointment"))
    def appointment(self, obj: Any) -> str:
        """When, where it is to us and not cancelled."""
        if obj.appointment_begin is None or obj.appointment_state == "cancelled":
            return ""
        return date_format(obj.appointment_begin.astimezone(obj.lpu_to.tz), "SHORT_DATETIME_FORMAT")

    @action(description=_("Open, print"), icon="outgoing_mail")
    def open_screen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The screen of this direction: what came of it, form 057/у."""
        direction = get_object_or_404(self.get_queryset(request), pk=object_id)
        return HttpResponseRedirect(reverse("screens:direction", args=[direction.guid]))

    @action(description=_("Cancel"), permissions=["act"], icon="cancel")
    def cancel_direction(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the direction back."""
        return self._ask(request, object_id, _CANCEL, issuing.cancel)

    @action(description=_("Outcome"), permissions=["act"], icon="task_alt")
    def record_outcome(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record what staff learnt."""
        return self._ask(request, object_id, _OUTCOME, issuing.record_outcome)

    def _ask(self, request: HttpRequest, object_id: str, question: Question, verb: Any) -> HttpResponse:
        """Ask, then one call into the service."""
        direction = get_object_or_404(self.get_queryset(request), pk=object_id)

        def act(answers: dict[str, Any]) -> str:
            verb(direction=direction, by=_actor(request), now=timezone.now(), **answers)
            return _t("Done.")

        return ask(self, request, question, [direction], act)


@admin.register(Direction)
class DirectionAdmin(_DirectionAdmin):
    """All directions; adding one is the screen that issues it."""

    list_display = ["number", "dated", "patient", "speciality_name", "lpu_from", "lpu_to", "progress", "appointment"]
    adding = "lmis.issue_directions"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever issues them; the list's own right to add is not needed for the screen."""
        return request.user.has_perm(self.adding)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """There."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("screens:issue_direction"))


@admin.register(IncomingDirection)
class IncomingDirectionAdmin(_DirectionAdmin):
    """Directions to us from elsewhere; adding one enters a paper."""

    form = PaperForm
    list_display = ["number", "dated", "patient", "speciality_name", "lpu_from", "progress", "appointment"]
    autocomplete_fields = ["lpu_from"]
    adding = "lmis.enter_paper_directions"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Received from the region, or from paper."""
        rows = IncomingDirection.objects.incoming().visible_to(doctors_of(request.user))
        return rows.with_all_shown().with_progress(timezone.now()).with_appointment()

    def write(self, data: dict[str, Any], by: Actor) -> Direction:
        """Enter the paper."""
        return paper.enter(
            patient=data["patient"],
            lpu_from=data["lpu_from"].guid,
            number=data["number"],
            speciality=data["speciality"],
            diagnosis=Coded(data["diagnosis_code"], data["diagnosis_name"]),
            reason=data["reason"],
            date_direction=data["date_direction"],
            valid_until=data["valid_until"],
            sender=SenderInfo(
                family=data["sender_family"],
                name=data["sender_name"],
                patronymic=data["sender_patronymic"],
            ),
            by=by,
            now=timezone.now(),
        )


def _actor(request: HttpRequest) -> Actor:
    return Actor.of_user(_employee(request))


def _employee(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
