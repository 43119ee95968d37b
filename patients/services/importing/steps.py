"""An import moves on in short steps, each a transaction of its own: a worker may be killed anywhere and start again.

State lives on the import and its rows. A step takes the import's row first; whoever does not get it leaves the work to
whoever has it.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone, translation

from lmis.actors import Actor
from lmis.services.transactions import run_write
from patients.models import CardImport, CardImportChunk, CardImportRow
from patients.services.importing import checking, columns, reading, writing

State = CardImport.State
READ_AT_ONCE = 5000
CHECK_AT_ONCE = 500
WRITE_AT_ONCE = 200
MOST_ROWS = 300_000
_COPY = "COPY patients_cardimportrow (card_import_id, line, cells) FROM STDIN"


def work(*, import_id: int, until: dt.datetime) -> bool:
    """Move the import on until people have to, or `until`; whether there is more to do at once."""
    found = CardImport.objects.select_related("lpu", "user").filter(pk=import_id).first()
    if found is None:
        return False
    with translation.override(found.language):
        if found.state == State.READING:
            _read(found)
        step = {State.CHECKING: _check_some, State.WRITING: _write_some}
        while (state := _state(import_id)) in step:
            if timezone.now() >= until:
                return True
            if not run_write(lambda state=state: step[state](import_id)):  # type: ignore[misc]
                return False
    return False


def _state(import_id: int) -> str:
    return CardImport.objects.values_list("state", flat=True).get(pk=import_id)


def _held(import_id: int, state: str) -> CardImport | None:
    """The import, locked, if it is still in this state and nobody else is at work on it."""
    rows = CardImport.objects.select_related("lpu", "user").select_for_update(
        of=("self",), no_key=True, skip_locked=True
    )
    return rows.filter(pk=import_id, state=state).first()


def _read(found: CardImport) -> None:
    """From the pieces of the file onto the staging table, in batches; a file that cannot be read fails the import."""
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / "file"
        _put_together(found, path)
        try:
            header, rows = reading.under_headings(reading.rows_of(path))
            _stage(found, header, rows)
        except reading.NotReadable as refusal:
            _fail(found, refusal.said)


def _put_together(found: CardImport, path: Path) -> None:
    with path.open("wb") as file:
        for chunk in found.chunks.order_by("ordinal").values_list("data", flat=True).iterator(chunk_size=1):
            file.write(chunk)


def _stage(found: CardImport, header: list[str], numbered: Iterator[tuple[int, list[str]]]) -> None:
    done = found.total  # rows that a worker before us has staged already
    for _skipped in islice(numbered, done):
        pass
    while batch := list(islice(numbered, READ_AT_ONCE)):
        if not run_write(lambda batch=batch, done=done: _copy(found.pk, done, batch)):  # type: ignore[misc]
            return
        done += len(batch)
        if done > MOST_ROWS:
            _fail(found, str(columns.TOO_MANY % {"count": MOST_ROWS}))
            return
    run_write(lambda: _staged(found.pk, header))


def _copy(import_id: int, done: int, batch: Sequence[tuple[int, list[str]]]) -> bool:
    held = _held(import_id, State.READING)
    # Somebody may have taken us for dead and begun where we were:
    # the count on the locked row says whether this batch is still the next one.
    if held is None or held.total != done:
        return False
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for line, cells in batch:
            copy.write_row((import_id, line, cells))
    CardImport.objects.filter(pk=import_id).update(total=done + len(batch))
    return True


def _staged(import_id: int, header: list[str]) -> None:
    if held := _held(import_id, State.READING):
        CardImport.objects.filter(pk=held.pk).update(state=State.MAPPING, header=header, mapping=columns.guess(header))
        CardImportChunk.objects.filter(card_import=held).delete()


def _fail(found: CardImport, text: str) -> None:
    still = CardImport.objects.filter(pk=found.pk, state=State.READING)
    still.update(state=State.FAILED, error=text[:500], finished_at=timezone.now())
    found.chunks.all().delete()


def _check_some(import_id: int) -> bool:
    return _some(import_id, State.CHECKING, State.CHECKED, "checked", _check_batch)


def _write_some(import_id: int) -> bool:
    return _some(import_id, State.WRITING, State.DONE, "written", _write_batch)


def _check_batch(held: CardImport) -> int:
    rows = held.rows.filter(fate=CardImportRow.Fate.UNCHECKED).order_by("line")[:CHECK_AT_ONCE]
    return checking.check(held=held, rows=list(rows), now=timezone.now())


def _write_batch(held: CardImport) -> int:
    rows = held.rows.filter(fate__in=writing.WRITTEN, written=False).order_by("line")[:WRITE_AT_ONCE]
    return writing.write(held=held, rows=list(rows), by=Actor.of_user(held.user), now=timezone.now())


def _some(import_id: int, state: str, after: str, counter: str, batch: Callable[[CardImport], int]) -> bool:
    """One batch; with nothing left the import goes to its next state. False when somebody else has it."""
    held = _held(import_id, state)
    if held is None:
        return False
    count = batch(held)
    news: dict[str, Any] = {counter: getattr(held, counter) + count} if count else {"state": after}
    if not count and after == State.DONE:
        news["finished_at"] = timezone.now()
    CardImport.objects.filter(pk=held.pk).update(**news)
    return True
