"""Kinds of polis and of identity document on the card's form: chosen from what has been loaded, or written oneself.

A code means nothing without its dictionary, and one kind has another code in another dictionary: a choice is a whole
row. Nothing is concluded from a kind: no series and no number is checked against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

from lmis import nsi
from lmis.models import DictionaryCode
from patients.models import Patient

OTHER = "other"
DICTIONARIES = {"polis": [nsi.POLIS_KINDS], "document": [nsi.DOCUMENT_KINDS, nsi.DOCUMENT_KINDS_OF_FOMS]}
PARTS = ("code", "name", "oid", "version")
Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Kinds:
    """The rows of one paper's dictionaries, by what stands for them in the form."""

    paper: str
    rows: Mapping[str, Row] = field(default_factory=dict)

    @classmethod
    def loaded(cls) -> list[Self]:
        """Those of both papers; one statement."""
        oids = [oid for some in DICTIONARIES.values() for oid in some]
        found = DictionaryCode.objects.in_force().exclude(code="").filter(dictionary__oid__in=oids)
        rows = [
            (one.code, one.name, one.dictionary.oid, one.version)
            for one in found.select_related("dictionary").order_by("code")
        ]
        return [
            cls(paper, {f"{oid} {row[0]}": row for oid in own for row in rows if row[2] == oid})
            for paper, own in DICTIONARIES.items()
        ]

    @property
    def choices(self) -> list[Any]:
        """Nothing, the rows by dictionary, and what is written beside."""
        groups = [
            (nsi.TITLES[oid], [(key, f"{row[0]} {row[1]}") for key, row in self.rows.items() if row[2] == oid])
            for oid in DICTIONARIES[self.paper]
        ]
        return [("", "—"), *(group for group in groups if group[1]), (OTHER, _("other: as written below"))]

    def chosen(self, card: Patient) -> str:
        """What stands for the card's kind: a row when code and dictionary are its own, else what is written."""
        code, name, oid, _version = (getattr(card, f"{self.paper}_type_{part}") for part in PARTS)
        key = f"{oid} {code}"
        return key if key in self.rows else OTHER if code or name else ""

    def columns(self, key: str) -> dict[str, str]:
        """What a choice writes on the card; nothing for what is written beside."""
        if key == OTHER:
            return {}
        row = self.rows[key] if key else ("", "", "", "")
        return {f"{self.paper}_type_{part}": value for part, value in zip(PARTS, row, strict=True)}
