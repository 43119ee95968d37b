"""The names that somebody typed into the box, as a new card shall have them: as typed, not as keys to search by."""

from __future__ import annotations

import datetime as dt
import re

from patients.services.layout import is_latin, other_layout
from patients.services.search import words_of

PARTS = ("family", "name", "patronymic")
_SMALL = {"оглы", "оглу", "кызы", "гызы", "улы", "уулу", "заде"}  # parts of names that are written small
_RUSSIAN = re.compile(r"(?![ьъы])(?=.*[аеёиоуыэюя])[а-яё'’-]+")
_UNLIKELY = re.compile(r"[бвгджзйклмнпрстфхцчшщ]{4}|[аеёиоуыэюя]{3}|[аеёиоуыэюя][ьъ]|[ьъ]{2}")
_LATIN = re.compile(r"(?=.*[aeiou])[^\W\d_]+(?:['’-][^\W\d_]+)*")


def names_of(text: str, today: dt.date) -> dict[str, str]:
    """Those of `family`, `name`, `patronymic` that `text` tells; initials tell none."""
    words = _words(" ".join(text.split()), today)
    family, name, patronymic = words[0:1], words[1:2], words[2:]
    if name and len(name[0]) == 2 and not patronymic:  # `ии`: two initials
        name = []
    found = zip(PARTS, (family, name, patronymic), strict=True)
    shown = ((part, " ".join(_capital(word) for word in typed if len(word) > 1)) for part, typed in found)
    return {part: text for part, text in shown if text}


def _words(text: str, today: dt.date) -> list[str]:
    """In the layout that was meant. Mostly the Russian one: whoever forgot it is commoner than a foreigner.

    Latin letters stay when what the same keys write in Russian is no word, or an unlikely one while they are a name.
    """
    typed, retyped = words_of(text, today), words_of(other_layout(text), today)
    if not is_latin(text) or not retyped:
        return typed
    meant = [word.lower() for place, word in enumerate(retyped) if not place or len(word) > 2]
    if not all(map(_RUSSIAN.fullmatch, meant)):
        return typed
    tokens = (token.strip(".,").lower() for token in text.split())
    is_name = all(_LATIN.fullmatch(token) for token in tokens if len(token) > 2 and not re.search(r"\d", token))
    return typed if is_name and any(map(_UNLIKELY.search, meant)) else retyped


def _capital(word: str) -> str:
    """`салтыков-щедрин` as `Салтыков-Щедрин`, `ФЁДОРОВ` as `Фёдоров`, `оглы` as it is."""
    parts = re.split(r"([-'’])", word.lower())
    return "".join(part if part in _SMALL else part[:1].upper() + part[1:] for part in parts)
