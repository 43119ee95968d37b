"""The base of the screens: plain Django views inside the admin's addresses, with a look of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.cache import never_cache

from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Lpu, zone_of
from lmis.screens.lock import LOCKED
from lmis.screens.menu import screens_of, start_of
from lmis.screens.policy import HEADER, STRICT, UNFOLD
from lmis.services.alarms import unheard
from lmis.services.transactions import run_write

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Screen(View):
    """One screen, or a part of one.

    `right` is checked before any method runs; `template` is what `render` takes; `title` names the page. Inside a
    method: `self.user`, `self.by`, `self.now`, `self.today`, `self.lpus`, `self.render(...)`, `self.act(...)`.
    """

    right: str = ""
    template: str = ""
    title: Any = ""
    framed = False  # whether our own pages may show it in a frame, to print it
    tells_of_troubles = True  # as a start page, in a red line

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let in who may come in; raises PermissionDenied, which is the page with 403."""
        if not admin.site.has_permission(request):
            return self._ask_who(request)
        assert isinstance(request.user, User)
        self.user: User = request.user
        if self.right and not self.user.has_perm(self.right):
            raise PermissionDenied
        response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault(HEADER, STRICT)
        if self.framed:
            response["X-Frame-Options"] = "SAMEORIGIN"
        return response

    @cached_property
    def by(self) -> Actor:
        """The employee, for the services."""
        return Actor.of_user(self.user)

    @cached_property
    def now(self) -> dt.datetime:
        """One instant for the whole request."""
        return timezone.now()

    @cached_property
    def lpus(self) -> list[Lpu]:
        """The LPUs that this system serves, by name; one statement."""
        return list(Lpu.objects.own().by_name())

    @cached_property
    def zone(self) -> dt.tzinfo:
        """The time zone of the clinic; of the first of several."""
        return zone_of(self.lpus)

    @cached_property
    def today(self) -> dt.date:
        """The day that it is at the clinic, not in UTC: from midnight on a registrar works on the new one."""
        return self.now.astimezone(self.zone).date()

    def chosen(self, among: Iterable[M], name: str) -> M | None:
        """The one whose number was sent under that name; None for none, and for one that is not there."""
        asked = self.request.POST.get(name) or self.request.GET.get(name)
        return next((one for one in among if str(one.pk) == asked), None)

    @property
    def is_htmx(self) -> bool:
        """Whether a part of the page is asked for, and not the page."""
        return self.request.headers.get("HX-Request") == "true"

    def allows(self, right: str) -> bool:
        """Whether the employee has this right too: `self.allows("lmis.overbook")`."""
        return self.user.has_perm(right)

    def demand(self, right: str) -> None:
        """Raise PermissionDenied without this right."""
        if not self.allows(right):
            raise PermissionDenied

    def render(
        self, context: dict[str, Any] | None = None, template: str | None = None, status: int = 200
    ) -> HttpResponse:
        """A page from the screen's template, or, for htmx, a part of it from `template`."""
        shown = {"screen": self, "title": self.title, **(context or {})}
        if not self.is_htmx:
            start = start_of(self.user)
            shown |= {"screens": screens_of(self.user), "start": start, "is_demo": settings.DEMO}
            if self.request.path == start and self.tells_of_troubles:
                shown["troubles"] = unheard(now=self.now, watches=self.allows("lmis.watch_exchange"))
        return render(self.request, template or self.template, shown, status=status)

    def act(self, work: Callable[[], T]) -> T | Refusal:
        """Call a service in the one transaction of this request.

        Out: what the service returned, or its refusal, and then nothing has changed: show `refusal.said`.
        """
        try:
            return run_write(work)
        except Refusal as refusal:
            return refusal

    def _ask_who(self, request: HttpRequest) -> HttpResponse:
        """To the login page; a part of a page asks on the page that is open: what was typed there stays."""
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401)
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))


class Start(Screen):
    """Where an employee lands after logging in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """On the screen of the role."""
        return HttpResponseRedirect(start_of(self.user))


@never_cache
def login(request: HttpRequest) -> HttpResponse:
    """Django's login page; who asked for no page in particular begins on the screen of the role."""
    if request.GET.get("next") in (None, reverse("admin:index")):
        request.GET = QueryDict(urlencode({"next": reverse("screens:start")}))
    response = admin.site.login(request)
    if request.method == "POST" and response.status_code == 302:
        request.session.pop(LOCKED, None)  # of one's own session; another employee's is gone with the login
    refusal = getattr((getattr(response, "context_data", None) or {}).get("form"), "throttled", None)
    if refusal is not None:
        response.status_code = refusal.status
        response["Retry-After"] = refusal.headers["Retry-After"]
    response[HEADER] = UNFOLD
    return response
