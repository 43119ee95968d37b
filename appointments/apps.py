"""App registration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppointmentsConfig(AppConfig):
    """The appointments app."""

    name = "appointments"
    verbose_name = _("Appointments")

    def ready(self) -> None:
        """Take the schedule and the appointments into the journal; let these go with a card that is merged."""
        from appointments import audit
        from appointments.services import merging, merging_lists

        audit.register()
        merging.register()
        merging_lists.register()
