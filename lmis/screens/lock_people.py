"""Who worked at this workplace lately: the lock offers them, so that a change of the employee is a password away.

The browser keeps their ids, signed, where no script reads them; whoever has left the clinic is not offered.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

MOST = 4  # offered at once, each under a key
_COOKIE = _SALT = "lmis_people"
_DAYS = dt.timedelta(days=14)


def others(request: HttpRequest) -> list[User]:
    """Those of the workplace but for whoever is logged in, the last one first. One statement, none without them."""
    wanted = [pk for pk in _kept(request) if pk != request.user.pk]
    if not wanted:
        return []
    found = {user.pk: user for user in User.objects.filter(pk__in=wanted, is_active=True, is_staff=True)}
    return [found[pk] for pk in wanted if pk in found][:MOST]


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """That this employee works here now."""
    kept = [user.pk, *(pk for pk in _kept(request) if pk != user.pk)][: MOST + 1]
    response.set_signed_cookie(
        _COOKIE,
        "-".join(map(str, kept)),
        salt=_SALT,
        max_age=_DAYS,
        path="/admin/",
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _kept(request: HttpRequest) -> list[int]:
    """Ids, the last one first; none when the cookie is old or not ours."""
    text = request.get_signed_cookie(_COOKIE, default="", salt=_SALT, max_age=_DAYS) or ""
    return [int(pk) for pk in text.split("-") if pk]
