"""What the desk's form carries from step to step: whose booking, to whom, which times, by what direction."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from appointments.models import WaitNorm
from appointments.models.schedule import Weekday
from appointments.models.waiting import PartOfDay
from appointments.screens.asked import guid_or_404
from appointments.services.desk import Paper
from appointments.services.offers import Wish
from lmis.days import DayField

PAPER = "paper"
OF_FILTER = {"weekday": range(1, 6), "weekend": range(6, 8)}  # ISO numbers


class StateForm(forms.Form):
    """Everything the page itself has put in; what is malformed here nobody has typed."""

    patient = forms.UUIDField(required=False)
    token = forms.UUIDField(required=False)
    moving = forms.UUIDField(required=False)
    slot = forms.UUIDField(required=False)
    appointment = forms.UUIDField(required=False)
    doctor = forms.UUIDField(required=False)
    speciality = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    direction = forms.CharField(required=False, max_length=36)


class TypedForm(forms.Form):
    """What is typed or chosen beside it: the times that suit, and a paper direction in one row."""

    kind = forms.ChoiceField(label=_("Kind of visit"), choices=WaitNorm.Kind.choices, required=False)
    part = forms.ChoiceField(choices=PartOfDay.choices, required=False)
    days = forms.ChoiceField(choices=[("", ""), ("weekday", ""), ("weekend", "")], required=False)
    first = DayField(label=_("Not before"), required=False)
    paper_lpu = forms.CharField(label=_("Who referred"), required=False, max_length=500)
    paper_number = forms.CharField(label=_("Number"), required=False, max_length=64)
    paper_day = DayField(label=_("Date of the direction"), required=False)
    paper_diagnosis = forms.CharField(label=_("Diagnosis, ICD-10"), required=False, max_length=16)
    paper_doctor = forms.CharField(label=_("Referring doctor"), required=False, max_length=100)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=64)
    wait_last = DayField(label=_("Not later than"), required=False)
    wait_weekdays = forms.TypedMultipleChoiceField(
        label=_("Only on these weekdays"),
        choices=[(day.value, WEEKDAYS_ABBR[day - 1]) for day in Weekday],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    wait_note = forms.CharField(label=_("Note"), required=False, max_length=500)


class State:
    """The form's fields as attributes; raises Http404 for what the page cannot have sent."""

    def __init__(self, request: HttpRequest) -> None:
        sent = StateForm(request.POST)
        if not sent.is_valid():
            raise Http404
        self.given = sent.cleaned_data
        self.typed = TypedForm(request.POST)
        self.typed.is_valid()  # what is not stays out of `right`, and is said beside its field
        self.right = self.typed.cleaned_data
        self.patient: UUID | None = self.given["patient"]
        self.token: UUID | None = self.given["token"]
        self.moving: UUID | None = self.given["moving"]
        self.slot: UUID | None = self.given["slot"]
        self.appointment: UUID | None = self.given["appointment"]
        self.doctor: UUID | None = self.given["doctor"]
        self.speciality: int | None = self.given["speciality"]
        self.direction: str = self.given["direction"]

    @property
    def kind(self) -> str:
        """Of the visit, for the norm."""
        return str(self.right.get("kind") or "")

    @property
    def wish(self) -> Wish:
        """Which times suit."""
        return Wish(self.right.get("part") or "", self.right.get("days") or "", self.right.get("first"))

    @property
    def weekdays(self) -> list[int]:
        """Those that suit whoever goes on the waiting list: the ticked ones, else those of the filter; none is any."""
        return self.right.get("wait_weekdays") or list(OF_FILTER.get(self.wish.days, ()))

    @property
    def waits_specially(self) -> bool:
        """Whether anything but the usual was filled in for the waiting list."""
        return any(self.typed[name].value() for name in ("wait_last", "wait_weekdays", "wait_note"))

    @property
    def by_paper(self) -> bool:
        """Whether the row of the paper direction is open."""
        return self.direction == PAPER

    @property
    def direction_guid(self) -> UUID | None:
        """Of the chosen open direction; raises Http404 for what is none."""
        if not self.direction or self.by_paper:
            return None
        return guid_or_404(self.direction)

    @property
    def is_paper_mistyped(self) -> bool:
        """Whether something in that row is not what it should be; what is wrong elsewhere keeps nobody from booking."""
        return any(name.startswith("paper_") for name in self.typed.errors)

    @property
    def paper(self) -> Paper | None:
        """The row, when it is open."""
        if not self.by_paper:
            return None
        typed = self.right
        lpu = str(typed.get("paper_lpu") or "").strip()
        return Paper(
            lpu_from=lpu,
            number=typed.get("paper_number") or "",
            day=typed.get("paper_day"),
            diagnosis=typed.get("paper_diagnosis") or "",
            sender=typed.get("paper_doctor") or "",
        )
