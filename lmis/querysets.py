"""Reads of the clinic's own things, in the clinic's words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    from lmis.models import AccessRecord, Doctor, Lpu  # noqa: F401


class LpuQuerySet(models.QuerySet["Lpu"]):
    """LPUs of the regional directory."""

    def own(self) -> Self:
        """Those that this LMIS serves."""
        return self.filter(is_own=True)


class DoctorQuerySet(models.QuerySet["Doctor"]):
    """Doctors, that is resources."""

    def published(self) -> Self:
        """Shown to the outside."""
        return self.filter(is_published=True, is_active=True)

    def with_titles(self) -> Self:
        """With all that a Resource shows, in one statement."""
        return self.select_related("lpu", "position", "speciality", "department", "room")


class AccessRecordQuerySet(models.QuerySet["AccessRecord"]):
    """Who saw which card."""

    def of_card(self, card: UUID) -> Self:
        """Whoever saw this card."""
        return self.filter(card=card)

    def older_than(self, moment: dt.datetime) -> Self:
        """Seen before that instant."""
        return self.filter(at__lt=moment)
