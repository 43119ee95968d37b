"""The list of directions: those that we issued with what came of them, those to us with their appointments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from directions.screens.forms import ListForm
from directions.screens.words import CHIPS, PROGRESS, DirectionScreen
from directions.services import own_patients
from lmis.models import Doctor
from lmis.screens.scope import doctors_of
from lmis.services import access
from patients.services.spellings import spellings

PAGE = 25


class Directions(DirectionScreen):
    """GET is the newest of those issued here, or, for whoever issues none, of those to us; filters go by POST."""

    template = "screens/directions/list.html"
    title = _("Directions")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; `?kind=in` or `?kind=out` begins with one or the other."""
        kind = request.GET.get("kind")
        if kind not in ("in", "out"):
            kind = "out" if self.allows("lmis.issue_directions") else "in"
        form = ListForm({"kind": kind}, states=PROGRESS.items())
        return self._shown(form, self.template)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Other rows, or, with `before`, those behind the last one."""
        form = ListForm(request.POST, states=PROGRESS.items())
        more = request.POST.get("before")
        return self._shown(form, f"screens/directions/{'_rows' if more else '_list'}.html")

    def _shown(self, form: ListForm, template: str) -> HttpResponse:
        rows = self._rows(form.cleaned_data) if form.is_valid() else []
        shown, rest = rows[:PAGE], rows[PAGE:]
        _with_doctors(shown)
        for row in shown:
            row.state_name, row.chip = PROGRESS[row.progress], CHIPS[row.progress]
        cards = {row.patient.guid for row in shown}
        access.note(by=self.by, what=access.What.FOUND, cards=cards, screen="directions")
        incoming = form.is_valid() and form.cleaned_data["kind"] == "in"
        before = f"{shown[-1].created_at.isoformat()} {shown[-1].pk}" if rest else ""
        return self.render({"form": form, "rows": shown, "incoming": incoming, "before": before}, template=template)

    def _rows(self, asked: dict[str, Any]) -> list[Any]:
        """One more than a page, the newest first."""
        rows = self.seen().with_appointment()
        rows = rows.incoming() if asked["kind"] == "in" else rows.issued_here()
        if asked["state"]:
            rows = rows.filter(progress=asked["state"])
        if asked["lpu"]:
            rows = rows.filter(**{"lpu_from" if asked["kind"] == "in" else "lpu_to": asked["lpu"]})
        if asked["text"].strip():
            rows = rows.filter(self._meant(asked["text"].strip()))
        if asked["before"]:
            rows = rows.filter(_behind(asked["before"]))
        return list(rows.order_by("-created_at", "-pk")[: PAGE + 1])

    def _meant(self, text: str) -> Q:
        """By number, or by the patients that the text means."""
        cards = own_patients.find(text=text, doctors=doctors_of(self.user), today=self.today)
        meant = Q(patient__in=cards)
        for number in spellings(text):
            meant |= Q(number__startswith=number)
        return meant


def _with_doctors(rows: list[Any]) -> None:
    """Each row's `with_doctor`: of its appointment; one statement."""
    doctors = Doctor.objects.in_bulk({row.appointment_doctor for row in rows if row.appointment_doctor})
    for row in rows:
        row.with_doctor = doctors.get(row.appointment_doctor)
        row.tz = row.lpu_to.tz


def _behind(place: str) -> Q:
    """After the row that the page before ended with; a place that is none ends the list."""
    try:
        moment, pk = place.split(" ")
        created, number = dt.datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return Q(pk__in=[])
    if created.tzinfo is None:
        return Q(pk__in=[])
    return Q(created_at__lt=created) | Q(created_at=created, pk__lt=number)
