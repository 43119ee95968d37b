"""The form of a card."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from patients.models import Patient
from patients.validators import snils_digits

FIELDS = [
    "lpu",
    "card_number",
    "family",
    "name",
    "patronymic",
    "birth_date",
    "sex",
    "snils",
    "polis_series",
    "polis_number",
    "polis_type_code",
    "polis_type_name",
    "document_series",
    "document_number",
    "document_type_code",
    "document_type_name",
    "phone",
    "address",
]


class PatientForm(forms.ModelForm):
    """A СНИЛС may be typed with spaces and dashes; it is kept without.

    `seen_version` is the card's version when the page was opened: what somebody has changed since is not overwritten.
    """

    snils = forms.CharField(
        label=_("SNILS"),
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("11 digits; spaces and dashes do not matter."),
    )

    seen_version = forms.IntegerField(label="", required=False, widget=forms.HiddenInput)

    class Meta:
        model = Patient
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = self.instance.version

    def clean_snils(self) -> str:
        """Its digits; the model checks them."""
        return snils_digits(self.cleaned_data["snils"])

    def clean_birth_date(self) -> dt.date | None:
        """Nobody is born tomorrow."""
        born: dt.date | None = self.cleaned_data["birth_date"]
        if born and born > timezone.localdate():
            raise ValidationError(_("This day is yet to come."), code="invalid")
        return born
