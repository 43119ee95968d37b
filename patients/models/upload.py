"""The state of a card's upload to the MIP: the outbox. The broker only says that there may be something to send."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from patients.querysets import CardUploadQuerySet


class CardUpload(models.Model):
    """One row a card, made by the card's trigger; `due_at` says when it may be sent, `wanted_since` when
    that was asked for: what is told to wait again and again grows old by it.

    `claim` names the sender that holds the row while it is in flight, until `claimed_until`; a sender whose claim
    was taken over writes nothing; `share` of that claim's cards are sent at the same time. `sent_version` is
    what was answered last, `accepted_version` what the MIP holds.
    `error_text` comes from the MIP and may name the patient: it is shown to staff and never logged. `faults` are all
    that the MIP listed, `{field, code, text}` each, the text likewise; the columns hold the first.
    """

    class State(models.TextChoices):
        """Contract §4; a plain name and what to do is the operators' page's business."""

        WAITING = "waiting", _("waiting")
        IN_FLIGHT = "in_flight", _("being sent")
        RETRY = "retry", _("waiting to repeat")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected: the card must be mended")
        DUPLICATE = "duplicate", _("suspected duplicate")
        NOT_NEEDED = "not_needed", _("not needed")

    class Priority(models.IntegerChoices):
        """By harm: whom the region must know soon, whoever is new or changed, the many that were here before."""

        CONCERNED = 0, _("has an appointment or a direction")
        CHANGED = 1, _("new or changed")
        BACKFILL = 2, _("existing card")

    patient = models.OneToOneField(
        Patient, models.CASCADE, primary_key=True, related_name="upload", verbose_name=_("card")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    priority = models.SmallIntegerField(
        _("order"), choices=Priority.choices, default=Priority.CHANGED, db_default=Priority.CHANGED
    )
    due_at = models.DateTimeField(_("due"), db_default=Now())
    wanted_since = models.DateTimeField(_("wanted since"), db_default=Now(), editable=False)
    claim = models.UUIDField(_("claim"), null=True, blank=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    share = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    attempts = models.PositiveIntegerField(_("attempts with this change"), default=0, db_default=0)
    sent_version = models.BigIntegerField(_("version sent"), null=True, blank=True)
    accepted_version = models.BigIntegerField(_("version accepted"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    error_code = models.CharField(_("last error, code"), max_length=64, blank=True, default="", db_default="")
    error_text = models.CharField(_("last error"), max_length=500, blank=True, default="", db_default="")

    error_field = models.CharField(_("last error, field"), max_length=100, blank=True, default="", db_default="")
    faults = models.JSONField(default=list, db_default=[], editable=False)

    objects = CardUploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload to the MIP")
        verbose_name_plural = _("uploads to the MIP")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="in_flight", claim__isnull=False, claimed_until__isnull=False)
                | (~models.Q(state="in_flight") & models.Q(claim__isnull=True)),
                name="upload_claimed_while_in_flight",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["waiting", "in_flight", "retry", "accepted", "rejected", "duplicate", "not_needed"]
                ),
                name="upload_state_known",
            ),
            models.CheckConstraint(condition=models.Q(priority__in=[0, 1, 2]), name="upload_priority_known"),
        ]
        indexes = [
            models.Index(
                fields=["priority", "due_at"],
                condition=models.Q(state__in=["waiting", "retry"]),
                name="upload_due_by_harm",
            ),
            models.Index(fields=["claimed_until"], condition=models.Q(state="in_flight"), name="upload_in_flight"),
            models.Index(fields=["state", "error_code", "patient"], name="upload_by_reason"),
            models.Index(
                fields=["last_attempt_at", "patient"],
                condition=models.Q(state__in=["rejected", "duplicate"]),
                name="upload_to_mend",
            ),
            # For a list narrowed to one of these, a page anywhere: without it as many cards are read as lie between.
            models.Index(
                fields=["state", "patient"],
                condition=models.Q(state__in=["retry", "rejected", "duplicate", "not_needed"]),
                name="upload_set_aside",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id}: {self.get_state_display()}"
