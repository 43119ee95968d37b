"""Figures on our processes, the broker, the calls we answer and what the region can book, for `/metrics`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from lmis.models import RequestTotal
from lmis.ops.metrics import Buckets, Metric, source
from lmis.services import broker as brokers
from lmis.services import heartbeats, outside, traffic
from lmis.services.traffic import BOUNDS

_BROKER_PATIENCE = 0.1  # seconds


@source
def processes() -> Iterator[Metric]:
    """Who lives, by the signs that each leaves in the database."""
    present = heartbeats.present(now=timezone.now())
    kinds = {"worker": present.workers, "beat": present.beats, "web": present.webs}
    alive = [({"kind": kind}, float(len(found))) for kind, found in kinds.items()]
    yield Metric("processes", "Processes that live, by kind.", alive)
    queues = [({"queue": queue}, float(len(present.listening_to(queue)))) for queue in brokers.QUEUES]
    yield Metric("workers", "Living workers, by the queue that they listen to.", queues)
    yield Metric("info", "Always 1; the label says which version answers.", [({"version": settings.VERSION}, 1.0)])


@source
def broker() -> Iterator[Metric]:
    """Without the broker there are no lengths: unknown is not 0."""
    found = brokers.look(patience=_BROKER_PATIENCE)
    yield Metric.single("broker_up", "1 when the broker answers.", float(found.reachable))
    lengths = [({"queue": queue}, float(length)) for queue, length in found.lengths.items()]
    yield Metric("queue_length", "Messages that no worker has taken yet.", lengths)


@source
def requests() -> Iterator[Metric]:
    """Answers by route and status, how long they took, and what became of bookings. One statement."""
    rows = list(RequestTotal.objects.all())
    statuses: Counter[tuple[str, str, int]] = Counter()
    bookings: Counter[str] = Counter()
    by_route: dict[tuple[str, str], list[RequestTotal]] = defaultdict(list)
    polls: dict[str, float] = {}
    for row in rows:
        route = (row.method, row.route)
        statuses[*route, row.status] += row.count
        by_route[route].append(row)
        if route in traffic.BOOKINGS:
            bookings[traffic.outcome(row.status, row.code)] += row.count
        if route in traffic.POLLS and row.client and row.status in (200, 304):
            polls[row.client] = max(polls.get(row.client, 0.0), row.last_at.timestamp())
    answers = [
        ({"method": method, "route": route, "status": str(status)}, float(count))
        for (method, route, status), count in sorted(statuses.items())
    ]
    yield Metric("requests_total", "Answers since the installation.", answers, "counter")
    times = [
        ({"method": method, "route": route}, _buckets(found)) for (method, route), found in sorted(by_route.items())
    ]
    yield Metric("request_seconds", "How long answers took.", times, "histogram")
    booked = [({"code": code}, float(count)) for code, count in sorted(bookings.items())]
    yield Metric("bookings_total", "Bookings through the API: booked, or the code of the refusal.", booked, "counter")
    last = [({"client": client}, moment) for client, moment in sorted(polls.items())]
    yield Metric("last_poll_timestamp_seconds", "When a client last asked for the schedule with success.", last)


@source
def schedule() -> Iterator[Metric]:
    """What the region can book; two statements."""
    seen = outside.seen(now=timezone.now())
    free = [({"speciality": one.speciality}, float(one.places)) for one in seen.free]
    yield Metric("free_internet_places", "Free places for the Internet within 14 days, by speciality.", free)
    yield Metric.single(
        "doctors_without_slots", "Published doctors without slots for 14 days.", len(seen.without_slots)
    )
    days = [({"lpu": str(one.lpu.guid)}, float(one.days)) for one in seen.horizons]
    yield Metric("horizon_days", "Days until the last one that has slots.", days)


def _buckets(rows: list[RequestTotal]) -> Buckets:
    at_most = {bound / 1000: sum(getattr(row, f"le_{bound}") for row in rows) for bound in BOUNDS}
    return Buckets(sum(row.count for row in rows), sum(row.milliseconds for row in rows) / 1000, at_most)
