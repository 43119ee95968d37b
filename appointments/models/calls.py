"""Whom to ring: patients whose appointment the clinic moved or cancelled, until they have been told."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from appointments.models.slot import Slot
from appointments.querysets_waiting import CallQuerySet
from patients.models import Patient
from patients.models.triggers import follows_survivor


class CallTask(models.Model):
    """One patient to ring about one appointment. `old_slot` is what the patient knows, `new_slot` what was made of it.

    Open until the patient was reached (or there is nothing to tell any more). `refused`: told, and does not want it.
    `call_after` keeps somebody who did not answer from being rung again at once.
    """

    class What(models.TextChoices):
        """What happened to the appointment."""

        MOVED = "moved", _("moved to another time")
        SUBSTITUTED = "substituted", _("another doctor at the same time")
        CANCELLED = "cancelled", _("cancelled")

    class State(models.TextChoices):
        """Whether somebody still has to ring."""

        OPEN = "open", _("to be called")
        DONE = "done", _("told")

    guid = models.UUIDField(_("guid"), default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="calls", verbose_name=_("patient"))
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="calls", verbose_name=_("appointment"))
    old_slot = models.ForeignKey(Slot, models.PROTECT, related_name="+", verbose_name=_("old place"))
    new_slot = models.ForeignKey(
        Slot, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("new place")
    )
    what = models.CharField(_("what happened"), max_length=12, choices=What.choices)
    reason = models.CharField(_("reason"), max_length=255, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=64, blank=True, default="")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    call_after = models.DateTimeField(_("not before"), null=True, blank=True)
    created_at = models.DateTimeField(_("entered"), db_default=Now(), editable=False)
    created_by = models.CharField(_("entered by"), max_length=150, blank=True, default="")
    done_at = models.DateTimeField(_("told at"), null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call to a patient")
        verbose_name_plural = _("call list")
        triggers = [follows_survivor("call_of_survivor")]
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["appointment"], condition=Q(state="open"), name="call_once_open"),
            models.CheckConstraint(
                condition=Q(what="cancelled", new_slot__isnull=True)
                | Q(what__in=["moved", "substituted"], new_slot__isnull=False),
                name="call_what_and_where",
            ),
            models.CheckConstraint(
                condition=Q(state="open", done_at__isnull=True) | Q(state="done", done_at__isnull=False),
                name="call_done_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}: {self.get_what_display()}"


class CallAttempt(models.Model):
    """One try to reach the patient."""

    class Outcome(models.TextChoices):
        """What came of it."""

        REACHED = "reached", _("reached, agrees")
        NO_ANSWER = "no_answer", _("no answer")
        REFUSED = "refused", _("reached, refuses the new time")
        NEEDLESS = "needless", _("nothing to tell any more")

    task = models.ForeignKey(CallTask, models.PROTECT, related_name="attempts", verbose_name=_("call"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    note = models.CharField(_("note"), max_length=255, blank=True, default="")
    at = models.DateTimeField(_("when"))
    by = models.CharField(_("who"), max_length=150, blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("employee")
    )

    class Meta:
        verbose_name = _("attempt to call")
        verbose_name_plural = _("attempts to call")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["reached", "no_answer", "refused", "needless"]), name="call_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_outcome_display())
