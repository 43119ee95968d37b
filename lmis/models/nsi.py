"""Dictionaries as they were published (НСИ), and what a region calls their codes.

Two dictionaries write one thing under two codes, so a code without its dictionary means nothing and is never compared.
`lmis.services.nsi_loading` fills the dictionaries; nothing here is typed from memory.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lmis.nsi import DictionaryCodeQuerySet
from lmis.text import name_key_of


class Dictionary(models.Model):
    """One dictionary, in the version that was loaded last."""

    oid = models.CharField(
        _("dictionary OID"),
        max_length=64,
        unique=True,
        help_text=_("Or the short name of one that has none, such as F011."),
    )
    version = models.CharField(_("dictionary version"), max_length=32, blank=True, default="")
    source = models.CharField(_("source"), max_length=255)
    checked_on = models.DateField(pgettext_lazy("dictionary", "as of"))
    loaded_at = models.DateTimeField(_("loaded"))
    loaded_by = models.CharField(_("loaded by"), max_length=150)

    class Meta:
        verbose_name = _("dictionary")
        verbose_name_plural = _("dictionaries")
        ordering = ["oid"]
        constraints = [models.CheckConstraint(condition=~models.Q(oid=""), name="dictionary_has_oid")]

    def __str__(self) -> str:
        return self.oid


class DictionaryCode(models.Model):
    """A code and its name. One that a later version no longer has stays for what was written with it.

    `code` is blank where the name is known to be of the dictionary and its code is not known to us.
    `version` is the last one that had it.
    """

    dictionary = models.ForeignKey(Dictionary, models.PROTECT, related_name="codes", verbose_name=_("dictionary"))
    version = models.CharField(_("dictionary version"), max_length=32, blank=True, default="")
    code = models.CharField(_("code"), max_length=32, blank=True, default="")
    name = models.CharField(_("name"), max_length=500)
    is_current = models.BooleanField(pgettext_lazy("code", "in force"), default=True)
    name_key = models.GeneratedField(
        expression=name_key_of("name"), output_field=models.CharField(max_length=500), db_persist=True
    )

    objects = DictionaryCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("code of a dictionary")
        verbose_name_plural = _("codes of dictionaries")
        ordering = ["dictionary", "code", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["dictionary", "code"], condition=~models.Q(code=""), name="dictionary_code_once"
            ),
            models.UniqueConstraint(
                fields=["dictionary", "name"], condition=models.Q(code=""), name="dictionary_name_without_code_once"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="dictionary_code_has_name"),
        ]
        indexes = [
            models.Index(
                fields=["dictionary", "code"], name="dictionary_code_begins", opclasses=["int8_ops", "text_pattern_ops"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


class CodeMapping(models.Model):
    """What a region writes for a code of a dictionary, in one field of its exchange; one for one, both ways."""

    class Kind(models.TextChoices):
        """The field of the exchange that the region's code stands in."""

        SPECIALITY = "speciality", _("speciality")
        POSITION = "position", _("position")
        POLIS = "polis", _("polis kind")
        DOCUMENT = "document", _("document kind")
        DIAGNOSIS = "diagnosis", _("diagnosis")
        BUSY = "busy", _("busy type")

    region = models.CharField(_("region"), max_length=64)
    kind = models.CharField(_("what for"), max_length=12, choices=Kind.choices)
    region_code = models.CharField(_("code in the region"), max_length=64)
    oid = models.CharField(_("dictionary OID"), max_length=64)
    code = models.CharField(_("code"), max_length=32)
    source = models.CharField(_("source"), max_length=255, help_text=_("Where the region says so."))

    class Meta:
        verbose_name = _("code in a region")
        verbose_name_plural = _("codes in regions")
        ordering = ["region", "kind", "region_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "kind", "region_code", "oid"], name="region_code_means_one_of_a_dictionary"
            ),
            models.UniqueConstraint(fields=["region", "kind", "oid", "code"], name="code_is_told_by_one_of_a_region"),
            models.CheckConstraint(
                condition=~(models.Q(region="") | models.Q(region_code="") | models.Q(oid="") | models.Q(code="")),
                name="code_mapping_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["speciality", "position", "polis", "document", "diagnosis", "busy"]),
                name="code_mapping_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region}: {self.region_code} = {self.oid} {self.code}"
