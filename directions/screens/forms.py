"""The screens' forms: shape only, the rules are the services'."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directions.models import Direction
from lmis.models import Doctor, Lpu, Speciality

GOOD_FOR = dt.timedelta(days=30)  # offered, not prescribed: the doctor may write another day or none


class LpuField(forms.ModelChoiceField):
    """Institutions of the directory; ours come first."""

    def label_from_instance(self, obj: Any) -> str:
        """The short name; one that nobody has confirmed says so."""
        return str(obj) if obj.is_confirmed else _("%(lpu)s (not confirmed)") % {"lpu": obj}


class IssueForm(forms.Form):
    """A direction from one of `doctors`; the patient is chosen beside it."""

    patient = forms.UUIDField(widget=forms.HiddenInput, required=True)
    doctor = forms.ModelChoiceField(Doctor.objects.none(), label=_("Referring doctor"), empty_label=_("choose"))
    lpu_to = LpuField(Lpu.objects.none(), label=_("Where to"), empty_label=_("choose"))
    speciality = forms.ModelChoiceField(
        Speciality.objects.all(), label=_("To which doctor (speciality)"), empty_label=_("choose")
    )
    diagnosis_code = forms.CharField(
        label=_("Code by ICD-10"),
        max_length=16,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "size": 8, "data-part": "code"}),
    )
    diagnosis_name = forms.CharField(
        label=_("Diagnosis"),
        max_length=500,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "data-part": "name"}),
    )
    reason = forms.CharField(
        label=_("Reason and purpose of the direction"),
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Blank: without an end."),
    )

    def __init__(self, *args: Any, doctors: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["doctor"].queryset = doctors  # type: ignore[attr-defined]
        self.fields["lpu_to"].queryset = Lpu.objects.order_by(  # type: ignore[attr-defined]
            "-is_own", "-is_confirmed", "short_name", "name"
        )

    def clean(self) -> dict[str, Any]:
        """Some diagnosis there must be: in words, by its code, or both."""
        data = super().clean() or self.cleaned_data
        if not data.get("diagnosis_code") and not data.get("diagnosis_name"):
            self.add_error("diagnosis_name", _("Write the diagnosis, or its code."))
        return data


class OutcomeForm(forms.Form):
    """What staff learnt of a direction to an institution outside."""

    outcome = forms.ChoiceField(label=_("What came of it"), choices=Direction.Outcome.choices, required=False)
    outcome_note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )


class CancelForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.TextInput({"autocomplete": "off"}))


class ListForm(forms.Form):
    """What the list shows; all of it goes by POST, since what is searched for may be a patient."""

    kind = forms.ChoiceField(
        choices=[("out", _("Issued here")), ("in", _("To us"))], required=False, widget=forms.RadioSelect
    )
    state = forms.ChoiceField(label=_("State"), required=False)
    lpu = LpuField(Lpu.objects.none(), label=_("Other institution"), required=False, empty_label=_("any"))
    text = forms.CharField(
        label=_("Number, or patient"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    before = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, states: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [("", _("any")), *states]  # type: ignore[attr-defined]
        self.fields["lpu"].queryset = Lpu.objects.order_by("-is_own", "short_name", "name")  # type: ignore[attr-defined]
