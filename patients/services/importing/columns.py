"""Which field of a card a column of the file is, and what its cells mean."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lmis.text import name_key, plain_number, polis_number
from patients.models import Patient
from patients.services.checks import errors
from patients.validators import snils_digits

FULL_NAME = "full_name"
_DATES = ("birth_date", "polis_issued_on", "attached_on")
# Field → the headings that mean it, as keys: lower case, ё as е, letters and digits only.
_HEADINGS: dict[str, str] = {
    FULL_NAME: "фио|ф и о|пациент|фамилия имя отчество|full name|patient",
    "family": "фамилия|family|surname|last name",
    "name": "имя|name|first name",
    "patronymic": "отчество|patronymic|middle name",
    "birth_date": "дата рождения|др|д р|родился|birth date|date of birth|birthday",
    "sex": "пол|sex|gender",
    "snils": "снилс|страховой номер|snils",
    "polis_series": "серия полиса|полис серия|polis series",
    "polis_number": "полис|номер полиса|полис номер|полис омс|номер полиса омс|енп|омс|polis|polis number",
    "polis_issued_on": "дата выдачи полиса|полис выдан|polis issued on",
    "insurer": "страховая|страховая компания|страховая организация|страховщик|смо|insurer",
    "document_series": "серия документа|серия паспорта|паспорт серия|document series",
    "document_number": "номер документа|номер паспорта|паспорт номер|document number",
    "document_type_name": "вид документа|тип документа|документ|document kind",
    "phone": "телефон|номер телефона|мобильный|мобильный телефон|тел|phone",
    "address": "адрес|адрес проживания|адрес регистрации|место жительства|address",
    "district": "участок|номер участка|врачебный участок|district",
    "attached_on": "дата прикрепления|прикреплен|attached on",
    "representative": "представитель|законный представитель|representative",
    "representative_phone": "телефон представителя|phone of the representative",
    "card_number": "номер карты|карта|амбулаторная карта|номер амбулаторной карты|мкаб|card number",
}
_BY_HEADING = {heading: field for field, headings in _HEADINGS.items() for heading in headings.split("|")}
FIELDS = tuple(_HEADINGS)
_MEN, _WOMEN = {"м", "муж", "мужской", "m", "male", "1"}, {"ж", "жен", "женский", "f", "female", "2"}
_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T].*)?|(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?")


class BadCell(Exception):
    """A cell that is not what its column says; the text is for people."""


def label_of(field: str) -> str:
    """What people call a field."""
    if field == FULL_NAME:
        return gettext("Surname, first name, patronymic")
    return str(Patient._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def guess(header: Iterable[str]) -> list[str]:
    """The field of each column; blank for one that is not known, or whose field an earlier one has."""
    found: list[str] = []
    for heading in header:
        field = _BY_HEADING.get(" ".join(re.findall(r"[^\W_]+", name_key(heading))), "")
        found.append("" if field in found else field)
    return found


def known(row: Iterable[str]) -> int:
    """How many of the cells are headings that we know."""
    return sum(map(bool, guess(row)))


def read_row(cells: Sequence[str], mapping: Sequence[str]) -> dict[str, Any]:
    """Columns of Patient that a row says something about; what is blank is left out.

    Raises BadCell for what cannot be read, and for what `check_card` calls an error.
    """
    raw = {field: cell for field, cell in zip(mapping, cells, strict=False) if field and cell}
    values: dict[str, Any] = {field: _typed(field, cell) for field, cell in raw.items() if field != FULL_NAME}
    if FULL_NAME in raw:
        values = _split(raw[FULL_NAME]) | values
    if not values.get("family"):
        raise BadCell(gettext("No surname."))
    for field, value in values.items():
        longest = Patient._meta.get_field(field).max_length  # type: ignore[union-attr]
        if longest and len(value) > longest:
            raise BadCell(
                gettext("%(field)s: longer than %(count)d characters.") % {"field": label_of(field), "count": longest}
            )
    return values


def check(values: Mapping[str, Any], *, today: dt.date) -> None:
    """Raises BadCell for what `check_card` calls an error."""
    wrong = errors(values, today=today)
    if wrong:
        raise BadCell(" ".join(f"{label_of(field)}: {text}" for field, text in wrong.items()))


def _typed(field: str, cell: str) -> Any:
    if field in _DATES:
        return _day(field, cell)
    if field == "sex":
        return _sex(cell)
    if field == "snils":
        return snils_digits(cell)
    if field in ("polis_number", "polis_series"):
        return polis_number(cell)
    if field in ("document_number", "document_series"):
        return plain_number(cell)
    return cell


def _day(field: str, cell: str) -> dt.date:
    match = _DAY.fullmatch(cell)
    if match:
        day, month, year = match[1] or match[6], match[2] or match[5], match[3] or match[4]
        try:
            return dt.date(int(year), int(month), int(day))
        except ValueError:
            pass
    raise BadCell(gettext("%(field)s: %(text)s is not a day.") % {"field": label_of(field), "text": cell[:40]})


def _sex(cell: str) -> str:
    key = name_key(cell).rstrip(".")
    if key in _MEN:
        return "M"
    if key in _WOMEN:
        return "F"
    raise BadCell(gettext("Sex: %(text)s is neither male nor female.") % {"text": cell[:40]})


def _split(full_name: str) -> dict[str, Any]:
    family, name, patronymic = (*full_name.split(maxsplit=2), "", "", "")[:3]
    return {
        field: part
        for field, part in zip(("family", "name", "patronymic"), (family, name, patronymic), strict=True)
        if part
    }


TOO_MANY = _("More than %(count)d rows: divide the file.")
