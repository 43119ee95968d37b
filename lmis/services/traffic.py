"""How the central service and everybody else use us: counted in each web process, added up in two small tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from lmis.models import ApiClient, RequestHour, RequestTotal
from lmis.rows import execute

KEPT = timedelta(days=60)  # of the counts by the hour
BOUNDS = (5, 15, 30, 50, 100, 250, 500, 1000, 5000)  # milliseconds, of the histogram
BOOKED = "booked"  # in place of a refusal's code
# (method, route) of what the apps above this one answer: each says its own when it is ready.
POLLS: set[tuple[str, str]] = set()
BOOKINGS: set[tuple[str, str]] = set()

_LE = [f"le_{bound}" for bound in BOUNDS]
_KEY = "client, method, route, status, code"
_KEY_ARRAYS = "%s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[]"
_HOUR = f"""
    INSERT INTO lmis_requesthour AS t (hour, {_KEY}, count, last_at)
    SELECT %s::timestamptz, * FROM unnest({_KEY_ARRAYS}, %s::bigint[], %s::timestamptz[])
    ON CONFLICT (hour, {_KEY}) DO UPDATE
        SET count = t.count + excluded.count, last_at = greatest(t.last_at, excluded.last_at)"""  # noqa: S608
_TOTAL = f"""
    INSERT INTO lmis_requesttotal AS t ({_KEY}, count, last_at, milliseconds, {", ".join(_LE)})
    SELECT * FROM unnest({_KEY_ARRAYS}, %s::bigint[], %s::timestamptz[], {", ".join(["%s::bigint[]"] * (1 + len(_LE)))})
    ON CONFLICT ({_KEY}) DO UPDATE
        SET count = t.count + excluded.count, last_at = greatest(t.last_at, excluded.last_at),
            milliseconds = t.milliseconds + excluded.milliseconds,
            {", ".join(f"{name} = t.{name} + excluded.{name}" for name in _LE)}"""  # noqa: S608


class Key(NamedTuple):
    """What is counted apart. `client` is a login; one that we do not know is counted as empty."""

    client: str
    method: str
    route: str
    status: int
    code: str


@dataclass(slots=True)
class Tally:
    """So many requests; `within[n]` took at most `BOUNDS[n]` milliseconds and more than the bound before."""

    count: int = 0
    milliseconds: float = 0.0
    last: float = 0.0  # seconds since 1970
    within: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def add(self, other: Tally) -> None:
        """Take another's requests in."""
        self.count += other.count
        self.milliseconds += other.milliseconds
        self.last = max(self.last, other.last)
        self.within = [mine + theirs for mine, theirs in zip(self.within, other.within, strict=True)]


@dataclass(frozen=True, slots=True)
class LastCall:
    """When a client last called a method with success, and how often it ever did."""

    client: str
    method: str
    route: str
    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Share:
    """Polls of the schedule by a client, and how many were answered 304."""

    client: str
    polls: int
    unchanged: int

    @property
    def percent(self) -> int:
        """Of its polls that were answered 304, rounded down: 100 is all of them."""
        return 100 * self.unchanged // self.polls


@dataclass(frozen=True, slots=True)
class ByHour:
    """Bookings through the API in one hour: `code` is `BOOKED` or that of the refusal."""

    hour: datetime
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Logins that failed; `client` is empty for logins that we do not know."""

    client: str
    count: int
    last: datetime


def add(*, counts: Mapping[Key, Tally], now: datetime) -> None:
    """Add what a web process has counted. Two or three statements in a transaction; nothing for no counts."""
    if not counts:
        return
    with transaction.atomic():
        # Two processes that add the same rows in another order would each wait for the other:
        # in one order, always.
        rows = sorted(_of_known_clients(counts).items())
        keys = [list(column) for column in zip(*(key for key, _tally in rows), strict=True)]
        tallies = [tally for _key, tally in rows]
        sums = [[tally.count for tally in tallies], [datetime.fromtimestamp(tally.last, UTC) for tally in tallies]]
        execute(_HOUR, [now.replace(minute=0, second=0, microsecond=0), *keys, *sums])
        milliseconds = [round(tally.milliseconds) for tally in tallies]
        within = [[sum(tally.within[: n + 1]) for tally in tallies] for n in range(len(BOUNDS))]
        execute(_TOTAL, [*keys, *sums, milliseconds, *within])


def last_calls() -> list[LastCall]:
    """The last successful call of each client and method, by client."""
    rows = RequestTotal.objects.last_calls()
    return [LastCall(row["client"], row["method"], row["route"], row["last"], row["number"]) for row in rows]


def last_poll() -> datetime | None:
    """When anybody last asked for the schedule with success; None if nobody ever did."""
    found: datetime | None = RequestTotal.objects.on(POLLS).successful().aggregate(last=Max("last_at"))["last"]
    return found


def share_of_304(*, since: datetime) -> list[Share]:
    """Polls of the schedule since the hour of `since`, by client."""
    return [Share(**row) for row in RequestHour.objects.since(since).on(POLLS).polls_by_client()]


def bookings_by_hour(*, since: datetime) -> list[ByHour]:
    """Bookings and refusals since the hour of `since`, by hour and code; a refusal without a code by its status."""
    found: dict[tuple[datetime, str], int] = defaultdict(int)
    for row in RequestHour.objects.since(since).on(BOOKINGS).by_hour_and_code():
        found[row["hour"], outcome(row["status"], row["code"])] += row["number"]
    return [ByHour(hour, code, count) for (hour, code), count in sorted(found.items())]


def outcome(status: int, code: str) -> str:
    """What became of a booking."""
    return BOOKED if status < 300 else code or f"http_{status}"


def failed_logins(*, since: datetime) -> list[Failed]:
    """Failed logins since the hour of `since`, by client; the worst first."""
    rows = RequestHour.objects.since(since).failed_logins_by_client()
    return [Failed(row["client"], row["number"], row["last"]) for row in rows]


def prune(*, now: datetime) -> int:
    """Forget the hours that are too old; how many rows."""
    return RequestHour.objects.filter(hour__lt=now - KEPT).delete()[0]


def _of_known_clients(counts: Mapping[Key, Tally]) -> dict[Key, Tally]:
    """Logins that were only tried may be anything, a name or a password too: they are not kept."""
    logins = {key.client for key in counts} - {""}
    known = set(ApiClient.objects.filter(login__in=logins).values_list("login", flat=True)) if logins else set()
    found: dict[Key, Tally] = defaultdict(Tally)
    for key, tally in counts.items():
        client = key.client if key.client in known else ""
        found[key._replace(client=client)].add(tally)
    return found
