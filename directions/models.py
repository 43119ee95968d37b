"""The direction (направление): a referral from one LPU to another, or to itself, for a speciality."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from directions.querysets import DirectionQuerySet
from lmis.models import Doctor, Lpu
from patients.models import Patient
from patients.models.triggers import follows_survivor


class Direction(models.Model):
    """A direction with its sender's snapshot.

    `origin` says who may change it: one issued here is never changed by the API; one received follows what the
    region sends; one entered at the desk from paper carries a guid of ours until the region names its own.
    `patient` is the card at the LPU that knows the direction: the referring one for issued ones, else the receiving.
    """

    class Origin(models.TextChoices):
        """Where our knowledge of it comes from."""

        ISSUED = "issued", _("issued here")
        RECEIVED = "received", _("received from the region")
        DESK = "desk", _("entered at the desk from paper")

    class Outcome(models.TextChoices):
        """What staff recorded about a direction to somebody else's LPU."""

        UNKNOWN = "", _("not known")
        BOOKED = "booked", _("booked there")
        DONE = "done", _("seen there")

    guid = models.UUIDField(_("guid"), default=uuid.uuid4, unique=True)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.RECEIVED)
    number = models.CharField(_("number"), max_length=64, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=1000, blank=True, default="")
    speciality_code = models.CharField(_("speciality, code"), max_length=32, blank=True, default="")
    speciality_name = models.CharField(_("speciality"), max_length=255, blank=True, default="")
    speciality_oid = models.CharField(
        _("speciality, dictionary OID"), max_length=64, blank=True, default="", db_default=""
    )
    speciality_version = models.CharField(
        _("speciality, dictionary version"), max_length=32, blank=True, default="", db_default=""
    )
    lpu_from = models.ForeignKey(Lpu, models.PROTECT, related_name="directions_out", verbose_name=_("referring LPU"))
    lpu_to = models.ForeignKey(Lpu, models.PROTECT, related_name="directions_in", verbose_name=_("receiving LPU"))
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="directions", verbose_name=_("patient card"))
    date_direction = models.DateTimeField(_("date of the direction"), null=True, blank=True)
    diagnosis_code = models.CharField(_("diagnosis, code"), max_length=16, blank=True, default="")
    diagnosis_name = models.CharField(_("diagnosis"), max_length=500, blank=True, default="")
    diagnosis_oid = models.CharField(
        _("diagnosis, dictionary OID"), max_length=64, blank=True, default="", db_default=""
    )
    diagnosis_version = models.CharField(
        _("diagnosis, dictionary version"), max_length=32, blank=True, default="", db_default=""
    )
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    doctor = models.ForeignKey(
        Doctor,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="directions",
        verbose_name=_("referring doctor"),
    )
    sender_guid = models.UUIDField(_("sender, guid"), null=True, blank=True)
    sender_family = models.CharField(_("sender, surname"), max_length=100, blank=True, default="")
    sender_name = models.CharField(_("sender, first name"), max_length=100, blank=True, default="")
    sender_patronymic = models.CharField(_("sender, patronymic"), max_length=100, blank=True, default="")
    sender_position_code = models.CharField(_("sender, position code"), max_length=32, blank=True, default="")
    sender_position_name = models.CharField(_("sender, position"), max_length=255, blank=True, default="")
    sender_position_oid = models.CharField(
        _("sender, position, dictionary OID"), max_length=64, blank=True, default="", db_default=""
    )
    sender_position_version = models.CharField(
        _("sender, position, dictionary version"), max_length=32, blank=True, default="", db_default=""
    )
    sender_speciality_code = models.CharField(_("sender, speciality code"), max_length=32, blank=True, default="")
    sender_speciality_name = models.CharField(_("sender, speciality"), max_length=255, blank=True, default="")
    sender_speciality_oid = models.CharField(
        _("sender, speciality, dictionary OID"), max_length=64, blank=True, default="", db_default=""
    )
    sender_speciality_version = models.CharField(
        _("sender, speciality, dictionary version"), max_length=32, blank=True, default="", db_default=""
    )

    outcome = models.CharField(
        _("what came of it"), max_length=10, choices=Outcome.choices, blank=True, default=Outcome.UNKNOWN
    )
    outcome_note = models.CharField(_("note on the outcome"), max_length=500, blank=True, default="", db_default="")
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancel_reason = models.CharField(_("reason of cancelling"), max_length=500, blank=True, default="")
    cancelled_by = models.CharField(_("cancelled by"), max_length=150, blank=True, default="")
    created_by = models.CharField(_("entered by"), max_length=150, blank=True, default="")
    created_at = models.DateTimeField(_("entered"), db_default=Now(), editable=False)

    is_held = False  # annotated by `DirectionQuerySet.with_hold`

    objects = DirectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("direction")
        verbose_name_plural = _("directions")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(origin__in=["issued", "received", "desk"]), name="direction_origin_known"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["", "booked", "done"]), name="direction_outcome_known"
            ),
            models.UniqueConstraint(
                fields=["lpu_from", "number"],
                condition=models.Q(origin="issued") & ~models.Q(number=""),
                name="direction_issued_number_once",
            ),
        ]
        triggers = [follows_survivor("direction_of_survivor")]
        indexes = [
            models.Index(fields=["lpu_from", "number"], name="direction_by_number"),
            models.Index(fields=["created_at"], name="direction_by_created"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.guid)


class DirectionCounter(models.Model):
    """The last running number given to directions of one LPU in one year; `directions.services.numbers` raises it."""

    lpu = models.ForeignKey(Lpu, models.PROTECT, related_name="+", verbose_name=_("LPU"))
    year = models.PositiveSmallIntegerField(_("year"))
    last = models.PositiveIntegerField(_("last number"))

    class Meta:
        verbose_name = _("counter of directions")
        verbose_name_plural = _("counters of directions")
        constraints = [models.UniqueConstraint(fields=["lpu", "year"], name="direction_counter_once")]

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class IncomingDirection(Direction):
    """Directions to us, received or entered from paper: a list of their own for the desk."""

    class Meta:
        proxy = True
        verbose_name = _("incoming direction")
        verbose_name_plural = _("incoming directions")
