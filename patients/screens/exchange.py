"""The operators' page: is everything that the region should know on its way, and if not, why not."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from lmis.screens.views import Screen
from patients.services import exchange_charts, exchange_page, pauses

# Parts of the page that change by themselves: each is swapped only when it reads otherwise than before.
PARTS = ("alarms", "lead", "charts", "states", "backfill", "nights")
_DIGITS = 8


class ExchangeScreen(Screen):
    """What its parts have in common."""

    right = "lmis.watch_exchange"
    template = "screens/exchange/page.html"
    title = _("Exchange with the MIP")
    tells_of_troubles = False  # it has all of them, with what is to be done

    @property
    def runs(self) -> bool:
        """Whether this employee may change anything here."""
        return self.allows("lmis.run_exchange")

    def parts(self) -> dict[str, str]:
        """Each part as it reads now."""
        page = exchange_page.read(now=self.now)
        context = {"page": page, "screen": self, "runs": self.runs}
        return {name: render_to_string(f"screens/exchange/_{name}.html", context, self.request) for name in PARTS}

    def changed(self, since: str) -> HttpResponse:
        """The parts that read otherwise than those of `since`, each to its place; 204 when none does."""
        parts, before = self.parts(), since.split("-")
        now = marks_of(parts)
        known = dict(zip(PARTS, before, strict=False))
        fresh = {name: html for name, html in parts.items() if known.get(name) != now[name]}
        if not fresh:
            return HttpResponse(status=204)
        return self.render({"fresh": fresh, "since": "-".join(now.values())}, "screens/exchange/_changes.html")


class Exchange(ExchangeScreen):
    """The page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """All of it."""
        parts = self.parts()
        context: dict[str, Any] = {"parts": parts, "since": "-".join(marks_of(parts).values()), "runs": self.runs}
        return self.render({**context, "settings": pauses.settings_now()})


class ExchangeChanges(ExchangeScreen):
    """What the page asks again and again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """204 while nothing reads otherwise; else the parts that do."""
        return self.changed(request.GET.get("since", ""))


class ExchangeTable(ExchangeScreen):
    """The charts as tables, for whoever would rather read than look."""

    template = "screens/exchange/_table.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Both."""
        return self.render({"charts": exchange_charts.read(now=self.now)})


def marks_of(parts: dict[str, str]) -> dict[str, str]:
    """A short digest of each part: nothing of it reads otherwise while this stays. No form's token is in one."""
    return {name: hashlib.sha256(html.encode()).hexdigest()[:_DIGITS] for name, html in parts.items()}
