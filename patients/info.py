"""A patient as he is told to us: by the region, by staff, by an import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from lmis.text import clean_text, plain_number

_MANY_LINES = ("address",)
_NUMBERS = ("polis_series", "polis_number", "document_series", "document_number")
_ANY_JSON = ("disability",)


@dataclass(frozen=True, slots=True)
class Coded:
    """A value of a dictionary: any part may be blank; without `oid` nobody said which dictionary it is of."""

    code: str = ""
    name: str = ""
    oid: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Polis:
    """A polis of compulsory insurance: 16 digits, or an old one with series and number."""

    series: str = ""
    number: str = ""
    type: Coded = Coded()


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """A passport, a birth certificate or the like."""

    series: str = ""
    number: str = ""
    type: Coded = Coded()


@dataclass(frozen=True, slots=True)
class PatientInfo:
    """The contract's DirectionPatientInfo: texts trimmed, what was not sent is blank or None.

    `sex` is "", "M" or "F"; `snils` is 11 digits or blank; `disability` is any JSON value.
    """

    family: str = ""
    name: str = ""
    patronymic: str = ""
    polis: Polis = Polis()
    phone: str = ""
    identity_document: IdentityDocument = IdentityDocument()
    address: str = ""
    disability: Any = None
    birth_date: dt.date | None = None
    sex: str = ""
    snils: str = ""

    @classmethod
    def of_columns(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `columns()`; columns that are missing are blank."""
        plain = ("family", "name", "patronymic", "phone", "address", "disability", "birth_date", "sex", "snils")
        return cls(
            polis=Polis(**_part(values, "polis")),
            identity_document=IdentityDocument(**_part(values, "document")),
            **{name: values[name] for name in plain if name in values},
        )

    def columns(self) -> dict[str, Any]:
        """The same as columns of Patient."""
        return {
            "family": self.family,
            "name": self.name,
            "patronymic": self.patronymic,
            **_paper("polis", self.polis),
            "phone": self.phone,
            **_paper("document", self.identity_document),
            "address": self.address,
            "disability": self.disability,
            "birth_date": self.birth_date,
            "sex": self.sex,
            "snils": self.snils,
        }


def as_kept(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a card as it keeps them: texts without control characters, series and numbers plain."""
    return {name: _as_kept(name, value) for name, value in columns.items()}


def _as_kept(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name in _ANY_JSON:
        return value
    if name in _NUMBERS:
        return plain_number(value)
    return clean_text(value, lines=name in _MANY_LINES).strip()


def _paper(column: str, paper: Polis | IdentityDocument) -> dict[str, str]:
    return {
        f"{column}_series": paper.series,
        f"{column}_number": paper.number,
        f"{column}_type_code": paper.type.code,
        f"{column}_type_oid": paper.type.oid,
        f"{column}_type_version": paper.type.version,
        f"{column}_type_name": paper.type.name,
    }


def _part(values: Mapping[str, Any], column: str) -> dict[str, Any]:
    parts = ("series", "number", "type_code", "type_name", "type_oid", "type_version")
    series, number, *kind = (values.get(f"{column}_{part}", "") for part in parts)
    return {"series": series, "number": number, "type": Coded(*kind)}
