"""Writing a batch of checked rows: the cards may have changed since, so every row is judged again, under locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext

from lmis.actors import Actor
from lmis.services import journal
from patients.info import PatientInfo
from patients.locks import identity_keys, lock_identities
from patients.models import CardImport, CardImportRow, Patient
from patients.services import cards, uploads
from patients.services.importing import columns, fates
from patients.services.importing.saving import save

Fate = CardImportRow.Fate
WRITTEN = (Fate.NEW, Fate.UPDATE)


def write(*, held: CardImport, rows: Sequence[CardImportRow], by: Actor, now: dt.datetime) -> int:
    """Write these rows; how many they were. The caller has locked the import.

    One that would do something else now than was shown and confirmed is not written, and says so.
    """
    values = [columns.read_row(row.cells, held.mapping) for row in rows]
    # The region may be booking for one of these persons just now, or another import writing them:
    # the same locks as there, and a look only under them.
    infos = [PatientInfo.of_columns(one) for one in values]
    lock_identities(key for info in infos for key in identity_keys(lpu_guid=held.lpu.guid, info=info))
    verdicts = fates.decide(lpu=held.lpu, rows=values, overwrite=held.overwrite)
    news: list[tuple[CardImportRow, dict[str, Any]]] = []
    changed: list[tuple[Patient, dict[str, Any]]] = []
    for row, verdict in zip(rows, verdicts, strict=True):
        row.written = True
        if (verdict.fate, verdict.card and verdict.card.pk) != (row.fate, row.card_id):
            _other_now(row, verdict)
        elif verdict.card is not None:
            changed.append((verdict.card, verdict.news))
        else:
            news.append((row, verdict.news))
    # A worker may be writing down what the MIP said of these cards, and each would wait for the other's:
    # both lock them by ascending id, whatever the order of the file.
    for card, wanted in sorted(changed, key=lambda one: one[0].pk):
        cards.change(card=card, values=wanted, by=by)
    _make(held, news, by)
    save(rows)
    return len(rows)


def _other_now(row: CardImportRow, verdict: fates.Verdict) -> None:
    """What was meant has happened by other hands, or it is not clear any more."""
    if verdict.fate == Fate.SAME:
        row.fate, row.card = Fate.SAME, verdict.card
        return
    row.fate = Fate.AMBIGUOUS
    row.reason = gettext("The cards have changed since the check: import this row again.")
    row.card = verdict.card


def _make(held: CardImport, news: Sequence[tuple[CardImportRow, dict[str, Any]]], by: Actor) -> None:
    """New cards: one INSERT for all, and one for the journal."""
    made = [Patient(lpu=held.lpu, created_by=by.label, changed_by=by.label, **values) for _row, values in news]
    Patient.objects.bulk_create(made)
    uploads.let_others_first(cards=[card.pk for card in made])
    journal.note_many_created(made, by=by)
    for (row, _values), card in zip(news, made, strict=True):
        row.card = card
