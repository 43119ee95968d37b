"""A cell of a doctor's schedule."""

from __future__ import annotations

import uuid

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, IntegerRangeField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from appointments.models.fields import channels_field, released_channels_field
from appointments.models.triggers import SLOT_GUARD, SLOT_KEEP
from appointments.querysets import SlotQuerySet
from lmis.models import BusyType, Doctor, Room

# One doctor as a range: an exclusion constraint over (doctor, period) without the btree_gist extension.
_DOCTOR_RANGE = Func(F("doctor"), F("doctor"), Value("[]"), function="int8range", output_field=IntegerRangeField())
_PERIOD = Func(F("begin"), F("end"), Value("[)"), function="tstzrange", output_field=DateTimeRangeField())


class Slot(models.Model):
    """A period of one doctor that `capacity` patients may book; half-open, `guid` never changes.

    `booked` and `overbooked` are kept by the appointments' trigger and cannot be written from outside.
    `visible`, `room_label`, `busy_code`, `busy_name` are stamped from the doctor, the room and the busy type.
    `pattern` is what the generator wrote here last, as a digest; blank on a slot made by hand, which it leaves alone.
    `changed` is the transaction of the last change: the schedule's revision (design, "Schedule revision").
    A live queue is one slot of many places; `numbers` of the day, from its ordinal on, are its own.
    At `release_at` the place opens to `release_channels`, too (`services.releasing`); both are empty afterwards.
    What holds for its channels stands in the guard: as CHECKs PostgreSQL would parse them anew at each booking.
    """

    class Withdrawn(models.TextChoices):
        """By whom the place was taken out of the schedule."""

        NO = "", _("in the schedule")
        GENERATOR = "generator", _("by the generator")
        STAFF = "staff", _("by staff")

    guid = models.UUIDField(_("guid"), default=uuid.uuid4, unique=True, editable=False)
    # slot_by_doctor serves the foreign key too: every index less makes a booking cheaper
    doctor = models.ForeignKey(Doctor, models.PROTECT, related_name="slots", verbose_name=_("doctor"), db_index=False)
    begin = models.DateTimeField(_("begin"))
    end = models.DateTimeField(_("end"))
    day = models.DateField(_("day"), editable=False)
    ordinal = models.PositiveIntegerField(_("number in the day"), editable=False)
    is_queue = models.BooleanField(_("live queue"), default=False, db_default=False, editable=False)
    numbers = models.PositiveSmallIntegerField(_("numbers of its own"), default=1, db_default=1, editable=False)
    capacity = models.PositiveSmallIntegerField(_("places"), default=1)
    overbooked = models.PositiveSmallIntegerField(_("beyond the plan"), default=0, db_default=0, editable=False)
    booked = models.PositiveSmallIntegerField(_("taken"), default=0, db_default=0, editable=False)
    channels = channels_field()
    release_at = models.DateTimeField(_("opens to more at"), null=True, blank=True, editable=False)
    release_channels = released_channels_field(_("channels it opens to then"))
    is_blocked = models.BooleanField(_("blocked"), default=False)
    block_reason = models.CharField(_("reason of the block"), max_length=255, blank=True, default="")
    withdrawn = models.CharField(
        _("withdrawn"), max_length=10, choices=Withdrawn.choices, blank=True, default=Withdrawn.NO
    )
    busy_type = models.ForeignKey(
        BusyType,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # each booking would pay for an index that only a renaming reads
        verbose_name=_("busy type"),
    )
    room = models.ForeignKey(
        Room,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # likewise
        verbose_name=_("room"),
    )

    pattern = models.CharField(max_length=16, blank=True, default="", db_default="", editable=False)

    visible = models.BooleanField(default=True, db_default=True, editable=False)
    published = models.BooleanField(default=False, db_default=False, editable=False)
    room_label = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    busy_code = models.CharField(max_length=32, null=True, editable=False)
    busy_name = models.CharField(max_length=255, null=True, editable=False)
    changed = models.BigIntegerField(default=0, db_default=0, editable=False)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["doctor", "begin"]
        constraints = [
            models.CheckConstraint(
                condition=Q(booked__lte=F("capacity") + F("overbooked")), name="slot_never_over_capacity"
            ),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="slot_capacity"),
            models.CheckConstraint(condition=Q(end__gt=F("begin")), name="slot_ends_after_begin"),
            models.CheckConstraint(condition=Q(withdrawn__in=["", "generator", "staff"]), name="slot_withdrawn_known"),
            models.CheckConstraint(
                condition=Q(is_queue=True, numbers__gte=1) | Q(is_queue=False, numbers=1), name="slot_numbers"
            ),
            models.UniqueConstraint(fields=["doctor", "day", "ordinal"], name="slot_ordinal_once_a_day"),
            ExclusionConstraint(
                name="slot_no_overlap",
                expressions=[(_DOCTOR_RANGE, "&&"), (_PERIOD, "&&")],
                condition=Q(withdrawn=""),
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "begin"], name="slot_by_doctor"),
            models.Index(fields=["begin"], name="slot_by_begin"),
            models.Index(fields=["changed"], name="slot_by_change"),
            # only places that wait for it: a booking of any other pays nothing
            models.Index(fields=["release_at"], condition=Q(release_at__isnull=False), name="slot_to_release"),
            # the next free place of a booked-out doctor without walking over all the taken ones
            models.Index(
                fields=["doctor", "begin"],
                condition=Q(withdrawn="", is_blocked=False, visible=True, booked__lt=F("capacity") + F("overbooked")),
                name="slot_free",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="slot_guard",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("shown_room", "bigint")],
                func=SLOT_GUARD,
            ),
            pgtrigger.Trigger(name="slot_keep", when=pgtrigger.Before, operation=pgtrigger.Delete, func=SLOT_KEEP),
        ]

    def __str__(self) -> str:
        local = self.begin.astimezone(self.doctor.lpu.tz)
        return f"{local:%d.%m.%Y %H:%M} {self.doctor.short_name}"

    @property
    def is_bookable_by_clinic(self) -> bool:
        """Neither blocked nor withdrawn, and its doctor is not hidden."""
        return self.visible and not self.is_blocked and not self.withdrawn

    @property
    def places_left(self) -> int:
        """How many places nobody holds, whatever the state of the slot."""
        return self.capacity + self.overbooked - self.booked

    def number_of(self, seat: int) -> str:
        """What is printed on the ticket of that seat (contract, `number`): `07`, or `07-2` where places are several.

        In a live queue the numbers run on; only beyond those that it has of its own there is `19-2`.
        """
        if self.is_queue:
            last = self.ordinal + self.numbers - 1
            own = seat <= self.numbers
            return f"{self.ordinal + seat - 1:02d}" if own else f"{last:02d}-{seat - self.numbers + 1}"
        return f"{self.ordinal:02d}" if self.capacity == 1 and seat == 1 else f"{self.ordinal:02d}-{seat}"
