"""App registration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DirectionsConfig(AppConfig):
    """The directions app."""

    name = "directions"
    verbose_name = _("Directions")
