"""Reference data: every code is kept with the dictionary it comes from.

Regions use different dictionaries for the same thing, so a bare code means nothing: (OID, version, code, name)
belong together, and what is not known goes in without an OID.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DictionaryEntry(models.Model):
    """One entry of a dictionary; `oid` and `version` are blank when the source is not known."""

    oid = models.CharField(_("dictionary OID"), max_length=64, blank=True, default="")
    version = models.CharField(_("dictionary version"), max_length=32, blank=True, default="")
    code = models.CharField(_("code"), max_length=32, blank=True, default="")
    name = models.CharField(_("name"), max_length=255)

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Speciality(DictionaryEntry):
    """A medical speciality (специальность)."""

    class Meta(DictionaryEntry.Meta):
        verbose_name = _("speciality")
        verbose_name_plural = _("specialities")
        constraints = [
            models.UniqueConstraint(fields=["oid", "code"], condition=~models.Q(code=""), name="speciality_code_once")
        ]


class Position(DictionaryEntry):
    """A post that a doctor holds (должность)."""

    class Meta(DictionaryEntry.Meta):
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [
            models.UniqueConstraint(fields=["oid", "code"], condition=~models.Q(code=""), name="position_code_once")
        ]


class BusyType(DictionaryEntry):
    """What a piece of working time is for (вид занятости): first visit, repeat visit, home calls."""

    class Meta(DictionaryEntry.Meta):
        verbose_name = _("busy type")
        verbose_name_plural = _("busy types")
        constraints = [
            models.UniqueConstraint(fields=["oid", "code"], condition=~models.Q(code=""), name="busytype_code_once")
        ]
