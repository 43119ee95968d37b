"""What a merge of two cards does with their appointments."""

from __future__ import annotations

import datetime as dt

from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment
from lmis.actors import Actor
from patients.exceptions import CannotMerge
from patients.models import Patient
from patients.services import merging


def register() -> None:
    """Called once, when the apps are ready."""
    merging.take_along(_("Appointments"), model="appointments.appointment", shown=shown, move=move)


def shown(card: Patient) -> list[tuple[str, int]]:
    """The card's appointments in words, the latest first; one statement."""
    found = Appointment.objects.of_patients([card]).select_related("slot__doctor__lpu", "slot__doctor__speciality")
    return [(_line(appointment), appointment.pk) for appointment in found.order_by("-slot__begin", "-pk")]


def move(*, duplicate: Patient, into: Patient, by: Actor, now: dt.datetime) -> int:
    """All of them, cancelled ones too; two statements. Raises CannotMerge when both cards hold one place."""
    both = (
        Appointment.objects.holding()
        .of_patients([duplicate])
        .filter(slot__in=Appointment.objects.holding().of_patients([into]).values("slot"))
    )
    twice = both.select_related("slot__doctor__lpu", "slot__doctor__speciality").order_by("slot__begin").first()
    if twice is not None:
        text = gettext("Both cards hold a place at one time: %(appointment)s. Cancel one of the two first.")
        raise CannotMerge(text % {"appointment": _line(twice)})
    return Appointment.objects.of_patients([duplicate]).update(patient=into)


def _line(appointment: Appointment) -> str:
    slot = appointment.slot
    begin = formats.date_format(timezone.localtime(slot.begin, slot.doctor.lpu.tz), "SHORT_DATETIME_FORMAT")
    ticket = gettext("ticket %(number)s") % {"number": appointment.number}
    return f"{begin}, {slot.doctor}, {ticket}, {appointment.get_state_display()}"
