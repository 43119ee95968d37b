"""Directions at the desk: plain lists, written through `directions.services` only."""

from __future__ import annotations

from typing import Any

from auditlog.mixins import AuditlogHistoryAdminMixin
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import ActionDialog
from unfold.decorators import action

from directions.forms import CancelForm, IssueForm, OutcomeForm, PaperForm
from directions.info import SenderInfo
from directions.models import Direction, IncomingDirection
from directions.services import issuing
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Doctor
from patients.info import Coded

_CANCEL = ActionDialog(
    title=_("Cancel the direction"),
    description=_("Nobody will be able to book by it."),
    form_class=CancelForm,
    form_submit_text=_("Cancel the direction"),
)
_OUTCOME = ActionDialog(
    title=_("Record what came of it"),
    description=_("For directions to institutions outside, whose appointments we do not see."),
    form_class=OutcomeForm,
    form_submit_text=_("Record"),
)
_PROGRESS = {
    "issued": _("issued"),
    "booked": _("booked"),
    "done": _("done"),
    "cancelled": _("cancelled"),
    "expired": _("expired"),
}


class ProgressFilter(admin.SimpleListFilter):
    """By what has become of the direction."""

    title = _("progress")
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states of contract C."""
        return list(_PROGRESS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The list is annotated by `get_queryset`."""
        return queryset.filter(progress=self.value()) if self.value() in _PROGRESS else queryset


class _DirectionAdmin(AuditlogHistoryAdminMixin, ModelAdmin):
    """Read-only once written; cancelling and recording the outcome are actions with a dialog."""

    list_filter = [ProgressFilter, "origin", "lpu_from", "lpu_to"]
    search_fields = ["number__startswith"]
    search_help_text = _("By number")
    raw_id_fields = ["patient"]
    ordering = ["-created_at", "-pk"]
    show_full_result_count = False
    show_auditlog_history_link = True
    actions_detail = ["cancel_direction", "record_outcome"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With everything that the list shows, in one statement."""
        return Direction.objects.with_all_shown().with_progress(timezone.now())

    def get_fields(self, request: HttpRequest, obj: Direction | None = None) -> list[str]:
        """A new one asks for what the form declares; a known one shows all of itself."""
        if obj is None:
            return [*self.form.Meta.fields, "speciality"]
        return ["progress", *(field.name for field in Direction._meta.concrete_fields if field.name != "id")]

    def get_readonly_fields(self, request: HttpRequest, obj: Direction | None = None) -> list[str]:
        """All of a known one."""
        return [] if obj is None else self.get_fields(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Direction | None = None) -> bool:
        """Both lists go by the permissions of Direction."""
        return request.user.has_perm("directions.view_direction")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Likewise."""
        return request.user.has_perm("directions.add_direction")

    def has_change_permission(self, request: HttpRequest, obj: Direction | None = None) -> bool:
        """Never through the form: see `has_act_permission`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Direction | None = None) -> bool:
        """Cancelled, never deleted."""
        return False

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """For cancelling and recording; a dotted name in `@action` would make the system check ask the database."""
        return request.user.has_perm("directions.change_direction")

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form asks the rules first; what changed between that and the writing is told as a message."""
        try:
            response: HttpResponse = super().add_view(request, *args, **kwargs)
            return response
        except (Refusal, ValidationError) as error:
            messages.error(request, _words(error))
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Direction, form: forms.ModelForm, change: bool) -> None:
        """Write through the service and hand its result to the admin."""
        obj.pk = self.write(form.cleaned_data, Actor.of_user(request.user)).pk  # type: ignore[arg-type]
        obj.refresh_from_db()

    def write(self, data: dict[str, Any], by: Actor) -> Direction:
        """Call the service."""
        raise NotImplementedError

    @admin.display(description=_("progress"))
    def progress(self, obj: Any) -> Any:
        """In words."""
        return _PROGRESS[obj.progress]

    @action(description=_("Cancel"), permissions=["act"], dialog=_CANCEL)
    def cancel_direction(self, request: HttpRequest, form: CancelForm, object_id: str) -> HttpResponse:
        """Take the direction back."""
        return self._act(request, object_id, issuing.cancel, reason=form.cleaned_data["reason"])

    @action(description=_("Outcome"), permissions=["act"], dialog=_OUTCOME)
    def record_outcome(self, request: HttpRequest, form: OutcomeForm, object_id: str) -> HttpResponse:
        """Record what staff learnt."""
        return self._act(request, object_id, issuing.record_outcome, outcome=form.cleaned_data["outcome"])

    def _act(self, request: HttpRequest, object_id: str, verb: Any, **what: Any) -> HttpResponse:
        """One call into the service, then back to the direction with a message."""
        direction = self.get_object(request, object_id)
        try:
            if direction is None:
                raise Direction.DoesNotExist
            verb(direction=direction, by=Actor.of_user(request.user), now=timezone.now(), **what)  # type: ignore[arg-type]
            messages.success(request, _("Done."))
        except (Refusal, ValidationError) as error:
            messages.error(request, _words(error))
        opts = self.opts
        page = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": page})


@admin.register(Direction)
class DirectionAdmin(_DirectionAdmin):
    """All directions; adding one issues it."""

    form = IssueForm
    list_display = ["number", "date_direction", "patient", "speciality_name", "lpu_from", "lpu_to", "progress"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A doctor directs in their own name."""
        doctor = Doctor.objects.filter(user=request.user).first()  # type: ignore[misc]
        return {**super().get_changeform_initial_data(request), **({"doctor": doctor.pk} if doctor else {})}

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Only doctors who work here."""
        if db_field.name == "doctor":
            doctors = Doctor.objects.filter(is_active=True, lpu__is_own=True)
            kwargs["queryset"] = doctors.select_related("speciality", "lpu")
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
        return issuing.enter_paper(
            patient=data["patient"],
            lpu_from=data["lpu_from"],
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


def _words(error: Refusal | ValidationError) -> str:
    return str(error.message) if isinstance(error, Refusal) else " ".join(error.messages)
