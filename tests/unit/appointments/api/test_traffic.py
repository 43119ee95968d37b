"""What the API's use is counted as, and that counting costs a request no statement."""

import base64
import datetime as dt
import threading

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from lmis.models import RequestHour, RequestTotal
from lmis.ops import counting
from lmis.ops.counting import MOST_KEYS, Counts
from lmis.services import traffic
from lmis.services.traffic import BOUNDS, Key, Tally
from tests.factories.cast import Region, a_doctor, a_patient, a_slot
from tests.statements import listed, statements

NOW = timezone.now().replace(minute=30)
HOUR = NOW.replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def counts(monkeypatch):
    """A process that has counted nothing yet."""
    fresh = Counts()
    monkeypatch.setattr(counting, "COUNTS", fresh)
    return fresh


@pytest.fixture
def region(db):
    return Region()


def totals():
    return {(row.client, row.method, row.route, row.status, row.code): row.count for row in RequestTotal.objects.all()}


def wrong(login="", secret="x"):
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()}


class TestWhatIsCounted:
    def test_a_booking_and_its_refusal(self, counts, region):
        slot = a_slot(a_doctor())
        patients = [a_patient(slot.doctor.lpu) for _ in range(2)]
        for patient in patients:
            region.http(patient).post("/api/appointments", {"slot": str(slot.guid)}, format="json")
        counts.flush()
        login = region.client.login
        assert totals() == {
            (login, "POST", "api/appointments", 201, ""): 1,
            (login, "POST", "api/appointments", 409, "slot_taken"): 1,
        }
        found = {(one.code, one.count) for one in traffic.bookings_by_hour(since=timezone.now())}
        assert found == {("booked", 1), ("slot_taken", 1)}

    def test_polls_of_which_one_found_nothing_new(self, counts, region):
        first = region.http().get("/api/schedule")
        again = region.http().get("/api/schedule", HTTP_IF_NONE_MATCH=first["ETag"])
        region.http().get("/api/lpu")
        counts.flush()
        assert (first.status_code, again.status_code) == (200, 304)
        assert traffic.share_of_304(since=timezone.now()) == [traffic.Share(region.client.login, 2, 1)]
        assert timezone.now() - traffic.last_poll() < dt.timedelta(minutes=1)
        called = [(one.client, one.method, one.route, one.count) for one in traffic.last_calls()]
        login = region.client.login
        assert called == [(login, "GET", "api/lpu", 1), (login, "GET", "api/schedule", 2)]

    def test_a_path_is_counted_as_its_pattern(self, counts, region):
        slot = a_slot(a_doctor())
        for path in (f"resources/{slot.doctor.guid}", f"appointments/{slot.guid}", f"nothing/{slot.guid}"):
            region.http().get(f"/api/{path}")
        Client().get("/no/such/page")
        counts.flush()
        assert str(slot.guid) not in str(totals())
        assert {key[2] for key in totals()} >= {"api/resources/<guid:guid>", "api/appointments/<guid:guid>", "(none)"}

    def test_failed_logins_by_client(self, counts, region):
        login = region.client.login
        for given in (login, login, "Петров Пётр", "a\x00b"):
            assert Client().get("/api/schedule", **wrong(given)).status_code == 401
        Client().get("/api/schedule")  # says nothing of who it is
        Client().get("/api/schedule", HTTP_AUTHORIZATION="Bearer x")
        region.http().post("/api/appointments", {}, format="json")  # knows us, forgot the patient
        counts.flush()
        failed = [(one.client, one.count) for one in traffic.failed_logins(since=timezone.now())]
        assert sorted(failed) == [("", 2), (login, 2)]
        assert "Петров" not in str(totals())
        assert (login, "POST", "api/appointments", 401, "unauthorized") in totals()

    def test_throttled_logins_are_failed_ones(self, counts, region):
        statuses = {Client().get("/api/lpu", **wrong(region.client.login)).status_code for _ in range(21)}
        counts.flush()
        assert statuses == {401, 429}
        assert [one.count for one in traffic.failed_logins(since=timezone.now())] == [21]

    def test_a_call_from_elsewhere_is_the_clients_but_no_failed_login(self, counts, db):
        abroad = Region(networks=["10.0.0.0/8"])
        assert abroad.http().get("/api/lpu").status_code == 403
        counts.flush()
        assert totals() == {(abroad.client.login, "GET", "api/lpu", 403, "network_not_allowed"): 1}
        assert traffic.failed_logins(since=timezone.now()) == []

    def test_a_method_of_ones_own_making(self, counts, db):
        Client().generic("ПЕТРОВ", "/api/lpu")
        counts.flush()
        assert {key[1] for key in totals()} == {""}


