"""Reads of the clinic's own things, in the clinic's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from lmis.models import Doctor, Lpu  # noqa: F401


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
