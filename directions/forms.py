"""The admin's forms: shape only, the rules are the services'."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from directions.models import Direction, IncomingDirection
from lmis.models import Speciality


class PaperForm(forms.ModelForm):
    """A direction that the patient brought on paper; the speciality is one of ours, kept as it is called now."""

    speciality = forms.ModelChoiceField(
        Speciality.objects.all(), required=False, label=_("Speciality"), widget=UnfoldAdminSelectWidget
    )

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


class OutcomeForm(forms.Form):
    """What became of a direction to an institution outside."""

    outcome = forms.ChoiceField(
        label=_("What came of it"),
        choices=Direction.Outcome.choices,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    outcome_note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=UnfoldAdminTextInputWidget({"autocomplete": "off"})
    )
