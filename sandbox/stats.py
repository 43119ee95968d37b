"""How much the MIP holds and what it was sent."""

from collections import Counter
from typing import Any

from sandbox.store import connect

KINDS = ("accepted", "replays", "mismatched", "stale", "duplicates", "rejected")
SENT = "SELECT lpu_guid, kind, n FROM counters"
CARDS = "SELECT lpu_guid, state, count(*) AS n FROM cards GROUP BY lpu_guid, state"
PERSONS_OF_LPU = (
    "SELECT lpu_guid, count(*) AS n FROM (SELECT DISTINCT lpu_guid, person_guid FROM cards) GROUP BY lpu_guid"
)
PERSONS = "SELECT count(DISTINCT person_guid) FROM cards"


def collect(path: str) -> dict[str, Any]:
    """Totals and the same by LPU (`lpus`, "" for uploads whose LPU could not be read). In each: `cards`, `active`,
    `merged`, `withdrawn`, `persons`; uploads `accepted`, `replays` (same version, same content), `mismatched` (same
    version, other content), `stale`, `duplicates` (409) and `rejected` (400, 422). Reads the file `path` by a
    connection of its own, so that it may run beside the uploads."""
    db = connect(path)
    try:
        db.execute("BEGIN")  # one snapshot for all four
        lpus: dict[str, Counter[str]] = {}
        for row in db.execute(SENT):
            lpus.setdefault(row["lpu_guid"], Counter())[row["kind"]] = row["n"]
        for row in db.execute(CARDS):
            lpus.setdefault(row["lpu_guid"], Counter()).update({"cards": row["n"], row["state"]: row["n"]})
        for row in db.execute(PERSONS_OF_LPU):
            lpus[row["lpu_guid"]]["persons"] = row["n"]
        persons = db.execute(PERSONS).fetchone()[0]
    finally:
        db.close()
    total: Counter[str] = sum(lpus.values(), Counter())
    total["persons"] = persons
    return {**_shown(total), "lpus": {guid: _shown(counts) for guid, counts in sorted(lpus.items())}}


def _shown(counts: Counter[str]) -> dict[str, int]:
    names = ("cards", "active", "merged", "withdrawn", "persons", *KINDS)
    return {name: counts[name] for name in names}
