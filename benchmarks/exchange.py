"""`python -m benchmarks.exchange`: the SQL of the operators' page and of the count behind it, at many cards.

Fills cards, their uploads in all states, attempts and minutes past the triggers; prints for the page, its poll, a list
of cards, the registrars' list and the count how long their SQL takes. The budget of each page is 50 ms; the count is
made by beat and workers and repeated so seldom that it takes a twentieth of the time at most.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable

from benchmarks.system import percentile, private_database

BUDGET = 50.0  # ms


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--attempts", type=int, default=0, help="0: ten a card")
    parser.add_argument("--turns", type=int, default=20)
    options = parser.parse_args()
    with private_database():
        fill(options.cards, options.attempts or 10 * options.cards)
        for name, work in works().items():
            measure(name, work, options.turns)


def fill(cards: int, attempts: int) -> None:
    """Of a hundred cards one is rejected, one waits to repeat, two wait; the attempts are of the last 30 days."""
    from django.db import connection
    from django.utils import timezone

    from lmis.models import Lpu
    from patients.services import history

    lpu = Lpu.objects.create(name="Поликлиника", short_name="П", is_own=True)
    history.look_ahead(now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_filled_up(_CARDS), [lpu.pk, cards])
        cursor.execute(_UPLOADS)
        cursor.execute(_ATTEMPTS, [cards, attempts])
        cursor.execute(_MINUTES)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
    print(f"{cards:,} cards, {attempts:,} attempts")


_CARDS = """
    INSERT INTO patients_patient (guid, lpu_id, state, card_number, family, name, patronymic, birth_date, polis_number,
                                  version, {blanks})
    SELECT gen_random_uuid(), %s, 'active', n::text, 'Иванов' || n, 'Иван', 'Иванович', date '1950-01-01' + n %% 20000,
           lpad(n::text, 16, '0'), 1, {values} FROM generate_series(1, %s) n"""
_UPLOADS = """
    INSERT INTO patients_cardupload (patient_id, state, priority, due_at, attempts, error_code, error_text, error_field,
                                     accepted_version, last_attempt_at)
    SELECT id, CASE id % 100 WHEN 0 THEN 'rejected' WHEN 1 THEN 'retry' WHEN 2 THEN 'waiting' WHEN 3 THEN 'waiting'
                   ELSE 'accepted' END,
           CASE id % 100 WHEN 2 THEN 1 ELSE 2 END, now(), 1,
           CASE id % 100 WHEN 0 THEN 'error_' || id / 100 % 5 WHEN 1 THEN 'timeout' ELSE '' END, '', '',
           CASE WHEN id % 100 < 4 THEN NULL ELSE 1 END, now() - interval '1 day' FROM patients_patient"""
_ATTEMPTS = """
    INSERT INTO patients_uploadattempt (at, card_id, version, outcome, code, status, milliseconds, request_id)
    SELECT now() - random() * interval '30 days', 1 + n %% %s, 1, 'accepted', '', 200, 20, gen_random_uuid()
      FROM generate_series(1, %s) n"""
_MINUTES = """
    INSERT INTO patients_uploadminute (minute, outcome, code, count)
    SELECT date_trunc('minute', now()) - m * interval '1 minute', o.outcome, o.code, 100
      FROM generate_series(0, 60 * 24 * 30) m,
           (VALUES ('accepted', ''), ('later', 'timeout'), ('rejected', 'error_1')) AS o(outcome, code)"""


def _filled_up(sql: str) -> str:
    """With a blank for each other text column that must have a value."""
    from patients.models import Patient

    blank = [
        field.column
        for field in Patient._meta.concrete_fields
        if not field.generated
        and not field.null
        and not field.has_db_default()
        and field.column not in sql
        and field.column != "id"
    ]
    return sql.format(blanks=", ".join(blank), values=", ".join(["''"] * len(blank)))


def works() -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    from django.contrib.auth.models import Group, User
    from django.test import Client
    from django.test.utils import override_settings
    from django.utils import timezone

    from patients.models import CardUpload
    from patients.services import concerned, figures, uploads

    def client_of(group: str) -> Client:
        user = User.objects.create_user(group, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client = Client(raise_request_exception=True)
        client.force_login(user)
        return client

    def page(client: Client, address: str) -> Callable[[], object]:
        def ask() -> None:
            with override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False):
                assert client.get(address).status_code in (200, 204), address

        return ask

    def sweep() -> None:
        concerned.put_first(now=timezone.now())
        assert CardUpload.objects.sendable(timezone.now()).exists()

    operator, registrar = client_of("operator"), client_of("registrar")
    figures.keep(now=timezone.now())
    return {
        "the page": page(operator, "/admin/exchange/"),
        "a poll": page(operator, "/admin/exchange/changes/?since=nothing"),
        "rejected cards": page(operator, "/admin/exchange/cards/?state=rejected&code=error_1"),
        "waiting cards": page(operator, "/admin/exchange/cards/?state=waiting&code="),
        "cards to mend": page(registrar, "/admin/mend/"),
        "number to mend": page(registrar, "/admin/mend/count/"),
        "the sweep": sweep,
        "a claim": lambda: uploads.claim(now=timezone.now(), limit=uploads.BATCH),
        "the count": lambda: figures.count(now=timezone.now()),
    }


def measure(name: str, work: Callable[[], object], turns: int) -> None:
    """Print the time in SQL of this work: best, middle, worst but one of twenty; and the longest statement of the best.

    On a machine that does something else besides, only the best says anything about the SQL.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    turns_taken = []
    work()
    for _turn in range(turns):
        with CaptureQueriesContext(connection) as captured:
            work()
        times = [(float(query["time"]) * 1000, query["sql"] or "") for query in captured]
        turns_taken.append((sum(time for time, _sql in times), max(times)))
    best, longest = min(turns_taken)
    spent = [time for time, _longest in turns_taken]
    middle, worst = statistics.median(spent), percentile(spent, 0.95)
    verdict = "" if name == "the count" else ("  ok" if worst <= BUDGET else f"  OVER {BUDGET:.0f} ms")
    print(f"{name:16} {best:7.1f} ms  middle {middle:7.1f}  p95 {worst:7.1f}{verdict}")
    print(f"{'':16} longest {longest[0]:.1f}: {longest[1][:90]}")


if __name__ == "__main__":
    main()
