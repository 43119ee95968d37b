"""`python -m benchmarks.head`: the head's page as the server makes it, in this process.

Prints how long it takes with the past four weeks and two weeks ahead of 100 doctors, three places of four booked, and
what each statement had of it. The budget is 500 ms.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from benchmarks.grid import book_three_of_four
from benchmarks.system import fill_schedule, percentile, private_database

DAYS = 42


def main() -> None:
    """Fill, log in, ask in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--doctors", type=int, default=100)
    parser.add_argument("--per-day", type=int, default=28)
    parser.add_argument("--turns", type=int, default=60)
    options = parser.parse_args()
    with private_database():
        fill_schedule(doctors=options.doctors, days=DAYS, per_day=options.per_day)
        book_three_of_four()
        let_four_weeks_pass()
        measure(options.turns)


def let_four_weeks_pass() -> None:
    """The schedule four weeks earlier, so that most of it lies behind; one in six did not come."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("""
            UPDATE appointments_slot
               SET begin = begin - interval '28 days', "end" = "end" - interval '28 days', day = day - 28""")
        cursor.execute("""
            UPDATE appointments_appointment a
               SET state = CASE WHEN a.id % 6 = 0 THEN 'missed' ELSE 'visited' END
              FROM appointments_slot s WHERE s.id = a.slot_id AND s.begin < now()""")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def measure(turns: int) -> None:
    """Median and worst of so many, and the slowest statements of the last one."""
    from django.contrib.auth.models import Group, User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, override_settings
    from django.urls import reverse

    user = User.objects.create_user("head", is_staff=True)
    user.groups.add(Group.objects.get(name="head"))
    client = Client()
    client.force_login(user)
    with override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False):
        address = reverse("screens:head")
        times, own = [], []
        for _turn in range(turns):
            begun, spent = time.perf_counter(), time.process_time()
            response = client.get(address)
            times.append((time.perf_counter() - begun) * 1000)
            own.append((time.process_time() - spent) * 1000)
            assert response.status_code == 200, response.status_code
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
    print(
        f"head's page, {len(response.content) // 1024} KiB: median {statistics.median(times):.0f} ms, p95 "
        f"{percentile(times, 0.95):.0f} ms, of it processor {statistics.median(own):.0f} ms"
    )
    slowest: list[dict[str, Any]] = sorted(asked.captured_queries, key=lambda one: -float(one["time"]))
    for one in slowest[:6]:
        print(f"  {float(one['time']) * 1000:6.0f} ms  {one['sql'][:110]}…")


if __name__ == "__main__":
    main()
