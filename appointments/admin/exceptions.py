"""What departs from the weekly pattern, to look at.

Absences and extra hours are entered on their screen, which closes the places at once and asks what becomes of the
patients; here only a whole LPU is closed, for which there is no screen.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from appointments.admin.schedule import WHAT_IS_OFFERED, tell
from appointments.models import ScheduleException
from appointments.services import closings
from lmis.admin.ask import found_or_404
from lmis.admin.base import LmisModelAdmin, actor
from lmis.admin.filters import DaysFilter
from lmis.admin.words import labels
from lmis.models import Lpu, Source

_RIGHT = "lmis.edit_absences"
Kind = ScheduleException.Kind


class ClosingForm(forms.ModelForm):
    """Which LPU is closed, from when to when, and why."""

    class Meta:
        model = ScheduleException
        fields = ["lpu", "begin", "end", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:  # a known one is shown by this form, too, and stays what it is
            self.instance.kind = Kind.HOLIDAY
        if lpu := self.fields.get("lpu"):
            lpu.queryset = Lpu.objects.own()  # type: ignore[attr-defined]


@admin.register(ScheduleException)
class ScheduleExceptionAdmin(LmisModelAdmin):
    """A closing is entered and taken back, and never changed: so it always says what was announced."""

    form = ClosingForm
    list_display = ["kind", "whose", "begin", "end", "reason"]
    list_display_links = ["kind", "whose"]
    list_filter = [
        "kind",
        ("begin", DaysFilter),
        ("doctor", AutocompleteSelectFilter),
        ("lpu", AutocompleteSelectFilter),
    ]
    search_fields = ["doctor__family", "reason"]
    search_help_text = gettext_lazy("Surname of the doctor, or reason")
    readonly_preprocess_fields = {"channels": labels(Source)}
    actions_list = ["open_screen"]
    actions_detail = ["open_absence"]
    add_fieldsets = [
        (
            gettext_lazy("Close a whole LPU"),
            {
                "fields": ["lpu", "begin", "end", "reason"],
                "description": gettext_lazy("Absences and extra hours of a doctor are entered on their own screen."),
            },
        )
    ]
    fieldsets = [
        (None, {"fields": ["kind", "doctor", "lpu", ("begin", "end"), "reason"]}),
        (gettext_lazy("What extra hours offer"), {"fields": WHAT_IS_OFFERED}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScheduleException]:
        """With what its page shows."""
        return super().get_queryset(request).select_related("doctor__speciality", "doctor__lpu", "lpu")

    def get_fieldsets(self, request: HttpRequest, obj: ScheduleException | None = None) -> Any:
        """What a known one has, by its kind."""
        if obj is None:
            return self.add_fieldsets
        return self.fieldsets if obj.kind == Kind.EXTRA else self.fieldsets[:1]

    def has_edit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever has the screen."""
        return request.user.has_perm(_RIGHT)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Of a closing."""
        return super().has_add_permission(request) and request.user.has_perm(_RIGHT)

    def has_change_permission(self, request: HttpRequest, obj: ScheduleException | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ScheduleException | None = None) -> bool:
        """Of a closing; an absence is taken back on its own page."""
        allowed = super().has_delete_permission(request, obj) and request.user.has_perm(_RIGHT)
        return allowed and (obj is None or obj.kind == Kind.HOLIDAY)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form; once a closing is committed, the places follow it."""
        response = super().changeform_view(request, *args, **kwargs)
        self._lay(request)
        return response

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Taking it back; likewise."""
        response = super().delete_view(request, object_id, extra_context)
        self._lay(request)
        return response

    def save_model(self, request: HttpRequest, obj: ScheduleException, form: Any, change: bool) -> None:
        """Through the service."""
        made = closings.close(**form.cleaned_data, by=actor(request), now=timezone.now())
        obj.pk = made.pk
        request.closing = made  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: ScheduleException) -> None:
        """Through the service."""
        closings.take_back(closing=obj, by=actor(request))
        request.closing = obj  # type: ignore[attr-defined]

    @action(description=gettext_lazy("Enter absences and extra hours"), url_path="screen", permissions=["edit"])
    def open_screen(self, request: HttpRequest) -> HttpResponse:
        """To the screen."""
        return HttpResponseRedirect(reverse("screens:absence"))

    @action(description=gettext_lazy("Open the absence"), url_path="open", permissions=["edit"])
    def open_absence(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To its page, or to the screen, where extra hours are."""
        found = found_or_404(self, request, object_id)
        if found.kind == Kind.ABSENCE:
            return HttpResponseRedirect(reverse("screens:absence_one", args=[found.pk]))
        return HttpResponseRedirect(reverse("screens:absence"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """An absence alone has a page of its own."""
        found = self.get_object(request, str(object_id))
        offered = super().get_actions_detail(request, object_id)
        return offered if found is not None and found.kind == Kind.ABSENCE else []

    @display(description=gettext_lazy("whose"))
    def whose(self, exception: ScheduleException) -> str:
        """The doctor, the LPU, or all of them."""
        if exception.doctor:
            return exception.doctor.short_name
        return str(exception.lpu or _("all LPUs"))

    def _lay(self, request: HttpRequest) -> None:
        """The generator works in short transactions of its own, so after the one of the form."""
        closing = getattr(request, "closing", None)
        refused = getattr(request, "refusal", None)
        if closing is not None and refused is None:
            tell(request, closings.lay(closing=closing, by=actor(request), now=timezone.now()))
