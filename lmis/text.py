"""One spelling for comparing: the same rule in Python and in the database's generated columns.

Written with `translate()` and not with a collation, so that it holds under any locale of the server.
"""

from __future__ import annotations

import re
import unicodedata

from django.db.models import CharField, F, Func, Value

_UPPER = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = "абвгдеежзийклмнопрстуфхцчшщъыьэюяabcdefghijklmnopqrstuvwxyz"
_NAME_FROM, _NAME_TO = _UPPER + "ё", _LOWER + "е"
_NUMBER_FROM, _NUMBER_TO = _UPPER + " \t-–—.№/", _LOWER
_NAME_TABLE = str.maketrans(_NAME_FROM, _NAME_TO)
# Controls that are white are taken for a space, the others (and what XML has no place for) for nothing.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
_LINE_BREAKS = re.compile("[\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
_INVISIBLE = frozenset({"Cc", "Cf", "Mn", "Me", "Cn", "Co"})
_NUMBER_TABLE = str.maketrans(_NUMBER_FROM[: len(_UPPER)], _NUMBER_TO, _NUMBER_FROM[len(_UPPER) :])


def clean_text(value: str, *, lines: bool = False) -> str:
    """The text in one line, without control characters; with `lines` tabs and line breaks stay.

    Some programs send й and ё as two characters, a letter and its sign: they become one, as everybody else writes them.
    """
    return composed(_CONTROLS.sub("", (_BREAKS if lines else _LINE_BREAKS).sub(" ", value)))


def composed(value: str) -> str:
    """Each letter with its sign as one character (NFC): for what comes in, since PostgreSQL tells the two apart."""
    return unicodedata.normalize("NFC", value)


def name_key(value: str) -> str:
    """`Фёдорова` and `ФЕДОРОВА` both as `федорова`."""
    return composed(value).translate(_NAME_TABLE)


def plain_number(value: str) -> str:
    """A series or a number in the characters that a keyboard has: what looks the same is the same.

    Full-width digits are digits, every space is a space, every dash one of ours; what cannot be seen is gone. For what
    comes in, before it is kept or compared: `number_key`, the database's as well, then sees through all spellings.
    """
    if value.isascii() and value.isprintable():
        return value.strip()
    whole = "№".join(unicodedata.normalize("NFKC", part) for part in value.split("№"))  # of which it would make "No"
    return "".join(map(_plain, whole)).strip()


def polis_number(value: str) -> str:
    """A polis' series or number as it is printed on the polis: people group its digits, the region does not."""
    return plain_number(value).replace(" ", "")


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    kind = unicodedata.category(character)
    if kind in _INVISIBLE:
        return ""
    dash = kind == "Pd" or character == "\N{MINUS SIGN}"
    return "-" if dash and character not in _NUMBER_FROM else character


def number_key(value: str) -> str:
    """A document's series or number without case, spaces, dashes and signs. Of a `plain_number`."""
    return value.translate(_NUMBER_TABLE)


def phone_key(value: str) -> str:
    """The last ten digits of a phone, so that +7, 8 and nothing before them mean one number."""
    return re.sub("[^0-9]", "", value)[-10:]


def name_key_of(field: str) -> Func:
    """The database's own `name_key` of a column, for a generated column."""
    return Func(F(field), Value(_NAME_FROM), Value(_NAME_TO), function="translate", output_field=CharField())


def number_key_of(field: str) -> Func:
    """The database's own `number_key` of a column, for a generated column."""
    return Func(F(field), Value(_NUMBER_FROM), Value(_NUMBER_TO), function="translate", output_field=CharField())


def phone_key_of(field: str) -> Func:
    """The database's own `phone_key` of a column."""
    digits = Func(F(field), Value("[^0-9]"), Value(""), Value("g"), function="regexp_replace", output_field=CharField())
    return Func(digits, Value(10), function="right", output_field=CharField())


def short_name(family: str, name: str, patronymic: str) -> str:
    """Surname and initials, as far as they are known: `Иванова А. П.`."""
    initials = " ".join(f"{part[0]}." for part in (name, patronymic) if part)
    return f"{family} {initials}".strip()
