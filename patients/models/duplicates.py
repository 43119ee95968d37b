"""Pairs of cards that may be one person's: a list for people to work through."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient


class LikelyDuplicate(models.Model):
    """Two live cards of one LPU when they were found; `one` is the older. What people decided is not asked again."""

    class State(models.TextChoices):
        """What people decided."""

        OPEN = "open", _("to be decided")
        MERGED = "merged", _("merged")
        DIFFERENT = "different", _("different persons")

    class Why(models.TextChoices):
        """What the two have in common, the surest first."""

        POLIS = "polis", _("same polis")
        SNILS = "snils", _("same SNILS")
        DOCUMENT = "document", _("same identity document")
        NAMES = "names", _("same names and birth date")
        SIMILAR = "similar", _("similar names, same birth date")

    one = models.ForeignKey(Patient, models.PROTECT, related_name="+", db_index=False, verbose_name=_("older card"))
    other = models.ForeignKey(Patient, models.PROTECT, related_name="+", verbose_name=_("newer card"))
    why = models.CharField(_("why"), max_length=10, choices=Why.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN, db_default="open")
    found_at = models.DateTimeField(_("found"), db_default=Now())
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True, default="", db_default="")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("likely duplicate")
        verbose_name_plural = _("likely duplicates")
        default_permissions = ()  # worked through on its screen, by its own right
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="likely_pair_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="likely_pair_in_order"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | Q(state__in=["merged", "different"], decided_at__isnull=False),
                name="likely_pair_decided_has_time",
            ),
        ]
        indexes = [models.Index(fields=["why", "id"], condition=Q(state="open"), name="likely_pair_open")]

    def __str__(self) -> str:
        return f"{self.one_id} = {self.other_id}"
