"""Directions at the desk: plain lists, written through `directions.services` only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action, display

from directions.forms import IssueForm, OutcomeForm, PaperForm
from directions.info import SenderInfo
from directions.models import Direction, IncomingDirection
from directions.services import issuing, paper
from lmis.actors import Actor
from lmis.admin.ask import Question, ReasonForm, ask
from lmis.admin.base import LmisModelAdmin
from lmis.models import Doctor
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
_PROGRESS = {
    "issued": pgettext_lazy("direction", "issued"),
    "booked": pgettext_lazy("direction", "booked"),
    "done": pgettext_lazy("direction", "done"),
    "cancelled": pgettext_lazy("direction", "cancelled"),
    "expired": pgettext_lazy("direction", "expired"),
}


class ProgressFilter(admin.SimpleListFilter):
    """By what has become of the direction; the list is annotated by `get_queryset`."""

    title = _("progress")
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states of contract C."""
        return list(_PROGRESS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """That state alone."""
        return queryset.filter(progress=self.value()) if self.value() in _PROGRESS else queryset


class _DirectionAdmin(LmisModelAdmin):
    """Read-only once written; cancelling and recording the outcome are actions of the page."""

    list_filter = [ProgressFilter, "origin", "lpu_from", "lpu_to"]
    search_fields = ["number__startswith"]
    search_help_text = _("By number")
    raw_id_fields = ["patient"]
    ordering = ["-created_at", "-pk"]
    actions_detail = ["cancel_direction", "record_outcome"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With everything that the list shows, in one statement."""
        return Direction.objects.with_all_shown().with_progress(timezone.now())

    def get_fields(self, request: HttpRequest, obj: Direction | None = None) -> Any:
        """A new one asks for what the form declares; a known one shows all of itself."""
        if obj is None:
            return list(self.form.base_fields)
        return ["progress", *(field.name for field in Direction._meta.concrete_fields if field.name != "id")]

    def get_readonly_fields(self, request: HttpRequest, obj: Direction | None = None) -> Any:
        """All of a known one."""
        return [] if obj is None else self.get_fields(request, obj)

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
        return _PROGRESS[obj.progress]

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
    """All directions; adding one issues it."""

    form = IssueForm
    list_display = ["number", "date_direction", "patient", "speciality_name", "lpu_from", "lpu_to", "progress"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A doctor directs in their own name."""
        doctor = Doctor.objects.filter(user=_employee(request)).first()
        return {**super().get_changeform_initial_data(request), **({"doctor": doctor.pk} if doctor else {})}

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Only doctors who work here."""
        if db_field.name == "doctor":
            doctors = Doctor.objects.filter(is_active=True, lpu__is_own=True)
            kwargs |= {"queryset": doctors.select_related("speciality", "lpu"), "required": True}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, data: dict[str, Any], by: Actor) -> Direction:
        """Issue it."""
        return issuing.issue(
            doctor=data["doctor"],
            patient=data["patient"],
            lpu_to=data["lpu_to"],
            speciality=data["speciality"],
            diagnosis=Coded(data["diagnosis_code"], data["diagnosis_name"]),
            reason=data["reason"],
            valid_until=data["valid_until"],
            by=by,
            now=timezone.now(),
        )


@admin.register(IncomingDirection)
class IncomingDirectionAdmin(_DirectionAdmin):
    """Directions to us from elsewhere; adding one enters a paper."""

    form = PaperForm
    list_display = ["number", "created_at", "patient", "speciality_name", "lpu_from", "origin", "progress"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Received from the region, or from paper."""
        return IncomingDirection.objects.incoming().with_all_shown().with_progress(timezone.now())

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
