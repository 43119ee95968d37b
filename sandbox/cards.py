"""One uploaded card (МКАБ): reading the body of contract §4 and refusing what is wrong with it."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.errors import Problem
from sandbox.forms import Form, is_guid

STATES = ("active", "merged", "withdrawn")
FREE_TEXT = ("cardNumber", "phone", "address")


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A card as the MIP keeps it. Names are folded for comparing; `body` is what was sent, guids in lower case."""

    guid: str
    lpu_guid: str
    version: int
    state: str
    merged_into: str
    polis_series: str
    polis_number: str
    document_series: str
    document_number: str
    family: str
    name: str
    patronymic: str
    birth_date: str
    body: dict[str, Any]


def fold(text: str) -> str:
    """`text` for comparing: case, ё/е and runs of blanks aside."""
    return " ".join(text.split()).casefold().replace("ё", "е")


def snils_fault(text: str) -> str:
    """ "" when the СНИЛС is right, else `invalid` (not 11 digits) or `checksum`."""
    digits = re.sub(r"[ -]", "", text)
    if not (len(digits) == 11 and digits.isascii() and digits.isdecimal()):
        return "invalid"
    # Numbers up to 001-001-998 were given out before there was a check.
    if int(digits[:9]) <= 1001998:
        return ""
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(digits[:9]))
    return "" if total % 101 % 100 == int(digits[9:]) else "checksum"


def read(guid: str, body: dict[str, Any]) -> Card:
    """The card in `body`, sent under `guid`. Problem 400 or, when only a check digit is false, 422."""
    form = Form(body)
    if not is_guid(guid):
        form.fail("guid", "invalid", "Должен быть GUID")
    polis, document = form.part("polis"), form.part("identityDocument")
    state = form.choice("state", STATES, "active")
    card = Card(
        guid=guid,
        lpu_guid=form.guid("lpuGuid", required=True),
        version=form.positive("version"),
        state=state,
        merged_into=form.guid("mergedInto", required=state == "merged"),
        polis_series=fold(polis.text("series")),
        polis_number=fold(polis.text("number")),
        document_series=fold(document.text("series")),
        document_number=fold(document.text("number")),
        family=fold(form.text("family")),
        name=fold(form.text("name")),
        patronymic=fold(form.text("patronymic")),
        birth_date=form.day("birthDate"),
        body=body,
    )
    _check_rest(form, card)
    if form.errors:
        only_checksums = all(error.message_code == "checksum" for error in form.errors)
        raise Problem(422 if only_checksums else 400, "validation_error", "Карта заполнена неверно", form.errors)
    body.update(lpuGuid=card.lpu_guid, state=card.state, mergedInto=card.merged_into or None)
    return card


def _check_rest(form: Form, card: Card) -> None:
    for name in FREE_TEXT:
        form.text(name)
    form.choice("sex", ("M", "F"))
    snils = form.text("snils")
    if snils and (fault := snils_fault(snils)):
        form.fail("snils", fault, "Неверный СНИЛС")
    if card.merged_into and card.merged_into == card.guid:
        form.fail("mergedInto", "invalid", "Карта не может быть объединена сама с собой")
    if not card.polis_number and not card.document_number and not form.errors:
        for name in ("polis.number", "identityDocument.number"):
            form.fail(name, "required", "Нужен номер полиса или номер документа")
