"""`python -m benchmarks.patients`: searches and the staff's list on a million cards.

Prints the time of each kind of search (median and slowest of some), of the list's first, a middle and the last page,
and the plan of a search by names.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
from collections.abc import Callable

from benchmarks.system import private_database

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
        document_type_code, document_type_name, phone, address, state, version, created_by, changed_by)
    SELECT gen_random_uuid(), %(lpu)s, n::text,
           (ARRAY['Иванов','Петров','Кузнецов','Соколов','Попов','Лебедев','Щербаков'])[1 + k %% 7]
             || CASE WHEN k %% 50 < 5 THEN '' ELSE (ARRAY['ский','ич','енко','ин','ой','ец'])[1 + k %% 6]
             || substr('абвгдежзиклмнопрст', 1 + k %% 18, 1) || substr('абвгдежзиклмнопрст', 1 + k / 18 %% 18, 1) END,
           (ARRAY['Иван','Пётр','Анна','Мария','Олег','Ия','Яна','Егор','Нина','Ольга'])[1 + n / 7 %% 10],
           (ARRAY['Иванович','Петровна','Олегович','Егоровна','Ильич'])[1 + n / 70 %% 5],
           date '1930-01-01' + (n * 7919::bigint %% 34000)::int, 'M', lpad((10000000000 + n)::text, 11, '0'),
           '', (7700000000000000 + n)::text, '3', 'ЕНП', '4510', lpad(n::text, 6, '0'), '14', 'Паспорт',
           '7' || (9000000000 + n), 'Город, улица, 1', 'active', 1, '', ''
      FROM (SELECT n, (n * 104729::bigint %% 9973)::int AS k FROM generate_series(1, %(count)s) n) g"""


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=15)
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
            "INSERT INTO patients_cardupload (patient_id, state) SELECT id, 'accepted' FROM patients_patient"
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
    """Pages of the staff's list over the whole stack, by an administrator: newest, in the middle, filtered, oldest."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    settings.ALLOWED_HOSTS = ["testserver"]
    client, address = Client(), reverse("admin:patients_patient_changelist")
    client.force_login(User.objects.create_superuser("benchmark"))
    pages = {"newest": "", "middle": f"?p={count // 2}", "oldest": "?p=-1", "withdrawn": "?state__exact=withdrawn"}
    for name, query in pages.items():
        measure(f"list, {name}", turns, lambda query=query: len(client.get(address + query).context["cl"].result_list))


def measure(name: str, turns: int, work: Callable[[], int]) -> None:
    """Print median and slowest of so many calls, the first included."""
    times = []
    for _turn in range(turns):
        begun = time.perf_counter()
        found = work()
        times.append((time.perf_counter() - begun) * 1000)
    print(f"{name:16} {found:4} found   median {statistics.median(times):7.1f} ms   slowest {max(times):7.1f} ms")


if __name__ == "__main__":
    main()
