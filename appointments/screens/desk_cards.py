"""A new card at the desk: filled in where nobody was found, checked as one types, likely duplicates shown."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.screens.desk import Part
from lmis.exceptions import Refusal
from lmis.models import Lpu
from lmis.screens import toast
from lmis.screens.toasts import trigger
from lmis.services import access
from lmis.text import phone_key
from patients.exceptions import CardExists
from patients.forms import NumberField, PolisField
from patients.info import PatientInfo
from patients.models import Patient
from patients.models.patient import Sex
from patients.services import cards, checks, likely, search
from patients.services.phones import Phone
from patients.services.sought import ByBirthDate, ByNames, ByPaper, ByPhone, BySnils
from patients.services.typed_names import names_of
from patients.validators import snils_digits

_DATES = ["%d.%m.%Y", "%d%m%Y", "%d %m %Y", "%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d"]
_SHORT = ["%d.%m.%y", "%d%m%y", "%d %m %y", "%d-%m-%y", "%d/%m/%y"]  # first: else 120356 is a day of the year 356
_BETWEEN_PHONES = re.compile(r"[;,](?=(?:[^;,\d]*\d){5})")  # what is shorter is an extension
_IS_SHORT = re.compile(r"\d{6}|\d{1,2}\D\d{1,2}\D\d{2}")
OWN = ("no_polis_reason", "district", "representative")
ASKED = ("polis_number", "representative")  # what is missing there is asked for once it is known whose card it will be


class CardForm(forms.Form):
    """What a registrar can ask at the window in a minute; the rest is added on the card itself."""

    family = forms.CharField(label=gettext_lazy("Surname"), max_length=100)
    name = forms.CharField(label=gettext_lazy("First name"), max_length=100, required=False)
    patronymic = forms.CharField(label=gettext_lazy("Patronymic"), max_length=100, required=False)
    birth_date = forms.DateField(label=gettext_lazy("Birth date"), input_formats=_SHORT + _DATES)
    sex = forms.ChoiceField(label=gettext_lazy("Sex"), choices=[("", "—"), *Sex.choices], required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=64, required=False)
    polis_number = PolisField(label=gettext_lazy("Polis number"), max_length=64, required=False)
    polis_series = PolisField(label=gettext_lazy("Series (old polis)"), max_length=32, required=False)
    no_polis_reason = forms.ChoiceField(label=gettext_lazy("Or why there is no polis"), required=False)
    snils = forms.CharField(label=gettext_lazy("SNILS"), max_length=20, required=False)
    document_series = NumberField(label=gettext_lazy("Document series"), max_length=32, required=False)
    document_number = NumberField(label=gettext_lazy("Document number"), max_length=64, required=False)
    district = forms.CharField(label=gettext_lazy("District"), max_length=32, required=False)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=500, required=False)
    representative = forms.CharField(label=gettext_lazy("Who comes with a child"), max_length=255, required=False)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "card-%s", **kwargs})
        self.today = today
        self.further_phones: list[Phone] = []
        reasons = Patient._meta.get_field("no_polis_reason").choices or []
        self.fields["no_polis_reason"].choices = [("", "—"), *reasons]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs |= {"autocomplete": "off", "aria-describedby": f"hint-{name}"}
        for name in ("birth_date", "phone", "polis_number", "snils"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"
        blank = (name for name in self.fields if not self.initial.get(name) and not self.data.get(name))
        self.fields[next(blank, "family")].widget.attrs["data-focus"] = True
        self.fields["birth_date"].widget.attrs["placeholder"] = _("dd.mm.yyyy")

    def clean_birth_date(self) -> dt.date:
        """A year of two digits is the last one that ended so."""
        born: dt.date = self.cleaned_data["birth_date"]
        is_short = _IS_SHORT.fullmatch(self.data.get("birth_date", "").strip())
        return born.replace(year=born.year - 100) if is_short and born > self.today else born

    def clean_phone(self) -> str:
        """The first one; those after it are the further phones of the card."""
        typed = self.cleaned_data["phone"]
        first, *others = [each.strip(" ;,") for each in _BETWEEN_PHONES.split(typed)]
        if typed and not phone_key(first):
            raise forms.ValidationError(_("There is no digit in it: write the number, or leave it blank."))
        self.further_phones = [Phone(each) for each in others]
        return first

    def clean_snils(self) -> str:
        """Digits alone."""
        return snils_digits(self.cleaned_data["snils"])

    def clean(self) -> dict[str, Any]:
        """What keeps a card from being written, in the words of the card's own checks."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for field, text in checks.errors(values, today=self.today).items():
            if field in self.fields and field not in self.errors:
                self.add_error(field, text)
        return values


