"""The call list: the next patient on top, what to say, and the outcome under one key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import CallAttempt, CallTask
from appointments.querysets_waiting import CallQuerySet
from appointments.services import calls
from lmis.exceptions import Refusal
from lmis.screens import toast
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen
from lmis.services import access

Outcome = CallAttempt.Outcome
SHOWN = 50
SAID = {
    Outcome.REACHED: gettext_lazy("Told. The next one is on top."),
    Outcome.NO_ANSWER: gettext_lazy("No answer: comes again in half an hour."),
    Outcome.REFUSED: gettext_lazy("Written down: the patient refuses."),
    Outcome.NEEDLESS: gettext_lazy("Taken off the list."),
}


class OutcomeForm(forms.Form):
    """What came of the call."""

    call = forms.UUIDField()
    outcome = forms.ChoiceField(choices=Outcome.choices)
    note = forms.CharField(required=False, max_length=255, strip=True)


class CallScreen(Screen):
    """What the parts of the screen have in common."""

    right = "lmis.use_calls"
    template = "screens/calls/page.html"
    title = gettext_lazy("Call list")

    @cached_property
    def scope(self) -> CallQuerySet:
        """Calls about appointments of doctors that this employee sees."""
        return CallTask.objects.of_doctors(doctors_of(self.user))

    def content(self) -> dict[str, Any]:
        """The next call, those behind it, and how many there are."""
        waiting = list(self.scope.open().next_first(self.now).with_all_shown()[:SHOWN])
        chosen = self.request.POST.get("chosen", "")
        waiting.sort(key=lambda task: str(task.guid) != chosen)  # whom the employee wants to call now comes first
        for task in waiting:
            task.needless = calls.has_nothing_to_tell(task)  # type: ignore[attr-defined]
        midnight = self.now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        counts = self.scope.aggregate(
            left=Count("pk", filter=Q(state="open")), told=Count("pk", filter=Q(done_at__gte=midnight))
        )
        cards = [task.patient.guid for task in waiting]
        access.note(by=self.by, what=access.What.FOUND, cards=cards, screen="calls")
        gives_back = self.allows("lmis.cancel_appointments")
        return {"task": waiting[0] if waiting else None, "rest": waiting[1:], **counts, "gives_back": gives_back}


class Calls(CallScreen):
    """The screen, and the same with another call on top."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The next one on top."""
        return self.render(self.content())

    def post(self, request: HttpRequest) -> HttpResponse:
        """The chosen one on top."""
        return self.render(self.content(), "screens/calls/_content.html")


class CallRecord(CallScreen):
    """Writing an outcome down."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The next one on top; a refusal says who was first."""
        form = OutcomeForm(request.POST)
        if not form.is_valid():
            raise Http404
        given = form.cleaned_data
        done = self.act(
            lambda: calls.record(
                guid=given["call"],
                outcome=given["outcome"],
                note=given["note"],
                by=self.by,
                now=self.now,
                among=self.scope,
                give_back=self.allows("lmis.cancel_appointments"),
            )
        )
        if isinstance(done, Refusal):
            return toast(self.render(self.content(), "screens/calls/_content.html"), done.said, "error")
        shown = {**self.content(), "refused": self._refused(done.task, given["outcome"])}
        response = self.render(shown, "screens/calls/_content.html")
        if done.given_back:
            return toast(response, _("The patient refuses: the place is free again."), "warning")
        return toast(response, SAID[given["outcome"]])

    def _refused(self, task: CallTask, outcome: str) -> CallTask | None:
        """The call just made, when it was refused: the patient mostly wants another time, which the desk finds."""
        if outcome != Outcome.REFUSED or not self.allows("lmis.use_desk"):
            return None
        return self.scope.select_related("patient", "appointment").get(pk=task.pk)
