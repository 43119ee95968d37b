"""URLs of this app under /api/: who can be booked and when, appointments, and those by direction."""

from __future__ import annotations

from appointments.api.by_direction import DirectionAppointment, DirectionAppointments
from appointments.api.own import OwnAppointment, OwnAppointments
from appointments.api.resources import Resource, Resources
from appointments.api.schedule import ResourceSchedule, Schedule
from lmis.api.routing import api_path

urlpatterns = [
    api_path("resources", Resources.as_view(), "resources"),
    api_path("resources/<guid:guid>", Resource.as_view(), "resource"),
    api_path("resources/<guid:guid>/schedule", ResourceSchedule.as_view(), "resource-schedule"),
    api_path("schedule", Schedule.as_view(), "schedule"),
    api_path("appointments", OwnAppointments.as_view(), "appointments"),
    api_path("appointments/<guid:guid>", OwnAppointment.as_view(), "appointment"),
    api_path("dir/appointments", DirectionAppointments.as_view(), "direction-appointments"),
    api_path("dir/appointments/<guid:guid>", DirectionAppointment.as_view(), "direction-appointment"),
]
