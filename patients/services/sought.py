"""What somebody may have typed to find a card: each way names the rows that it means, in one indexed statement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from patients.querysets import PatientQuerySet


class Way(Protocol):
    """One meaning of what was typed."""

    def among(self, cards: PatientQuerySet) -> PatientQuerySet:
        """The cards that it means, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class ByNames:
    """Beginnings of surname, first name and patronymic, as keys, and the days of birth between which to look.

    With `whole_name` that may be the beginning of the first name instead of both initials.
    """

    family: str = ""
    name: str = ""
    patronymic: str = ""
    whole_name: str = ""
    born: tuple[dt.date, dt.date] | None = None

    def among(self, cards: PatientQuerySet) -> PatientQuerySet:
        """In the order of the alphabet, namesakes by birth date."""
        found = cards.named_like(self.family, self.name, self.patronymic, whole_name=self.whole_name)
        return (found.born(*self.born) if self.born else found).in_alphabet()


@dataclass(frozen=True, slots=True)
class ByBirthDate:
    """A day of birth alone."""

    day: dt.date

    def among(self, cards: PatientQuerySet) -> PatientQuerySet:
        """In the order of the alphabet."""
        return cards.born(self.day, self.day).in_alphabet()


@dataclass(frozen=True, slots=True)
class ByPaper:
    """A polis or an identity document: a number, with its series if one was typed."""

    series: str
    number: str

    def among(self, cards: PatientQuerySet) -> PatientQuerySet:
        """Oldest card first."""
        return cards.with_paper(series=self.series, number=self.number).order_by("pk")


@dataclass(frozen=True, slots=True)
class BySnils:
    """Eleven digits."""

    digits: str

    def among(self, cards: PatientQuerySet) -> PatientQuerySet:
        """Oldest card first."""
        return cards.with_snils(self.digits).order_by("pk")


@dataclass(frozen=True, slots=True)
class ByPhone:
    """The phone of the card, or one of its further ones."""

    number: str

    def among(self, cards: PatientQuerySet) -> PatientQuerySet:
        """Oldest card first: a family shares a phone."""
        return cards.with_phone(self.number).order_by("pk")


@dataclass(frozen=True, slots=True)
class ByCardNumber:
    """The number on the card, in the spellings that it may have."""

    numbers: frozenset[str]

    def among(self, cards: PatientQuerySet) -> PatientQuerySet:
        """Each LPU has its own."""
        return cards.numbered(self.numbers).order_by("pk")
