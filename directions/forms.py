"""The admin's forms. The rules are in `directions.services`; a form asks them before it is saved."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from directions.models import Direction, IncomingDirection
from directions.services import issuing
from lmis.exceptions import Refusal
from lmis.models import Lpu, Speciality


class _DirectionForm(forms.ModelForm):
    """What both kinds of directions ask for; the speciality is chosen, and kept as code and name."""

    required: tuple[str, ...] = ()
    speciality = forms.ModelChoiceField(
        Speciality.objects.all(), required=False, label=_("Speciality"), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.required:
            self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """Ask the service once all that it needs is there."""
        data = super().clean() or {}
        if all(data.get(name) for name in self.required):
            try:
                self.check_rules(data)
            except Refusal as refusal:
                raise ValidationError(refusal.message, code=refusal.code) from refusal
        return data

    def check_rules(self, data: dict[str, Any]) -> None:
        """Raise the service's ValidationError or Refusal."""
        raise NotImplementedError


class IssueForm(_DirectionForm):
    """A direction from one of our doctors."""

    required = ("doctor", "patient", "lpu_to")

    class Meta:
        model = Direction
        fields = [
            "doctor",
            "patient",
            "lpu_to",
            "diagnosis_code",
            "diagnosis_name",
            "reason",
            "valid_until",
        ]

    def check_rules(self, data: dict[str, Any]) -> None:
        """As `issuing.issue` will."""
        today = timezone.now().astimezone(data["doctor"].lpu.tz).date()
        issuing.check_issue(
            doctor=data["doctor"], patient=data["patient"], valid_until=data.get("valid_until"), today=today
        )


class PaperForm(_DirectionForm):
    """A direction that the patient brought on paper."""

    required = ("patient", "lpu_from")

    class Meta:
        model = IncomingDirection
        fields = [
            "patient",
            "lpu_from",
            "number",
            "date_direction",
            "diagnosis_code",
            "diagnosis_name",
            "reason",
            "valid_until",
            "sender_family",
            "sender_name",
            "sender_patronymic",
        ]

    def check_rules(self, data: dict[str, Any]) -> None:
        """As `issuing.enter_paper` will."""
        lpu_from: Lpu = data["lpu_from"]
        issuing.check_paper(patient=data["patient"], lpu_from=lpu_from, number=data["number"])


class CancelForm(BaseDialogForm):
    """Why a direction is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextInputWidget)


class OutcomeForm(BaseDialogForm):
    """What became of a direction to an institution outside."""

    outcome = forms.ChoiceField(
        label=_("What came of it"),
        choices=Direction.Outcome.choices,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
