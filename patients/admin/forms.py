"""The form of a card."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from patients.admin.kinds import Kinds
from patients.forms import NumberField, PolisField
from patients.models import Patient
from patients.services.cards import EDITABLE
from patients.services.checks import errors
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
    "no_polis_reason",
    "polis_issued_on",
    "insurer",
    "phone",
    "address",
    "district",
    "attachment",
    "attached_on",
    "representative",
    "representative_relation",
    "representative_phone",
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

    polis_kind = forms.ChoiceField(label=_("polis kind"), required=False, widget=UnfoldAdminSelectWidget)
    document_kind = forms.ChoiceField(label=_("document kind"), required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Patient
        fields = FIELDS
        field_classes = {
            f"{paper}_{part}": field
            for paper, field in (("polis", PolisField), ("document", NumberField))
            for part in ("series", "number")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = self.instance.version
        self.kinds = Kinds.loaded()
        for kinds in self.kinds:
            chooser = self.fields[f"{kinds.paper}_kind"]
            chooser.choices, chooser.initial = kinds.choices, kinds.chosen(self.instance)  # type: ignore[attr-defined]

    def news(self) -> dict[str, Any]:
        """What was changed, as columns of the card: a kind that was chosen goes before what is written beside it."""
        found = {name: self.cleaned_data[name] for name in self.changed_data if name in EDITABLE}
        for kinds in self.kinds:
            written = {f"{kinds.paper}_type_code", f"{kinds.paper}_type_name"} & found.keys()
            name = f"{kinds.paper}_kind"
            if name in self.changed_data and (self.cleaned_data[name] or not written):
                found |= kinds.columns(self.cleaned_data[name])
        return found

    def clean_snils(self) -> str:
        """Its digits; the model checks them."""
        return snils_digits(self.cleaned_data["snils"])

    def clean(self) -> dict[str, Any]:
        """What `check_card` finds wrong is said at its field; its hints keep nothing from being saved."""
        values = {**vars(self.instance), **(super().clean() or {})}
        lpu = values.get("lpu") or (self.instance.lpu if self.instance.lpu_id else None)
        for field, text in errors(values, today=timezone.localdate(timezone=lpu.tz if lpu else None)).items():
            if field in self.fields and field not in self.errors:
                self.add_error(field, ValidationError(text, code="invalid"))
        return self.cleaned_data
