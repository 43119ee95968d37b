"""The one box of the desk: what was typed, and the cards that it may mean.

Names by their beginnings, `иванов ии 1956`, a birth date, a polis, a СНИЛС, a phone, a card number; also what was typed
with the keyboard in the other layout. What is asked for is personal: it comes by POST and is never logged.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from lmis.models import Lpu
from lmis.text import composed, name_key, number_key, plain_number
from patients.models import Patient
from patients.services.layout import is_latin, other_layout
from patients.services.sought import ByBirthDate, ByCardNumber, ByNames, ByPaper, ByPhone, BySnils, Way
from patients.services.spellings import spellings, without_sign
from patients.validators import snils_agrees

OLDEST = 1900
LONGEST = 200  # nobody types more into the box; what is longer is pasted by mistake
_DAY = re.compile(
    r"(\d{1,2})[ ./ю,-](\d{1,2})[ ./ю,-](\d{4})|(\d{2})(\d{2})(\d{4})"
    r"|(?<!\d)(\d{1,2})[.ю,](\d{1,2})[.ю,](\d{2})(?!\d)",  # with dots alone: 12-03-56 is a phone, 12/3/56 a card
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s.,]+")
_PAPER = re.compile(r"(.*\S)[\s№-]+(\d{5,})")


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed: the ways to look, the likeliest first; the first that finds something is the answer.

    `number` is not blank when it could be the number of a direction or of a ticket, or a ticket's code: those are
    looked up by who knows them.
    """

    ways: tuple[Way, ...] = ()
    number: str = ""


def parse(text: str, today: dt.date) -> Query:
    """What `text` may mean; a text that means nothing has no ways. `today` ends the years of birth."""
    text = " ".join(composed(text[:LONGEST]).split())
    if _is_number(text, today):
        text = plain_number(text)
        return Query(tuple(dict.fromkeys(_ways_of_number(text, today))), without_sign(text))
    # Letters of the other alphabet mostly mean the other layout, which then goes first.
    spellings = [other_layout(text), text] if is_latin(text) else [text, other_layout(text)]
    ways = [way for spelling in spellings if (way := _of_names(spelling, today))]
    return Query(tuple(dict.fromkeys(ways)))


def find(*, text: str, lpus: Collection[Lpu], today: dt.date, limit: int = 20) -> list[Patient]:
    """Up to `limit` live cards of these LPUs that `text` means, each with its LPU loaded.

    A merged card leads to its survivor. One statement for the first way that finds something, and one for each that
    went before it in vain. Nothing is raised for a text that means nothing.
    """
    among = Patient.objects.filter(lpu__in=lpus).not_withdrawn().select_related("lpu", "merged_into__lpu")
    for way in parse(text, today).ways:
        rows = way.among(among)[: 2 * limit]  # some may be merged into others of them
        survivors = {row.survivor.pk: row.survivor for row in rows if row.survivor.state == Patient.State.ACTIVE}
        if survivors:
            return list(islice(survivors.values(), limit))
    return []


def _is_number(text: str, today: dt.date) -> bool:
    """Digits alone, letters and digits in one word, or more digits than a year or a day of birth has."""
    if not any(map(str.isalpha, text)) or _day(text, today):
        return bool(re.search(r"\d", text))
    born = _day_within(text, today)
    rest = text.replace(born[1], " ") if born else text
    return bool(re.search(r"\d{5}|[^\W\d]-?\d|\d-?[^\W\d]", rest))


def _ways_of_number(text: str, today: dt.date) -> Iterator[Way]:
    digits = re.sub(r"\D", "", text)
    bare = number_key(text) == digits
    if born := _day(text, today):
        yield ByBirthDate(born)
    if bare and len(digits) == 11 and snils_agrees(digits):
        yield BySnils(digits)
    if bare and len(digits) == 16:
        yield ByPaper("", digits)
    if match := _PAPER.fullmatch(text):
        yield ByPaper(match[1], match[2])
    if bare and len(digits) == 10:  # a passport typed in one go
        yield ByPaper(digits[:4], digits[4:])
    if number_key(re.sub(r"[()+]", "", text)) == digits and 5 <= len(digits) <= 12:
        yield ByPhone(digits)
    if bare and len(digits) == 11:
        yield BySnils(digits)
    if bare and len(digits) >= 5:
        yield ByPaper("", digits)
    yield ByCardNumber(spellings(text))


def words_of(text: str, today: dt.date) -> list[str]:
    """The words of a text that tells names, as they were typed; without the day or the year of birth."""
    return _split(text, today)[0]


def _split(text: str, today: dt.date) -> tuple[list[str], tuple[dt.date, dt.date] | None]:
    born = _day_within(text, today)
    if born:
        text = text.replace(born[1], " ")
    words, years = [], born[0] if born else None
    for word in _WORD.findall(text):
        if years is None and word.isdigit() and len(word) == 4 and OLDEST <= int(word) <= today.year:
            years = dt.date(int(word), 1, 1), dt.date(int(word), 12, 31)
        elif not word.isdigit():
            words.append(word)
    return words, years


def _of_names(text: str, today: dt.date) -> ByNames | None:
    words, years = _split(text, today)
    if not words or not any(map(str.isalpha, words[0])):
        return None
    return _names([name_key(word) for word in words], years)


def _names(words: list[str], born: tuple[dt.date, dt.date] | None) -> ByNames:
    family, *rest = words
    if len(rest) == 1 and len(rest[0]) == 2:  # `ии` may be both initials, or a name such as Ия
        return ByNames(family, rest[0][0], rest[0][1], whole_name=rest[0], born=born)
    return ByNames(family, "".join(rest[:1]), " ".join(rest[1:]), born=born)


def _day(text: str, today: dt.date) -> dt.date | None:
    match = _DAY.fullmatch(text)
    return _valid(match, today) if match else None


def _day_within(text: str, today: dt.date) -> tuple[tuple[dt.date, dt.date], str] | None:
    match = _DAY.search(text)
    day = _valid(match, today) if match else None
    return ((day, day), match[0]) if match and day else None


def _valid(match: re.Match[str], today: dt.date) -> dt.date | None:
    parts = [part for part in match.groups() if part]
    day, month, year = map(int, parts)
    if len(parts[2]) == 2:  # the last year that ended so
        year += 2000 if (year, month, day) <= (today.year - 2000, today.month, today.day) else 1900
    try:
        found = dt.date(year, month, day)
    except ValueError:
        return None
    return found if year >= OLDEST and found <= today else None
