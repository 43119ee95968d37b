"""`python -m benchmarks.grid`: the grid's pages as the server makes them, in this process.

Prints how long the week of a doctor, the day of 20 doctors of one speciality, and a poll with nothing new take, with
three places of four booked. The budget is 300 ms for a page.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.system import fill_schedule, percentile, private_database

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def main() -> None:
    """Fill, log in, ask in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--doctors", type=int, default=200, help="a tenth of them share a speciality")
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--per-day", type=int, default=28)
    parser.add_argument("--turns", type=int, default=60)
    options = parser.parse_args()
    with private_database():
        from django.test import Client
        from django.test.utils import override_settings

        fill_schedule(doctors=options.doctors, days=options.days, per_day=options.per_day)
        book_three_of_four()
        client = Client(raise_request_exception=True)
        client.force_login(somebody())
        with override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False):
            for name, address in addresses(client).items():
                measure(client, name, address, options.turns)


def book_three_of_four() -> None:
    """A patient for each, written past the triggers, as a benchmark may."""
    from django.db import connection

    from lmis.models import Lpu
    from patients.models import Patient

    lpu = Lpu.objects.get()
    Patient.objects.bulk_create(
        [
            Patient(lpu=lpu, family=f"Ёлкина{n}", name="Анна", patronymic="Петровна", card_number=str(n))
            for n in range(500)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE appointments_slot SET booked = 1 WHERE id %% 4 > 0", [])
        cursor.execute("""
            INSERT INTO appointments_appointment (guid, slot_id, patient_id, state, seat, number, source, over_plan,
                                                  over_reason, booked_by, cancelled_by, cancel_reason)
            SELECT gen_random_uuid(), s.id, p.first + s.id % 500, 'booked', 1, '01', 'Internet', false, '', '', '', ''
              FROM appointments_slot s, (SELECT min(id) AS first FROM patients_patient) p WHERE s.id % 4 > 0""")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def somebody() -> User:
    """A registrar."""
    from django.contrib.auth.models import Group, User

    user = User.objects.create_user("registrar", is_staff=True)
    user.groups.add(Group.objects.get(name="registrar"))
    return user


def addresses(client) -> dict[str, str]:
    """What is asked for, by what it is called; the poll asks from the page on."""
    import re

    from django.urls import reverse

    from lmis.models import Doctor

    doctor = Doctor.objects.order_by("pk").first()
    tomorrow = dt.datetime.now(doctor.lpu.tz).date() + dt.timedelta(days=1)
    year, week, _weekday = (tomorrow).isocalendar()
    page = reverse("screens:grid")
    of_week = f"doctor={doctor.guid}&week={year}-W{week:02d}"
    of_day = f"speciality={doctor.speciality_id}&day={tomorrow}"
    shown = client.get(f"{page}?{of_day}").content.decode()
    since = re.search(r'data-since="([^"]+)"', shown)[1]
    cells, size = shown.count('role="gridcell"'), len(shown.encode()) // 1024
    print(f"the day: {cells} cells, {size} KiB")
    return {
        "week of a doctor": f"{page}?{of_week}",
        "day of a speciality": f"{page}?{of_day}",
        "poll, nothing new": f"{reverse('screens:grid_changes')}?{of_day}&since={since}",
    }


def measure(client, name: str, address: str, turns: int) -> None:
    """Median and worst of so many."""
    client.get(address)
    times = []
    for _turn in range(turns):
        begun = time.perf_counter()
        response = client.get(address)
        times.append((time.perf_counter() - begun) * 1000)
        assert response.status_code in (200, 204), response.status_code
    print(f"{name}: median {statistics.median(times):.0f} ms, p95 {percentile(times, 0.95):.0f} ms")


if __name__ == "__main__":
    main()
