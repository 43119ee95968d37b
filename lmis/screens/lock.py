"""The screen lock: on a shared computer nobody works under somebody else's name, and nobody has to start afresh.

The session of a locked screen answers nothing but the lock itself (423) until the employee's password is given. Another
employee logs in on the same place; with that the session, and what was on the page, is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from lmis.api.addresses import client_address
from lmis.exceptions import Throttled
from lmis.screens import lock_people
from lmis.screens.menu import start_of
from lmis.services import staff_login

logger = logging.getLogger(__name__)
LOCKED = "locked"  # in the session
PAGE_OF = "X-Employee"  # whom the page that asks was made for
ALLOWED = {"screens:lock", "screens:unlock", "screens:switch", "screens:login", "admin:logout", "admin:jsi18n"}


class LockMiddleware:
    """Answers 423 to a locked session. After the authentication, before any view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """As it comes."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """The cover instead of the page, the box instead of a part of a page."""
        match = request.resolver_match
        if match is None or match.view_name in ALLOWED:
            return None
        if not request.session.get(LOCKED):
            return _of_another(request)
        part = request.headers.get("HX-Request") == "true"
        return render(request, "screens/lock/_box.html" if part else "screens/lock/page.html", status=423)


def _of_another(request: HttpRequest) -> HttpResponse | None:
    """409 to a page that was made for another employee, who has logged out in another tab; it is loaded anew.

    Forms that are not htmx's need no such mark: with the login the token that they carry is no good any more.
    """
    made_for = request.headers.get(PAGE_OF)
    if made_for is None or not request.user.is_authenticated or made_for == str(request.user.pk):
        return None
    if request.method != "GET":
        messages.error(request, _("Another employee has logged in here meanwhile: nothing was done."))
    return HttpResponse(status=409, headers={"HX-Refresh": "true"})


class LockView(View):
    """What the three have in common: the box, and its errors."""

    def box(self, status: int = 200, **context: Any) -> HttpResponse:
        """The lock's two forms, and whom to choose from."""
        shown = {"people": lock_people.others(self.request), **context}
        return render(self.request, "screens/lock/_box.html", shown, status=status)

    def check(self, tried: str, **context: Any) -> User | HttpResponse:
        """The employee with this login and the password that was sent; else the box with what is wrong."""
        given = {"login": tried, "password": self.request.POST.get("password", "")}
        address = str(client_address(self.request.META) or "")
        try:
            user = staff_login.check(**given, address=address, now=timezone.now())
        except Throttled as refusal:
            response = self.box(refusal.status, error=staff_login.wait_in_words(refusal), **context)
            response["Retry-After"] = refusal.headers["Retry-After"]
            return response
        return user or self.box(403, error=_("Wrong login or password."), **context)


class Lock(LockView):
    """Lock this session."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The box; whoever is not logged in any more can only log in."""
        if not request.user.is_authenticated:
            return self.box(401)
        request.session[LOCKED] = True
        response = self.box()
        lock_people.remember(request, response, request.user)
        return response


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class Unlock(LockView):
    """Go on, by the password of the employee who locked it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """204, and everything on the page is as it was."""
        user = request.user
        if not user.is_authenticated:
            return self.box(401)
        found = self.check(user.get_username())
        if isinstance(found, HttpResponse):
            return found
        request.session.pop(LOCKED, None)
        return HttpResponse(status=204)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class Switch(LockView):
    """Another employee takes over; or the same one whose session has ended meanwhile."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """To the start page of the role; 204 when the page belongs to the one who has just logged in."""
        username = request.POST.get("username", "")
        user = self.check(username, username=username, way="switch")
        if isinstance(user, HttpResponse):
            return user
        same = request.POST.get("before") == user.get_username()
        logout(request)  # nothing of the session before, whoever's it was
        login(request, user)
        logger.info("employee changed at a locked screen: now %s", user.pk)
        response = HttpResponse(status=204, headers={} if same else {"HX-Redirect": start_of(user)})
        lock_people.remember(request, response, user)
        return response
