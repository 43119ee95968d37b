"""Finding a card to open it: what is typed comes by POST and stands in no address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from lmis.screens.views import Screen
from lmis.services import access
from patients.models import Patient
from patients.screens.scope import seen_by
from patients.services import search

SHOWN = 20


class Finding(Screen):
    """What the screens that find cards share."""

    def find(self, text: str, screen: str) -> list[Patient]:
        """The cards that `text` means, written down as found."""
        found = search.find(text=text, lpus=self.lpus, today=self.today, limit=SHOWN)
        mine = set(seen_by(Patient.objects.filter(pk__in=[card.pk for card in found]), self.user))
        found = [card for card in found if card in mine]
        access.note(by=self.by, what=access.What.FOUND, cards=[card.guid for card in found], screen=screen)
        return found


class Find(Finding):
    """One box, and links to the cards."""

    right = "patients.view_patient"
    template = "screens/patients/find.html"
    title = _("Find a patient")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The box."""
        return self.render({"text": ""})

    def post(self, request: HttpRequest) -> HttpResponse:
        """The box as it was filled in, and what it means."""
        text = request.POST.get("text", "")[: search.LONGEST]
        return self.render({"text": text, "asked": True, "cards": self.find(text, "patients")})
