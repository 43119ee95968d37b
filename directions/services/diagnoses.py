"""Diagnoses that staff write: a code of ICD-10, checked by its form, with the name of what has been loaded."""

from __future__ import annotations

from dataclasses import dataclass

from directions.exceptions import DiagnosisMalformed
from lmis.models import DictionaryCode
from lmis.nsi import DIAGNOSIS, ICD10
from patients.info import Coded

OFFERED = 12
# On the keys of the Russian layout, and what only looks like a Latin letter.
_KEYS = str.maketrans("ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ", "QWERTYUIOPASDFGHJKLZXCVBNM")
_LOOKS = str.maketrans("АВСЕНКМОРТХ", "ABCEHKMOPTX")


@dataclass(frozen=True, slots=True)
class Offer:
    """One diagnosis to choose."""

    code: str
    name: str


def checked(diagnosis: Coded) -> Coded:
    """The diagnosis with its code as ICD-10 writes it, its dictionary, and the loaded name where it has none.

    `i10,1` is `I10.1`. A code that is not among the loaded ones is good by its form; one without a code, or none at
    all, is left as it is. Raises DiagnosisMalformed.
    """
    code, name = _written(diagnosis.code), " ".join(diagnosis.name.split())
    if not code:
        return Coded(name=name)
    if not DIAGNOSIS.fullmatch(code):
        raise DiagnosisMalformed
    known = DictionaryCode.objects.of(ICD10).filter(code=code).first()
    return Coded(code, name or (known.name if known else ""), ICD10, known.version if known else "")


def offers(*, text: str) -> list[Offer]:
    """Diagnoses that the field may mean, of those loaded: by the beginning of the code, also when the keyboard was in
    the other layout, or by words of the name. Without any text, none.
    """
    if not text.strip():
        return []
    code = _written(text)
    spellings = [each for each in {code, code.translate(_KEYS), code.translate(_LOOKS)} if each.isascii()]
    found = DictionaryCode.objects.of(ICD10).in_force().offered_for(text, sorted(spellings))[:OFFERED]
    return [Offer(each.code, each.name) for each in found]


def _written(code: str) -> str:
    return "".join(code.split()).upper().replace(",", ".")
