"""Sending existing cards to the MIP, many at once: what is asked for, and how far it has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from lmis.models import Lpu
from patients.models.upload import CardUpload


class Backfill(models.Model):
    """One request: its scope (blank: every card), who asked, and a cursor over the ids of cards.

    `total` was counted at the start, `done` were handed to the outbox, `sent` of them have left it. `last` is the
    highest id of the start: later cards go by themselves. `rate` (a second, over about a minute) and `moved_at` are of
    the last step. It runs until `ended_at`; with `stopped_by` somebody ended it before its time.
    """

    changed_since = models.DateTimeField(_("changed since"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=CardUpload.State.choices, blank=True, default="")
    error_code = models.CharField(_("last error, code"), max_length=64, blank=True, default="")
    lpu = models.ForeignKey(Lpu, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("LPU"))
    started_at = models.DateTimeField(_("started"))
    started_by = models.CharField(_("started by"), max_length=150)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    stopped_by = models.CharField(_("stopped by"), max_length=150, blank=True, default="")
    total = models.BigIntegerField(_("cards"))
    done = models.BigIntegerField(_("handed over"), default=0)
    sent = models.BigIntegerField(_("sent"), default=0)
    cursor = models.BigIntegerField(default=0, editable=False)
    last = models.BigIntegerField(editable=False)
    rate = models.FloatField(_("cards a second"), null=True, editable=False)
    moved_at = models.DateTimeField(_("last moved"), null=True, editable=False)

    class Meta:
        verbose_name = _("upload of existing cards")
        verbose_name_plural = _("uploads of existing cards")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(ended_at__isnull=True), name="backfill_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(stopped_by="") | Q(ended_at__isnull=False), name="backfill_stopped_has_ended"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["", "retry", "accepted", "rejected", "duplicate"]), name="backfill_state_sent"
            ),
        ]
        indexes = [models.Index(fields=["-started_at"], name="backfill_by_start")]

    def __str__(self) -> str:
        return f"{localtime(self.started_at):%d.%m.%Y %H:%M}: {self.done} / {self.total}"

    @property
    def is_resumable(self) -> bool:
        """Somebody stopped it before all of its cards had been handed over."""
        return bool(self.stopped_by) and self.cursor < self.last
