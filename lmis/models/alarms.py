"""Alarms for clinics without a monitoring system: what is wrong since when, who knows of it, what was told to whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Alarm(models.Model):
    """Something is wrong, from `since` to `ended_at`; one open row a check.

    `facts` are the numbers and codes of its text, nothing personal: the text goes out by e-mail.
    """

    name = models.CharField(_("check"), max_length=40)
    since = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=150, blank=True, default="", db_default="")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        default_permissions = ()
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(ended_at__isnull=True), name="alarm_open_once_a_check"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")), name="alarm_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by="")
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
                name="alarm_acknowledged_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["-since"], name="alarm_by_since")]

    def __str__(self) -> str:
        return self.name


class AlarmNotice(models.Model):
    """What is to be told by one channel, once when an alarm begins and once when it ends: an outbox.

    `claimed_until` holds it for a sender; whoever takes over a silent sender's sends the same id again.
    """

    class Event(models.TextChoices):
        """What is told."""

        BEGINS = "begins", _("begins")
        ENDS = "ends", _("ends")

    class Channel(models.TextChoices):
        """By what."""

        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("webhook")

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="notices")
    event = models.CharField(max_length=6, choices=Event.choices)
    channel = models.CharField(max_length=7, choices=Channel.choices)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    claimed_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=100, default="", db_default="")

    class Meta:
        default_permissions = ()
        verbose_name = _("notice of an alarm")
        verbose_name_plural = _("notices of alarms")
        constraints = [
            models.UniqueConstraint(fields=["alarm", "event", "channel"], name="alarm_notice_once"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(sent_at__isnull=True), name="alarm_notice_unsent")]

    def __str__(self) -> str:
        return f"{self.alarm_id} {self.event} {self.channel}"


class AlarmQuiet(models.Model):
    """A check whose alarms are not told of until then; they are shown all the same."""

    name = models.CharField(_("check"), max_length=40, unique=True)
    until = models.DateTimeField(_("quiet until"))
    set_by = models.CharField(_("who"), max_length=150)

    class Meta:
        default_permissions = ()
        verbose_name = _("quiet alarm")
        verbose_name_plural = _("quiet alarms")

    def __str__(self) -> str:
        return self.name


class AlarmRound(models.Model):
    """One row: when the checks were looked at last, and since when (ISO 8601) each finding has been there."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField(_("last look"))
    suspected = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    class Meta:
        default_permissions = ()
        verbose_name = _("round of the alarms")
        verbose_name_plural = _("rounds of the alarms")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="alarm_round_one_row")]

    def __str__(self) -> str:
        return str(self.at)
