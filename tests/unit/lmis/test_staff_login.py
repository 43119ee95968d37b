"""Guessing an employee's password: at the login page, at the lock, at the change of the employee."""

import logging
import re
import threading

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lmis.exceptions import Throttled
from lmis.models import FailedLogin
from lmis.services import staff_login
from lmis.services.credentials import MAX_FAILURES, MINUTE
from tests.factories.staff import an_employee
from tests.unit.lmis.api.conftest import basic

PASSWORD = "a long password"
LOGIN, UNLOCK, SWITCH, LOCK = reverse("admin:login"), *(reverse(f"screens:{n}") for n in ("unlock", "switch", "lock"))


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hundreds of guesses, each of which would take a third of a second."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user(db):
    return an_employee("registrar")


def enter(user, password="wrong", *, client=None, address="192.0.2.1", login=None, url=LOGIN):
    """What the page answers."""
    form = {"username": login or user.username, "password": password, "next": reverse("screens:start")}
    return (client or Client()).post(url, form, REMOTE_ADDR=address)


def exhaust(user, **where):
    """As many wrong passwords as are looked at."""
    return [enter(user, **where).status_code for _ in range(MAX_FAILURES)]


class TestOwnPassword:
    """Somebody sits down at a PC that was left open, and guesses."""

    NEW = "quite another password"

    def change(self, user, old, *, address="192.0.2.1"):
        client = Client()
        client.force_login(user)
        form = {"old_password": old, "new_password1": self.NEW, "new_password2": self.NEW}
        return client.post(reverse("admin:password_change"), form, REMOTE_ADDR=address)

    def told(self, answer):
        return answer.context["form"].errors.as_data()["old_password"][0].code

    def test_the_right_one_changes_it(self, user):
        self.change(user, "wrong")
        assert self.change(user, PASSWORD).status_code == 302
        user.refresh_from_db()
        assert user.check_password(self.NEW)
        assert not FailedLogin.objects.exists()

    def test_guesses_are_counted_with_those_at_the_login_page(self, user):
        enter(user)
        told = [self.told(self.change(user, "wrong")) for _ in range(MAX_FAILURES)]
        assert told == ["password_incorrect"] * (MAX_FAILURES - 1) + ["throttled"]
        assert self.told(self.change(user, PASSWORD)) == "throttled"
        assert enter(user, PASSWORD).status_code == 429
        user.refresh_from_db()
        assert user.check_password(PASSWORD)
        assert self.change(user, PASSWORD, address="192.0.2.2").status_code == 302


class TestPage:
    def test_who_failed_too_often_is_told_how_long_to_wait(self, user):
        assert exhaust(user) == [200] * MAX_FAILURES
        answer = enter(user)
        assert answer.status_code == 429
        wait = answer["Retry-After"]
        assert 1 <= int(wait) <= 60
        said = answer.context["form"].non_field_errors()
        assert len(said) == 1
        assert re.findall(r"\d+", said[0]) == [wait]
        assert said[0] in answer.content.decode()

    def test_then_the_right_password_does_not_open_either_or_guessing_would_not_be_slowed(self, user):
        exhaust(user)
        client = Client()
        assert enter(user, PASSWORD, client=client).status_code == 429
        assert "_auth_user_id" not in client.session

    def test_from_elsewhere_it_does(self, user):
        exhaust(user)
        assert enter(user, PASSWORD, address="192.0.2.2").status_code == 302

    def test_others_at_the_same_address_come_in(self, user):
        exhaust(user)
        assert enter(an_employee("doctor"), PASSWORD).status_code == 302

    def test_a_minute_after_the_first_failure_all_is_forgiven_however_often_one_tried_meanwhile(self, user):
        exhaust(user)
        enter(user)
        FailedLogin.objects.update(minute=timezone.now() - MINUTE)
        assert enter(user, PASSWORD).status_code == 302

    def test_who_mistyped_and_came_in_begins_afresh(self, user):
        for _ in range(MAX_FAILURES - 1):
            enter(user)
        assert enter(user, PASSWORD).status_code == 302
        assert not FailedLogin.objects.exists()

    def test_another_way_to_write_the_same_login_is_the_same_login(self, user):
        """The form strips spaces and folds letters that only look different."""
        wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalpha() else letter for letter in user.username)
        for number in range(MAX_FAILURES):
            assert enter(user, login=(f" {user.username}", f"{user.username}  ", wide)[number % 3]).status_code == 200
        assert enter(user).status_code == 429
        assert FailedLogin.objects.get().login == user.username

    def test_somebody_who_does_not_exist_is_counted_all_the_same(self, db):
        answers = [enter(None, login="nobody").status_code for _ in range(MAX_FAILURES + 1)]
        assert answers == [200] * MAX_FAILURES + [429]

    def test_who_is_no_employee_fails_with_the_right_password_too(self, user):
        user.is_staff = False
        user.save()
        assert enter(user, PASSWORD).status_code == 200
        assert FailedLogin.objects.get().count == 1

    def test_an_empty_form_is_no_attempt(self, user):
        assert Client().post(LOGIN, {"username": user.username, "password": ""}).status_code == 200
        assert not FailedLogin.objects.exists()

    def test_the_session_ends_with_the_browser_and_is_no_other_pages_business(self, user):
        """On a shared computer whoever opens the browser next would go on under that name, and nothing had locked."""
        client = Client()
        enter(user, PASSWORD, client=client)
        cookie = client.cookies["sessionid"]
        assert (cookie["max-age"], cookie["expires"]) == ("", "")
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_neither_login_nor_password_is_in_the_log(self, user, caplog):
        caplog.set_level(logging.DEBUG)
        exhaust(user, address="192.0.2.77")
        enter(user, "a secret guess")
        enter(user, PASSWORD, address="192.0.2.3")
        for word in (user.username, "a secret guess", PASSWORD, "192.0.2.77"):
            assert word not in caplog.text


class TestTogether:
    def test_the_three_ways_in_are_counted_as_one(self, user):
        client = Client(REMOTE_ADDR="192.0.2.1")
        client.force_login(user)
        client.post(LOCK)
        for number in range(MAX_FAILURES):
            enter(user, client=client, url=(LOGIN, UNLOCK, SWITCH)[number % 3])
        for url in (LOGIN, UNLOCK, SWITCH):
            answer = enter(user, PASSWORD, client=client, url=url)
            assert answer.status_code == 429
            assert answer["Retry-After"] in answer.content.decode()
        assert client.get(reverse("screens:start")).status_code == 423

    def test_the_api_is_not_what_keeps_an_employee_out(self, user):
        """A program that guesses under an employee's login from its own address keeps nobody out at a desk."""
        wrong = basic(user.username, "wrong")
        for _ in range(MAX_FAILURES + 1):
            Client().get("/api/schedule", REMOTE_ADDR="192.0.2.9", HTTP_AUTHORIZATION=wrong)
        assert FailedLogin.objects.get().count == MAX_FAILURES + 1
        assert enter(user, PASSWORD).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_once_are_not_looked_at_beyond_the_limit():
    """Counted before the password is compared: with the count afterwards all of them would be looked at."""
    user = an_employee("registrar")
    FailedLogin.objects.create(login=user.username, address="a", minute=timezone.now(), count=MAX_FAILURES - 1)
    barrier, outcomes = threading.Barrier(4), []

    def guess():
        barrier.wait()
        try:
            outcomes.append(staff_login.check(login=user.username, password="wrong", address="a", now=timezone.now()))
        except Throttled:
            outcomes.append("throttled")
        connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["None", "throttled", "throttled", "throttled"]
