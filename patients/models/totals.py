"""Attempts to upload since the beginning."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class UploadTotal(models.Model):
    """Sums of the minutes before `upto` (`UploadMinute`), by outcome: they only rise, though minutes are pruned.

    What Prometheus is told is these and the minutes since.
    """

    outcome = models.CharField(max_length=12)
    code = models.CharField(max_length=64)
    upto = models.DateTimeField()
    count = models.BigIntegerField(default=0)
    milliseconds = models.BigIntegerField(default=0)
    le_100 = models.BigIntegerField(default=0)
    le_300 = models.BigIntegerField(default=0)
    le_1000 = models.BigIntegerField(default=0)
    le_3000 = models.BigIntegerField(default=0)
    le_10000 = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        verbose_name = _("uploads since the beginning")
        verbose_name_plural = _("uploads since the beginning")
        constraints = [models.UniqueConstraint(fields=["outcome", "code"], name="upload_total_once")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.code}".strip()