class TestCost:
    def test_no_statement_more(self, counts, region):
        region.http().get("/api/lpu")
        with statements() as found:
            region.http().get("/api/lpu")
        assert not any("lmis_request" in sql for sql in found), listed(found)

    def test_three_statements_to_write_it_down(self, counts, region):
        for path in ("lpu", "schedule", "resources"):
            region.http().get(f"/api/{path}")
        with statements() as found:
            counts.flush()
        found = [sql for sql in found if "SAVEPOINT" not in sql]
        assert len(found) == 3, listed(found)  # known logins, hours, totals

    def test_none_when_nothing_happened(self, counts, db):
        with statements() as found:
            counts.flush()
        assert found == []

    def test_guessing_does_not_fill_the_memory(self, counts):
        for number in range(MOST_KEYS + 100):
            counts.note(Key(str(number), "GET", "api/lpu", 401, "bad_credentials"), 0.001)
        assert len(counts._tallies) == MOST_KEYS + 1
        assert sum(tally.count for tally in counts._tallies.values()) == MOST_KEYS + 100


@pytest.mark.django_db
class TestAdding:
    KEY = Key("", "GET", "api/lpu", 200, "")

    def add(self, *seconds, now=NOW, key=KEY):
        counts = Counts()
        for one in seconds:
            counts.note(key, one)
        traffic.add(counts=counts._tallies, now=now)

    def test_the_histogram(self):
        self.add(0.004, 0.005, 0.006, 0.2, 9)
        self.add(0.001)
        row = RequestTotal.objects.get()
        assert (row.count, row.milliseconds) == (6, 4 + 5 + 6 + 200 + 9000 + 1)
        assert [getattr(row, f"le_{bound}") for bound in BOUNDS] == [3, 4, 4, 4, 4, 5, 5, 5, 5]

    def test_hours_are_apart_and_totals_together(self):
        self.add(0.1, now=NOW)
        self.add(0.1, 0.1, now=NOW)
        self.add(0.1, now=NOW + dt.timedelta(hours=1))
        assert sorted(RequestHour.objects.values_list("hour", "count")) == [
            (HOUR, 3),
            (HOUR + dt.timedelta(hours=1), 1),
        ]
        assert RequestTotal.objects.get().count == 4

    def test_hours_are_pruned_and_totals_stay(self):
        self.add(0.1, now=NOW - traffic.KEPT - dt.timedelta(hours=2))
        self.add(0.1, now=NOW - traffic.KEPT + dt.timedelta(hours=2))
        assert traffic.prune(now=NOW) == 1
        assert RequestHour.objects.count() == 1
        assert RequestTotal.objects.get().count == 2

    def test_a_refusal_without_a_code_has_its_status(self):
        self.add(0.1, key=Key("", "POST", "api/appointments", 503, ""))
        assert [one.code for one in traffic.bookings_by_hour(since=NOW)] == ["http_503"]

    def test_since_is_by_the_hour(self):
        self.add(0.1, key=Key("", "POST", "api/appointments", 201, ""), now=HOUR)
        assert traffic.bookings_by_hour(since=HOUR + dt.timedelta(minutes=59))
        assert traffic.bookings_by_hour(since=HOUR + dt.timedelta(minutes=60)) == []


@pytest.mark.django_db(transaction=True)
class TestFlush:
    def test_what_cannot_be_written_is_kept(self, counts):
        counts.note(TestAdding.KEY, 0.1)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE lmis_requesttotal RENAME TO elsewhere")
        try:
            with pytest.raises(Exception, match="lmis_requesttotal"):
                counts.flush()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE elsewhere RENAME TO lmis_requesttotal")
        assert not RequestHour.objects.exists()
        counts.note(TestAdding.KEY, 0.1)
        counts.flush()
        assert RequestHour.objects.get().count == RequestTotal.objects.get().count == 2

    def test_processes_that_write_at_once_lose_nothing(self):
        keys = [Key("", "GET", f"r{number}", 200, "") for number in range(30)]
        start = threading.Barrier(4)

        def write(order):
            start.wait()
            for _ in range(10):
                traffic.add(counts={key: Tally(1, 1.0, NOW.timestamp()) for key in order}, now=NOW)
            connection.close()

        threads = [threading.Thread(target=write, args=(keys[::step],)) for step in (1, -1, 1, -1)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert set(RequestTotal.objects.values_list("count", flat=True)) == {40}
        assert RequestHour.objects.count() == 30
