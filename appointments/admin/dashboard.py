"""The numbers of the start page that come from appointments, slots and uploads."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize_input
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment, Slot
from lmis.admin.dashboard import CARDS, Card
from lmis.screens.scope import doctors_of
from patients.models import CardUpload

DAYS = 14
WAITING = (CardUpload.State.WAITING, CardUpload.State.RETRY, CardUpload.State.IN_FLIGHT)


def _appointments_today(user: Any) -> int:
    today = timezone.localdate()
    return Appointment.objects.of_doctors(doctors_of(user)).holding().on_days(today, today).count()


def _free_places(_user: Any) -> int:
    now = timezone.now()
    free = Slot.objects.free(now).filter(begin__lt=now + dt.timedelta(days=DAYS))
    return free.aggregate(places=Sum(F("capacity") + F("overbooked") - F("booked")))["places"] or 0


def _waiting_uploads(_user: Any) -> int:
    return CardUpload.objects.filter(state__in=WAITING).count()


def _today_link() -> str:
    return reverse("admin:appointments_appointment_changelist")  # which lands on today


def _free_link() -> str:
    today = timezone.localdate()
    days = {"day_from": localize_input(today), "day_to": localize_input(today + dt.timedelta(days=DAYS))}
    return f"{reverse('admin:appointments_slot_changelist')}?{urlencode({'state': 'free', **days})}"


def _uploads_link() -> str:
    return reverse("admin:patients_cardupload_changelist")


CARDS += [
    Card(
        title=_("Appointments today"),
        icon="event_available",
        permission="appointments.view_appointment",
        count=_appointments_today,
        link=_today_link,
    ),
    Card(
        title=_("Free places in the next 14 days"),
        icon="calendar_view_week",
        permission="appointments.view_slot",
        count=_free_places,
        link=_free_link,
    ),
    Card(
        title=_("Cards waiting for their upload"),
        icon="cloud_upload",
        permission="patients.view_cardupload",
        count=_waiting_uploads,
        link=_uploads_link,
    ),
]
