"""Repeating a request (contract §2.3)."""

import datetime as dt
import re
import threading

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from lmis.api.idempotency import Answer
from lmis.api.schema import _IDEMPOTENCY
from lmis.models import IdempotencyRecord, Speciality
from lmis.services import idempotency
from tests.statements import listed, statements
from tests.unit.lmis.api.conftest import Known

URL = "/api/writing"
DOCUMENTED = re.compile(_IDEMPOTENCY.pattern.removeprefix("^").removesuffix("$"))


def post(known, key="k1", name="терапия", url=URL, **more):
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    return known.http.post(url, {"name": name, **more}, format="json", **headers)


def made():
    return Speciality.objects.count()


def code(response):
    return response.status_code, response.json()["message_code"]


@pytest.mark.django_db
class TestOneKey:
    def test_the_first_answer_again_byte_for_byte(self, known):
        first, second = post(known), post(known)
        assert (first.status_code, second.status_code, made()) == (201, 201, 1)
        assert first.content == second.content
        assert first["Location"] == second["Location"] == f"/api/made/{first.json()['id']}"
        assert first["Content-Type"] == second["Content-Type"] == "application/json"
        assert "Idempotency-Replayed" not in first
        assert second["Idempotency-Replayed"] == "true"

    def test_with_and_without_the_slash_is_the_same_path(self, known):
        assert post(known).content == post(known, url=URL + "/").content

    @pytest.mark.parametrize(
        "other",
        [
            {"name": "хирургия"},
            {"more": 1},
            {"url": URL + "?a=1"},
            {"url": URL + "?patient=77"},
        ],
    )
    def test_another_request_or_patient(self, known, other):
        post(known)
        assert code(post(known, **other)) == (422, "idempotency_key_reused")
        assert made() == 1

    def test_the_raw_body_counts_not_its_meaning(self, known):
        send = lambda body: known.http.generic(  # noqa: E731
            "POST", URL, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k"
        )
        assert send('{"name": "a"}').status_code == 201
        assert send('{"name":"a"}').status_code == 422

    def test_another_patient_also_when_only_the_patient_differs(self, known, monkeypatch):
        from tests.unit.lmis.api import views

        assert post(known).status_code == 201
        monkeypatch.setattr(views.Writing, "patient_key", "77")
        assert code(post(known)) == (422, "idempotency_key_reused")

    def test_another_client_has_keys_of_its_own(self, known):
        assert post(known).json()["id"] != post(Known()).json()["id"]

    def test_an_error_is_not_remembered_and_changed_nothing(self, known):
        assert post(known, fail=True).status_code == 500
        assert (made(), IdempotencyRecord.objects.count()) == (0, 0)
        assert post(known).status_code == 201

    def test_without_a_key_each_is_its_own(self, known):
        assert post(known, key=None).json()["id"] != post(known, key=None).json()["id"]
        assert not IdempotencyRecord.objects.exists()

    def test_after_a_day_it_is_forgotten_and_replaced(self, known):
        first = post(known)
        IdempotencyRecord.objects.update(created_at=timezone.now() - dt.timedelta(hours=24))
        second = post(known, name="хирургия")
        assert first.json()["id"] != second.json()["id"]
        assert post(known, name="хирургия").content == second.content
        assert IdempotencyRecord.objects.count() == 1

    def test_just_before_it_is_not(self, known):
        first = post(known)
        IdempotencyRecord.objects.update(created_at=timezone.now() - dt.timedelta(hours=23, minutes=59))
        assert post(known).content == first.content

    @pytest.mark.parametrize(
        "key", ["", "x" * 129, "a\x00b", "a\tb", "a\n", "a\x7f", "é", "ключ".encode().decode("latin-1")]
    )
    def test_bad_keys(self, known, key):
        response = post(known, key=key)
        assert code(response) == (400, "validation_error")
        assert response.json()["errors"][0]["field"] == "Idempotency-Key"
        assert made() == 0
        assert not DOCUMENTED.fullmatch(key)

    @pytest.mark.parametrize("key", ["x", "x" * 128, " ", "a b/c:d", "".join(map(chr, range(32, 127)))])
    def test_good_keys(self, known, key):
        assert DOCUMENTED.fullmatch(key)
        assert post(known, key=key).content == post(known, key=key).content

    def test_the_key_is_looked_up_only_after_authentication(self, known):
        post(known)
        stranger = APIClient(HTTP_AUTHORIZATION="Basic eDp5")
        response = stranger.post(URL, {"name": "терапия"}, format="json", HTTP_IDEMPOTENCY_KEY="k1")
        assert response.status_code == 401

    def test_statements(self, known):
        """With a key: read, the work's one, store. Without: the work's one. Lock and timeouts travel with BEGIN."""
        post(known, key=None)
        for key, count in [("k1", 3), (None, 1)]:
            with statements() as found:
                post(known, key=key)
            found = [sql for sql in found if not sql.startswith(("SAVEPOINT", "RELEASE"))]
            assert len(found) == count + 1, listed(found)  # and one to authenticate


