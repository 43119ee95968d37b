"""What the region remembers: cards and counters in one SQLite file. Rules are elsewhere, SQL is here.

Used from one thread. Without fsync (`synchronous=OFF`): a killed process loses nothing, a power cut may.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import orjson

from sandbox.cards import Card

LAYOUT = 1  # raise it when schema.sql changes: an older file is then refused instead of misread

# Two cards may be of one person when nothing speaks against it: a blank contradicts no name, and equals none.
AGREEING = """
    guid <> :guid
    AND (family = :family OR family = '' OR :family = '')
    AND (name = :name OR name = '' OR :name = '')
    AND (patronymic = :patronymic OR patronymic = '' OR :patronymic = '')
    AND (birth_date = :birth_date OR birth_date = '' OR :birth_date = '')
"""
BY_POLIS = """
    polis_number <> '' AND polis_number = :polis_number
    AND (polis_series = :polis_series OR polis_series = '' OR :polis_series = '')
"""
ALIKE = f"""
    SELECT guid, lpu_guid, state, person_guid, 1 AS rank, id FROM cards WHERE {BY_POLIS} AND {AGREEING}
    UNION ALL
    SELECT guid, lpu_guid, state, person_guid, 2 AS rank, id FROM cards
    WHERE document_number <> '' AND document_number = :document_number
      AND document_series = :document_series AND {AGREEING}
    ORDER BY rank, id
    LIMIT 50
"""  # noqa: S608 - only the constants above are put together
BEARERS = f"SELECT * FROM cards WHERE {BY_POLIS} ORDER BY id"  # noqa: S608 - likewise
SAVE = """
    INSERT INTO cards (guid, lpu_guid, version, state, merged_into, person_guid, polis_series, polis_number,
                       document_series, document_number, family, name, patronymic, birth_date, body)
    VALUES (:guid, :lpu_guid, :version, :state, :merged_into, :person_guid, :polis_series, :polis_number,
            :document_series, :document_number, :family, :name, :patronymic, :birth_date, :body)
    ON CONFLICT (guid) DO UPDATE SET
        version = excluded.version, state = excluded.state, merged_into = excluded.merged_into,
        person_guid = excluded.person_guid, polis_series = excluded.polis_series,
        polis_number = excluded.polis_number, document_series = excluded.document_series,
        document_number = excluded.document_number, family = excluded.family, name = excluded.name,
        patronymic = excluded.patronymic, birth_date = excluded.birth_date, body = excluded.body
"""
COUNT = """
    INSERT INTO counters (lpu_guid, kind, n) VALUES (?, ?, 1)
    ON CONFLICT (lpu_guid, kind) DO UPDATE SET n = n + 1
"""

COLUMNS = tuple(item.name for item in fields(Card) if item.name != "body")


class ForeignFile(Exception):
    """The file given as the database is another program's, or of another version of the sandbox."""


def connect(path: str) -> sqlite3.Connection:
    """A connection to the file `path`: rows by name, transactions only where they are asked for."""
    db = sqlite3.connect(path, isolation_level=None, cached_statements=64)
    db.row_factory = sqlite3.Row
    return db


class Store:
    """The file `path`, created when missing. ForeignFile when it is not ours, sqlite3.Error when unusable."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.db = connect(path)
        layout = self.db.execute("PRAGMA user_version").fetchone()[0]
        filled = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if filled and layout != LAYOUT:
            raise ForeignFile(path)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.executescript(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
        self.db.execute(f"PRAGMA user_version = {LAYOUT}")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def card(self, guid: str) -> sqlite3.Row | None:
        """The card held under `guid`."""
        row: sqlite3.Row | None = self.db.execute("SELECT * FROM cards WHERE guid = ?", (guid,)).fetchone()
        return row

    def alike(self, card: Card) -> list[sqlite3.Row]:
        """Other cards with the polis or the document of `card` whose names and birth dates agree: polis first,
        then the oldest."""
        return self.db.execute(ALIKE, columns(card)).fetchall()

    def rival(self, card: Card, person_guid: str) -> str:
        """Another active card of this person in the same LPU, "" when there is none."""
        row = self.db.execute(
            "SELECT guid FROM cards WHERE person_guid = ? AND lpu_guid = ? AND state = 'active' AND guid <> ?",
            (person_guid, card.lpu_guid, card.guid),
        ).fetchone()
        return row["guid"] if row else ""

    def knows_person(self, person_guid: str) -> bool:
        """Whether a card of this person is held."""
        query = "SELECT 1 FROM cards WHERE person_guid = ? LIMIT 1"
        return self.db.execute(query, (person_guid,)).fetchone() is not None

    def save(self, card: Card, person_guid: str) -> None:
        """Put `card` in place of what was held under its guid."""
        body = orjson.dumps(card.body)
        self.db.execute(SAVE, {**columns(card), "person_guid": person_guid, "body": body})

    def count(self, lpu_guid: str, kind: str) -> None:
        """One more of `kind` from this LPU ("" when it is not known)."""
        self.db.execute(COUNT, (lpu_guid, kind))

    def page(self, lpu_guid: str, after: str, limit: int) -> list[sqlite3.Row]:
        """The next `limit` cards (guid, version) of the LPU behind the guid `after`, by guid."""
        query = "SELECT guid, version FROM cards WHERE lpu_guid = ? AND guid > ? ORDER BY guid LIMIT ?"
        return self.db.execute(query, (lpu_guid, after, limit)).fetchall()

    def bearers(self, number: str, series: str) -> list[sqlite3.Row]:
        """Cards with this polis, both already folded; the series only where both have one."""
        return self.db.execute(BEARERS, {"polis_number": number, "polis_series": series}).fetchall()

    def cards_of(self, person_guid: str) -> list[sqlite3.Row]:
        """All cards of the person, the oldest first."""
        query = "SELECT * FROM cards WHERE person_guid = ? ORDER BY id"
        return self.db.execute(query, (person_guid,)).fetchall()


def columns(card: Card) -> dict[str, object]:
    """`card` as SQL parameters, without its body."""
    return {name: getattr(card, name) for name in COLUMNS}
