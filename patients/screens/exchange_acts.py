"""What operators do on their page: pause, pace, send again, upload existing cards, take note of alarms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lmis.exceptions import Refusal
from lmis.models import Lpu
from lmis.screens import toast
from lmis.screens.numbers import number_or_404
from lmis.screens.toasts import trigger
from lmis.services import alarms
from patients.models import CardUpload, ExchangeSettings
from patients.screens.exchange import ExchangeScreen
from patients.services import backfill, exchange_page, gate, pauses, reconciliation, resending

Said = tuple[str, str]  # text and level of the note


class PauseForm(forms.Form):
    """Why, and for how long."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=255)
    minutes = forms.IntegerField(label=gettext_lazy("For how long"), min_value=1, max_value=7 * 24 * 60)


class PaceForm(forms.ModelForm):
    """The pace."""

    class Meta:
        model = ExchangeSettings
        fields = ["rate", "parallel"]


class BackfillForm(forms.Form):
    """Which cards."""

    state = forms.ChoiceField(
        label=gettext_lazy("Which cards"), choices=[("", ""), *CardUpload.State.choices], required=False
    )
    since = forms.DateField(label=gettext_lazy("Changed since (blank: whenever)"), required=False)
    lpu = forms.ModelChoiceField(Lpu.objects.own(), label=gettext_lazy("LPU"), required=False)


class AgainForm(forms.Form):
    """Cards of one state with one reason."""

    state = forms.ChoiceField(
        label=gettext_lazy("state"), choices=[(str(state), str(state)) for state in exchange_page.SENT_AGAIN]
    )
    code = forms.CharField(max_length=64, required=False)


class QuietForm(forms.Form):
    """Which alarm is quiet, for how many hours; 0: no more."""

    name = forms.CharField(max_length=40)
    hours = forms.IntegerField(label=gettext_lazy("For how long"), min_value=0, max_value=7 * 24)


class Act(ExchangeScreen):
    """One act; the answer is the whole page anew and a note of what was done, or why not."""

    right = "lmis.run_exchange"

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        """Do it. An unknown act is not there."""
        acts: dict[str, Callable[[], Said]] = {
            "pause": self._pause,
            "resume": self._resume,
            "pace": self._pace,
            "try": self._try,
            "backfill": self._backfill,
            "backfill_stop": self._backfill_stop,
            "backfill_resume": self._backfill_resume,
            "reconcile": self._reconcile,
            "again": self._again,
            "again_all": self._again_all,
            "acknowledge": self._acknowledge,
            "quiet": self._quiet,
        }
        if verb not in acts:
            raise Http404
        text, level = self._done(acts[verb])
        response = self.changed("")
        if level != "error":
            trigger(response, "close-dialog")
        return toast(response, text, level)  # type: ignore[arg-type]  # one of the levels

    def _done(self, work: Callable[[], Said]) -> Said:
        done = self.act(work)
        return (done.said, "error") if isinstance(done, Refusal) else done

    def _given(self, form: forms.BaseForm) -> dict[str, Any]:
        if not form.is_valid():
            raise _Wrong(form)
        return form.cleaned_data

    def _pause(self) -> Said:
        given = self._given(PauseForm(self.request.POST))
        until = self.now + dt.timedelta(minutes=given["minutes"])
        pauses.pause(reason=given["reason"], until=until, by=self.by, now=self.now)
        return _("Paused. Nothing is sent until the pause ends."), "warning"

    def _resume(self) -> Said:
        if pauses.resume(by=self.by, now=self.now):
            return _("Resumed. Cards go out again."), "success"
        return _("Nothing was paused."), "info"

    def _pace(self) -> Said:
        given = self._given(PaceForm(self.request.POST))
        pauses.change_settings(rate=given["rate"], parallel=given["parallel"], by=self.by, now=self.now)
        return _("The pace is set; it counts at once."), "success"

    def _try(self) -> Said:
        if gate.try_now(by=self.by, now=self.now):
            return _("The next card is sent as a probe."), "success"
        return _("Nothing holds the uploads up."), "info"

    def _backfill(self) -> Said:
        given = self._given(BackfillForm(self.request.POST))
        since = given["since"] and dt.datetime.combine(given["since"], dt.time(), timezone.get_current_timezone())
        scope = backfill.Scope(changed_since=since, state=given["state"], lpu=given["lpu"])
        asked = backfill.start(scope=scope, by=self.by, now=self.now)
        return _("Started: %(cards)d cards.") % {"cards": asked.total}, "success"

    def _backfill_stop(self) -> Said:
        if backfill.stop(by=self.by, now=self.now):
            return _("Stopped. What was handed over already is still sent."), "success"
        return _("Nothing runs."), "info"

    def _backfill_resume(self) -> Said:
        if asked := backfill.resume(by=self.by, now=self.now):
            return _("It goes on: %(cards)d cards are left.") % {"cards": asked.total}, "success"
        return _("Nothing is left to go on with."), "info"

    def _reconcile(self) -> Said:
        reconciliation.start(by=self.by, now=self.now)
        return _("The comparison has begun; its numbers appear here."), "success"

    def _again(self) -> Said:
        card = number_or_404(self.request.POST.get("card", ""))
        if not CardUpload.objects.filter(pk=card).exists():
            raise Http404
        if resending.one(card_id=card, by=self.by, now=self.now):
            return _("The card will be sent again."), "success"
        return _("The card is being sent just now."), "info"

    def _again_all(self) -> Said:
        given = self._given(AgainForm(self.request.POST))
        done = resending.all_of(state=given["state"], code=given["code"], by=self.by, now=self.now)
        text = ngettext("%(count)d card will be sent again.", "%(count)d cards will be sent again.", done.cards)
        if done.later:
            text += " " + _("They go bit by bit, behind new and changed cards.")
        return text % {"count": done.cards}, "success"

    def _acknowledge(self) -> Said:
        alarm = number_or_404(self.request.POST.get("alarm", ""))
        if alarms.acknowledge(alarm_id=alarm, by=self.by, now=self.now):
            return _("Written down: you know of it."), "success"
        return _("Somebody knows of it already, or it is over."), "info"

    def _quiet(self) -> Said:
        given = self._given(QuietForm(self.request.POST))
        until = self.now + dt.timedelta(hours=given["hours"])
        alarms.keep_quiet(name=given["name"], until=until, by=self.by, now=self.now)
        if given["hours"]:
            return _("Nobody is told of it until then; it is shown all the same."), "success"
        return _("It is told of again."), "success"


class _Wrong(Refusal):
    """What was typed cannot be taken; says which field and why. Never from the API."""

    status = 422

    def __init__(self, form: forms.BaseForm) -> None:
        super().__init__()
        told = [f"{form.fields[name].label or name}: {texts[0]}" for name, texts in form.errors.items()]
        self.message = " ".join(told)  # type: ignore[misc]  # says what is wrong