class CardPart(Part):
    """For whoever works at the desk and may add cards: the same right as on the list of cards."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The second right before any method; who is nobody yet is asked who that is."""
        if request.user.is_authenticated and not request.user.has_perm("patients.add_patient"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def lpu(self) -> Lpu:
        """Where the card will be: the one chosen, else the first."""
        chosen = self.request.POST.get("card_lpu", "")
        return next((lpu for lpu in self.lpus if str(lpu.pk) == chosen), self.lpus[0])

    def likely(self, info: PatientInfo) -> list[likely.Likely]:
        """Whom it may be already; they are about to be shown."""
        found = likely.likely_duplicates(lpu=self.lpu(), info=info)
        access.note(by=self.by, what=access.What.FOUND, cards=[one.card.guid for one in found], screen="desk")
        return found

    def form(self, form: CardForm, **more: Any) -> HttpResponse:
        """The form on the right; on the left whom it may be already."""
        shown = {"form": form, "lpus": self.lpus, "lpu": self.lpu(), "right": "card", **more}
        return self.halves(shown, {"left": "likely", "likely": more.get("likely", [])})


class NewCard(CardPart):
    """The form, with what was typed into the box."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Nothing is written yet."""
        text = request.POST.get("text", "")
        return self.form(CardForm(initial=told(text, self.today), today=self.today))


class CheckCard(CardPart):
    """What is wrong or odd so far, beside each field, and who it may be already; the fields are left alone."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """As one types."""
        form = CardForm(request.POST, today=self.today)
        form.is_valid()
        typed = {name for name in form.fields if request.POST.get(name, "").strip()}
        known = {name: value for name, value in form.cleaned_data.items() if name in typed}
        found = checks.check_card(known, today=self.today)
        wrong = {name: " ".join(map(str, errors)) for name, errors in form.errors.items() if name in typed}
        hints = {name: {"text": text, "is_error": True} for name, text in wrong.items()}
        asked = typed | (set(ASKED) if "birth_date" in typed or {"family", "name"} <= typed else set())
        for hint in found:
            if hint.field in asked or hint.is_error:
                hints.setdefault(hint.field, {"text": hint.text, "is_error": hint.is_error})
        fields = [(name, hints.get(name)) for name in form.fields]
        shown = self.likely(PatientInfo.of_columns(known))
        return self.halves({"left": "likely", "likely": shown, "hints": fields})


class SaveCard(CardPart):
    """Makes the card, and goes on with it as if it had been found."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """One transaction; who has a card already is shown instead."""
        form = CardForm(request.POST, today=self.today)
        if not form.is_valid():
            response = self.form(form)
            return toast(response, _("The card is not written yet: look at the red fields."), "error")
        values = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)}
        own = {name: values.pop(name) for name in OWN if name in values}
        lpu, info = self.lpu(), PatientInfo.of_columns(values)
        if unseen := self._unseen(info):
            return toast(
                self.form(form, likely=unseen),
                _("Who it may be already is on the left. Nobody of them? Save once more."),
                "warning",
            )
        made = self.act(
            lambda: cards.create(lpu=lpu, info=info, by=self.by, own=own, further_phones=form.further_phones)
        )
        if isinstance(made, CardExists):
            known = likely.Likely(self.card(made.card.guid), ())
            return toast(self.form(form, likely=[known]), made.said, "error")
        if isinstance(made, Refusal):
            return toast(self.form(form), made.said, "error")
        patient = self.card(made.guid)
        response = self.halves(self.person(patient), self.whom(patient))
        return trigger(
            toast(response, _("The card is made: No. %(number)s.") % {"number": patient.card_number}), "desk-chosen"
        )

    def _unseen(self, info: PatientInfo) -> list[likely.Likely]:
        """All likely duplicates, if one of them was not on the left yet: Enter may be quicker than the check."""
        seen, found = set(self.request.POST.getlist("seen")), self.likely(info)
        return found if any(str(one.card.guid) not in seen for one in found) else []


def told(text: str, today: dt.date) -> dict[str, Any]:
    """What was typed into the box, as fields of the form."""
    for way in search.parse(text, today).ways:
        if isinstance(way, ByNames):
            names = names_of(text, today)
            one_day = way.born and way.born[0] == way.born[1]
            return {**names, "birth_date": f"{way.born[0]:%d.%m.%Y}"} if way.born and one_day else names
        if isinstance(way, ByBirthDate):
            return {"birth_date": f"{way.day:%d.%m.%Y}"}
        if isinstance(way, BySnils):
            return {"snils": way.digits}
        if isinstance(way, ByPhone):
            return {"phone": way.number}
        if isinstance(way, ByPaper):
            return {"polis_series": way.series, "polis_number": way.number}
    return {}
