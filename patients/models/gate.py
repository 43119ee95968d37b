"""The gate to the MIP: shut for everybody while it refuses our credentials, is away, or asks us to wait."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class MipGate(models.Model):
    """One row, made when it is first shut; no row means open.

    Shut while `closed_until` is set. Once that has passed, one sender goes through as a probe: it moves
    `closed_until` on by the length of a claim and leaves its claim in `probe`, so that nobody follows.
    """

    class Kind(models.TextChoices):
        """Why it is shut."""

        CREDENTIALS = "credentials", _("the MIP does not let us in")
        OUTAGE = "outage", _("the MIP does not answer")
        THROTTLED = "throttled", _("the MIP asks us to wait")

    id = models.SmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, blank=True, default="", db_default="")
    streak = models.PositiveIntegerField(_("failures one after another"), default=0, db_default=0)
    failing_since = models.DateTimeField(_("nothing but failures since"), null=True, blank=True)
    failed_last = models.BigIntegerField(_("card that failed last"), null=True, blank=True)
    closed_until = models.DateTimeField(_("shut until"), null=True, blank=True)
    since = models.DateTimeField(_("shut since"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=64, blank=True, default="")
    failures = models.PositiveIntegerField(_("refusals in a row"), default=0)
    probe = models.UUIDField(_("claim of the probe"), null=True, blank=True)

    class Meta:
        verbose_name = _("gate to the MIP")
        verbose_name_plural = _("gate to the MIP")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="mip_gate_one_row"),
            models.CheckConstraint(
                condition=Q(closed_until__isnull=False, since__isnull=False)
                | Q(closed_until__isnull=True, since__isnull=True, probe__isnull=True),
                name="mip_gate_shut_since",
            ),
        ]

    def __str__(self) -> str:
        return self.reason or str(_("open"))
