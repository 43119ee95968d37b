"""Comparing what the MIP holds of ours with what we think it holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lmis.models import Lpu
from patients.querysets import ReconciliationQuerySet


class Reconciliation(models.Model):
    """One run, and how far it has come: it may be killed anywhere and goes on there.

    First all pages are asked for, LPU by LPU (`lpu`, `after`), onto the staging table; then that is compared with the
    cards (`cursor`, a guid), then cards that nobody named are looked for (`card_cursor`, an id). `holder` is whoever
    works on it just now, until `held_until`; while it asks, senders of cards leave it a place. `due_at`: not before
    then, since the MIP did not answer (`error`).
    """

    class Stage(models.TextChoices):
        """Where it is."""

        ASKING = "asking", _("asking the MIP")
        COMPARING = "comparing", _("comparing")
        SEARCHING = "searching", _("looking for what is missing there")
        DONE = "done", _("done")
        FAILED = "failed", _("given up")

    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.ASKING)
    started_at = models.DateTimeField(_("started"))
    started_by = models.CharField(_("started by"), max_length=150)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    error = models.CharField(_("last error, code"), max_length=64, blank=True, default="")
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    due_at = models.DateTimeField(_("due"))
    holder = models.UUIDField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)

    lpu = models.ForeignKey(Lpu, models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    after = models.CharField(max_length=500, blank=True, default="", editable=False)
    cursor = models.UUIDField(null=True, editable=False)
    card_cursor = models.BigIntegerField(default=0, editable=False)

    held = models.BigIntegerField(_("held by the MIP"), default=0)
    missing = models.BigIntegerField(_("missing there"), default=0)
    older = models.BigIntegerField(_("older there"), default=0)
    newer = models.BigIntegerField(_("newer there"), default=0)
    unknown = models.BigIntegerField(_("unknown here"), default=0)
    sent_again = models.BigIntegerField(_("sent again"), default=0)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation with the MIP")
        verbose_name_plural = _("reconciliations with the MIP")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at__isnull=True), name="reconciliation_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["asking", "comparing", "searching"], ended_at__isnull=True)
                | Q(stage__in=["done", "failed"], ended_at__isnull=False),
                name="reconciliation_ended_or_not",
            ),
            models.CheckConstraint(
                condition=Q(holder__isnull=True, held_until__isnull=True)
                | Q(holder__isnull=False, held_until__isnull=False),
                name="reconciliation_held_until",
            ),
        ]
        indexes = [models.Index(fields=["-started_at"], name="reconciliation_by_start")]

    def __str__(self) -> str:
        return f"{self.started_at:%d.%m.%Y %H:%M}: {self.get_stage_display()}"


class ReconciliationFinding(models.Model):
    """One card on which the MIP and we disagree; of the last run only, its counts stay.

    `card_id` has no foreign key, as in the history of attempts; it is null when there is no such card here.
    """

    class Kind(models.TextChoices):
        """How."""

        MISSING = "missing", _("missing there")
        OLDER = "older", _("older there")
        NEWER = "newer", _("newer there")
        UNKNOWN = "unknown", _("unknown here")

    run = models.ForeignKey(Reconciliation, models.CASCADE, related_name="findings")
    kind = models.CharField(_("what is wrong"), max_length=12, choices=Kind.choices)
    guid = models.UUIDField(_("MKAB guid"))
    lpu = models.ForeignKey(Lpu, models.CASCADE, related_name="+", verbose_name=_("LPU"))
    card_id = models.BigIntegerField(_("card"), null=True)
    version_here = models.BigIntegerField(_("version here"), null=True)
    version_there = models.BigIntegerField(_("version there"), null=True)

    class Meta:
        verbose_name = _("finding of a reconciliation")
        verbose_name_plural = _("findings of a reconciliation")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "guid"], name="reconciliation_finding_once"),
            models.CheckConstraint(
                condition=Q(kind="unknown", card_id__isnull=True)
                | Q(kind__in=["missing", "older", "newer"], card_id__isnull=False),
                name="reconciliation_finding_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guid}: {self.get_kind_display()}"


class MipHolding(models.Model):
    """Staging: a card that the MIP says it holds, until the run that asked is over."""

    guid = models.UUIDField(primary_key=True)
    lpu = models.ForeignKey(Lpu, models.CASCADE, related_name="+", db_index=False)
    version = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.guid}: {self.version}"
