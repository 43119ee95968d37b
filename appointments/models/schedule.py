"""The weekly pattern of a doctor and what departs from it."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models.fields import channels_field, channels_known
from appointments.querysets import ScheduleExceptionQuerySet, ScheduleTemplateQuerySet
from lmis.models import BusyType, Doctor, Lpu, Room

MAX_SLOT_MINUTES = 24 * 60


class Weekday(models.IntegerChoices):
    """ISO numbers."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class Parity(models.TextChoices):
    """On which days of the month."""

    ANY = "any", _("all days")
    ODD = "odd", _("odd days")
    EVEN = "even", _("even days")


class ScheduleTemplate(models.Model):
    """One interval of a doctor's week, cut into equal slots; times are local to the doctor's LPU.

    Lunch is the gap between two intervals. Days inclusive: `valid_from` ≤ day ≤ `valid_to`.
    """

    doctor = models.ForeignKey(Doctor, models.CASCADE, related_name="templates", verbose_name=_("doctor"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    parity = models.CharField(_("days"), max_length=4, choices=Parity.choices, default=Parity.ANY)
    begin = models.TimeField(_("from"))
    end = models.TimeField(_("to"))
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    slot_minutes = models.PositiveSmallIntegerField(
        _("minutes a slot"),
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SLOT_MINUTES)],
    )
    capacity = models.PositiveSmallIntegerField(_("patients a slot"), default=1, validators=[MinValueValidator(1)])
    channels = channels_field()
    busy_type = models.ForeignKey(
        BusyType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("busy type")
    )
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("room"))

    objects = ScheduleTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule template")
        verbose_name_plural = _("schedule templates")
        ordering = ["doctor", "weekday", "begin"]
        constraints = [
            models.CheckConstraint(condition=models.Q(end__gt=models.F("begin")), name="template_ends_after_begin"),
            models.CheckConstraint(condition=models.Q(weekday__range=(1, 7)), name="template_weekday_iso"),
            models.CheckConstraint(
                condition=models.Q(slot_minutes__range=(1, MAX_SLOT_MINUTES)), name="template_slot_minutes"
            ),
            models.CheckConstraint(condition=models.Q(capacity__gte=1), name="template_capacity"),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="template_valid_order",
            ),
            channels_known("template_channels_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.begin:%H:%M}–{self.end:%H:%M}"

    def applies_on(self, day: dt.date) -> bool:
        """Whether this interval is worked on that day, exceptions aside."""
        if day.isoweekday() != self.weekday or day < self.valid_from:
            return False
        if self.valid_to is not None and day > self.valid_to:
            return False
        return self.parity == Parity.ANY or (day.day % 2 == 1) == (self.parity == Parity.ODD)


class ScheduleException(models.Model):
    """An absence of a doctor, a holiday of an LPU (or of all), or extra hours of a doctor.

    `begin` and `end` are instants, half-open. Extra hours carry what a template carries; the others do not use it.
    """

    class Kind(models.TextChoices):
        """What departs from the pattern."""

        ABSENCE = "absence", _("absence")
        HOLIDAY = "holiday", _("holiday")
        EXTRA = "extra", _("extra hours")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    doctor = models.ForeignKey(
        Doctor, models.CASCADE, null=True, blank=True, related_name="exceptions", verbose_name=_("doctor")
    )
    lpu = models.ForeignKey(
        Lpu,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="exceptions",
        verbose_name=_("LPU"),
        help_text=_("Of a holiday; blank: all LPUs."),
    )
    begin = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=255, blank=True, default="")
    slot_minutes = models.PositiveSmallIntegerField(
        _("minutes a slot"),
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SLOT_MINUTES)],
    )
    capacity = models.PositiveSmallIntegerField(_("patients a slot"), default=1, validators=[MinValueValidator(1)])
    channels = channels_field(blank=True)
    busy_type = models.ForeignKey(
        BusyType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("busy type")
    )
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("room"))

    objects = ScheduleExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule exception")
        verbose_name_plural = _("schedule exceptions")
        ordering = ["-begin"]
        constraints = [
            models.CheckConstraint(condition=models.Q(end__gt=models.F("begin")), name="exception_ends_after_begin"),
            models.CheckConstraint(
                condition=models.Q(kind="holiday", doctor__isnull=True)
                | models.Q(kind__in=["absence", "extra"], doctor__isnull=False, lpu__isnull=True),
                name="exception_of_doctor_or_holiday",
            ),
            models.CheckConstraint(
                condition=models.Q(slot_minutes__range=(1, MAX_SLOT_MINUTES)), name="exception_slot_minutes"
            ),
            models.CheckConstraint(condition=models.Q(capacity__gte=1), name="exception_capacity"),
            channels_known("exception_channels_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.begin:%d.%m.%Y}"

    def clean(self) -> None:
        """Say in words what the constraint says."""
        if (self.kind == self.Kind.HOLIDAY) == (self.doctor is not None):
            raise ValidationError(
                {"doctor": _("A holiday has no doctor; an absence and extra hours need one.")}, code="invalid"
            )
