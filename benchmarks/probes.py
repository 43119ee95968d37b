"""`python -m benchmarks.probes`: /healthz, /readyz and /metrics over HTTP, at many cards, with and without a broker.

The budget of a probe is 50 ms, also while the broker takes connections and says nothing. A scrape has no budget; it
is asked for each 15 s or so, and printed is what share of a core that takes.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import time

from benchmarks.exchange import fill
from benchmarks.system import fill_schedule, free_port, percentile, private_database, spent, web_server

BUDGET = 50.0  # ms
SCRAPES = 15.0  # seconds between two


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=100)
    options = parser.parse_args()
    with private_database():
        fill_schedule(doctors=100, days=14, per_day=28)
        fill(options.cards, options.cards)
        _count_cards()
        _measure("with a broker", options.turns)
        with socket.create_server(("127.0.0.1", 0), backlog=1000) as mute:
            os.environ["REDIS_URL"] = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
            _measure("with a broker that says nothing", options.turns)


def _count_cards() -> None:
    """As the processes of a living system do every few seconds; and minutes are added up each hour."""
    from django.utils import timezone

    from patients.services import figures, totals

    figures.keep(now=timezone.now())
    totals.advance(now=timezone.now())
    print(f"counting the cards, which no scrape does: {figures.read().took_ms} ms")


def _measure(what: str, turns: int) -> None:
    port = free_port()
    print(what)
    with web_server(port) as server:
        for path, budget in (("/healthz", BUDGET), ("/readyz", BUDGET), ("/metrics", None)):
            for _ in range(10):
                _ask(port, path)
            before = spent(server.pid)
            found = [_ask(port, path) for _ in range(turns)]
            after = spent(server.pid)
            p95 = percentile(found, 0.95)
            verdict = "" if budget is None else f", budget {budget:.0f} ms: {'kept' if p95 < budget else 'BROKEN'}"
            cost = sum(after[name] - before[name] for name in after) / turns
            share = f", {cost / SCRAPES:.2%} of a core at a scrape each {SCRAPES:.0f} s" if budget is None else ""
            print(f"  {path}: p50 {percentile(found, 0.5):.1f} ms, p95 {p95:.1f} ms{verdict}{share}")


def _ask(port: int, path: str) -> float:
    """Milliseconds of one answer on a connection of its own."""
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
