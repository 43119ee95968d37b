"""The list of likely duplicates: looked for by the database, decided by people."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.db.models import Q

from lmis.actors import Actor
from patients.models import LikelyDuplicate, Patient

_BORN = "birth_date IS NOT NULL AND family_key <> ''"
# Reason → what cards of one LPU share, and which of them can. A document counts with the birth date: a mother's
# stands on her children's cards. Each is one pass over the cards, sorted, never a comparison of each with each.
# Of many alike the oldest and the newest are entered, and the next look finds the next pair; what more than ten share
# is made up.
_SHARED = {
    LikelyDuplicate.Why.POLIS: ("polis_number_key, polis_series_key", "polis_number <> ''"),
    LikelyDuplicate.Why.SNILS: ("snils", "snils <> ''"),
    LikelyDuplicate.Why.DOCUMENT: (
        "document_series_key, document_number_key, birth_date",
        "document_number <> '' AND birth_date IS NOT NULL",
    ),
    LikelyDuplicate.Why.NAMES: ("family_key, name_key, patronymic_key, birth_date", _BORN),
}
_LOOK = """
    INSERT INTO patients_likelyduplicate (one_id, other_id, why, state)
    SELECT min(id), max(id), %s, 'open' FROM patients_patient
     WHERE state = 'active' AND {which} GROUP BY lpu_id, {shared} HAVING count(*) BETWEEN 2 AND 10
    ON CONFLICT (one_id, other_id) DO NOTHING"""


def look(*, now: dt.datetime) -> int:
    """Enter the pairs that are not in the list yet; how many. Those decided before are not asked again."""
    found = 0
    for why, (shared, which) in _SHARED.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOOK.format(shared=shared, which=which), [why.value])
            found += cursor.rowcount
    return found


def is_different(*, pair: LikelyDuplicate, by: Actor, now: dt.datetime) -> bool:
    """People say that these are two persons; false when somebody has decided already."""
    open_ones = LikelyDuplicate.objects.filter(pk=pair.pk, state=LikelyDuplicate.State.OPEN)
    return bool(open_ones.update(state=LikelyDuplicate.State.DIFFERENT, decided_by=by.label, decided_at=now))


def settle_merged(*, duplicate: Patient, into: Patient, by: Actor, now: dt.datetime) -> None:
    """Pairs with a card that is merged now: the pair itself is merged, others with it have nothing to decide any more.

    Should its survivor be like the third card, too, the next look says so.
    """
    touched = LikelyDuplicate.objects.filter(Q(one=duplicate) | Q(other=duplicate), state=LikelyDuplicate.State.OPEN)
    touched.update(state=LikelyDuplicate.State.MERGED, decided_by=by.label, decided_at=now)
