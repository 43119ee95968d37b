"""What is done once a night."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class NightWork(models.Model):
    """One row for each kind of nightly work: when it was begun last, and whether that came to its end."""

    name = models.CharField(_("work"), max_length=40, unique=True)
    begun_at = models.DateTimeField(_("begun"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("nightly work")
        verbose_name_plural = _("nightly works")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("begun_at")), name="night_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.name
