"""Failed logins: twenty a minute of one login from one address, the right credentials always (contract §2.1)."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from lmis.models import FailedLogin
from lmis.services import clients, credentials
from tests.unit.lmis.api.conftest import basic

MINUTE = dt.timedelta(minutes=1)


def fail(login="guesser", address="192.0.2.1", secret="wrong"):
    return APIClient().get("/api/plain", REMOTE_ADDR=address, HTTP_AUTHORIZATION=basic(login, secret))


@pytest.mark.django_db
class TestThrottling:
    def test_the_twenty_first_failure_has_to_wait(self):
        assert [fail().status_code for _ in range(20)] == [401] * 20
        response = fail()
        assert (response.status_code, response.json()["message_code"]) == (429, "throttled")
        assert 1 <= int(response["Retry-After"]) <= 60

    def test_other_logins_and_other_addresses_do_not(self):
        for _ in range(21):
            fail()
        assert fail(login="other").status_code == 401
        assert fail(address="192.0.2.2").status_code == 401

    def test_the_right_credentials_pass_however_many_failed(self, known):
        login = known.client.login
        for _ in range(25):
            fail(login=login, address="127.0.0.1")
        assert fail(login=login, address="127.0.0.1").status_code == 429
        assert known.http.get("/api/plain").status_code == 200

    def test_a_minute_later_all_is_forgiven(self):
        for _ in range(21):
            fail()
        FailedLogin.objects.update(minute=timezone.now() - MINUTE)
        assert fail().status_code == 401
        assert FailedLogin.objects.get().count == 1

    def test_garbage_counts_as_nobody_and_fits_its_column(self):
        APIClient().get("/api/plain", HTTP_AUTHORIZATION="Basic ????")
        fail(login="x" * 500)
        fail(login="nul\x00l")
        assert sorted(FailedLogin.objects.values_list("login", flat=True)) == ["", "nul\ufffdl", "x" * 64]

    def test_a_missing_header_is_no_failure(self):
        APIClient().get("/api/plain")
        assert not FailedLogin.objects.exists()

    def test_behind_a_proxy_the_address_is_the_callers(self, settings):
        settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
        header = basic("guesser", "wrong")
        for number in range(3):
            APIClient().get(
                "/api/plain",
                REMOTE_ADDR="10.0.0.1",
                HTTP_X_FORWARDED_FOR=f"203.0.113.{number}",
                HTTP_AUTHORIZATION=header,
            )
        assert FailedLogin.objects.count() == 3

    def test_retry_after_is_the_rest_of_the_minute(self):
        now = timezone.now()
        for _ in range(20):
            credentials.failed(login="a", address="", now=now)
        assert credentials.failed(login="a", address="", now=now + dt.timedelta(seconds=50)) == 10

    def test_old_failures_are_pruned(self):
        now = timezone.now()
        credentials.failed(login="old", address="", now=now - MINUTE)
        credentials.failed(login="new", address="", now=now)
        assert clients.prune_failed_logins(now=now) == 1
        assert FailedLogin.objects.get().login == "new"


@pytest.mark.django_db(transaction=True)
def test_the_count_is_exact_when_many_fail_at_once():
    barrier = threading.Barrier(8)

    def guess():
        barrier.wait()
        for _ in range(10):
            credentials.failed(login="guesser", address="", now=timezone.now())
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FailedLogin.objects.get().count == 80
