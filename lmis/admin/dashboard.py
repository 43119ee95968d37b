"""The start page: a few numbers that are links. The apps above this one add theirs; nothing here knows of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from lmis.screens.menu import address_of
from lmis.services import alarms


@dataclass(frozen=True, slots=True)
class Card:
    """One number: `count` is one cheap statement, of what this employee may see; `link` is where that is listed."""

    title: Any
    icon: str
    permission: str
    count: Callable[[Any], int]
    link: Callable[[], str]


CARDS: list[Card] = []


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """For unfold: adds `cards`, those that this employee may see, and `troubles`, alarms for whoever minds them."""
    allowed = [card for card in CARDS if request.user.has_perm(card.permission)]
    context["title"] = _("Overview")
    context["cards"] = [
        {"title": card.title, "icon": card.icon, "count": card.count(request.user), "link": card.link()}
        for card in allowed
    ]
    if request.user.has_perm("lmis.watch_exchange"):
        context["troubles"] = alarms.lines(now=timezone.now())
        context["exchange"] = address_of("screens:exchange")
    return context


def environment(request: HttpRequest) -> list[Any] | None:
    """For unfold: a badge on every page that nobody takes the demo for the clinic."""
    return [_("Demo"), "warning"] if settings.DEMO else None
