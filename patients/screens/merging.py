"""Duplicates: a list of likely pairs, two cards side by side, and the merge."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lmis.exceptions import Refusal
from lmis.screens.numbers import number
from lmis.screens.views import Screen
from lmis.services import access
from patients.models import LikelyDuplicate, Patient
from patients.screens.comparing import compared, strangers
from patients.screens.finding import Finding
from patients.services import likely_pairs, merging, search

SHOWN = 50


class Pairs(Finding):
    """The list to work through."""

    right = "lmis.merge_cards"
    template = "screens/patients/pairs.html"
    title = gettext_lazy("Duplicate cards")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The first pairs; what is decided makes room for the next."""
        return self.render(self.pairs())

    def pairs(self) -> dict[str, Any]:
        """For the template."""
        open_ones = LikelyDuplicate.objects.filter(state=LikelyDuplicate.State.OPEN, one__lpu__in=self.lpus)
        found = list(open_ones.select_related("one", "other").order_by("pk")[: SHOWN + 1])
        guids = [card.guid for pair in found[:SHOWN] for card in (pair.one, pair.other)]
        access.note(by=self.by, what=access.What.FOUND, cards=guids, screen="merge")
        return {"pairs": found[:SHOWN], "more": len(found) > SHOWN}


class Look(Screen):
    """Look for pairs now, and not only at night."""

    right = "lmis.merge_cards"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Look, and say what was found."""
        found = likely_pairs.look(now=self.now)
        messages.info(request, _("Likely duplicates found: %(count)d.") % {"count": found})
        return HttpResponseRedirect(reverse("screens:merge"))


class FindTwo(Pairs):
    """Two cards chosen by hand."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The cards to choose from."""
        text = request.POST.get("text", "")[: search.LONGEST]
        return self.render({**self.pairs(), "text": text, "asked": True, "cards": self.find(text, "merge")})


class Different(Screen):
    """Two persons: the pair leaves the list."""

    right = "lmis.merge_cards"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say so."""
        pair = get_object_or_404(LikelyDuplicate, pk=pk, one__lpu__in=self.lpus)
        if not likely_pairs.is_different(pair=pair, by=self.by, now=self.now):
            messages.info(request, _("Somebody has decided this already."))
        return HttpResponseRedirect(reverse("screens:merge"))


class Two(Screen):
    """Two cards side by side: which stays, what moves, and the button."""

    right = "lmis.merge_cards"
    template = "screens/patients/two.html"
    title = gettext_lazy("Two cards of one patient?")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Side by side; `into` is the card that stays, the older one at first."""
        one, other = self.cards(request.GET.getlist("cards"))
        into, duplicate = (other, one) if request.GET.get("into") == str(other.pk) else (one, other)
        return self.side_by_side(into, duplicate)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Merge; a refusal is shown where it was asked for."""
        into, duplicate = self.cards([request.POST.get("into", ""), request.POST.get("duplicate", "")], ordered=False)
        done = self.act(lambda: merging.merge(duplicate=duplicate, into=into, by=self.by, now=self.now))
        if isinstance(done, Refusal):
            return self.side_by_side(into, duplicate, done.said, status=409)
        messages.success(request, _("Merged into card No. %(number)s.") % {"number": done.card_number})
        return HttpResponseRedirect(reverse("screens:merge"))

    def cards(self, ids: list[str], *, ordered: bool = True) -> list[Patient]:
        """The two cards of our own LPUs, the older first if ordered; 404 for anything else."""
        wanted = [pk for pk in map(number, ids) if pk is not None]
        found = Patient.objects.filter(pk__in=wanted, lpu__in=self.lpus).select_related("lpu", "upload")
        by_pk = {card.pk: card for card in found.prefetch_related("phones")}
        if len(by_pk) != 2 or len(wanted) != 2:
            raise Http404
        return [by_pk[pk] for pk in (sorted(wanted) if ordered else wanted)]

    def side_by_side(self, into: Patient, duplicate: Patient, refusal: str = "", status: int = 200) -> HttpResponse:
        """Both cards in the order of their age, what a merge would do, and what stands against it."""
        cards = sorted((into, duplicate), key=lambda card: card.pk)
        access.note(by=self.by, what=access.What.OPENED, cards=[card.guid for card in cards], screen="merge_pair")
        try:
            plan = merging.preview(duplicate=duplicate, into=into)
        except Refusal as error:
            plan, refusal = None, refusal or str(error.message)
        shown = {"cards": cards, "into": into, "duplicate": duplicate, "plan": plan, "refusal": refusal}
        fields = compared(cards[0], cards[1], plan.filled if plan else {})
        return self.render({**shown, "fields": fields, "strangers": strangers(cards[0], cards[1])}, status=status)
