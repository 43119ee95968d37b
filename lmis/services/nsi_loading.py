"""Loading dictionaries from files: all of a file or nothing, in memory that does not grow with it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from lmis.actors import Actor
from lmis.models import Dictionary, DictionaryCode
from lmis.services.nsi_files import SHOWN_ERRORS, FileRefused, Foreign, Reading, Row, is_before

logger = logging.getLogger(__name__)

EVERY = 5_000  # rows between two calls of `progress`
_DICTIONARIES = Dictionary._meta.db_table
_CODES = DictionaryCode._meta.db_table
_STAGE = """
    CREATE TEMPORARY TABLE nsi_row (
        line integer, oid text, version text, code text, name text, source text, date date
    ) ON COMMIT DROP
"""
_TWICE = """
    SELECT (array_agg(line ORDER BY line))[1:2], oid, max(code) AS code, max(name) AS name FROM nsi_row
    GROUP BY oid, code, CASE WHEN code = '' THEN name END
    HAVING count(*) > 1 ORDER BY min(line) LIMIT %s
"""
_HEADS = """
    SELECT oid, array_agg(DISTINCT version), array_agg(DISTINCT source), array_agg(DISTINCT date::text)
    FROM nsi_row GROUP BY oid ORDER BY oid
"""
_HEAD = f"""
    INSERT INTO {_DICTIONARIES} AS old (oid, version, source, checked_on, loaded_at, loaded_by)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (oid) DO UPDATE SET version = excluded.version, source = excluded.source,
        checked_on = excluded.checked_on, loaded_at = excluded.loaded_at, loaded_by = excluded.loaded_by
"""  # noqa: S608
# A row of the file and one of the table are the same thing when their codes are, or, without codes, their names.
_SAME = "d.oid = r.oid AND c.dictionary_id = d.id AND c.code = r.code AND (c.code <> '' OR c.name = r.name)"
_CHANGE = f"""
    UPDATE {_CODES} c SET name = r.name, is_current = true FROM nsi_row r, {_DICTIONARIES} d
    WHERE {_SAME} AND (c.name <> r.name OR NOT c.is_current)
"""  # noqa: S608
_RENEW = f"""
    UPDATE {_CODES} c SET version = r.version FROM nsi_row r, {_DICTIONARIES} d
    WHERE {_SAME} AND c.version <> r.version
"""  # noqa: S608
_ADD = f"""
    INSERT INTO {_CODES} (dictionary_id, version, code, name, is_current)
    SELECT d.id, r.version, r.code, r.name, true FROM nsi_row r JOIN {_DICTIONARIES} d ON d.oid = r.oid
    WHERE NOT EXISTS (SELECT FROM {_CODES} c WHERE {_SAME})
"""  # noqa: S608
_WITHDRAW = f"""
    UPDATE {_CODES} c SET is_current = false FROM {_DICTIONARIES} d
    WHERE c.dictionary_id = d.id AND c.is_current AND d.oid IN (SELECT oid FROM nsi_row)
    AND NOT EXISTS (SELECT FROM nsi_row r WHERE {_SAME})
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file brought, in codes; `withdrawn` are those that it no longer has, `skipped` its headings."""

    rows: int
    added: int
    changed: int
    withdrawn: int
    skipped: int


def load(
    *,
    path: Path,
    by: Actor,
    now: dt.datetime,
    foreign: Foreign | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Loaded:
    """Bring the dictionaries that the file has up to it, in one transaction.

    In: `progress` is told how many rows have been read. Out: what it brought; the same file again brings nothing.
    A code that the file no longer has is not deleted but marked: what was written with it stays readable.
    Raises FileRefused with the errors, and then nothing has changed: unknown columns, rows that are wrong, a code
    twice, two versions of one dictionary, a version older than what is loaded. Raises OSError.
    """
    reading = Reading(path, foreign)
    with transaction.atomic():
        _stage(reading.rows(), progress)
        # Two loads at once would each withdraw what the other has just added:
        # the second waits here, before it looks. Readers wait for nobody.
        _do(f"LOCK TABLE {_DICTIONARIES} IN SHARE ROW EXCLUSIVE MODE")
        heads = _heads()
        for oid, version, source, date in heads:
            _head(oid, version, source, dt.date.fromisoformat(date), by, now)
        changed = _do(_CHANGE)
        _do(_RENEW)
        loaded = Loaded(
            rows=_count(), added=_do(_ADD), changed=changed, withdrawn=_do(_WITHDRAW), skipped=reading.skipped
        )
        _do("DROP TABLE nsi_row")  # a caller's transaction may load the next file
    logger.info("dictionaries %s loaded by %s: %s", ", ".join(head[0] for head in heads), by, loaded)
    return loaded


def _stage(rows: Iterable[Row], progress: Callable[[int], None]) -> None:
    """All rows into a table that ends with the transaction."""
    _do(_STAGE)
    with connection.cursor() as cursor, cursor.copy("COPY nsi_row FROM STDIN") as copy:
        for number, row in enumerate(rows, 1):
            copy.write_row(row)
            if number % EVERY == 0:
                progress(number)
    _do("ANALYZE nsi_row")


def _heads() -> list[tuple[str, str, str, str]]:
    """(oid, version, source, date) of each dictionary in the file, after everything about the whole was looked at."""
    errors = [
        _("Lines %(first)d and %(second)d: %(oid)s has the code %(code)s twice.")
        % {"first": lines[0], "second": lines[1], "oid": oid, "code": code or name}
        for lines, oid, code, name in _fetch(_TWICE, [SHOWN_ERRORS])
    ]
    known = dict(Dictionary.objects.values_list("oid", "version"))
    heads = []
    for oid, versions, sources, dates in _fetch(_HEADS, []):
        if max(len(versions), len(sources), len(dates)) > 1:
            errors.append(_("%(oid)s: one version, one source and one date for a dictionary.") % {"oid": oid})
        elif is_before(versions[0], known.get(oid, "")):
            told = {"oid": oid, "old": known[oid], "new": versions[0] or "—"}
            errors.append(_("%(oid)s: version %(new)s is older than %(old)s, which is loaded.") % told)
        heads.append((oid, versions[0], sources[0], dates[0]))
    if not heads and not errors:
        errors.append(_("There is not one row in the file."))
    if errors:
        raise FileRefused(errors)
    return heads


def _head(oid: str, version: str, source: str, date: dt.date, by: Actor, now: dt.datetime) -> None:
    """What is known of the dictionary; who loaded it stays when the file says nothing new."""
    told = {"version": version, "source": source, "checked_on": date}
    if not Dictionary.objects.filter(oid=oid, **told).exists():
        _do(_HEAD, [oid, version, source, date, now, by.label])


def _count() -> int:
    return int(_fetch("SELECT count(*) FROM nsi_row", [])[0][0])


def _do(sql: str, params: list[Any] | None = None) -> int:
    """How many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def _fetch(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
