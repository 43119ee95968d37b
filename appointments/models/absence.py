"""What was decided about each appointment of a closed period: written before it is done, so a run may be killed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from appointments.models.schedule import ScheduleException
from appointments.models.slot import Slot
from lmis.models import Doctor


class AbsenceDecision(models.Model):
    """What is to become of one appointment in a doctor's absence.

    `planned` waits for its turn, `done` has happened, `refused` could not be had (`refusal` says why) and waits for
    another decision. `slot` is the place that the appointment had, `target` the one it is to have; a substitution
    names the doctor instead and finds or makes the place when its turn comes.
    """

    class Choice(models.TextChoices):
        """What one can do."""

        SUBSTITUTE = "substitute", _("another doctor at the same time")
        MOVE = "move", _("another time")
        CANCEL = "cancel", _("cancel")
        KEEP = "keep", _("keep as it is")

    class State(models.TextChoices):
        """How far it has come."""

        PLANNED = "planned", _("waits for its turn")
        DONE = "done", _("done")
        REFUSED = "refused", _("could not be done")

    exception = models.ForeignKey(
        ScheduleException, models.CASCADE, related_name="decisions", verbose_name=_("absence")
    )
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, related_name="decisions", verbose_name=_("appointment")
    )
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="+", verbose_name=_("old place"))
    choice = models.CharField(_("decision"), max_length=10, choices=Choice.choices)
    target = models.ForeignKey(
        Slot, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("new place")
    )
    substitute = models.ForeignKey(
        Doctor, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("substitute")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PLANNED)
    refusal = models.CharField(_("why it could not be done"), max_length=255, blank=True, default="")
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True, default="")
    decided_at = models.DateTimeField(_("decided at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("decision about an appointment")
        verbose_name_plural = _("decisions about appointments")
        ordering = ["slot__begin", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["exception", "appointment"], name="decision_once_an_absence"),
            models.CheckConstraint(
                condition=Q(choice="substitute", substitute__isnull=False)
                | Q(choice="move", substitute__isnull=True, target__isnull=False)
                | Q(choice__in=["cancel", "keep"], substitute__isnull=True, target__isnull=True),
                name="decision_has_its_target",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "refused"], done_at__isnull=True)
                | Q(state="done", done_at__isnull=False),
                name="decision_done_has_time",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(refusal=""), name="decision_refusal_says_why"),
        ]

    def __str__(self) -> str:
        return str(self.get_choice_display())
