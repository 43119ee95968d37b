"""Checking a batch of staged rows: each gets its fate, and nothing else is written."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext

from patients.models import CardImport, CardImportRow
from patients.services.importing import columns, fates
from patients.services.importing.saving import save

Fate = CardImportRow.Fate


def check(*, held: CardImport, rows: Sequence[CardImportRow], now: dt.datetime) -> int:
    """Give these rows their fates; how many they were. The caller has locked the import. Five statements at most."""
    today = fates.today_of(held.lpu, now)
    readable: list[tuple[CardImportRow, dict[str, Any]]] = []
    for row in rows:
        try:
            values = columns.read_row(row.cells, held.mapping)
            columns.check(values, today=today)
        except columns.BadCell as error:
            row.fate, row.reason = Fate.ERROR, str(error)[:500]
        else:
            row.identity = _number(fates.identity_of(values))
            readable.append((row, values))
    verdicts = fates.decide(lpu=held.lpu, rows=[values for _row, values in readable], overwrite=held.overwrite)
    for (row, _values), verdict in zip(readable, verdicts, strict=True):
        row.fate, row.reason, row.card = verdict.fate, verdict.reason[:500], verdict.card
    _find_repeated(held, [row for row, _values in readable])
    save(rows)
    return len(rows)


def _find_repeated(held: CardImport, rows: Sequence[CardImportRow]) -> None:
    """A person of an earlier row is not imported twice."""
    sought = {row.identity for row in rows if row.identity is not None}
    earlier = held.rows.filter(identity__in=sought).exclude(fate=Fate.UNCHECKED)
    first: dict[int | None, int] = dict(earlier.values_list("identity").annotate(Min("line")).order_by())
    for row in rows:
        if row.identity is None:
            continue
        line = first.setdefault(row.identity, row.line)
        if line < row.line:
            text = gettext("The same patient as in row %(line)d.")
            row.fate, row.reason, row.card = Fate.ERROR, text % {"line": line}, None


def _number(identity: tuple[Any, ...]) -> int | None:
    """A 64-bit number that says nothing about a person to whoever reads the table."""
    if not identity:
        return None
    digest = hashlib.blake2b("\0".join(map(str, identity)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
