"""Public holidays and moved working days: where the calendar departs from the week of Monday to Friday."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lmis.models.clinic import Department
from lmis.querysets import CalendarDayQuerySet


class CalendarDay(models.Model):
    """One day that is not what its weekday says.

    `moved_from`: of a day off, the weekend whose rest was moved here (Labour Code, article 112); of a working day, the
    day whose work is done here, and so whose hours the doctors keep. A shortened day changes no schedule, it warns.
    """

    class Kind(models.TextChoices):
        """What is different about the day."""

        DAY_OFF = "off", _("day off")
        SHORTENED = "short", _("shortened day")
        WORKING = "working", _("working day")

    date = models.DateField(_("date"), unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.DAY_OFF)
    name = models.CharField(_("name"), max_length=200)
    moved_from = models.DateField(
        _("moved from"),
        null=True,
        blank=True,
        help_text=_("Of a working day: the day whose hours the doctors keep on it."),
    )
    is_preliminary = models.BooleanField(
        _("preliminary"), default=False, help_text=_("Not decreed yet: the Government may still move the day off.")
    )
    source = models.CharField(_("source"), max_length=255, blank=True, default="")

    departments: list[int]  # of those read `with_work`

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("day of the calendar")
        verbose_name_plural = _("calendar of holidays")
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["off", "short", "working"]), name="calendar_kind_known"),
            models.CheckConstraint(condition=~Q(name=""), name="calendar_day_named"),
            models.CheckConstraint(
                condition=Q(kind="off")
                | Q(kind="short", moved_from__isnull=True)
                | Q(kind="working", moved_from__isnull=False),
                name="calendar_moved_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(moved_from__isnull=True) | ~Q(moved_from=F("date")), name="calendar_moved_elsewhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date:%d.%m.%Y} {self.name}"

    def clean(self) -> None:
        """Say in words what the constraints say."""
        if self.kind == self.Kind.WORKING and self.moved_from is None:
            raise ValidationError(
                {"moved_from": _("Say which day's work is done on this one: the doctors keep the hours of that day.")},
                code="required",
            )
        if self.kind == self.Kind.SHORTENED and self.moved_from is not None:
            raise ValidationError({"moved_from": _("A shortened day is moved from nowhere.")}, code="invalid")
        if self.moved_from is not None and self.moved_from == self.date:
            raise ValidationError({"moved_from": _("A day cannot be moved to itself.")}, code="invalid")


class HolidayWork(models.Model):
    """A department that sees patients on a day off: its doctors keep the hours of that weekday."""

    day = models.ForeignKey(CalendarDay, models.CASCADE, related_name="work", verbose_name=_("day"))
    department = models.ForeignKey(
        Department, models.CASCADE, related_name="holiday_work", verbose_name=_("department")
    )

    class Meta:
        default_permissions = ()  # whoever may edit the day may say who works on it
        verbose_name = _("department that works on this day")
        verbose_name_plural = _("departments that work on this day")
        ordering = ["department__name"]
        constraints = [models.UniqueConstraint(fields=["day", "department"], name="holiday_work_once")]

    def __str__(self) -> str:
        return str(self.department)
