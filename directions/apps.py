"""App registration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DirectionsConfig(AppConfig):
    """The directions app."""

    name = "directions"
    verbose_name = _("Directions")

    def ready(self) -> None:
        """Keep the history of what staff do to directions; let them go with a card, or an LPU, that is merged.

        Cards of those who have an open one go to the MIP first.
        """
        from auditlog.registry import auditlog

        from directions.models import Direction, IncomingDirection
        from directions.services import merging
        from lmis.services import lpu_merging
        from patients.services import concerned

        auditlog.register(Direction)
        auditlog.register(IncomingDirection)
        merging.register()
        for field in ("lpu_from", "lpu_to"):
            lpu_merging.takes_along(Direction, field)
        concerned.SOURCES.append(Direction.objects.open)
