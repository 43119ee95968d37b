"""The journal: who changed what, who opened or found which card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from appointments.services import journal_search
from lmis.days import DayField
from lmis.models import AccessRecord
from lmis.screens.views import Screen
from lmis.services import access, journal_export
from lmis.services.journal_reading import Place, Question, read
from lmis.services.journal_words import Words, person
from patients.models import Patient
from patients.services import search

SEES_PEOPLE = "patients.view_patient"
DAYS = 7  # of the period that the screen begins with
LONG = 365  # and when it is opened from a card
FOUND = 20


class EmployeeField(forms.ModelChoiceField):
    """Employees by name, those who have left too."""

    def label_from_instance(self, obj: Any) -> str:
        """Name, and the login of namesakes."""
        name = person(obj)
        return name if name == obj.get_username() else f"{name} ({obj.get_username()})"


class JournalForm(forms.Form):
    """What is asked; `card` is the guid of the chosen patient's, `after` where the page before ended."""

    first = DayField(label=_("From"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    last = DayField(label=_("To, inclusive"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    user = EmployeeField(
        User.objects.order_by("last_name", "first_name", "username"),
        label=_("Employee"),
        required=False,
        empty_label=_("all, programs too"),
    )
    kind = forms.ChoiceField(label=_("What happened"), required=False)
    card = forms.UUIDField(required=False, widget=forms.HiddenInput)
    after = forms.CharField(required=False, widget=forms.HiddenInput, max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = _kinds()  # type: ignore[attr-defined]

    def clean_after(self) -> Place | None:
        """The place behind the page before."""
        try:
            return Place.parse(self.cleaned_data["after"])
        except ValueError as error:
            raise forms.ValidationError(_("Begin again from the first page."), code="invalid") from error

    def clean(self) -> dict[str, Any]:
        """The period goes forwards."""
        data = super().clean() or self.cleaned_data
        if data.get("first") and data.get("last") and data["first"] > data["last"]:
            self.add_error("last", _("The period ends before it begins."))
        return data


class Journal(Screen):
    """The filters, and the entries below; all goes by POST, so that nobody's choice stands in an address.

    But for a card's guid, by which its own page leads here: that says nothing to whoever may not open the card.
    """

    right = "lmis.view_journal"
    template = "screens/journal/page.html"
    title = _("Journal")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The last week of everybody; with `?card=` who saw that card in a year."""
        if card := request.GET.get("card"):
            return self._show(JournalForm({**self._beginning(LONG), "card": card, "kind": journal_search.SEEN}))
        return self._show(JournalForm(self._beginning(DAYS)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """What was asked; a card alone, from a link of its page, is asked for a year."""
        data = request.POST.dict()
        if "first" not in data:
            data = {**self._beginning(LONG), **data}
        return self._show(JournalForm(data), "screens/journal/_entries.html" if self.is_htmx else None)

    def _show(self, form: JournalForm, template: str | None = None) -> HttpResponse:
        context: dict[str, Any] = {"form": form, "sees_people": self.allows(SEES_PEOPLE)}
        if form.is_valid():
            question, patient = self._question(form.cleaned_data)
            entries, following = read(question, form.cleaned_data["after"])
            lines = Words(entries, shows_people=context["sees_people"]).lines()
            context |= {"lines": lines, "following": following, "patient": patient}
            context["more"] = form.cleaned_data["after"] is not None
        return self.render(context, template, status=200 if form.is_valid() else 422)

    def _question(self, data: dict[str, Any]) -> tuple[Question, Patient | None]:
        cards = self._cards(data["card"]) if data["card"] else None
        user = data["user"]
        zone = timezone.get_current_timezone()
        question = Question(
            begin=dt.datetime.combine(data["first"], dt.time(), tzinfo=zone),
            end=dt.datetime.combine(data["last"] + dt.timedelta(days=1), dt.time(), tzinfo=zone),
            user_id=user.pk if user else None,
            kind=journal_search.kind_of(data["kind"]),
            cards=None if cards is None else [card.guid for card in cards],
            objects=None if cards is None else journal_search.things_of(cards),
        )
        return question, cards[0] if cards else None

    def _cards(self, guid: UUID) -> list[Patient]:
        self.demand(SEES_PEOPLE)
        cards = journal_search.cards_of(guid)
        access.note(by=self.by, what=access.What.OPENED, cards=[card.guid for card in cards], screen="journal")
        return cards

    def _beginning(self, days: int) -> dict[str, Any]:
        today = timezone.localdate(self.now)
        return {"first": today - dt.timedelta(days=days - 1), "last": today}


class JournalPatients(Screen):
    """Whose entries: the patients that were typed for."""

    right = "lmis.view_journal"
    template = "screens/journal/_patients.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Up to twenty; each found one is written down like at the desk."""
        self.demand(SEES_PEOPLE)
        text = request.POST.get("text", "")
        patients = search.find(text=text, lpus=self.lpus, today=self.today, limit=FOUND)
        access.note(by=self.by, what=access.What.FOUND, cards=[one.guid for one in patients], screen="journal")
        return self.render({"patients": patients, "text": text.strip()}, self.template)


class JournalExport(Journal):
    """The same as a file for a table; the export itself is an entry of the journal."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Nothing to export without a question."""
        raise PermissionDenied

    def post(self, request: HttpRequest) -> Any:
        """CSV, written as it is read; the cards in it are noted as exported."""
        form = JournalForm({**request.POST.dict(), "after": ""})
        if not form.is_valid():
            return self._show(form)
        question, _patient = self._question(form.cleaned_data)
        journal_export.note(by=self.by, question=question)
        response = StreamingHttpResponse(self._rows(question), content_type="text/csv; charset=utf-8")
        name = f"journal-{form.cleaned_data['first']}-{form.cleaned_data['last']}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _rows(self, question: Question) -> Iterator[str]:
        sees = self.allows(SEES_PEOPLE)
        yield journal_export.head()
        place: Place | None = None
        while True:
            entries, place = read(question, place, limit=journal_export.CHUNK)
            if sees:
                cards = {entry.card for entry in entries if isinstance(entry, AccessRecord)}
                access.note(by=self.by, what=access.What.EXPORTED, cards=cards, screen="journal")
            yield journal_export.rows(Words(entries, shows_people=sees).lines())
            if place is None:
                return


def _kinds() -> list[tuple[Any, Any]]:
    """The choices of the form, changes by the names of the models."""
    changes = [(f"changes:{label}", capfirst(model._meta.verbose_name_plural)) for label, model in _by_name()]
    seen = [(f"seen:{code}", capfirst(label)) for code, label in AccessRecord.What.choices]
    return [
        ("", _("everything")),
        (_("Who saw cards"), [("seen", _("any way")), *seen]),
        (_("Who changed what"), [("changes", _("any change")), *changes]),
    ]


def _by_name() -> list[tuple[str, Any]]:
    return sorted(journal_search.journalled().items(), key=lambda item: str(item[1]._meta.verbose_name_plural).lower())
