"""The clinic: its LPUs and those of the region, departments, rooms, doctors."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lmis.models.dictionaries import Position, Speciality
from lmis.querysets import DoctorQuerySet, LpuQuerySet
from lmis.text import short_name


def validate_time_zone(value: str) -> None:
    """Refuse a name that the IANA database does not know."""
    if value not in available_timezones():
        raise ValidationError(_("Unknown time zone: %(value)s"), params={"value": value}, code="invalid")


def _contact(label: Any, length: int, kind: type[models.CharField] = models.CharField) -> Any:
    """What a connection request prints of an own LPU; of the others it is blank."""
    return kind(label, max_length=length, blank=True, default="", db_default="")


class Lpu(models.Model):
    """A health-care institution of the regional directory (ЛПУ); `is_own` marks those this LMIS serves."""

    guid = models.UUIDField(_("guid"), default=uuid.uuid4, unique=True)
    name = models.CharField(_("full name"), max_length=500, blank=True, default="")
    short_name = models.CharField(_("short name"), max_length=120, blank=True, default="")
    oid = models.CharField(_("OID"), max_length=64, blank=True, default="")
    ogrn = models.CharField(
        _("OGRN"),
        max_length=15,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(r"\A([0-9]{13}|[0-9]{15})\Z", _("An OGRN has 13 or 15 digits."), code="invalid")],
        help_text=_("Printed on directions."),
    )
    address = models.CharField(_("address"), max_length=500, blank=True, default="")
    ticket_note = models.TextField(
        _("text on the ticket"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("What to bring, as it is printed on each ticket."),
    )
    phone = models.CharField(_("phone"), max_length=64, blank=True, default="")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=settings.TIME_ZONE, validators=[validate_time_zone]
    )
    is_own = models.BooleanField(_("served by this system"), default=False)
    is_confirmed = models.BooleanField(
        _("confirmed"),
        default=True,
        help_text=_("Not confirmed: first heard of in a direction from outside."),
    )
    entry_point = models.URLField(_("entry point of its LMIS"), blank=True, default="")
    contact_person = _contact(_("who answers for the connection"), 200)
    contact_phone = _contact(_("their phone"), 64)
    contact_email = _contact(_("their e-mail"), 254, models.EmailField)
    technician = _contact(_("who looks after the system"), 200)
    technician_phone = _contact(_("the technician's phone"), 64)
    technician_email = _contact(_("the technician's e-mail"), 254, models.EmailField)

    objects = LpuQuerySet.as_manager()

    class Meta:
        verbose_name = _("LPU")
        verbose_name_plural = _("LPU directory")
        ordering = ["-is_own", "short_name", "name"]

    def __str__(self) -> str:
        return self.short_name or self.name or str(self.guid)

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which this LPU's dates and times are shown."""
        return ZoneInfo(self.time_zone)


def zone_of(lpus: Sequence[Lpu]) -> ZoneInfo:
    """The clinic's time zone: of the first of its LPUs, given by name, or without any that of the settings."""
    return lpus[0].tz if lpus else ZoneInfo(settings.TIME_ZONE)


class LpuAlias(models.Model):
    """A guid under which an LPU was known before its entry was merged into another one.

    What comes with it later means that one (`lmis.services.directory`).
    """

    guid = models.UUIDField(_("former guid"), unique=True, editable=False)
    lpu = models.ForeignKey(Lpu, models.CASCADE, related_name="aliases", verbose_name=_("LPU"))
    name = models.CharField(_("former name"), max_length=500, blank=True, default="", editable=False)
    merged_at = models.DateTimeField(_("merged"), db_default=Now(), editable=False)
    merged_by = models.CharField(_("merged by"), max_length=150, editable=False)

    class Meta:
        verbose_name = _("former guid of an LPU")
        verbose_name_plural = _("former guids of LPUs")
        default_permissions = ()  # written by merging, which is a change of the LPU
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name} {self.guid}".strip()


