"""`python -m benchmarks.patients`: searches and the staff's list on a million cards.

Prints the time of each kind of search and of the list's pages, plain and filtered, and the plan of a search by names.
The budget is 100 ms for each.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.system import percentile, private_database

KINDS = {
    "one letter": "и",
    "surname": "иванов",
    "rare surname": "щербаковск",
    "other layout": "bdfyjd",
    "initials, year": "иванов ии 1956",
    "all names": "иванов иван иванович",
    "two letters": "иванов ия",
    "birth date": "12.03.1956",
    "polis": "7700000000500000",
    "SNILS": "10000500000",
    "phone": "+7 900 050-00-00",
    "document": "4510 500000",
    "card number": "500000",
    "nothing": "ъъъъ",
}
# Surnames as they are spread in a town: a few borne by very many, most by few.
FILL = """
    INSERT INTO patients_patient (guid, lpu_id, card_number, family, name, patronymic, birth_date, sex, snils,
        polis_series, polis_number, polis_type_code, polis_type_name, document_series, document_number,
        document_type_code, document_type_name, phone, address, district, state, version, created_by, changed_by)
    SELECT gen_random_uuid(), %(lpu)s, n::text,
           (ARRAY['Иванов','Петров','Кузнецов','Соколов','Попов','Лебедев','Щербаков'])[1 + k %% 7]
             || CASE WHEN k %% 50 < 5 THEN '' ELSE (ARRAY['ский','ич','енко','ин','ой','ец'])[1 + k %% 6]
             || substr('абвгдежзиклмнопрст', 1 + k %% 18, 1) || substr('абвгдежзиклмнопрст', 1 + k / 18 %% 18, 1) END,
           (ARRAY['Иван','Пётр','Анна','Мария','Олег','Ия','Яна','Егор','Нина','Ольга'])[1 + n / 7 %% 10],
           (ARRAY['Иванович','Петровна','Олегович','Егоровна','Ильич'])[1 + n / 70 %% 5],
           date '1930-01-01' + (n * 7919::bigint %% 34000)::int, 'M', lpad((10000000000 + n)::text, 11, '0'),
           '', (7700000000000000 + n)::text, '3', 'ЕНП', '4510', lpad(n::text, 6, '0'), '14', 'Паспорт',
           '7' || (9000000000 + n), 'Город, улица, 1', (1 + n %% 60)::text,
           CASE WHEN n %% 500 = 1 THEN 'withdrawn' ELSE 'active' END, 1, '', ''
      FROM (SELECT n, (n * 104729::bigint %% 9973)::int AS k FROM generate_series(1, %(count)s) n) g"""


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=60)
    options = parser.parse_args()
    with private_database():
        fill(options.cards)
        searches(options.turns)
        lists(options.turns, options.cards)


def fill(count: int) -> None:
    """So many cards of one LPU, each with its upload, past the triggers."""
    from django.db import connection

    from lmis.models import Lpu

    lpu = Lpu.objects.create(name="Benchmark", short_name="Benchmark", is_own=True)
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(FILL, {"lpu": lpu.pk, "count": count})
        cursor.execute(
            "INSERT INTO patients_cardupload (patient_id, state) "
            "SELECT id, CASE WHEN id % 1000 = 1 THEN 'rejected' ELSE 'accepted' END FROM patients_patient"
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
    print(f"{count} cards in {time.perf_counter() - begun:.0f} s")


def searches(turns: int) -> None:
    """Each kind through the service."""
    from django.db import connection

    from lmis.models import Lpu
    from patients.services.search import find, parse

    lpus, today = list(Lpu.objects.own()), dt.date(2026, 11, 22)
    for kind, text in KINDS.items():
        measure(kind, turns, lambda text=text: len(find(text=text, lpus=lpus, today=today)))
    from patients.models import Patient

    way = parse("иванов ии 1956", today).ways[0]
    with connection.cursor() as cursor:
        sql, params = way.among(Patient.objects.filter(lpu__in=lpus).not_withdrawn())[:40].query.sql_with_params()
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {sql}", params)
        print("\n".join(row[0] for row in cursor.fetchall()))


def lists(turns: int, count: int) -> None:
    """Pages of the staff's list over the whole stack, by an administrator: the ends, the middle, filtered ones."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.test.utils import override_settings
    from django.urls import reverse

    client, address = Client(), reverse("admin:patients_patient_changelist")
    client.force_login(User.objects.create_superuser("benchmark"))
    card = re.compile(rb'href="' + re.escape(address).encode() + rb"\d+/change/")

    def shown(query: str) -> int:
        """How many cards the page shows."""
        response = client.get(address + query)
        assert response.status_code == 200, response.status_code
        return len(set(card.findall(response.content)))

    with override_settings(ALLOWED_HOSTS=["testserver"], SECURE_SSL_REDIRECT=False):
        for name, query in pages(count).items():
            measure(f"list, {name}", turns, lambda query=query: shown(query))


def pages(count: int) -> dict[str, str]:
    """What the staff ask the list for, by name: its query."""
    return {
        "newest": "",
        "next": f"?p={count - 50}",
        "middle": f"?p={count // 2}",
        "oldest": "?p=-1",
        "withdrawn": "?state__exact=withdrawn",
        "withdrawn, next": f"?state__exact=withdrawn&p={count // 2}",
        "district": "?district=12",
        "district, next": f"?district=12&p={count // 2}",
        "rejected": "?upload__state__exact=rejected",
        "rejected, next": f"?upload__state__exact=rejected&p={count // 2}",
        "rejected, back": f"?upload__state__exact=rejected&p=-{count // 2}",
        "retry": "?upload__state__exact=retry",
        "accepted": "?upload__state__exact=accepted",
        "all together": f"?state__exact=active&district=12&upload__state__exact=rejected&p={count // 2}",
    }


def measure(name: str, turns: int, work: Callable[[], int]) -> None:
    """Print median and 95th percentile of so many calls, the first included, and what the processor and the database
    had of it: on a busy machine the rest is waiting."""
    from django.db import connection

    whole, own, asked = [], [], []

    def timed(execute: Callable[..., Any], *args: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(*args)
        finally:
            asked[-1] += (time.perf_counter() - begun) * 1000

    for _turn in range(turns):
        asked.append(0.0)
        begun, spent = time.perf_counter(), time.process_time()
        with connection.execute_wrapper(timed):
            found = work()
        whole.append((time.perf_counter() - begun) * 1000)
        own.append((time.process_time() - spent) * 1000)
    middle, most = statistics.median(whole), percentile(whole, 0.95)
    of_it = f"of it processor {statistics.median(own):6.1f} ms, database {statistics.median(asked):6.1f} ms"
    print(f"{name:18} {found:4} found   median {middle:6.1f} ms   p95 {most:6.1f} ms   {of_it}")


if __name__ == "__main__":
    main()
