"""How the API and the pages are used, as counts: by the hour for people, from the beginning for Prometheus.

Nothing here names a patient: a route is the URL's pattern, a client is its login, a code is the contract's.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lmis.querysets_ops import RequestHourQuerySet, RequestTotalQuerySet


class RequestCount(models.Model):
    """What both tables count by. `client` is empty for staff and for logins that we do not know."""

    client = models.CharField(_("API client"), max_length=64, blank=True, default="")
    method = models.CharField(_("HTTP method"), max_length=8)
    route = models.CharField(_("route"), max_length=200)
    status = models.PositiveSmallIntegerField(_("HTTP status"))
    code = models.CharField(_("code"), max_length=64, blank=True, default="")
    count = models.BigIntegerField(_("requests"), default=0)
    last_at = models.DateTimeField(_("last"))

    class Meta:
        abstract = True


class RequestHour(RequestCount):
    """Counts of the hour that began at `hour`; pruned."""

    hour = models.DateTimeField(_("hour"))

    objects = RequestHourQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("hour of requests")
        verbose_name_plural = _("hours of requests")
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "client", "method", "route", "status", "code"], name="request_hour_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%d.%m.%Y %H:%M} {self.method} {self.route} {self.status}"


class RequestTotal(RequestCount):
    """Counts since the system was installed: they only rise, whichever process answers Prometheus.

    `le_5` and so on count the requests that took at most so many milliseconds, each including the ones before.
    """

    milliseconds = models.BigIntegerField(default=0)
    le_5 = models.BigIntegerField(default=0)
    le_15 = models.BigIntegerField(default=0)
    le_30 = models.BigIntegerField(default=0)
    le_50 = models.BigIntegerField(default=0)
    le_100 = models.BigIntegerField(default=0)
    le_250 = models.BigIntegerField(default=0)
    le_500 = models.BigIntegerField(default=0)
    le_1000 = models.BigIntegerField(default=0)
    le_5000 = models.BigIntegerField(default=0)

    objects = RequestTotalQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("requests since the beginning")
        verbose_name_plural = _("requests since the beginning")
        constraints = [
            models.UniqueConstraint(fields=["client", "method", "route", "status", "code"], name="request_total_once"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.status}"
