"""Cards to mend: what the MIP has refused, for the registrars; saving a card sends it again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from lmis.screens.numbers import number
from lmis.screens.views import Screen
from lmis.services import access
from patients.services import mending

SHOWN = 50


class Mend(Screen):
    """The list, who is expected soon on top."""

    right = "lmis.mend_cards"
    template = "screens/patients/mend.html"
    title = _("Cards to mend")

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page; whoever is shown is written down."""
        page = min(number(request.GET.get("page", ""), digits=5) or 0, 1000)
        found = mending.page(lpus=self.lpus, now=self.now, limit=SHOWN + 1, begin=page * SHOWN)
        shown = found[:SHOWN]
        cards = [one.upload.patient.guid for one in shown]
        access.note(by=self.by, what=access.What.FOUND, cards=cards, screen="mend")
        count = mending.count(lpus=self.lpus)
        return self.render(
            {
                "cards": shown,
                "count": count,
                "most": mending.COUNTED,
                "page": page,
                "next": page + 1 if len(found) > SHOWN else None,
            }
        )


class MendCount(Screen):
    """The number beside the menu's entry."""

    right = "lmis.mend_cards"
    template = "screens/patients/_mend_count.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """204 when there is none, or as many as the page shows."""
        count = mending.count(lpus=self.lpus)
        if str(count) == request.GET.get("since", "0"):
            return HttpResponse(status=204)
        return self.render({"count": count, "most": mending.COUNTED})
