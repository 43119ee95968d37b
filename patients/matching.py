"""When two descriptions mean one patient (contract A.2): plain comparing, no database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from lmis.text import name_key, number_key
from patients.info import PatientInfo

if TYPE_CHECKING:
    from patients.models import Patient

_PAPERS = ("polis", "document")
_COLUMNS = (
    *("family", "name", "patronymic", "birth_date", "snils"),
    *(f"{paper}_{part}" for paper in _PAPERS for part in ("series", "number")),
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a patient is recognised by; every part as its key, so that spelling does not matter."""

    names: tuple[str, str, str]
    polis: tuple[str, str]
    document: tuple[str, str]
    facts: tuple[dt.date | None, str]  # birth date, SNILS

    @classmethod
    def of_info(cls, info: PatientInfo) -> Self:
        """Of what was sent."""
        return cls._of_columns(info.columns())

    @classmethod
    def of_card(cls, card: Patient) -> Self:
        """Of a card."""
        return cls._of_columns({name: getattr(card, name) for name in _COLUMNS})

    @classmethod
    def _of_columns(cls, values: dict[str, Any]) -> Self:
        return cls(
            names=(name_key(values["family"]), name_key(values["name"]), name_key(values["patronymic"])),
            polis=(number_key(values["polis_series"]), number_key(values["polis_number"])),
            document=(number_key(values["document_series"]), number_key(values["document_number"])),
            facts=(values["birth_date"], values["snils"]),
        )

    def shares_polis(self, other: Likeness) -> bool:
        """The same number, and the same series when both have one."""
        (series, number), (other_series, other_number) = self.polis, other.polis
        return bool(number) and number == other_number and _agree(series, other_series)

    def shares_document(self, other: Likeness) -> bool:
        """The same series and number."""
        return bool(self.document[1]) and self.document == other.document

    def has_names_of(self, other: Likeness) -> bool:
        """Each name blank on either side, or equal; case and ё/е aside."""
        return all(map(_agree, self.names, other.names))

    def is_of(self, other: Likeness, *, by_polis: bool) -> bool:
        """The names agree, and birth date and SNILS do not say that these are two people.

        Where the polis is shared both would have to: one may be a slip. A document is on the cards of a family, too, so
        where it alone is shared one is enough (ADR 0013).
        """
        differing = sum(not _agree(one, theirs) for one, theirs in zip(self.facts, other.facts, strict=True))
        return self.has_names_of(other) and differing < (2 if by_polis else 1)


def blanks_to_fill(card: Patient, info: PatientInfo) -> dict[str, Any]:
    """Columns that are blank on the card and were sent: column → value. Nothing known is overwritten.

    A polis and a document are filled as one thing: the series of another polis would make a polis that nobody has.
    """
    sent = {name: value for name, value in info.columns().items() if value not in ("", None)}
    for paper in _PAPERS:
        if not _same_paper(card, sent, paper):
            sent = {name: value for name, value in sent.items() if not name.startswith(f"{paper}_")}
        elif not _agree(getattr(card, f"{paper}_type_code"), sent.get(f"{paper}_type_code", "")):
            for part in ("name", "oid", "version"):
                sent.pop(f"{paper}_type_{part}", None)
    return {name: value for name, value in sent.items() if getattr(card, name) in ("", None)}


def _same_paper(card: Patient, sent: dict[str, Any], paper: str) -> bool:
    return all(
        _agree(number_key(getattr(card, column)), number_key(sent.get(column, "")))
        for column in (f"{paper}_series", f"{paper}_number")
    )


def _agree(one: object, other: object) -> bool:
    return not one or not other or one == other
