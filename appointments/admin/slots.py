"""Places of the schedule: to look at, to close, to take out, to change what they allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import localize_input
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from appointments.admin.slot_states import StateFilter, acts_for, state_of
from appointments.models import Slot
from appointments.services import slots
from appointments.shown import day_of, time_of
from lmis.admin.ask import Question, ReasonForm, ask, found_or_404
from lmis.admin.base import LmisModelAdmin, actor
from lmis.admin.filters import DaysFilter
from lmis.admin.words import labels, words_of
from lmis.models import Source

BLOCK = Question(
    title=gettext_lazy("Block places"),
    submit=gettext_lazy("Block"),
    text=gettext_lazy("Nobody can book these places until they are unblocked. Appointments in them stay."),
    form_class=ReasonForm,
    danger=True,
)
UNBLOCK = Question(title=gettext_lazy("Unblock places"), submit=gettext_lazy("Unblock"))
WITHDRAW = Question(
    title=gettext_lazy("Withdraw places"),
    submit=gettext_lazy("Withdraw"),
    text=gettext_lazy("These places leave the schedule. Appointments in them stay: move or cancel each of them."),
    form_class=ReasonForm,
    danger=True,
)
PUT_BACK = Question(title=gettext_lazy("Put places back"), submit=gettext_lazy("Put back"))
Service = Callable[..., slots.Outcome]


@admin.register(Slot)
class SlotAdmin(LmisModelAdmin):
    """Made by templates and extra hours, never by hand, and never deleted."""

    list_display = ["day_shown", "time_shown", "doctor_name", "state_shown", "places", "channels_shown", "room_shown"]
    list_display_links = ["day_shown", "time_shown"]
    list_filter = [
        ("day", DaysFilter),
        ("doctor", AutocompleteSelectFilter),
        ("doctor__speciality", AutocompleteSelectFilter),
        StateFilter,
    ]
    search_fields = ["doctor__family", "doctor__speciality__name", "room_label__istartswith"]
    search_help_text = gettext_lazy("Surname of the doctor, speciality or room")
    ordering = ["begin", "doctor"]
    actions = ["block", "unblock", "withdraw", "put_back"]
    actions_detail = ["block_one", "unblock_one", "withdraw_one", "put_back_one"]
    autocomplete_fields = ["busy_type", "room"]
    readonly_preprocess_fields = {"channels": labels(Source)}
    readonly_fields = ["doctor", "day_shown", "time_shown", "state_word", "guid", "block_reason", "taken", "number"]
    fieldsets = [
        (None, {"fields": ["doctor", ("day_shown", "time_shown"), ("state_word", "block_reason"), "taken"]}),
        (gettext_lazy("What it allows"), {"fields": ["capacity", "channels", "busy_type", "room"]}),
        (gettext_lazy("For the exchange"), {"fields": ["guid", "number"]}),
    ]

    def landing(self) -> dict[str, str]:
        """From today on."""
        return {"day_from": localize_input(timezone.localdate())}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Slot]:
        """With what a place's name shows."""
        return super().get_queryset(request).select_related("doctor__lpu", "doctor__speciality")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Extra hours make places."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Withdrawing takes a place out."""
        return False

    def save_model(self, request: HttpRequest, obj: Slot, form: Any, change: bool) -> None:
        """Through the service."""
        names = ["capacity", "channels", "busy_type", "room"]
        slots.revise(guid=obj.guid, **{name: form.cleaned_data[name] for name in names}, by=actor(request))

    @display(description=gettext_lazy("day"), ordering="begin")
    def day_shown(self, slot: Slot) -> str:
        """With the weekday."""
        return day_of(slot)

    @display(description=gettext_lazy("time"))
    def time_shown(self, slot: Slot) -> str:
        """From–to."""
        return time_of(slot)

    @display(description=gettext_lazy("doctor"), ordering="doctor__family")
    def doctor_name(self, slot: Slot) -> str:
        """Surname and initials."""
        return slot.doctor.short_name

    @display(description=gettext_lazy("room"))
    def room_shown(self, slot: Slot) -> str:
        """As the region sees it."""
        return slot.room_label

    @display(description=gettext_lazy("places"))
    def places(self, slot: Slot) -> str:
        """Taken of how many."""
        return f"{slot.booked} / {slot.capacity + slot.overbooked}"

    @display(description=gettext_lazy("taken places"))
    def taken(self, slot: Slot) -> str:
        """Taken of how many, and how many beyond the plan."""
        beyond = _("beyond the plan: %(count)d") % {"count": slot.overbooked} if slot.overbooked else ""
        return " ".join([self.places(slot), beyond])

    @display(description=gettext_lazy("number in the day"))
    def number(self, slot: Slot) -> str:
        """What the ticket shows."""
        return f"{slot.ordinal:02d}"

    @display(description=gettext_lazy("channels"))
    def channels_shown(self, slot: Slot) -> str:
        """In words."""
        return words_of(slot.channels, Source)

    @display(
        description=gettext_lazy("state"),
        label={"free": "success", "taken": "info", "begun": "", "blocked": "danger", "withdrawn": "warning"},
    )
    def state_shown(self, slot: Slot) -> tuple[str, str]:
        """One word; colour and word say the same."""
        return state_of(slot, timezone.now())

    @display(description=gettext_lazy("state"))
    def state_word(self, slot: Slot) -> str:
        """The same on the place's page."""
        return state_of(slot, timezone.now())[1]

    @admin.action(description=gettext_lazy("Block…"), permissions=["change"])
    def block(self, request: HttpRequest, queryset: QuerySet[Slot]) -> HttpResponse:
        """Close to everybody."""
        return self._ask(request, BLOCK, queryset, slots.block)

    @admin.action(description=gettext_lazy("Unblock"), permissions=["change"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[Slot]) -> HttpResponse:
        """Open again."""
        return self._ask(request, UNBLOCK, queryset, slots.unblock)

    @admin.action(description=gettext_lazy("Withdraw…"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Slot]) -> HttpResponse:
        """Take out of the schedule."""
        return self._ask(request, WITHDRAW, queryset, slots.withdraw)

    @admin.action(description=gettext_lazy("Put back"), permissions=["change"])
    def put_back(self, request: HttpRequest, queryset: QuerySet[Slot]) -> HttpResponse:
        """Into the schedule again."""
        return self._ask(request, PUT_BACK, queryset, slots.put_back)

    @action(description=gettext_lazy("Block…"), url_path="block", permissions=["change"])
    def block_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same from the place's page."""
        return self._ask(request, BLOCK, [found_or_404(self, request, object_id)], slots.block)

    @action(description=gettext_lazy("Unblock"), url_path="unblock", permissions=["change"])
    def unblock_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same from the place's page."""
        return self._ask(request, UNBLOCK, [found_or_404(self, request, object_id)], slots.unblock)

    @action(description=gettext_lazy("Withdraw…"), url_path="withdraw", permissions=["change"])
    def withdraw_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same from the place's page."""
        return self._ask(request, WITHDRAW, [found_or_404(self, request, object_id)], slots.withdraw)

    @action(description=gettext_lazy("Put back"), url_path="put-back", permissions=["change"])
    def put_back_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same from the place's page."""
        return self._ask(request, PUT_BACK, [found_or_404(self, request, object_id)], slots.put_back)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what would change this place."""
        found = self.get_object(request, object_id)
        offered = acts_for(found, timezone.now()) if found else ()
        return [one for one in super().get_actions_detail(request, object_id) if one.path in offered]

    def _ask(self, request: HttpRequest, question: Question, chosen: Iterable[Slot], service: Service) -> HttpResponse:
        """Ask, with a reason where the question has one, then call the service and say what it did."""
        found = list(chosen)

        def act(given: dict[str, Any]) -> str:
            guids = [slot.guid for slot in found]
            return _said(service(guids=guids, by=actor(request), now=timezone.now(), **given))

        return ask(self, request, question, found, act)


def _said(outcome: slots.Outcome) -> str:
    parts = [_("Places changed: %(count)d.") % {"count": outcome.changed}]
    if outcome.left:
        parts.append(_("Left as they were (begun, or nothing to change): %(count)d.") % {"count": outcome.left})
    if outcome.appointments:
        parts.append(_("Appointments in these places: %(count)d.") % {"count": outcome.appointments})
    return " ".join(parts)
