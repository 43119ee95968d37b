"""How a workplace is switched: window or telephone, and whether tickets print at once. Its own, whoever sits there."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from lmis.models import Source

CHANNELS = (Source.REGISTRY, Source.CALL_CENTER)
_CHANNEL, _PRINT = "lmis_desk_channel", "lmis_desk_print"
_YEAR = 366 * 24 * 3600


def channel_of(request: HttpRequest) -> str:
    """Window or telephone; the desk, the waiting list and the grid book through the same one."""
    chosen = request.COOKIES.get(_CHANNEL, "")
    return chosen if chosen in CHANNELS else Source.REGISTRY


def prints(request: HttpRequest) -> bool:
    """Whether this workplace prints the ticket at once."""
    return request.COOKIES.get(_PRINT, "1") == "1"


def keep(response: HttpResponse, *, channel: str, at_once: bool) -> None:
    """Remember both for this workplace, whoever sits at it next; they say nothing about anybody."""
    for name, value in ((_CHANNEL, channel), (_PRINT, "1" if at_once else "0")):
        response.set_cookie(
            name,
            value,
            max_age=_YEAR,
            path=reverse("admin:index"),
            samesite="Strict",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
