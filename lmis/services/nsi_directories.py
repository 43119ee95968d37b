"""The clinic's own directories beside the dictionaries that were loaded."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from lmis.actors import Actor
from lmis.models import DictionaryCode, Position, Speciality
from lmis.nsi import POSITIONS, POSITIONS_OF_STAFF, SPECIALITIES
from lmis.services import journal
from lmis.text import name_key

_DICTIONARIES: dict[type[Speciality] | type[Position], tuple[str, ...]] = {
    Speciality: (SPECIALITIES,),
    Position: (POSITIONS, POSITIONS_OF_STAFF),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """How many entries got a code, and the names of those that no loaded dictionary has."""

    given: int
    unknown: list[str]


def take_codes(*, entries: QuerySet[Speciality] | QuerySet[Position], by: Actor) -> Taken:
    """Give these entries dictionary, version and code of the loaded code with the same name (case and ё aside).

    A code that is in force; the first of the dictionaries that has one. What somebody entered by hand is overwritten
    only if the dictionary knows the name. An entry whose code another entry has already stays as it is.
    """
    codes = _by_name(_DICTIONARIES[entries.model])
    given, unknown = 0, []
    with transaction.atomic():
        for entry in entries.select_for_update().order_by("pk"):
            code = codes.get(name_key(entry.name))
            if code is None:
                unknown.append(entry.name)
                continue
            news = {"oid": code.dictionary.oid, "version": code.version, "code": code.code}
            if all(getattr(entry, name) == value for name, value in news.items()):
                continue
            if entries.model._default_manager.filter(oid=news["oid"], code=code.code).exclude(pk=entry.pk).exists():
                continue
            journal.note_changed(entry, news, by=by)
            entries.model._default_manager.filter(pk=entry.pk).update(**news)
            given += 1
    return Taken(given, unknown)


def _by_name(oids: tuple[str, ...]) -> dict[str, DictionaryCode]:
    """Codes in force by the key of their names; those of the first dictionary win."""
    codes: dict[str, DictionaryCode] = {}
    for oid in oids:
        for code in DictionaryCode.objects.of(oid).in_force().exclude(code="").select_related("dictionary"):
            codes.setdefault(code.name_key, code)
    return codes
