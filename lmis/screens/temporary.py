"""A temporary password opens nothing but the page that changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, user_logged_in
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from lmis.services.employees import has_temporary_password

# The session's mark is the digest that Django ends sessions by: it changes with the password, and the mark is off.
MARK = "temporary_password"
OPEN = ("admin:password_change", "admin:logout", "admin:login", "admin:jsi18n", "set_language")


def remember(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Mark the session of somebody who has just logged in with a temporary password."""
    if request is not None and has_temporary_password(user):
        request.session[MARK] = request.session[HASH_SESSION_KEY]


def connect() -> None:
    """Called once, when the apps are ready; whatever page logs somebody in, Django tells of it."""
    user_logged_in.connect(remember, dispatch_uid="temporary_password")


class TemporaryPasswordMiddleware:
    """Leads to the change of the password; needs no statement beside the session's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The page, or the way to the other one."""
        mark = request.session.get(MARK)
        if mark is None or mark != request.session.get(HASH_SESSION_KEY):
            return self.get_response(request)
        there = reverse("admin:password_change")
        if request.path_info in {reverse(name) for name in OPEN}:
            return self.get_response(request)
        response: HttpResponse = HttpResponseRedirect(there)
        if request.headers.get("HX-Request") == "true":
            response = HttpResponse(status=401, headers={"HX-Redirect": there})
        add_never_cache_headers(response)
        return response
