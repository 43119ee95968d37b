"""The schedule grid: the week of a doctor, the day of a speciality."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment
from appointments.querysets import AppointmentQuerySet
from appointments.screens import grid_board
from appointments.screens.grid_cells import LEGEND, MARKS, WORDS, Viewer
from appointments.screens.grid_scope import Scope, query_of, scope_of
from appointments.screens.grid_since import Since
from lmis.models import Doctor, Source
from lmis.querysets import DoctorQuerySet
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen

LAST = "grid"  # in the session: where this employee looked last
POLL_SECONDS = 4


class GridPart(Screen):
    """What all parts of the grid have in common: whose schedule may be seen, through which channels is booked."""

    right = "lmis.use_grid"

    @property
    def own(self) -> DoctorQuerySet | None:
        """The doctors that this employee may see; None for all."""
        return doctors_of(self.user)

    @property
    def among(self) -> AppointmentQuerySet:
        """The appointments that this employee may act on."""
        return Appointment.objects.of_doctors(self.own)

    def visit(self, guid: UUID) -> Appointment:
        """Raises Http404 for one that is not there or not for this employee."""
        found = self.among.select_related("patient__lpu", "slot__doctor__lpu", "slot__doctor__speciality")
        visit = found.select_related("direction__lpu_from").filter(guid=guid).first()
        if visit is None:
            raise Http404
        return visit

    @property
    def channels(self) -> tuple[str, ...]:
        """A doctor books through the doctors' channel, the desk through that of the window or of the telephone."""
        return (Source.REGISTRY, Source.CALL_CENTER) if self.own is None else (Source.DOCTOR,)

    @property
    def viewer(self) -> Viewer:
        """For the cells."""
        return Viewer(names=self.allows("patients.view_patient"), channels=frozenset(self.channels))

    @property
    def scope(self) -> Scope | None:
        """What the address asks for; raises Http404 for what is not there or not for this employee."""
        return scope_of(self.request.GET, own=self.own, today=self.today)


class Grid(GridPart):
    """The page."""

    template = "screens/grid/page.html"
    title = _("Schedule")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The view asked for; without one the view of last time, or the first there is."""
        scope = self.scope
        if scope is None:
            query = self._landing()
            if query is None:
                return self.render({"nobody": True, "no_doctors": self.own is None})
            return HttpResponseRedirect(f"{request.path}?{query}")
        if not scope.moving and request.session.get(LAST) != scope.query():
            request.session[LAST] = scope.query()
        board = grid_board.read(scope, viewer=self.viewer, now=self.now)
        return self.render({"scope": scope, "board": board, **self._around(scope), **self._moving(scope)})

    def _landing(self) -> str | None:
        """Raises nothing: a doctor who has left since last time is no reason for an error page."""
        own, last = self.own, self.request.session.get(LAST)
        if last and own is None:
            return str(last)
        shown = Doctor.objects.filter(is_active=True, lpu__is_own=True) if own is None else own
        first = shown.select_related("speciality").order_by("speciality__name", "family", "pk").first()
        if first is None:
            return None
        one = {"doctor": first} if own is not None else {"speciality": first.speciality}
        return query_of(day=self.today, **one)

    def _around(self, scope: Scope) -> dict[str, Any]:
        """Where one can go from here, and what the signs mean."""
        return {
            "previous": scope.query(scope.first - scope.step),
            "next": scope.query(scope.first + scope.step),
            "today": scope.query(self.today),
            "is_today": scope.first <= self.today <= scope.last,
            "legend": [(sign, WORDS[sign]) for sign in LEGEND],
            "channel_marks": [(mark, Source(source).label) for source, mark in MARKS.items()],
            "poll": POLL_SECONDS,
            "instant": int(self.now.timestamp()),
        }

    def _moving(self, scope: Scope) -> dict[str, Any]:
        """The appointment that is being moved, for the line above the grid; one statement when there is one."""
        if not scope.moving:
            return {}
        self.demand("lmis.move_appointments")
        found = self.among.with_all_shown().select_related("patient")
        moving = found.filter(guid=scope.moving, state=Appointment.State.BOOKED).first()
        if moving is None:
            raise Http404
        return {"moving": moving, "names": self.viewer.names}


class Changes(GridPart):
    """What changed in the view since the page, or the last answer, was made."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """204 when nothing did, else the changed cells alone."""
        scope = self.scope
        if scope is None:
            raise Http404
        since = Since.parse(request.GET.get("since", ""))
        current, cells = grid_board.changes(scope, since=since, viewer=self.viewer, now=self.now)
        if not cells:
            return HttpResponse(status=204)
        return self.render({"since": current, "cells": cells}, "screens/grid/_changes.html")


class Choose(GridPart):
    """The list to choose a doctor or a speciality from, typed into or walked through."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """All that this employee may see, by speciality; one statement."""
        shown = Doctor.objects.filter(is_active=True, lpu__is_own=True) if self.own is None else self.own
        doctors = shown.select_related("speciality", "room", "lpu").order_by("speciality__name", "family", "name", "pk")
        asked, day = self.request.GET, self.today
        here = scope_of(asked, own=self.own, today=day)
        if here is not None and not here.first <= day <= here.last:
            day = here.first
        moving = here.moving if here else None
        entries = [(one, query_of(doctor=one, day=day, moving=moving)) for one in doctors]
        parts = {one.speciality: query_of(speciality=one.speciality, day=day, moving=moving) for one in doctors}
        address = reverse("screens:grid")
        return self.render({"doctors": entries, "parts": parts, "address": address}, "screens/grid/_choose.html")
