"""The waiting list (лист ожидания): patients for whom there was no place in time."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from appointments.models.schedule import Weekday
from appointments.models.slot import Slot
from appointments.querysets_waiting import WaitingQuerySet
from directions.models import Direction
from lmis.models import Doctor, Speciality
from patients.models import Patient
from patients.models.triggers import follows_survivor

MORNING_ENDS, EVENING_BEGINS = dt.time(12), dt.time(16)  # on the wall of the LPU


class PartOfDay(models.TextChoices):
    """Which times of a day suit."""

    ANY = "", _("any time")
    MORNING = "morning", _("in the morning, before 12:00")
    EVENING = "evening", _("in the evening, from 16:00")


class WaitingEntry(models.Model):
    """One patient waiting for a place with a doctor, or with any doctor of a speciality at the card's LPU.

    The place is to be on the days `first_day` ≤ day ≤ `last_day` (blank: open), on one of `weekdays` (empty: any), in
    that part of the day. `due` is the day by which the norm wants the patient seen, `urgent` what is called before it.
    `booked` names the appointment that came of it; `closed` has its reason.
    """

    class State(models.TextChoices):
        """How it stands."""

        OPEN = "open", _("waiting")
        BOOKED = "booked", _("booked")
        CLOSED = "closed", _("closed")

    guid = models.UUIDField(_("guid"), default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="waiting", verbose_name=_("patient"))
    speciality = models.ForeignKey(
        Speciality, models.PROTECT, null=True, blank=True, related_name="waiting", verbose_name=_("speciality")
    )
    doctor = models.ForeignKey(
        Doctor, models.PROTECT, null=True, blank=True, related_name="waiting", verbose_name=_("doctor")
    )
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"), null=True, blank=True)
    part = models.CharField(_("time of day"), max_length=8, choices=PartOfDay.choices, blank=True, default="")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday.choices), verbose_name=_("weekdays"), default=list, blank=True
    )
    phone = models.CharField(_("phone"), max_length=64, blank=True, default="")
    direction = models.ForeignKey(
        Direction, models.PROTECT, null=True, blank=True, related_name="waiting", verbose_name=_("direction")
    )
    urgent = models.BooleanField(_("urgent"), default=False)
    due = models.DateField(_("to be seen by"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True, default="")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("entered"), db_default=Now(), editable=False)
    created_by = models.CharField(_("entered by"), max_length=150, blank=True, default="")
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, null=True, blank=True, related_name="waiting", verbose_name=_("appointment")
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True, default="")
    close_reason = models.CharField(_("reason of closing"), max_length=255, blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("employee")
    )

    objects = WaitingQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the waiting list")
        verbose_name_plural = _("waiting list")
        triggers = [follows_survivor("waiting_of_survivor")]
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(speciality__isnull=True) ^ Q(doctor__isnull=True), name="waiting_for_doctor_or_speciality"
            ),
            models.UniqueConstraint(
                fields=["patient", "speciality"],
                condition=Q(state="open", speciality__isnull=False),
                name="waiting_once_a_speciality",
            ),
            models.UniqueConstraint(
                fields=["patient", "doctor"],
                condition=Q(state="open", doctor__isnull=False),
                name="waiting_once_a_doctor",
            ),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")), name="waiting_days_order"
            ),
            models.CheckConstraint(condition=Q(part__in=["", "morning", "evening"]), name="waiting_part_known"),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=list(Weekday.values)), name="waiting_weekdays_known"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, appointment__isnull=True)
                | Q(state="booked", closed_at__isnull=False, appointment__isnull=False)
                | (Q(state="closed", closed_at__isnull=False, appointment__isnull=True) & ~Q(close_reason="")),
                name="waiting_state_says_why",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(state="open"), name="waiting_open")]

    def __str__(self) -> str:
        return f"{self.patient}: {self.wanted}"

    @property
    def wanted(self) -> str:
        """The doctor, or the speciality, as people say it."""
        return self.doctor.short_name if self.doctor else str(self.speciality)

    @property
    def weekday_names(self) -> list[str]:
        """The weekdays that suit, short, from Monday on."""
        return [str(WEEKDAYS_ABBR[day - 1]) for day in self.weekdays]

    def suits(self, slot: Slot) -> bool:
        """Whether a place of this slot is what the patient waits for; needs the slot's doctor and LPU loaded."""
        if slot.doctor.lpu_id != self.patient.lpu_id or slot.day < self.first_day:
            return False
        if self.last_day is not None and slot.day > self.last_day:
            return False
        if self.weekdays and slot.day.isoweekday() not in self.weekdays:
            return False
        return self._wants(slot.doctor) and suits_part(self.part, slot.begin.astimezone(slot.doctor.lpu.tz).time())

    def _wants(self, doctor: Doctor) -> bool:
        if self.doctor_id is not None:
            return self.doctor_id == doctor.pk
        return self.speciality_id == doctor.speciality_id


def suits_part(part: str, wall: dt.time) -> bool:
    """Whether a visit that begins at this time on the wall is in that part of the day."""
    if part == PartOfDay.MORNING:
        return wall < MORNING_ENDS
    return part != PartOfDay.EVENING or wall >= EVENING_BEGINS
