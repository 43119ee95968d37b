"""The patients of the demo: 300 made-up persons, the same in every demo, with papers of every kind.

Nobody real is meant: the town does not exist, telephone codes that begin with 1 are given to nobody (the region's own
example uses them, too), and every paper's number begins with `_MADE_UP`.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from random import Random

from appointments.demo.names import FAMILIES, first_names, patronymic, surname
from lmis import nsi
from patients.info import Coded, IdentityDocument, PatientInfo, Polis
from patients.validators import snils_check_digits

ADULTS, CHILDREN = 245, 55
TOWN = "г. Заречинск"
GROWN_UP = 2006  # those born later are seen by the paediatrician

_SEED = 20260421
_MADE_UP = "99"
_STREETS = (
    *("ул. Садовая", "ул. Лесная", "ул. Школьная", "ул. Набережная", "ул. Заводская", "ул. Мира", "ул. Полевая"),
    *("пр. Победы", "ул. Речная", "ул. Молодёжная", "пер. Тихий", "ул. Вокзальная", "ул. Центральная"),
    *("б-р Строителей", "ул. Кленовая", "ул. Светлая"),
)

# Kinds of polis as the region's own example codes them; a bare code of a document would not say of which of the two
# dictionaries in use it is, so documents have none.
# As `lmis/data/nsi` has them.
_SINGLE_FORM = Coded("3", "Полис ОМС единого образца", nsi.POLIS_KINDS)
_OLD_FORM = Coded("1", "Полис ОМС старого образца", nsi.POLIS_KINDS)
_PASSPORT = Coded("1", "Паспорт гражданина Российской Федерации", nsi.DOCUMENT_KINDS)
_BIRTH_CERTIFICATE = Coded("6", "Свидетельство о рождении", nsi.DOCUMENT_KINDS)


@dataclass(frozen=True, slots=True)
class _Born:
    """What a person is born with; `stem` is the man's form of the surname."""

    stem: str
    sex: str
    name: str
    father: str
    date: dt.date


@functools.cache
def people() -> tuple[PatientInfo, ...]:
    """All of them, grown-ups first, always in the same order; the first one has a polis of the single form."""
    rng = Random(_SEED)  # noqa: S311 - made-up people need no cryptography
    grown = []
    for number in range(ADULTS):
        born = _adult(rng)
        grown.append((born, _info(born, rng, _polis(number, rng), _passport(rng), *_home(rng))))
    parents = [(born, info) for born, info in grown if 1975 <= born.date.year <= 1998]
    children = []
    for number in range(CHILDREN):
        parent, info = rng.choice(parents)
        polis = Polis() if number % 9 == 4 else _single_form(rng)
        children.append(_info(_child(parent, rng), rng, polis, _certificate(rng), info.address, info.phone))
    return (*(info for _, info in grown), *children)


def _adult(rng: Random) -> _Born:
    sex, year = rng.choice("MF"), rng.randint(1938, GROWN_UP - 1)
    return _Born(
        stem=rng.choice(FAMILIES),
        sex=sex,
        name=rng.choice(first_names(year, sex)),
        father=rng.choice(first_names(year - 27, "M")),
        date=_day(year, rng),
    )


def _child(parent: _Born, rng: Random) -> _Born:
    sex = rng.choice("MF")
    year = rng.randint(max(GROWN_UP + 4, parent.date.year + 20), 2024)
    father = parent.name if parent.sex == "M" else rng.choice(first_names(parent.date.year, "M"))
    return _Born(parent.stem, sex, rng.choice(first_names(year, sex)), father, _day(year, rng))


def _info(born: _Born, rng: Random, polis: Polis, document: IdentityDocument, address: str, phone: str) -> PatientInfo:
    return PatientInfo(
        family=surname(born.stem, born.sex),
        name=born.name,
        patronymic=patronymic(born.father, born.sex),
        sex=born.sex,
        birth_date=born.date,
        snils=_snils(rng) if rng.random() < 0.92 else "",
        polis=polis,
        identity_document=document,
        address=address,
        phone=phone,
    )


def _polis(number: int, rng: Random) -> Polis:
    """Of the single form; one in twenty has an old one, one in thirty none at all."""
    if number % 30 == 11:
        return Polis()
    if number % 20 == 7:
        return Polis(f"ЗР-{_MADE_UP}", _digits(6, rng), _OLD_FORM)
    return _single_form(rng)


def _single_form(rng: Random) -> Polis:
    return Polis("", _MADE_UP + _digits(14, rng), _SINGLE_FORM)


def _passport(rng: Random) -> IdentityDocument:
    return IdentityDocument(_MADE_UP + _digits(2, rng), _digits(6, rng), _PASSPORT)


def _certificate(rng: Random) -> IdentityDocument:
    return IdentityDocument(f"I-ЗР{_MADE_UP}", _digits(6, rng), _BIRTH_CERTIFICATE)


def _snils(rng: Random) -> str:
    nine = _MADE_UP + _digits(7, rng)
    return nine + snils_check_digits(nine)


def _home(rng: Random) -> tuple[str, str]:
    """An address and a telephone."""
    house, flat = rng.randint(1, 98), rng.randint(1, 120)
    return f"{TOWN}, {rng.choice(_STREETS)}, д. {house}, кв. {flat}", f"7123{_digits(7, rng)}"


def _day(year: int, rng: Random) -> dt.date:
    return dt.date(year, 1, 1) + dt.timedelta(days=rng.randrange(365))


def _digits(count: int, rng: Random) -> str:
    return "".join(rng.choices("0123456789", k=count))
