"""What the operators' page leads with, counted by beat: a page must not count a million rows each time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ExchangeFigures(models.Model):
    """One row, written by `patients.services.figures.count`.

    `reasons` holds `[state, code, cards]` of every pair there is (of hundreds the rest of each state as `other`),
    `notices` those of them that are refused and out of use, which the registrars do not see. `oldest_since` is the
    oldest change that the MIP does not have and that is on its way there, but for the `failing` cards; `oldest_card`
    is its card.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    counted_at = models.DateTimeField(_("counted"))
    took_ms = models.PositiveIntegerField(_("took, ms"), default=0, db_default=0)
    reasons = models.JSONField(_("cards by state and reason"), default=list)
    notices = models.JSONField(_("refused notices by state and reason"), default=list, db_default=[])
    concerned = models.PositiveIntegerField(_("patients concerned"), default=0, db_default=0)
    oldest_since = models.DateTimeField(_("oldest unsent since"), null=True)
    oldest_card = models.BigIntegerField(_("card of it"), null=True)
    failing = models.PositiveIntegerField(_("cards that fail again and again"), default=0, db_default=0)

    class Meta:
        default_permissions = ()
        verbose_name = _("figures of the exchange")
        verbose_name_plural = _("figures of the exchange")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="exchange_figures_one_row")]

    def __str__(self) -> str:
        return str(self.counted_at)
