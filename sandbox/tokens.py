"""Patient tokens of contract §2.1, as the region's authorisation service gives them out."""

from typing import Any

import jwt

from sandbox.errors import Problem, invalid
from sandbox.forms import is_date, is_guid
from sandbox.mip import Mip

SOURCES = ("Internet", "Infomat", "CallCenter", "Doctor", "DoctorOtherLPU", "Registry")
LIFE = 30 * 60
LONGEST_LIFE = 366 * 24 * 60 * 60


def issue(mip: Mip, secret: str, query: dict[str, str], *, now: int) -> str:
    """A token for the person asked for in `query` (`n_pol`, `s_pol`, `Birthday`, or `mkab`; `source`, and `exp` in
    seconds from `now`, negative for one that has expired). Problem 400, or 404 `person_not_found`."""
    source, life = query.get("source", ""), _life(query.get("exp", ""))
    if source and source not in SOURCES:
        raise invalid("source", "Допустимо: " + ", ".join(SOURCES), "invalid_choice")
    person_guid, mkabs = find(mip, query)
    claims: dict[str, Any] = {"personGuid": person_guid, "mkabs": mkabs, "iat": now, "exp": now + life}
    if source:
        claims["source"] = source
    return jwt.encode(claims, secret, algorithm="HS256")


def find(mip: Mip, query: dict[str, str]) -> tuple[str, list[str]]:
    """The one person that `query` means, and the active cards; Problem 400 or 404 `person_not_found`."""
    number, mkab, birthday = query.get("n_pol", ""), query.get("mkab", ""), query.get("Birthday", "")
    if not number and not mkab:
        raise invalid("n_pol", "Нужен n_pol или mkab", "required")
    if mkab and not is_guid(mkab.lower()):
        raise invalid("mkab", "Должен быть GUID")
    if birthday and not is_date(birthday):
        raise invalid("Birthday", "Должна быть дата ГГГГ-ММ-ДД")
    guids = [mip.person_of(mkab)] if mkab else mip.persons(number, query.get("s_pol", ""), birthday)
    found = [(guid, cards) for guid in guids if (cards := mip.active_cards(guid))]
    if len(found) != 1:
        message = "Под этим полисом несколько человек, уточните дату рождения" if found else "Пациента в МИП нет"
        raise Problem(404, "person_not_found", message)
    return found[0]


def _life(text: str) -> int:
    try:
        life = int(text or LIFE)
    except ValueError:
        raise invalid("exp", "Должно быть число секунд") from None
    if abs(life) > LONGEST_LIFE:
        raise invalid("exp", "Не больше года")
    return life
