"""Appointments: to find, to make, to cancel, to mark."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from appointments.models import Appointment
from appointments.services import booking, cancelling, visits
from appointments.shown import day_of, ticket_of, time_of
from lmis.admin.ask import Question, ReasonForm, ask, each, found_or_404
from lmis.admin.base import ReadOnlyAdmin, actor
from lmis.admin.filters import DaysFilter
from lmis.admin.noting import NotesCards
from lmis.admin.words import who_column
from lmis.models import Source
from lmis.screens.scope import doctors_of

State = Appointment.State
CANCEL = Question(
    title=gettext_lazy("Cancel the appointment"),
    submit=gettext_lazy("Cancel the appointment"),
    text=gettext_lazy("The place and the direction are free again at once."),
    form_class=ReasonForm,
    danger=True,
)
VISITED = Question(title=gettext_lazy("The patient came"), submit=gettext_lazy("The patient came"))
MISSED = Question(title=gettext_lazy("The patient did not come"), submit=gettext_lazy("The patient did not come"))
UNDO = Question(title=gettext_lazy("Take the mark back"), submit=gettext_lazy("Take the mark back"))
OFFERED = {
    State.BOOKED: ("visited", "missed", "cancel"),
    State.VISITED: ("undo",),
    State.MISSED: ("undo",),
}
MAIN = (None, {"fields": [("number", "state"), ("day_shown", "time_shown"), "doctor_name", "patient", "direction"]})
OVER_PLAN = (gettext_lazy("Beyond the plan"), {"fields": ["over_reason"]})
CANCELLED = (gettext_lazy("Cancelled"), {"fields": [("cancelled_at", "cancelled_by"), "cancel_reason"]})
MADE = ["guid", "source", ("created_at", "booked_by"), ("client", "user")]
HOW_MADE = (gettext_lazy("How it was made"), {"fields": MADE})


class BookingForm(forms.ModelForm):
    """A slot and a card; whether they go together is for the service to say."""

    class Meta:
        model = Appointment
        fields = ["slot", "patient"]

    def validate_constraints(self) -> None:
        """Left to the service, which says it better."""


@admin.register(Appointment)
class AppointmentAdmin(NotesCards, ReadOnlyAdmin):
    """Made and changed through the services alone. No search by patient: what is searched for stands in the URL.

    The acts ask for the same rights as on the screens, beside that to the list; a doctor sees own patients' ones.
    """

    form = BookingForm
    list_display = ["number", "day_shown", "time_shown", "doctor_name", "patient", "state_shown", "source", "maker"]
    list_display_links = ["number", "day_shown"]
    list_filter = [
        ("slot__day", DaysFilter),
        "state",
        "source",
        ("slot__doctor", AutocompleteSelectFilter),
        ("slot__doctor__speciality", AutocompleteSelectFilter),
    ]
    date_hierarchy = "slot__day"
    ordering = ["-slot__begin", "-pk"]
    search_fields = ["number"]
    search_help_text = gettext_lazy("Ticket number or guid")
    raw_id_fields = ["slot", "patient"]
    actions = ["mark_visited", "mark_missed"]
    actions_detail = ["visited_one", "missed_one", "undo_one", "cancel_one"]
    add_fieldsets = [(None, {"fields": ["slot", "patient"]})]
    maker = who_column("booked_by", gettext_lazy("made by"))

    def landing(self) -> dict[str, str]:
        """Today."""
        today = timezone.localdate()
        return {f"slot__day__{part}": str(getattr(today, part)) for part in ("year", "month", "day")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        """Those that this employee may see, with what an appointment's page shows."""
        seen = Appointment.objects.of_doctors(doctors_of(request.user)).order_by(*self.ordering)
        return seen.select_related("slot__doctor__lpu", "patient", "direction")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Appointment], search_term: str
    ) -> tuple[QuerySet[Appointment], bool]:
        """Exactly this ticket number, or this guid."""
        wanted = search_term.strip()
        if not wanted:
            return queryset, False
        try:
            return queryset.filter(guid=UUID(wanted)), False
        except ValueError:
            return queryset.filter(number=wanted), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Those who book."""
        return request.user.has_perms(("appointments.add_appointment", "lmis.book_appointments"))

    def has_mark_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who mark; the page itself has nothing to type into."""
        return request.user.has_perms(("appointments.change_appointment", "lmis.mark_visits"))

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who cancel."""
        return request.user.has_perms(("appointments.change_appointment", "lmis.cancel_appointments"))

    def get_fieldsets(self, request: HttpRequest, obj: Appointment | None = None) -> Any:
        """Cancelling and overbooking only where there was any."""
        if obj is None:
            return self.add_fieldsets
        return [
            MAIN,
            *([OVER_PLAN] if obj.over_plan else []),
            *([CANCELLED] if obj.state == State.CANCELLED else []),
            HOW_MADE,
        ]

    def save_model(self, request: HttpRequest, obj: Appointment, form: Any, change: bool) -> None:
        """A booking at the desk."""
        made = booking.book(
            slot_guid=obj.slot.guid,
            patient=obj.patient,
            source=Source.REGISTRY,
            channels={Source.REGISTRY},
            by=actor(request),
            now=timezone.now(),
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: Appointment, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the appointment's page, or to the next booking."""
        messages.success(request, _("Booked: %(ticket)s.") % {"ticket": ticket_of(obj)})
        if "_addanother" in request.POST:
            return HttpResponseRedirect(request.path)
        return HttpResponseRedirect(reverse("admin:appointments_appointment_change", args=[obj.pk]))

    @display(description=gettext_lazy("day"), ordering="slot__begin")
    def day_shown(self, appointment: Appointment) -> str:
        """With the weekday."""
        return day_of(appointment.slot)

    @display(description=gettext_lazy("time"))
    def time_shown(self, appointment: Appointment) -> str:
        """From–to."""
        return time_of(appointment.slot)

    @display(description=gettext_lazy("doctor"), ordering="slot__doctor__family")
    def doctor_name(self, appointment: Appointment) -> str:
        """Surname and initials."""
        return appointment.slot.doctor.short_name

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"booked": "info", "visited": "success", "missed": "warning", "cancelled": "danger"},
    )
    def state_shown(self, appointment: Appointment) -> tuple[str, str]:
        """One word; colour and word say the same."""
        return appointment.state, str(appointment.get_state_display())

    @admin.action(description=gettext_lazy("The patient came"), permissions=["mark"])
    def mark_visited(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> None:
        """Mark each of the ticked."""
        self._mark_each(request, queryset, State.VISITED)

    @admin.action(description=gettext_lazy("The patient did not come"), permissions=["mark"])
    def mark_missed(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> None:
        """Mark each of the ticked."""
        self._mark_each(request, queryset, State.MISSED)

    @action(description=gettext_lazy("The patient came"), url_path="visited", permissions=["mark"])
    def visited_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Mark this one."""
        return self._ask_mark(request, object_id, VISITED, State.VISITED)

    @action(description=gettext_lazy("The patient did not come"), url_path="missed", permissions=["mark"])
    def missed_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Mark this one."""
        return self._ask_mark(request, object_id, MISSED, State.MISSED)

    @action(description=gettext_lazy("Take the mark back"), url_path="undo", permissions=["mark"])
    def undo_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Booked again."""
        found = found_or_404(self, request, object_id)

        def act(given: dict[str, Any]) -> str:
            visits.undo(appointment=found, by=actor(request))
            return _("The mark is taken back.")

        return ask(self, request, UNDO, [found], act, ticket_of)

    @action(description=gettext_lazy("Cancel…"), url_path="cancel", permissions=["cancel"])
    def cancel_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """With a reason; also after its time has come."""
        found = found_or_404(self, request, object_id)

        def act(given: dict[str, Any]) -> str:
            seen, now = Appointment.objects.of_doctors(doctors_of(request.user)), timezone.now()
            cancelling.cancel(guid=found.guid, among=seen, by=actor(request), now=now, late=True, **given)
            return _("The appointment is cancelled.")

        return ask(self, request, CANCEL, [found], act, ticket_of)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what can be done with an appointment in its state."""
        found = self.get_object(request, object_id)
        offered = OFFERED.get(found.state, ()) if found else ()
        return [one for one in super().get_actions_detail(request, object_id) if one.path in offered]

    def _ask_mark(self, request: HttpRequest, object_id: str, question: Question, state: str) -> HttpResponse:
        found = found_or_404(self, request, object_id)

        def act(given: dict[str, Any]) -> str:
            visits.mark(appointment=found, state=state, by=actor(request), now=timezone.now())
            return _("Written down.")

        return ask(self, request, question, [found], act, ticket_of)

    def _mark_each(self, request: HttpRequest, queryset: QuerySet[Appointment], state: str) -> None:
        by, now = actor(request), timezone.now()

        def mark(found: Appointment) -> None:
            visits.mark(appointment=found, state=state, by=by, now=now)

        done = each(request, queryset, mark, ticket_of)
        if done:
            said = ngettext("%(count)d appointment is marked.", "%(count)d appointments are marked.", done)
            messages.success(request, said % {"count": done})
