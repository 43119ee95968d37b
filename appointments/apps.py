"""App registration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppointmentsConfig(AppConfig):
    """The appointments app."""

    name = "appointments"
    verbose_name = _("Appointments")

    def ready(self) -> None:
        """Take the schedule and the appointments into the journal; let these go with a card that is merged.

        Cards of those who come go to the MIP first. No doctor leaves patients behind. Operators see how much of the
        schedule the region can book.
        """
        from appointments import audit
        from appointments.models import Appointment
        from appointments.services import leaving, merging, merging_lists, outside
        from patients.services import concerned

        audit.register()
        merging.register()
        merging_lists.register()
        concerned.SOURCES.append(Appointment.objects.coming)
        outside.register()
        leaving.register()
