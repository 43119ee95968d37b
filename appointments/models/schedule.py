"""The weekly pattern of a doctor and what departs from it."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.fields import channels_field, channels_known, released_channels_field
from appointments.querysets import ScheduleExceptionQuerySet, ScheduleTemplateQuerySet
from lmis.models import BusyType, Doctor, Lpu, Room

MAX_SLOT_MINUTES = 24 * 60
MAX_CAPACITY = 999  # a slip of the finger, and not a queue
MAX_RELEASE_HOURS = 62 * 24  # farther ahead than a poller may ask


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
    """One interval of a doctor's week; times are local to the doctor's LPU.

    It is cut into slots, first before lunch, then after it: `repeat_after` first visits of `slot_minutes`, one repeat
    visit of `repeat_minutes`, and so on; without `repeat_minutes` all are alike. A live queue is not cut: it is one
    slot for `capacity` patients who come in the order of their numbers. Days are inclusive.
    A place is open to `channels`, and `release_hours` before it begins to `release_channels`, too.
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
    repeat_minutes = models.PositiveSmallIntegerField(
        _("minutes a repeat visit"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SLOT_MINUTES)],
    )
    repeat_after = models.PositiveSmallIntegerField(
        _("first visits before a repeat one"), default=1, db_default=1, validators=[MinValueValidator(1)]
    )
    lunch_begin = models.TimeField(_("lunch from"), null=True, blank=True)
    lunch_end = models.TimeField(_("lunch to"), null=True, blank=True)
    is_queue = models.BooleanField(_("live queue"), default=False, db_default=False)
    capacity = models.PositiveSmallIntegerField(
        _("patients a slot"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_CAPACITY)]
    )
    channels = channels_field()
    release_hours = models.PositiveSmallIntegerField(
        _("hours before, when it opens to more"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RELEASE_HOURS)],
    )
    release_channels = released_channels_field(_("channels it opens to then"))
    busy_type = models.ForeignKey(
        BusyType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("busy type")
    )
    repeat_busy_type = models.ForeignKey(
        BusyType,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("busy type of a repeat visit"),
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
            models.CheckConstraint(
                condition=Q(repeat_minutes__isnull=True) | Q(repeat_minutes__range=(1, MAX_SLOT_MINUTES)),
                name="template_repeat_minutes",
            ),
            models.CheckConstraint(condition=Q(repeat_after__gte=1), name="template_repeat_after"),
            models.CheckConstraint(
                condition=Q(lunch_begin__isnull=True, lunch_end__isnull=True)
                | Q(
                    lunch_begin__isnull=False,  # else the comparisons are neither true nor false, and pass
                    lunch_end__isnull=False,
                    lunch_begin__gt=F("begin"),
                    lunch_end__gt=F("lunch_begin"),
                    end__gt=F("lunch_end"),
                ),
                name="template_lunch_inside",
            ),
            models.CheckConstraint(
                condition=Q(is_queue=False) | Q(repeat_minutes__isnull=True, lunch_begin__isnull=True),
                name="template_queue_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(release_hours__isnull=True, release_channels=[])
                | (
                    Q(release_hours__isnull=False, release_hours__range=(1, MAX_RELEASE_HOURS))
                    & ~Q(release_channels=[])
                ),
                name="template_release_whole",
            ),
            channels_known("template_release_known", "release_channels"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.begin:%H:%M}–{self.end:%H:%M}"

    def clean(self) -> None:
        """Say in words what the constraints say."""
        wrong = {**self._wrong_times(), **self._wrong_offer()}
        if not wrong and self._visit_is_too_long():
            wrong["slot_minutes"] = _("The visit is longer than the hours: there would be no place at all.")
        if wrong:
            raise ValidationError(wrong)  # no code: for one that a form's field knows its own text would be shown

    def _wrong_times(self) -> dict[str, Any]:
        wrong: dict[str, Any] = {}
        if self.begin and self.end and self.end <= self.begin:
            wrong["end"] = _("Must be later than the beginning.")
        if self.valid_to and self.valid_from and self.valid_to < self.valid_from:
            wrong["valid_to"] = _("Must not be before the first day.")
        if (self.lunch_begin is None) != (self.lunch_end is None):
            wrong["lunch_end" if self.lunch_begin else "lunch_begin"] = _("Lunch needs a beginning and an end.")
        elif self._lunch_is_outside():
            wrong["lunch_begin"] = _("Lunch must lie within the hours, with work before and after it.")
        return wrong

    def _lunch_is_outside(self) -> bool:
        times = [time for time in (self.begin, self.lunch_begin, self.lunch_end, self.end) if time is not None]
        return len(times) == 4 and not all(earlier < later for earlier, later in pairwise(times))

    def _wrong_offer(self) -> dict[str, Any]:
        wrong: dict[str, Any] = {}
        if self.is_queue and self.repeat_minutes:
            wrong["repeat_minutes"] = _("A live queue has no visits of a set length: leave this blank.")
        if self.is_queue and self.lunch_begin:
            wrong["lunch_begin"] = _("A live queue has no lunch: enter one queue before it and one after it.")
        if self.release_channels and self.release_hours is None:
            wrong["release_hours"] = _("Say how many hours before the visit the place opens.")
        elif self.release_hours is not None and not self.release_channels:
            wrong["release_hours"] = _("Say to which channels the place opens then.")
        if not self.channels and not self.release_channels:
            wrong["channels"] = _("Nobody could book: open the places to at least one channel.")
        return wrong

    def _visit_is_too_long(self) -> bool:
        if self.is_queue or self.slot_minutes is None or self.begin is None or self.end is None:
            return False
        return all(_minutes(end) - _minutes(begin) < self.slot_minutes for begin, end in self.stretches())

    def stretches(self) -> list[tuple[dt.time, dt.time]]:
        """The hours before and after lunch; all of them without one."""
        if self.lunch_begin is None or self.lunch_end is None:
            return [(self.begin, self.end)]
        return [(self.begin, self.lunch_begin), (self.lunch_end, self.end)]

    def applies_on(self, day: dt.date, weekday: int | None = None) -> bool:
        """Whether this interval is worked on that day, exceptions aside.

        In: the ISO weekday whose hours are kept, where that is not the day's own (a moved working day).
        """
        if (weekday or day.isoweekday()) != self.weekday or day < self.valid_from:
            return False
        if self.valid_to is not None and day > self.valid_to:
            return False
        return self.parity == Parity.ANY or (day.day % 2 == 1) == (self.parity == Parity.ODD)


def _minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute


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
        return f"{self.get_kind_display()} {formats.date_format(self.begin.astimezone(self.tz), 'SHORT_DATE_FORMAT')}"

    @property
    def tz(self) -> dt.tzinfo:
        """Of the wall that its times stand on; the site's where all LPUs are closed."""
        lpu = self.doctor.lpu if self.doctor else self.lpu
        return lpu.tz if lpu else timezone.get_current_timezone()

    def clean(self) -> None:
        """Say in words what the constraint says."""
        if (self.kind == self.Kind.HOLIDAY) == (self.doctor is not None):
            raise ValidationError(
                {"doctor": _("A holiday has no doctor; an absence and extra hours need one.")}, code="invalid"
            )
