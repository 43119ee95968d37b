"""An import of cards: the file, its rows on the staging table, and what becomes of each."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lmis.models import Lpu
from patients.models.patient import Patient
from patients.querysets import CardImportQuerySet


class CardImport(models.Model):
    """One file. A worker moves it on while its state is one of `WORKING`; people move it on in between.

    `mapping` says which field each column of the file is: as long as `header`, blank for one that is left out.
    """

    class State(models.TextChoices):
        """In the order in which an import goes through them."""

        READING = "reading", _("the file is being read")
        MAPPING = "mapping", _("columns to be matched")
        CHECKING = "checking", _("rows are being checked")
        CHECKED = "checked", _("to be confirmed")
        WRITING = "writing", _("cards are being written")
        DONE = "done", pgettext_lazy("import", "done")
        FAILED = "failed", _("the file cannot be read")
        CANCELLED = "cancelled", pgettext_lazy("import", "cancelled")

    WORKING = ("reading", "checking", "writing")

    lpu = models.ForeignKey(Lpu, models.PROTECT, related_name="+", verbose_name=_("LPU"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("employee"))
    file_name = models.CharField(_("file"), max_length=255)
    language = models.CharField(_("language"), max_length=10, default="ru", db_default="ru")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.READING)
    header = models.JSONField(_("columns of the file"), default=list)
    mapping = models.JSONField(_("fields of the columns"), default=list)
    overwrite = models.BooleanField(_("replace what the cards say"), default=False, db_default=False)
    total = models.PositiveIntegerField(_("rows"), default=0, db_default=0)
    checked = models.PositiveIntegerField(_("rows checked"), default=0, db_default=0)
    written = models.PositiveIntegerField(_("rows written"), default=0, db_default=0)
    error = models.CharField(_("error"), max_length=500, blank=True, default="", db_default="")
    made_at = models.DateTimeField(_("uploaded"), db_default=Now())
    told_at = models.DateTimeField(_("handed to the broker"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = CardImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of cards")
        verbose_name_plural = _("imports of cards")
        default_permissions = ()  # by the right of its screen
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "reading",
                        "mapping",
                        "checking",
                        "checked",
                        "writing",
                        "done",
                        "failed",
                        "cancelled",
                    ]
                ),
                name="import_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["reading", "checking", "writing"]), name="import_at_work"
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class CardImportChunk(models.Model):
    """A piece of the file as it came; deleted once the rows are on the staging table."""

    card_import = models.ForeignKey(CardImport, models.CASCADE, related_name="chunks", db_index=False)
    ordinal = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["card_import", "ordinal"], name="import_chunk_once")]

    def __str__(self) -> str:
        return str(self.ordinal)


class CardImportRow(models.Model):
    """A row of the file, as it came, and what becomes of it; `line` counts from 1 as a spreadsheet does.

    `identity` is the same for two rows that name one person by the same paper.
    """

    class Fate(models.TextChoices):
        """Told to people before anything is written."""

        UNCHECKED = "", _("not checked yet")
        NEW = "new", _("a new card")
        UPDATE = "update", _("changes a card")
        SAME = "same", _("nothing to change")
        AMBIGUOUS = "ambiguous", _("not clear whose card")
        ERROR = "error", _("error")

    card_import = models.ForeignKey(CardImport, models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField(_("row"))
    cells = ArrayField(models.TextField())
    identity = models.BigIntegerField(null=True)
    fate = models.CharField(_("what becomes of it"), max_length=10, choices=Fate.choices, default="", db_default="")
    reason = models.CharField(_("reason"), max_length=500, default="", db_default="")
    card = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+", verbose_name=_("card"))
    written = models.BooleanField(_("written"), default=False, db_default=False)

    class Meta:
        default_permissions = ()
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["card_import", "line"], name="import_row_once"),
            models.CheckConstraint(
                condition=Q(fate__in=["", "new", "update", "same", "ambiguous", "error"]), name="import_row_fate_known"
            ),
        ]
        indexes = [
            models.Index(fields=["card_import", "fate", "line"], name="import_row_by_fate"),
            models.Index(fields=["card_import", "identity", "line"], name="import_row_by_identity"),
        ]

    def __str__(self) -> str:
        return str(self.line)