def test_an_answer_is_a_success():
    with pytest.raises(ValueError, match="success"):
        Answer(409, {})


@pytest.mark.django_db
def test_prune_forgets_only_what_no_longer_counts():
    now = timezone.now()
    for key, age in [("old", 24), ("young", 23)]:
        idempotency.keep(
            IdempotencyRecord(
                principal="client:1",
                key=key,
                fingerprint=b"",
                status=200,
                body=b"",
                created_at=now - dt.timedelta(hours=age),
            )
        )
    assert idempotency.prune(now) == 1
    assert IdempotencyRecord.objects.get().key == "young"


def test_lock_numbers_fit_postgresql_and_tell_principals_apart():
    numbers = {idempotency.lock_number(principal, "k") for principal in ("client:1", "client:2", "patient:1")}
    assert len(numbers) == 3
    assert all(-(2**63) <= number < 2**63 for number in numbers)


@pytest.mark.django_db(transaction=True)
class TestRivals:
    def race(self, known, count, **fields):
        """So many threads with one key at once, each on a connection of its own."""
        barrier, responses = threading.Barrier(count), []

        def call():
            http = APIClient(**known.http.defaults)
            barrier.wait()
            responses.append(http.post(URL, {"name": "терапия"}, format="json", HTTP_IDEMPOTENCY_KEY="k1"))
            connections.close_all()

        threads = [threading.Thread(target=call) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return responses

    def test_twenty_at_once_are_done_once(self, known):
        responses = self.race(known, 20)
        assert made() == 1
        done = [response for response in responses if response.status_code == 201]
        refused = [code(response) for response in responses if response.status_code != 201]
        assert set(refused) <= {(409, "request_in_progress")}
        assert len({response.content for response in done}) == 1
        assert sum("Idempotency-Replayed" not in response for response in done) == 1
        assert post(known).content == done[0].content

    def test_without_the_lock_they_would_be_done_more_than_once(self, known, monkeypatch):
        """The twin: the guard off, the rivals meet between read and store, and the work is done by both."""
        monkeypatch.setattr(idempotency, "lock_number", lambda principal, key: threading.get_ident())
        monkeypatch.setattr("lmis.api.idempotency.idempotency.lock_number", idempotency.lock_number)
        meeting, find = threading.Barrier(2), idempotency.find

        def find_and_wait(**which):
            found = find(**which)
            meeting.wait()
            return found

        monkeypatch.setattr(idempotency, "find", find_and_wait)
        self.race(known, 2)
        assert made() == 2

    def test_while_it_is_being_worked_on(self, known):
        key = idempotency.lock_number(f"client:{known.client.pk}", "k1")
        answers = []

        def ask():
            answers.append(post(known))
            connections.close_all()

        with transaction.atomic():
            connection.cursor().execute("SELECT pg_advisory_xact_lock(%s)", [key])
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
        assert code(answers[0]) == (409, "request_in_progress")
        assert answers[0]["Retry-After"] == "1"
        assert made() == 0
        assert post(known).status_code == 201

    def test_a_commit_that_fails_is_an_error_and_leaves_nothing(self, known):
        """A deferred constraint speaks only at the commit; the answer was rendered by then, but must not go out."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE late (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            cursor.execute(
                "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN INSERT INTO late VALUES (1), (1); RETURN NULL; END $$"
            )
            cursor.execute("CREATE TRIGGER late AFTER INSERT ON lmis_speciality FOR EACH ROW EXECUTE FUNCTION late()")
        try:
            response = post(known)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER late ON lmis_speciality")
                cursor.execute("DROP FUNCTION late()")
                cursor.execute("DROP TABLE late")
        assert code(response) == (500, "internal_error")
        assert (made(), IdempotencyRecord.objects.count()) == (0, 0)
