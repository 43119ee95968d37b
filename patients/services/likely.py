"""Cards that may be of the same person as one that is about to be made. Nothing is refused here: people decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from lmis.models import Lpu
from patients.info import PatientInfo
from patients.matching import Likeness
from patients.models import LikelyDuplicate, Patient

Why = LikelyDuplicate.Why
_ENOUGH = 0.75  # of likeness of two names: a slip or two
_ROWS = 500  # born on one day, at most looked at


@dataclass(frozen=True, slots=True)
class Likely:
    """A card, and why it may be the same person's."""

    card: Patient
    why: tuple[Why, ...]


def likely_duplicates(*, lpu: Lpu, info: PatientInfo, limit: int = 5, but: int | None = None) -> list[Likely]:
    """Up to `limit` live cards of `lpu` that may be this patient's, the likeliest first; one statement.

    `but` is the id of a card to leave out: the one that is being looked at.
    """
    rows = Patient.objects.filter(lpu=lpu).resembling(info).select_related("merged_into")[:_ROWS]
    found: dict[int, Likely] = {}
    for row in rows:
        why = tuple(_reasons(row, info))
        if why and row.pk != but and row.survivor.state == Patient.State.ACTIVE and row.survivor.pk != but:
            found.setdefault(row.survivor.pk, Likely(row.survivor, why))
    return sorted(found.values(), key=lambda likely: list(Why).index(likely.why[0]))[:limit]


def _reasons(card: Patient, info: PatientInfo) -> Iterator[Why]:
    one, other = Likeness.of_card(card), Likeness.of_info(info)
    if one.shares_polis(other):
        yield Why.POLIS
    if info.snils and info.snils == card.snils:
        yield Why.SNILS
    if one.shares_document(other):
        yield Why.DOCUMENT
    if info.birth_date and info.birth_date == card.birth_date:
        if one.names == other.names:
            yield Why.NAMES
        elif _similar(one.names, other.names):
            yield Why.SIMILAR


def _similar(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """A slip in one of the names; or another surname alone, as after a wedding."""
    if one[0] and one[1:] == other[1:] and all(other[1:]):
        return True
    return all(
        not a or not b or SequenceMatcher(None, a, b).ratio() >= _ENOUGH for a, b in zip(one, other, strict=True)
    )
