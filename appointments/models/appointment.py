"""A patient's appointment (запись на приём)."""

from __future__ import annotations

import datetime as dt
import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from appointments.models.slot import Slot
from appointments.models.triggers import APPOINTMENT_COUNTS, APPOINTMENT_STAMP, NO_TRUNCATE
from appointments.querysets import AppointmentQuerySet
from directions.models import Direction
from lmis.models import ApiClient, Source
from patients.models import Patient
from patients.models.triggers import follows_survivor

MISTAKE_WITHIN = dt.timedelta(minutes=2)  # so long a booking may still be called a slip of the hand


def may_be_slip(moment: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether what was done at `moment`, if at all, may still be called a slip of the hand."""
    return moment is not None and now <= moment + MISTAKE_WITHIN


class Appointment(models.Model):
    """One place of a slot held by one patient, perhaps by a direction.

    The place, and (slot, patient), are held in every state but `cancelled`; the direction in `booked` and `visited`
    (contract §2.4). `number` is what the ticket shows, `seat` which of the slot's places it is, from 1.
    `booked_by`, `cancelled_by` are the actors' names for the journal: an API client's login or a user's.
    `arrived_at`: the patient is in the house, which is no state of the contract's. `mistake` marks what an employee
    booked by a slip and took back within `MISTAKE_WITHIN`: cancelled, and kept out of all statistics.
    `moved_from`, `moved_at`: where it was before an employee's last move, so that a slip can be taken back as long.
    `changed` is the transaction of the last change after the booking, which stamps the slot: what the screens poll by.
    """

    class State(models.TextChoices):
        """Contract, model Appointment."""

        BOOKED = "booked", _("booked")
        CANCELLED = "cancelled", _("cancelled")
        VISITED = "visited", _("visited")
        MISSED = "missed", _("missed")

    guid = models.UUIDField(_("guid"), default=uuid.uuid4, unique=True, editable=False)
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="appointments", verbose_name=_("slot"))
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments", verbose_name=_("patient"))
    direction = models.ForeignKey(
        Direction,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="appointments",
        verbose_name=_("direction"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.BOOKED)
    seat = models.PositiveSmallIntegerField(_("place in the slot"), default=1)
    number = models.CharField(_("ticket number"), max_length=16)
    source = models.CharField(_("source"), max_length=16, choices=Source.choices, default=Source.INTERNET)
    over_plan = models.BooleanField(_("beyond the plan"), default=False)
    over_reason = models.CharField(_("reason of going beyond the plan"), max_length=255, blank=True, default="")
    created_at = models.DateTimeField(_("made"), db_default=Now(), editable=False)
    booked_by = models.CharField(_("made by"), max_length=150, blank=True, default="")
    client = models.ForeignKey(
        ApiClient,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # each booking would pay for an index that only a deletion reads
        verbose_name=_("API client"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # likewise
        verbose_name=_("employee"),
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancelled_by = models.CharField(_("cancelled by"), max_length=150, blank=True, default="")
    cancel_reason = models.CharField(_("reason of cancelling"), max_length=500, blank=True, default="")
    mistake = models.BooleanField(_("booked by mistake"), default=False, db_default=False, editable=False)
    arrived_at = models.DateTimeField(_("came at"), null=True, blank=True, editable=False)
    # No foreign key in the database: a published slot is never deleted, and the check would lock both tables.
    moved_from = models.ForeignKey(
        Slot,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        db_constraint=False,
        db_index=False,
        verbose_name=_("moved from"),
    )
    moved_at = models.DateTimeField(_("moved at"), null=True, blank=True, editable=False)
    changed = models.BigIntegerField(default=0, db_default=0, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["booked", "cancelled", "visited", "missed"]),
                name="appointment_state_known",
            ),
            models.CheckConstraint(condition=Q(source__in=list(Source.values)), name="appointment_source_known"),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at__isnull=True)),
                name="appointment_cancelled_has_time",
            ),
            models.CheckConstraint(condition=Q(seat__gte=1), name="appointment_seat"),
            models.CheckConstraint(
                condition=Q(mistake=False)
                | Q(state="cancelled", user__isnull=False, cancelled_at__lte=F("created_at") + MISTAKE_WITHIN),
                name="appointment_mistake_is_fresh",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=True) | ~Q(state="missed"), name="appointment_missed_never_came"
            ),
            models.UniqueConstraint(
                fields=["slot", "seat"], condition=~Q(state="cancelled"), name="appointment_seat_held_once"
            ),
            models.UniqueConstraint(
                fields=["slot", "patient"],
                condition=~Q(state="cancelled"),
                name="appointment_patient_once_a_slot",
            ),
            models.UniqueConstraint(
                fields=["direction"],
                condition=Q(state__in=["booked", "visited"]),
                name="appointment_direction_once",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="appointment_by_created")]
        triggers = [
            follows_survivor("appointment_of_survivor"),
            pgtrigger.Trigger(
                name="appointment_counts",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("leaves", "bigint"), ("enters", "bigint"), ("over", "integer")],
                func=APPOINTMENT_COUNTS,
            ),
            pgtrigger.Trigger(
                name="appointment_stamp",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=APPOINTMENT_STAMP,
            ),
            pgtrigger.Trigger(
                name="appointment_no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func=NO_TRUNCATE,
            ),
        ]

    def __str__(self) -> str:
        return self.number
