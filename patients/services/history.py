"""The history of attempts: a partition a day, and counts by the minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection

from lmis.rows import execute, fetch
from lmis.services.transactions import run_write
from patients.mip.exchange import Exchange
from patients.mip.outcomes import Accepted, Credentials, Duplicate, Later, Outcome, Rejected
from patients.models import UploadMinute

AHEAD = 7  # days of partitions made before they are needed
BOUNDS = (100, 300, 1000, 3000, 10_000)  # milliseconds, of the histogram
_TABLE = "patients_uploadattempt"
_LOCK = 0x6D6970  # of whoever makes and drops partitions

_KEEP = f"""
    INSERT INTO {_TABLE} (at, card_id, version, outcome, code, status, milliseconds, request_id)
    SELECT * FROM unnest(%s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::smallint[],
                         %s::int[], %s::uuid[])"""  # noqa: S608
_COUNT = """
    INSERT INTO patients_uploadminute AS m
        (minute, outcome, code, count, milliseconds, le_100, le_300, le_1000, le_3000, le_10000)
    SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::bigint[],
                         %s::int[], %s::int[], %s::int[], %s::int[], %s::int[])
    ON CONFLICT (minute, outcome, code) DO UPDATE SET
        count = m.count + excluded.count, milliseconds = m.milliseconds + excluded.milliseconds,
        le_100 = m.le_100 + excluded.le_100, le_300 = m.le_300 + excluded.le_300,
        le_1000 = m.le_1000 + excluded.le_1000, le_3000 = m.le_3000 + excluded.le_3000,
        le_10000 = m.le_10000 + excluded.le_10000"""
_PARTITIONS = f"""
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = '{_TABLE}'::regclass"""  # noqa: S608


def named(outcome: Outcome) -> tuple[str, str]:
    """An outcome's name and code, for history, charts and metrics; nothing personal is in either."""
    match outcome:
        case Accepted():
            return "accepted", ""
        case Rejected(code):
            return "rejected", code
        case Duplicate(code):
            return "duplicate", code
        case Credentials(reason):
            return "credentials", reason
        case Later(reason):
            return "later", reason


def keep(exchanges: Sequence[Exchange]) -> None:
    """Write attempts down, and count them. Two statements, in the transaction that records what became of them."""
    if not exchanges:
        return
    names = [named(one.outcome) for one in exchanges]
    execute(
        _KEEP,
        [
            [one.at for one in exchanges],
            [one.card.pk for one in exchanges],
            [one.card.version for one in exchanges],
            [outcome for outcome, _code in names],
            [code for _outcome, code in names],
            [one.status for one in exchanges],
            [one.milliseconds for one in exchanges],
            [one.request_id for one in exchanges],
        ],
    )
    _count(exchanges, names)


def _count(exchanges: Sequence[Exchange], names: Sequence[tuple[str, str]]) -> None:
    total: Counter[tuple[datetime, str, str]] = Counter()
    spent: Counter[tuple[datetime, str, str]] = Counter()
    within: dict[int, Counter[tuple[datetime, str, str]]] = {bound: Counter() for bound in BOUNDS}
    for one, name in zip(exchanges, names, strict=True):
        key = (one.at.replace(second=0, microsecond=0), *name)
        total[key] += 1
        spent[key] += one.milliseconds
        for bound in BOUNDS:
            within[bound][key] += one.milliseconds <= bound
    # Two senders that count the same minutes in another order would each wait for the other: in one order, always.
    keys = sorted(total)
    columns = [[key[n] for key in keys] for n in range(3)]
    sums = [[counts[key] for key in keys] for counts in (total, spent, *within.values())]
    execute(_COUNT, [*columns, *sums])


def look_ahead(*, now: datetime) -> list[str]:
    """Make the partitions of today and the coming days; the names of new ones. Safe to run twice at once.

    Raises Unavailable when a lock is not had in time.
    """
    today = now.astimezone(UTC).date()
    days = [today + timedelta(days=n) for n in range(-1, AHEAD)]

    def work() -> list[str]:
        _alone()
        known = _known()
        return [_name(day) for day in days if _name(day) not in known and _make(day)]

    return run_write(work)


def prune(*, now: datetime) -> list[str]:
    """Drop the partitions, and delete the minutes, older than `MIP_HISTORY_DAYS`; the names dropped.

    Raises Unavailable when a lock is not had in time.
    """
    first = now.astimezone(UTC).date() - timedelta(days=settings.MIP["HISTORY_DAYS"])
    begin = datetime.combine(first, datetime.min.time(), UTC)

    def work() -> list[str]:
        _alone()
        old = sorted(name for name in _known() if name < _name(first))
        for name in old:
            # A backup may be reading the table for an hour, and all who write to it would stand behind our DROP:
            # `run_write` gives up its lock after a second, and the next hour tries again.
            execute(f"DROP TABLE {connection.ops.quote_name(name)}", [])
        execute(f"DELETE FROM {_TABLE}_other WHERE at < %s", [begin])  # noqa: S608
        return old

    old = run_write(work)
    UploadMinute.objects.filter(minute__lt=begin).delete()
    return old


def _alone() -> None:
    # Two beats' tasks at once would both make the partition of a day, and one would fail:
    # the second waits here and then finds it.
    fetch("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _known() -> set[str]:
    return {name for (name,) in fetch(_PARTITIONS, []) if name.startswith(f"{_TABLE}_2")}


def _name(day: date) -> str:
    return f"{_TABLE}_{day:%Y%m%d}"


def _make(day: date) -> bool:
    """Nothing, and False, when rows went to the default partition already: beat was away for longer than a week."""
    begin, end = (f"'{one.isoformat()} 00:00:00+00'" for one in (day, day + timedelta(days=1)))
    if fetch(f"SELECT 1 FROM {_TABLE}_other WHERE at >= {begin} AND at < {end} LIMIT 1", []):  # noqa: S608
        return False
    execute(f"CREATE TABLE {_name(day)} PARTITION OF {_TABLE} FOR VALUES FROM ({begin}) TO ({end})", [])
    return True


def of_card(*, card_id: int, limit: int = 50) -> Iterable[tuple[object, ...]]:
    """The last attempts of a card, the newest first: (at, version, outcome, code, status, ms, request id)."""
    return fetch(
        f"SELECT at, version, outcome, code, status, milliseconds, request_id FROM {_TABLE}"  # noqa: S608
        " WHERE card_id = %s ORDER BY at DESC LIMIT %s",
        [card_id, limit],
    )
