"""URLs of this app under /api/: who can be booked and when, appointments, and those by direction."""

from __future__ import annotations

from appointments.api.by_direction import DirectionAppointment, DirectionAppointments
from appointments.api.own import OwnAppointment, OwnAppointments
from lmis.api.routing import api_path

urlpatterns = [
    api_path("appointments", OwnAppointments.as_view(), "appointments"),
    api_path("appointments/<guid:guid>", OwnAppointment.as_view(), "appointment"),
    api_path("dir/appointments", DirectionAppointments.as_view(), "direction-appointments"),
    api_path("dir/appointments/<guid:guid>", DirectionAppointment.as_view(), "direction-appointment"),
]
