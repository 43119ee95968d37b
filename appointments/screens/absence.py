"""Absences and extra hours: what there is, and entering new ones, with a look at what they would do first."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from appointments.models import AbsenceDecision, Appointment, ScheduleException, Slot, WaitingEntry
from appointments.screens.absence_forms import REASONS, ExtraForm, PeriodForm
from appointments.services import absences, extra_hours, waiting_offers
from lmis.exceptions import Refusal, ValidationFailed
from lmis.models import Doctor, Source
from lmis.querysets import DoctorQuerySet
from lmis.screens import toast
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen
from lmis.services import access

Kind = ScheduleException.Kind
SHOWN = 50


class AbsenceScreen(Screen):
    """What the parts of the screen have in common."""

    right = "lmis.edit_absences"
    title = gettext_lazy("Absences and extra hours")

    def doctors(self) -> DoctorQuerySet:
        """Those whose time this employee may change: who works here, or has left with patients still booked."""
        booked = Appointment.objects.active(self.now).filter(slot__doctor=OuterRef("pk"))
        return self.everybody().filter(Q(is_active=True) | Exists(booked))

    def everybody(self) -> DoctorQuerySet:
        """Those whom this employee sees, whether they work here or not."""
        own = doctors_of(self.user)
        return Doctor.objects.all() if own is None else own

    def exceptions(self) -> QuerySet[ScheduleException]:
        """Absences and extra hours, also of those who have left: what was decided there stays to be read."""
        rows = ScheduleException.objects.filter(doctor__in=self.everybody())
        return rows.select_related("doctor__lpu", "doctor__speciality", "doctor__room")

    def explain(self, form: PeriodForm, refusal: Refusal) -> None:
        """Put what a service refused beside the fields that it is about."""
        if not isinstance(refusal, ValidationFailed):
            form.add_error(None, refusal.said)
            return
        names = {"begin": "first", "end": "last" if "last" in form.fields else "last_time"}
        for error in refusal.errors:
            form.add_error(names.get(error.field, error.field), str(error.message))


class Absences(AbsenceScreen):
    """The list of what is ahead, and the forms."""

    template = "screens/absence/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Coming and present ones by time, each absence with how many patients are left."""
        return self.render(self.content())

    def content(self) -> dict[str, Any]:
        """What the page shows beside a form that was filled in."""
        ahead = self.exceptions().filter(end__gt=self.now).annotate(left=_left()).order_by("begin", "pk")[:SHOWN]
        return {
            "ahead": ahead,
            "absence_form": PeriodForm(doctors=self.doctors(), prefix="absence"),
            "extra_form": ExtraForm(doctors=self.doctors().filter(is_active=True), prefix="extra"),
            "reasons": REASONS,
        }


class AbsenceNew(AbsenceScreen):
    """Closing a period: first what it would do, then doing it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The preview under the form; with `close` the absence's own page."""
        form = PeriodForm(request.POST, doctors=self.doctors(), prefix="absence")
        shown: dict[str, Any] = {"form": form, "reasons": REASONS}
        if form.is_valid():
            refusal = self._close(form) if "close" in request.POST else self._check(form)
            if isinstance(refusal, HttpResponse):
                return refusal
            if refusal is not None:
                self.explain(form, refusal)
            else:
                shown |= self._preview(form)
        return self.render(shown, "screens/absence/_new.html")

    def _check(self, form: PeriodForm) -> Refusal | None:
        try:
            absences.check_period(*form.period(), form.cleaned_data["reason"], self.now)
        except ValidationFailed as refusal:
            return refusal
        return None

    def _close(self, form: PeriodForm) -> Refusal | HttpResponse:
        begin, end = form.period()
        given = form.cleaned_data
        made = self.act(
            lambda: absences.close_period(
                doctor=given["doctor"], begin=begin, end=end, reason=given["reason"], by=self.by, now=self.now
            )
        )
        if isinstance(made, Refusal):
            return made
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("screens:absence_one", args=[made.pk])})

    def _preview(self, form: PeriodForm) -> dict[str, Any]:
        begin, end = form.period()
        absence = ScheduleException(kind=Kind.ABSENCE, doctor=form.cleaned_data["doctor"], begin=begin, end=end)
        concerned = list(absences.booked_in(absence, self.now))
        places = Slot.objects.in_schedule().filter(doctor=absence.doctor, begin__lt=end, end__gt=begin)
        cards = [one.patient.guid for one in concerned]
        access.note(by=self.by, what=access.What.FOUND, cards=cards, screen="absence")
        return {"preview": absence, "concerned": concerned, "free": places.free(self.now).count()}


class AbsenceExtra(AbsenceScreen):
    """Extra hours: first the places that they would give, then making them."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The preview under the form; with `make` the places made, and who waits for such."""
        form = ExtraForm(request.POST, doctors=self.doctors().filter(is_active=True), prefix="extra")
        shown: dict[str, Any] = {"form": form, "reasons": REASONS}
        if not form.is_valid():
            return self.render(shown, "screens/absence/_extra.html")
        hours = form.hours()
        if "make" not in request.POST:
            try:
                shown |= {"preview": extra_hours.preview(hours, self.now), "tz": hours.doctor.lpu.tz}  # type: ignore[union-attr]
            except ValidationFailed as refusal:
                self.explain(form, refusal)
            return self.render(shown, "screens/absence/_extra.html")
        made = self.act(lambda: extra_hours.add(extra=hours, by=self.by, now=self.now))
        if isinstance(made, Refusal):
            self.explain(form, made)
            return self.render(shown, "screens/absence/_extra.html")
        return self._made(form, list(made))

    def _made(self, form: ExtraForm, places: list[Slot]) -> HttpResponse:
        """A blank form, what was made, and whether somebody waits for it."""
        doctor = form.cleaned_data["doctor"]
        waiting = WaitingEntry.objects.open().of_speciality(doctor.speciality_id)
        offered = waiting_offers.offers(now=self.now, channels=[Source.REGISTRY], among=waiting)
        here = {place.pk for place in places}
        shown = {
            "form": ExtraForm(doctors=self.doctors().filter(is_active=True), prefix="extra"),
            "reasons": REASONS,
            "made": places,
            "doctor": doctor,
            "waiting": sum(one.slot.pk in here for one in offered),
        }
        response = self.render(shown, "screens/absence/_extra.html")
        said = ngettext("%(count)d place is made.", "%(count)d places are made.", len(places)) % {"count": len(places)}
        return toast(response, said if places else _("Saved. The places come with the schedule of that day."))


class AbsenceBack(AbsenceScreen):
    """Taking an absence or extra hours back."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """To the list."""
        found = self.exceptions().filter(pk=pk, kind=Kind.ABSENCE).first()
        if found is not None:
            done = self.act(lambda: absences.reopen(absence=found, by=self.by, now=self.now))
            if isinstance(done, Refusal):
                return toast(HttpResponse(status=204), done.said, "error")
            absences.refill(doctor=found.doctor, by=self.by, now=self.now)  # type: ignore[arg-type]
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("screens:absence")})


def _left() -> Coalesce:
    """How many booked patients of an absence nothing has been decided about."""
    kept = AbsenceDecision.objects.filter(appointment=OuterRef("pk"), choice="keep", state="done")
    booked = Appointment.objects.filter(
        state=Appointment.State.BOOKED,
        slot__doctor=OuterRef("doctor"),
        slot__begin__lt=OuterRef("end"),
        slot__end__gt=OuterRef("begin"),
    )
    counted = booked.filter(~Exists(kept)).order_by().values("slot__doctor").annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number")), 0)
