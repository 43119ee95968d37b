"""Reads for whoever keeps the system running: who calls how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Max, Q, Sum

if TYPE_CHECKING:
    from lmis.models import RequestHour, RequestTotal  # noqa: F401

BAD_CREDENTIALS = "bad_credentials"  # our own code: the contract's `unauthorized` also means a missing patient token


class RequestHourQuerySet(models.QuerySet["RequestHour"]):
    """Counts by the hour."""

    def since(self, moment: dt.datetime) -> Self:
        """Of the hour in which `moment` lies and of later ones."""
        return self.filter(hour__gt=moment - dt.timedelta(hours=1))

    def on(self, routes: Collection[tuple[str, str]]) -> Self:
        """Of these methods and routes."""
        return self.filter(_any_of(routes))

    def polls_by_client(self) -> Any:
        """Rows of `client`, `polls` and `unchanged`, the latter those answered 304."""
        polls = self.filter(status__in=[200, 304]).values("client")
        unchanged = Sum("count", filter=Q(status=304), default=0)
        return polls.annotate(polls=Sum("count"), unchanged=unchanged).order_by("client")

    def by_hour_and_code(self) -> Any:
        """Rows of `hour`, `status`, `code`, `number`."""
        return self.values("hour", "status", "code").annotate(number=Sum("count")).order_by("hour", "status", "code")

    def failed_logins_by_client(self) -> Any:
        """Rows of `client` (empty: a login that we do not know), `number` and `last`; the worst first."""
        failed = self.filter(code=BAD_CREDENTIALS).values("client")
        return failed.annotate(number=Sum("count"), last=Max("last_at")).order_by("-number", "client")


class RequestTotalQuerySet(models.QuerySet["RequestTotal"]):
    """Counts since the beginning."""

    def on(self, routes: Collection[tuple[str, str]]) -> Self:
        """Of these methods and routes."""
        return self.filter(_any_of(routes))

    def successful(self) -> Self:
        """Answered as asked, "nothing has changed" included."""
        return self.filter(Q(status__range=(200, 299)) | Q(status=304))

    def last_calls(self) -> Any:
        """Rows of `client`, `method`, `route`, `last` and `number`, by known clients."""
        calls = self.successful().exclude(client="").values("client", "method", "route")
        return calls.annotate(last=Max("last_at"), number=Sum("count")).order_by("client", "route", "method")


def _any_of(routes: Collection[tuple[str, str]]) -> Q:
    found = Q(pk__in=[])
    for method, route in routes:
        found |= Q(method=method, route=route)
    return found
