"""What is wrong, or odd, with what a card is going to say: one check for the desk, the card's form and imports.

An error keeps the card from being written; a hint only asks to look again. The API does not come through here:
contract A does not check the form of documents.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from lmis.text import number_key, phone_key
from patients.validators import enp_agrees, validate_snils

LONGEST_LIFE = 125  # years
OF_AGE = 18
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’.()-])*")


@dataclass(frozen=True, slots=True)
class Hint:
    """Something about one field (a column of Patient, or of the form); `text` is for people."""

    field: str
    text: str
    is_error: bool = False


def check_card(values: Mapping[str, Any], *, today: dt.date) -> list[Hint]:
    """Errors first, then hints. `values` are columns of Patient; missing ones are blank, dates are dates."""
    known = {name: value for name, value in values.items() if value not in ("", None)}
    found = [hint for rule in RULES for hint in rule(known, today)]
    return sorted(found, key=lambda hint: not hint.is_error)


def errors(values: Mapping[str, Any], *, today: dt.date) -> dict[str, str]:
    """The errors alone: field → text."""
    return {hint.field: hint.text for hint in check_card(values, today=today) if hint.is_error}


def _names(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    for field in ("family", "name", "patronymic"):
        text = known.get(field, "")
        if text and not _NAME.fullmatch(text):
            yield Hint(field, _("A name has letters only."), is_error=True)
        elif re.search("[a-z]", text, re.I) and re.search("[а-яё]", text, re.I):
            yield Hint(field, _("Latin and Russian letters are mixed: look for a slip."))


def _birth(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    born = known.get("birth_date")
    if born and born > today:
        yield Hint("birth_date", _("This day is yet to come."), is_error=True)
    elif born and born.year < today.year - LONGEST_LIFE:
        yield Hint("birth_date", _("Nobody lives that long: look at the year."), is_error=True)


def _snils(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    try:
        validate_snils(known.get("snils", ""))
    except ValidationError as error:
        yield Hint("snils", " ".join(error.messages), is_error=True)


def _polis(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    number, series = number_key(known.get("polis_number", "")), known.get("polis_series")
    single = len(number) == 16 and number.isascii() and number.isdigit()
    if series and not number:
        yield Hint("polis_number", _("A series without a number."), is_error=True)
    if number and not series and not single:
        text = _("A polis of the single form has 16 digits; an old one needs its series.")
        yield Hint("polis_number", text, is_error=True)
    if single and not series and not enp_agrees(number):
        yield Hint("polis_number", _("The check digit of the polis does not agree: look for a slip."))
    if number and known.get("no_polis_reason"):
        yield Hint("no_polis_reason", _("There is a polis, so there is no reason for its absence."), is_error=True)
    if not number and not known.get("no_polis_reason"):
        yield Hint("polis_number", _("No polis: say why there is none."))


def _dates(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    born = known.get("birth_date")
    for field in ("polis_issued_on", "attached_on"):
        day = known.get(field)
        if day and day > today:
            yield Hint(field, _("This day is yet to come."), is_error=True)
        elif day and born and day < born:
            yield Hint(field, _("This is before the patient was born."), is_error=True)


def _phones(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    for field in ("phone", "representative_phone"):
        if field in known and len(phone_key(known[field])) < 10:
            yield Hint(field, _("A phone with its code has 10 digits."))


def _child(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    born = known.get("birth_date")
    if born and born <= today and _age(born, today) < OF_AGE and not known.get("representative"):
        yield Hint("representative", _("A child: say who comes with it."))


def _sex(known: Mapping[str, Any], today: dt.date) -> Iterator[Hint]:
    patronymic, sex = known.get("patronymic", "").lower(), known.get("sex")
    meant = "F" if patronymic.endswith("на") else "M" if patronymic.endswith("ич") else ""
    if sex and meant and sex != meant:
        yield Hint("sex", _("The patronymic tells of the other sex: look for a slip."))


def _age(born: dt.date, today: dt.date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


Rule = Callable[[Mapping[str, Any], dt.date], Iterator[Hint]]
RULES: tuple[Rule, ...] = (_names, _birth, _snils, _polis, _dates, _phones, _child, _sex)
