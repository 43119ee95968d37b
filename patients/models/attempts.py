"""Every attempt to upload a card, and their counts by the minute."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class UploadAttempt(models.Model):
    """One sending: when, how long, what came back. A partition a day (`patients.services.history`), dropped when old.

    No text of the MIP is kept here: it may name the patient. `card_id` has no foreign key: history outlives a card,
    and a partition is dropped without a look at anything else.
    """

    pk = models.CompositePrimaryKey("at", "id")
    at = models.DateTimeField(_("sent at"))
    id = models.BigIntegerField(editable=False)
    card_id = models.BigIntegerField(_("card"))
    version = models.BigIntegerField(_("version"))
    outcome = models.CharField(_("outcome"), max_length=12)
    code = models.CharField(_("code"), max_length=64)
    status = models.SmallIntegerField(_("HTTP status"), null=True)
    milliseconds = models.IntegerField(_("took, ms"))
    request_id = models.UUIDField(_("request id"))

    class Meta:
        managed = False
        db_table = "patients_uploadattempt"
        default_permissions = ()
        verbose_name = _("attempt to upload")
        verbose_name_plural = _("attempts to upload")

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M:%S} {self.outcome}"


class UploadMinute(models.Model):
    """Counts of one minute by outcome: what the charts and `/metrics` read instead of millions of attempts.

    `le_100` and so on count the attempts that took at most so many milliseconds, each including the ones before.
    """

    minute = models.DateTimeField()
    outcome = models.CharField(max_length=12)
    code = models.CharField(max_length=64)
    count = models.IntegerField(default=0, db_default=0)
    milliseconds = models.BigIntegerField(default=0, db_default=0)
    le_100 = models.IntegerField(default=0, db_default=0)
    le_300 = models.IntegerField(default=0, db_default=0)
    le_1000 = models.IntegerField(default=0, db_default=0)
    le_3000 = models.IntegerField(default=0, db_default=0)
    le_10000 = models.IntegerField(default=0, db_default=0)

    class Meta:
        default_permissions = ()
        verbose_name = _("minute of uploads")
        verbose_name_plural = _("minutes of uploads")
        constraints = [models.UniqueConstraint(fields=["minute", "outcome", "code"], name="upload_minute_once")]

    def __str__(self) -> str:
        return f"{self.minute:%d.%m.%Y %H:%M} {self.outcome}"
