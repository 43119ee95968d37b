"""One absence: who is concerned, a substitute for all of them in one act, or a decision about each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.models import AbsenceDecision, Appointment, CallTask, ScheduleException, Slot
from appointments.screens.absence import AbsenceScreen
from appointments.services import absence_run, absence_targets, absences, substitution
from appointments.services.absence_run import Progress
from appointments.services.absences import Decided
from lmis.exceptions import Refusal
from lmis.models import Doctor
from lmis.screens import toast
from lmis.services import access

Choice, State = AbsenceDecision.Choice, AbsenceDecision.State


class OneAbsence(AbsenceScreen):
    """What the parts of the page have in common."""

    @cached_property
    def absence(self) -> ScheduleException:
        """The absence of the address, if it is of a doctor whom this employee sees."""
        found = self.exceptions().filter(pk=self.kwargs["pk"], kind=ScheduleException.Kind.ABSENCE).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def left(self) -> list[Appointment]:
        """About whom something must be decided yet."""
        return list(absences.affected(self.absence, self.now))

    @cached_property
    def colleagues(self) -> list[Doctor]:
        """Who might substitute, of the same speciality first."""
        assert self.absence.doctor is not None
        return list(substitution.candidates(self.absence.doctor))

    def content(self) -> dict[str, Any]:
        """How far it is, who could substitute, what is proposed for each."""
        decided = self.absence.decisions.select_related(
            "slot__doctor__lpu", "target__doctor__lpu", "appointment__patient", "appointment__slot"
        ).prefetch_related(Prefetch("appointment__calls", CallTask.objects.order_by("-pk")))
        rows = list(decided)
        cards = {one.patient.guid for one in self.left} | {row.appointment.patient.guid for row in rows}
        access.note(by=self.by, what=access.What.FOUND, cards=cards, screen="absence")
        return {
            "absence": self.absence,
            "left": self.left,
            "done": [row for row in rows if row.state == State.DONE],
            "planned": sum(row.state == State.PLANNED for row in rows),
            "substitutes": self.substitutes(),
            "others": [each for each in self.colleagues if not self.is_same(each)],
            "lines": self.lines(),
            "come": sum(substitution.has_come(one, self.now) for one in self.left),
        }

    def is_same(self, doctor: Doctor) -> bool:
        """Whether this one has the absent doctor's speciality."""
        assert self.absence.doctor is not None
        return doctor.speciality_id == self.absence.doctor.speciality_id

    def substitutes(self) -> list[tuple[Doctor, int]]:
        """Those of the speciality with how many of the patients they could see; whoever can see most comes first."""
        same = [each for each in self.colleagues if self.is_same(each)]
        calendar = substitution.calendar_of(same, self.left, now=self.now)
        counted = [(each, sum(not fit.why_not for fit in calendar.fits(self.left, each))) for each in same]
        return sorted(counted, key=lambda pair: -pair[1])

    def lines(self) -> list[dict[str, Any]]:
        """Each appointment that is left with the place proposed and those to choose from."""
        targets = absence_targets.targets_for(self.absence, self.left, self.now)
        shared = {"same": targets.same, "colleagues": targets.colleagues}
        return [
            {
                "appointment": one,
                "proposed": targets.proposed.get(one.pk),
                "decision": _decision(one),
                "has_come": substitution.has_come(one, self.now),
                **shared,
            }
            for one in self.left
        ]

    def again(self, said: str, level: str = "success", *, going_on: bool = False) -> HttpResponse:
        """The content as it is now, with a word about what was done; `going_on`: the page asks for the rest itself."""
        self.__dict__.pop("left", None)  # read afresh
        content = {**self.content(), "going_on": going_on}
        return toast(self.render(content, "screens/absence/_one.html"), said, level)  # type: ignore[arg-type]

    def carry_out(self) -> HttpResponse:
        """Carry out what is planned, as far as one request goes."""
        progress = absence_run.carry_out(absence=self.absence, by=self.by, now=self.now)
        moved = progress.done + progress.refused > 0
        return self.again(*_told(progress), going_on=moved and progress.left > 0)

    def decide(self, decisions: list[Decided]) -> HttpResponse:
        """Write the decisions down, then carry them out."""
        absence = self.absence
        done = self.act(lambda: absences.decide(absence=absence, decisions=decisions, by=self.by, now=self.now))
        if isinstance(done, Refusal):
            return self.again(done.said, "error")
        return self.carry_out()


class Absence(OneAbsence):
    """The page of one absence."""

    template = "screens/absence/one.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """As it is now."""
        return self.render(self.content())


class AbsencePreview(OneAbsence):
    """What a substitution would do."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Each patient with: fits, or why not."""
        substitute = _substitute(request, self.colleagues)
        fits = substitution.calendar_of([substitute], self.left, now=self.now).fits(self.left, substitute)
        able = sum(not fit.why_not for fit in fits)
        shown = {"absence": self.absence, "substitute": substitute, "fits": fits, "able": able}
        return self.render(shown, "screens/absence/_preview.html")


class AbsenceSubstitute(OneAbsence):
    """Handing the list over."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Whoever fits goes to the substitute; the others are left to decide about."""
        substitute = _substitute(request, self.colleagues)
        fits = substitution.calendar_of([substitute], self.left, now=self.now).fits(self.left, substitute)
        able = [Decided(f.appointment, Choice.SUBSTITUTE, substitute=substitute) for f in fits if not f.why_not]
        return self.decide(able)


class AbsenceDecide(OneAbsence):
    """A decision about each of those that are left."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Those with a decision are carried out; the others stay in the list."""
        sent = {one: request.POST.get(f"choice-{one.guid}", "") for one in self.left}
        wanted = {one: request.POST.get(f"target-{one.guid}", "") for one, choice in sent.items() if choice == "move"}
        places = {str(slot.guid): slot for slot in Slot.objects.filter(guid__in=_guids(wanted.values()))}
        decisions = []
        for one, choice in sent.items():
            late = f"come-{one.guid}" in request.POST
            if choice == Choice.MOVE and wanted[one] in places:
                decisions.append(Decided(one, Choice.MOVE, target=places[wanted[one]], late=late))
            elif choice in (Choice.CANCEL, Choice.KEEP):
                decisions.append(Decided(one, choice, late=late))
        if not decisions:
            return self.again(_("Nothing is decided yet: choose for at least one patient."), "warning")
        return self.decide(decisions)


class AbsenceContinue(OneAbsence):
    """Going on with what is planned, after a pause or a crash."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The content again."""
        return self.carry_out()


def _decision(appointment: Appointment) -> AbsenceDecision | None:
    decided: list[AbsenceDecision] = appointment.decided  # type: ignore[attr-defined]
    return decided[0] if decided else None


def _substitute(request: HttpRequest, among: list[Doctor]) -> Doctor:
    chosen = next((each for each in among if str(each.pk) == request.POST.get("substitute")), None)
    if chosen is None:
        raise Http404
    return chosen


def _guids(texts: Iterable[str]) -> list[UUID]:
    """Those that are guids; anything else the page has not sent."""
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(UUID(text))
    return found


def _told(progress: Progress) -> tuple[str, str]:
    said = ngettext("%(count)d patient is settled.", "%(count)d patients are settled.", progress.done)
    words = said % {"count": progress.done}
    if progress.refused:
        words += " " + _("Not possible for %(count)d: see why in the list.") % {"count": progress.refused}
        return words, "warning"
    return words, "success" if not progress.left else "info"
