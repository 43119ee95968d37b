"""How long a patient may wait: the norms of the programme of state guarantees."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lmis.models import Position, Speciality


class WaitNorm(models.Model):
    """A row of the table: for whom it is meant, and how long the wait may be, in hours or in working days.

    A row without speciality, position and words is meant for everybody of its kind of visit. Which row counts for a
    doctor is said in `appointments.services.norms`.
    """

    class Kind(models.TextChoices):
        """Why the patient comes."""

        USUAL = "", _("usual visit")
        CANCER = "cancer", _("suspected cancer")
        HEART = "heart", _("suspected heart disease")

    kind = models.CharField(_("kind of visit"), max_length=8, choices=Kind.choices, blank=True, default=Kind.USUAL)
    speciality = models.ForeignKey(
        Speciality, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("speciality")
    )
    position = models.ForeignKey(
        Position, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("position")
    )
    position_begins = models.CharField(
        _("position begins with"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("For positions whose name begins so, whatever dictionary they come from."),
    )
    hours = models.PositiveSmallIntegerField(pgettext_lazy("norm", "hours"), null=True, blank=True)
    working_days = models.PositiveSmallIntegerField(_("working days"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=255, blank=True, default="")

    class Meta:
        verbose_name = _("norm of waiting")
        verbose_name_plural = _("norms of waiting")
        ordering = ["kind", "hours", "working_days", "position_begins", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["", "cancer", "heart"]), name="norm_kind_known"),
            models.CheckConstraint(
                condition=Q(hours__isnull=False, hours__gte=1, working_days=None)
                | Q(hours=None, working_days__isnull=False, working_days__gte=1),
                name="norm_hours_or_days",
                violation_error_message=_("Either hours or working days, at least one."),
            ),
            models.UniqueConstraint(
                "kind",
                Coalesce("speciality", 0),
                Coalesce("position", 0),
                "position_begins",
                name="norm_once",
                violation_error_message=_("There is a norm for these doctors and this kind of visit already."),
            ),
        ]

    def __str__(self) -> str:
        if self.hours is not None:
            return str(_("%(count)d h")) % {"count": self.hours}
        return str(_("%(count)d working days")) % {"count": self.working_days or 0}
