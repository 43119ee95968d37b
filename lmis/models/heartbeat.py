"""Signs of life of our own processes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """One row a process, renewed every few seconds while it lives; deleted when it ends in good order.

    In our tables and not in Redis: "no worker" must be known when Redis is what is missing.
    """

    class Kind(models.TextChoices):
        """What the process does."""

        WORKER = "worker", _("worker")
        BEAT = "beat", _("beat")
        WEB = "web", _("web server")

    name = models.CharField(_("process"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    host = models.CharField(_("machine"), max_length=100)
    pid = models.PositiveIntegerField(_("process id"))
    version = models.CharField(_("version"), max_length=64, blank=True, default="")
    queues = ArrayField(models.CharField(max_length=64), verbose_name=_("queues"), default=list, blank=True)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        default_permissions = ()
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")
        ordering = ["kind", "name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["worker", "beat", "web"]), name="heartbeat_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name