class Department(models.Model):
    """A department of an own LPU (отделение)."""

    lpu = models.ForeignKey(Lpu, models.PROTECT, related_name="departments", verbose_name=_("LPU"))
    name = models.CharField(_("name"), max_length=200)
    address = models.CharField(_("branch address"), max_length=500, blank=True, default="")
    head = models.CharField(
        _("head of the department"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Surname and initials, as printed on directions."),
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["lpu", "name"], name="department_name_once")]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A room where patients are seen (кабинет); `number` is what a Slot shows as its room."""

    lpu = models.ForeignKey(Lpu, models.PROTECT, related_name="rooms", verbose_name=_("LPU"))
    number = models.CharField(_("number"), max_length=32)
    floor = models.CharField(_("floor"), max_length=16, blank=True, default="")

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["lpu", "number"], name="room_number_once")]

    def __str__(self) -> str:
        return self.number


class Doctor(models.Model):
    """A person in a position: what the region calls a resource.

    Somebody who holds two positions is two doctors. `is_published` shows the doctor to the outside.
    `refiled` is the transaction that last changed LPU or speciality: pollers with a filter on either
    cannot see such a doctor's slots leave, and get the window in full instead of a difference.
    """

    guid = models.UUIDField(_("guid"), default=uuid.uuid4, unique=True)
    lpu = models.ForeignKey(Lpu, models.PROTECT, related_name="doctors", verbose_name=_("LPU"))
    family = models.CharField(_("surname"), max_length=100)
    name = models.CharField(_("first name"), max_length=100, blank=True, default="")
    patronymic = models.CharField(_("patronymic"), max_length=100, blank=True, default="")
    position = models.ForeignKey(Position, models.PROTECT, related_name="doctors", verbose_name=_("position"))
    speciality = models.ForeignKey(Speciality, models.PROTECT, related_name="doctors", verbose_name=_("speciality"))
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="doctors",
        verbose_name=_("department"),
    )
    room = models.ForeignKey(
        Room, models.PROTECT, null=True, blank=True, related_name="doctors", verbose_name=_("room")
    )
    is_published = models.BooleanField(_("shown to the outside"), default=True)
    is_active = models.BooleanField(_("works here"), default=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="doctors",
        verbose_name=_("employee account"),
    )
    refiled = models.BigIntegerField(editable=False, default=0, db_default=0)

    objects = DoctorQuerySet.as_manager()

    class Meta:
        verbose_name = _("doctor")
        verbose_name_plural = _("doctors")
        ordering = ["family", "name", "patronymic", "pk"]
        indexes = [models.Index(fields=["refiled"], name="doctor_refiled")]
        triggers = [
            pgtrigger.Trigger(
                name="doctor_refiled",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                NEW.refiled := OLD.refiled;
                IF (NEW.lpu_id, NEW.speciality_id) IS DISTINCT FROM (OLD.lpu_id, OLD.speciality_id) THEN
                    NEW.refiled := pg_current_xact_id()::text::bigint;
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.short_name}, {self.speciality}"

    @property
    def short_name(self) -> str:
        """Surname and initials: `Иванова А. П.`."""
        return short_name(self.family, self.name, self.patronymic)

    @property
    def full_name(self) -> str:
        """Surname, first name, patronymic, as far as known."""
        return " ".join(part for part in (self.family, self.name, self.patronymic) if part)


class Epoch(models.Model):
    """One row that a restore from a backup renews: schedule revisions from before it are worth nothing.

    `manage.py renew_epoch` writes a new value; pollers then get the schedule in full.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    value = models.UUIDField(_("value"), default=uuid.uuid4)
    renewed_at = models.DateTimeField(_("renewed"), db_default=Now())

    class Meta:
        verbose_name = _("epoch of the database")
        verbose_name_plural = _("epoch of the database")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="epoch_one_row")]

    def __str__(self) -> str:
        return str(self.value)
