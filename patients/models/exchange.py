"""What operators set for the exchange with the MIP, and what happened to it: pace, pauses, marks."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from patients.querysets import ExchangePauseQuerySet


class ExchangeSettings(models.Model):
    """One row, read before each batch: a change counts at once, in every worker.

    `tokens` and `refilled_at` are the bucket of the rate limit, shared by all workers.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    rate = models.PositiveIntegerField(
        _("cards a second, at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
        help_text=_("Blank: no limit of ours."),
    )
    parallel = models.PositiveSmallIntegerField(
        _("sent at the same time, by all workers together"),
        default=8,
        db_default=8,
        validators=[MinValueValidator(1), MaxValueValidator(64)],
    )
    tokens = models.FloatField(default=0, db_default=0, editable=False)
    refilled_at = models.DateTimeField(null=True, editable=False)
    changed_by = models.CharField(_("changed by"), max_length=150, default="", db_default="", editable=False)
    changed_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("settings of the exchange")
        verbose_name_plural = _("settings of the exchange")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="exchange_settings_one_row"),
            models.CheckConstraint(
                condition=Q(rate__isnull=True) | Q(rate__range=(1, 10_000)), name="exchange_rate_sensible"
            ),
            models.CheckConstraint(condition=Q(parallel__range=(1, 64)), name="exchange_parallel_sensible"),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class ExchangePause(models.Model):
    """Nothing is sent while it lasts. It ends by itself: a forgotten one must not keep cards back for ever."""

    reason = models.CharField(_("reason"), max_length=255)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("ends by itself at"))
    started_by = models.CharField(_("started by"), max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=150, blank=True, default="")

    objects = ExchangePauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause of the exchange")
        verbose_name_plural = _("pauses of the exchange")
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at__isnull=True), name="exchange_pause_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="exchange_pause_ends_later"),
            models.CheckConstraint(condition=~Q(reason=""), name="exchange_pause_has_reason"),
        ]
        indexes = [models.Index(fields=["-since"], name="exchange_pause_by_since")]

    def __str__(self) -> str:
        return self.reason


class ExchangeMark(models.Model):
    """A mark on the charts: what may explain a bend in them."""

    class Kind(models.TextChoices):
        """What happened."""

        DEPLOY = "deploy", _("new version")
        SETTINGS = "settings", _("settings changed")
        PAUSE = "pause", _("paused")
        RESUME = "resume", _("resumed")
        GATE_SHUT = "gate_shut", _("gate shut")
        GATE_OPEN = "gate_open", _("gate open")
        BACKFILL = "backfill", _("upload of existing cards")
        AGAIN = "again", _("refused ones sent again")

    at = models.DateTimeField(_("when"), db_default=Now())
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    text = models.CharField(_("text"), max_length=255, blank=True, default="")
    by = models.CharField(_("who"), max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("mark of the exchange")
        verbose_name_plural = _("marks of the exchange")
        indexes = [models.Index(fields=["-at"], name="exchange_mark_by_time")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}".strip()
