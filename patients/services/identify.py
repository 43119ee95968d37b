"""Whose cards a patient token means (contract §2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from lmis.api.callers import TokenClaims
from lmis.models import Lpu
from lmis.rows import Columns, fetch
from patients.exceptions import PatientNotFound
from patients.models import Patient
from patients.querysets import PatientQuerySet

_CARD = Columns(Patient, "p", "id", "guid", "lpu", "state", "merged_into", "person_guid")
_LPU = Columns(Lpu, "l")
# Cards first, by their two indexes, and the LPUs afterwards: until its first ANALYZE of a clinic's new cards PostgreSQL
# believes that there are few, and would walk through all of an LPU's for the one that is named.
_NAMED = f"""
    WITH p AS MATERIALIZED (
        SELECT {_CARD.sql} FROM "patients_patient" p WHERE p.guid = ANY(%s) OR p.person_guid = %s)
    SELECT {_CARD.sql}, {_LPU.sql} FROM p JOIN "lmis_lpu" l ON l.id = p.lpu_id AND l.is_own"""  # noqa: S608


def cards_of(*, claims: TokenClaims) -> list[Patient]:
    """All live cards of the token's person at our own LPUs, oldest first.

    The person is the one whose card is named in `mkabs`, else the one to whom the MIP gave `person_guid`. A merged
    card means its survivor; a withdrawn one counts for nothing. Out: cards with `lpu` loaded and with what tells
    them apart; names and numbers are deferred. One statement, two when the MIP's id has to be learned from a card,
    one more when a card was merged. Raises PatientNotFound.
    """
    rows = _named(claims)
    anchors = [row for row in rows if row.guid in claims.mkabs and _is_live(row.survivor)]
    if not anchors:
        return _live(row for row in rows if row.person_guid and row.person_guid == claims.person_guid)
    persons = _person_guids(anchors)
    siblings = [row for row in rows if row.person_guid in persons]
    if unread := persons - {claims.person_guid}:
        siblings += _rows().of_person(unread)
    return _live([*anchors, *siblings])


def other_guids(patients: Sequence[Patient]) -> list[UUID]:
    """Under which guids this person may have been known, but for that of the first of `patients`; one statement.

    Those of the other cards, and of all that were merged into any of them: nobody else's.
    """
    merged = Patient.objects.merged_into_any(patients).order_by("pk").values_list("guid", flat=True)
    return [*(card.guid for card in patients[1:]), *merged]


def _named(claims: TokenClaims) -> list[Patient]:
    """The cards that the token names, with their LPUs; with their survivors too when one was merged."""
    rows = fetch(_NAMED, [list(claims.mkabs), claims.person_guid])
    cards = []
    for row in rows:
        card = _CARD.read(row[: len(_CARD)])
        card.lpu = _LPU.read(row[len(_CARD) :])
        cards.append(card)
    if any(card.merged_into_id for card in cards):
        return list(_rows().named(mkabs=claims.mkabs, person_guid=claims.person_guid))
    return cards


def _rows() -> PatientQuerySet:
    return Patient.objects.at_own_lpus().select_related("lpu", "merged_into__lpu")


def _person_guids(anchors: Iterable[Patient]) -> set[UUID]:
    """A card and its survivor: the MIP may have told us of either."""
    return {card.person_guid for row in anchors for card in (row, row.survivor) if card.person_guid}


def _is_live(card: Patient) -> bool:
    return card.state == Patient.State.ACTIVE


def _live(rows: Iterable[Patient]) -> list[Patient]:
    """The survivors of `rows`, each once."""
    cards = {row.survivor.pk: row.survivor for row in rows if _is_live(row.survivor)}
    if not cards:
        raise PatientNotFound
    return [cards[pk] for pk in sorted(cards)]
