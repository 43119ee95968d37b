"""The start page of a head: free places, loads, absences, waits. Each number leads to what it counts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from appointments.models import WaitingEntry
from appointments.screens.grid_scope import query_of
from appointments.services import head_page
from lmis.models import Department, Doctor, Lpu, Speciality
from lmis.screens.menu import address_of
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen


class Head(Screen):
    """One page, read again when another LPU or department is chosen."""

    right = "lmis.view_head_page"
    template = "screens/head/page.html"
    title = _("Department today")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Of the chosen LPU and department; of the first LPU and all of its doctors, if none is."""
        lpu = self.chosen(self.lpus, "lpu") or next(iter(self.lpus), None)
        if lpu is None:
            return self.render({"page": None})
        departments = list(Department.objects.filter(lpu=lpu).order_by("name"))
        department = self.chosen(departments, "department")
        everybody = WaitingEntry.objects.of_lpu(lpu)
        waiting = everybody.of_department(department) if department else everybody
        page = head_page.read(lpu=lpu, now=self.now, doctors=self._doctors(lpu, department), waiting=waiting)
        shown = {"page": page, "lpu": lpu, "departments": departments, "department": department}
        return self.render({**shown, "links": Links(self, lpu, department), "weeks": head_page.WEEKS})

    def _doctors(self, lpu: Lpu, department: Department | None) -> Any:
        mine = doctors_of(self.user)
        wanted = Q(lpu=lpu, is_active=True) & (Q(department=department) if department else Q())
        return (Doctor.objects.all() if mine is None else mine).filter(wanted).order_by().values("pk")


class Links:
    """Where the numbers lead, for those who may go there; blank for the others. None of them names a patient."""

    def __init__(self, screen: Screen, lpu: Lpu, department: Department | None) -> None:
        may = screen.allows
        self._grid = address_of("screens:grid") if may("lmis.use_grid") else ""
        self._list = may("appointments.view_appointment")
        self.absence = address_of("screens:absence") if may("lmis.edit_absences") else ""
        self._waiting = address_of("screens:waiting") if may("lmis.use_waiting_list") else ""
        self._here = {"lpu": lpu.pk, **({"department": department.pk} if department else {})}

    def day(self, speciality: int, day: Any) -> str:
        """The day of a speciality on the grid."""
        return self._grid and f"{self._grid}?{query_of(speciality=Speciality(pk=speciality), day=day)}"

    def waiting(self, speciality: int) -> str:
        """Those who wait for a speciality, here."""
        return self._waiting and f"{self._waiting}?{urlencode({**self._here, 'speciality': speciality})}"

    def late(self, speciality: int) -> str:
        """Those of them whose norm has passed."""
        return self._waiting and f"{self.waiting(speciality)}&late=1"

    def week(self, doctor: Doctor, day: Any) -> str:
        """The week of a doctor on the grid."""
        return self._grid and f"{self._grid}?{query_of(doctor=doctor, day=day)}"
