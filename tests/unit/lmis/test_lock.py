"""The screen lock: what a locked session answers, how it is opened, and by whom."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from lmis.models import EmployeeProfile, FailedLogin, Room
from lmis.services.credentials import MAX_FAILURES
from tests.factories import cast
from tests.factories.staff import an_employee, page

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"
LOCK, UNLOCK, SWITCH = (reverse(f"screens:{name}") for name in ("lock", "unlock", "switch"))


@pytest.fixture
def locked(client):
    """A registrar's session, locked."""
    client.user = an_employee("registrar")
    client.force_login(client.user)
    assert client.post(LOCK).status_code == 200
    return client


def is_open(client):
    """Whether the session answers."""
    status = client.get(page("patients.patient")).status_code
    assert status in (200, 423)
    return status == 200


class TestLocked:
    def test_every_page_answers_with_the_cover(self, locked):
        for url in (reverse("admin:index"), page("patients.patient"), reverse("screens:start")):
            answer = locked.get(url)
            assert answer.status_code == 423
            assert "data-locked" in answer.content.decode()
            assert "no-store" in answer["Cache-Control"]

    def test_a_part_of_a_page_answers_with_the_box(self, locked):
        answer = locked.get(page("patients.patient"), headers={"HX-Request": "true"})
        assert answer.status_code == 423
        text = answer.content.decode()
        assert "<html" not in text
        assert UNLOCK in text

    def test_nothing_is_written(self, client):
        client.force_login(an_employee("administrator"))
        client.post(LOCK)
        lpu = cast.an_lpu()
        assert client.post(page("lmis.room", "add"), {"lpu": lpu.pk, "number": "1", "floor": ""}).status_code == 423
        assert not Room.objects.exists()

    def test_locking_again_changes_nothing(self, locked):
        assert locked.post(LOCK).status_code == 200
        assert not is_open(locked)

    def test_another_session_of_the_same_employee_goes_on(self, locked):
        other = Client()
        other.force_login(locked.user)
        assert is_open(other)

    def test_who_is_not_logged_in_can_only_log_in(self, client):
        answer = client.post(LOCK)
        assert answer.status_code == 401
        assert UNLOCK not in answer.content.decode()

    def test_whoever_needs_the_computer_reads_how_to_reach_who_locked_it(self, client):
        client.force_login(an_employee("registrar"))
        assert "lock-hint" not in client.post(LOCK).content.decode().split("</form>")[0]
        user = an_employee("registrar")
        EmployeeProfile.objects.create(user=user, phone="вн. 12-34")
        client.force_login(user)
        client.post(LOCK)
        box = client.get(page("patients.patient"), headers={"HX-Request": "true"}).content.decode()
        assert "вн. 12-34" in box.split("</form>")[0]

    def test_a_get_locks_nothing(self, client):
        client.force_login(an_employee("registrar"))
        assert client.get(LOCK).status_code == 405
        assert is_open(client)

    def test_logging_out_is_possible(self, locked):
        assert locked.post(reverse("admin:logout")).status_code == 200


class TestAnothersPage:
    """A page that was made for somebody else acts under nobody's name."""

    def ask(self, client, made_for, method="post"):
        form = {"format": "a5"}
        headers = {"HX-Request": "true"} | ({"X-Employee": str(made_for.pk)} if made_for else {})
        return getattr(client, method)(reverse("screens:ticket_format"), form, headers=headers)

    def test_nothing_is_done_and_it_is_loaded_anew_and_told(self, client):
        first, second = an_employee("registrar"), an_employee("administrator")
        client.force_login(second)
        client.cookies["django_language"] = "en"
        answer = self.ask(client, first)
        assert (answer.status_code, answer["HX-Refresh"], answer.content) == (409, "true", b"")
        assert "Another employee has logged in here" in client.get(reverse("screens:rights")).content.decode()

    def test_a_poll_tells_nothing(self, client):
        client.force_login(an_employee("administrator"))
        assert self.ask(client, an_employee("registrar"), "get").status_code == 409
        assert "toast error" not in client.get(reverse("screens:rights")).content.decode()

    def test_ones_own_is_answered_and_so_is_one_that_does_not_say(self, client):
        user = an_employee("registrar")
        client.force_login(user)
        assert [self.ask(client, made_for).status_code for made_for in (user, None)] == [204, 204]

    def test_who_is_not_logged_in_is_asked_who_that_is(self, client):
        assert self.ask(client, an_employee("registrar")).status_code == 401

    def test_every_screen_says_whom_it_was_made_for(self, client):
        user = an_employee("administrator")
        client.force_login(user)
        assert f'"X-Employee": "{user.pk}"' in client.get(reverse("screens:rights")).content.decode()


class TestUnlock:
    def test_by_ones_own_password(self, locked):
        key = locked.session.session_key
        assert locked.post(UNLOCK, {"password": PASSWORD}).status_code == 204
        assert is_open(locked)
        assert locked.session.session_key == key

    def test_not_by_a_wrong_one_nor_by_a_colleagues(self, locked):
        an_employee("registrar").set_password("another long one")
        for password in ("", "wrong", "another long one"):
            answer = locked.post(UNLOCK, {"password": password})
            assert answer.status_code == 403
            assert 'role="alert"' in answer.content.decode()
            assert not is_open(locked)

    def test_not_once_the_account_is_switched_off(self, locked):
        locked.user.is_active = False
        locked.user.save()
        assert locked.post(UNLOCK, {"password": PASSWORD}).status_code == 401

    def test_guessing_is_counted_and_told(self, locked):
        FailedLogin.objects.all().delete()
        answers = [locked.post(UNLOCK, {"password": "wrong"}).status_code for _ in range(MAX_FAILURES + 1)]
        assert answers == [403] * MAX_FAILURES + [429]
        assert FailedLogin.objects.get().count == MAX_FAILURES + 1
        assert not is_open(locked)


class TestSwitch:
    def test_another_employee_takes_over_in_a_new_session(self, locked):
        locked.get(UNLOCK)
        key, other = locked.session.session_key, an_employee("administrator")
        form = {"username": other.username, "password": PASSWORD, "before": locked.user.username}
        answer = locked.post(SWITCH, form)
        assert (answer.status_code, answer["HX-Redirect"]) == (204, reverse("admin:index"))
        assert locked.session.session_key != key
        assert locked.get(reverse("admin:index")).context["user"] == other
        assert not type(locked.session)(key).exists(key)

    def test_the_same_employee_keeps_the_page(self, locked):
        form = {"username": locked.user.username, "password": PASSWORD, "before": locked.user.username}
        answer = locked.post(SWITCH, form)
        assert answer.status_code == 204
        assert "HX-Redirect" not in answer
        assert is_open(locked)

    def test_after_the_session_has_ended_too(self, client):
        user = an_employee("registrar")
        form = {"username": user.username, "password": PASSWORD, "before": user.username}
        assert client.post(SWITCH, form).status_code == 204
        assert is_open(client)

    def test_not_with_a_wrong_password(self, locked):
        other = an_employee("operator")
        answer = locked.post(SWITCH, {"username": other.username, "password": "wrong", "before": ""})
        assert answer.status_code == 403
        assert other.username in answer.content.decode()
        assert not is_open(locked)
        assert locked.post(UNLOCK, {"password": PASSWORD}).status_code == 204

    def test_not_somebody_who_is_no_staff(self, locked):
        other = an_employee("registrar")
        other.is_staff = False
        other.save()
        assert locked.post(SWITCH, {"username": other.username, "password": PASSWORD}).status_code == 403
        assert not is_open(locked)


def offered(answer):
    """The logins that the box offers."""
    return re.findall(r'data-login="([^"]+)"', answer.content.decode())


class TestPeople:
    """Who worked here lately is offered, the last one first."""

    def take_over(self, client, user):
        assert client.post(SWITCH, {"username": user.username, "password": PASSWORD}).status_code == 204
        return client.post(LOCK)

    def test_those_who_worked_here_but_not_whoever_does_now(self, locked):
        assert offered(locked.post(LOCK)) == []
        second, third = an_employee("registrar"), an_employee("head")
        assert offered(self.take_over(locked, second)) == [locked.user.username]
        assert offered(self.take_over(locked, third)) == [second.username, locked.user.username]
        assert offered(self.take_over(locked, second)) == [third.username, locked.user.username]

    def test_not_after_they_have_left_and_not_at_another_workplace(self, locked):
        second = an_employee("registrar")
        self.take_over(locked, second)
        elsewhere = Client()
        elsewhere.force_login(second)
        assert offered(elsewhere.post(LOCK)) == []
        User.objects.filter(pk=locked.user.pk).update(is_active=False)
        assert offered(locked.post(LOCK)) == []

    def test_four_at_most(self, locked):
        people = [an_employee("registrar") for _each in range(6)]
        for user in people:
            shown = offered(self.take_over(locked, user))
        assert shown == [user.username for user in people[4:0:-1]]

    def test_also_after_a_wrong_password_and_a_session_that_ended(self, locked):
        self.take_over(locked, an_employee("registrar"))
        assert offered(locked.post(UNLOCK, {"password": "wrong"})) == [locked.user.username]
        locked.post(reverse("admin:logout"))
        assert locked.user.username in offered(locked.post(LOCK))

    def test_nobody_writes_the_list_but_the_server_and_no_script_reads_it(self, locked):
        cookie = locked.cookies["lmis_people"]
        assert (cookie["httponly"], cookie["path"], cookie["samesite"]) == (True, "/admin/", "Lax")
        other = an_employee("registrar")
        locked.cookies["lmis_people"] = f"{other.pk}:{cookie.value.partition(':')[2]}"
        assert offered(locked.post(LOCK)) == []


class TestLogin:
    def test_through_the_login_page_the_lock_is_gone_with_the_password(self, locked):
        form = {"username": locked.user.username, "password": PASSWORD, "next": reverse("screens:start")}
        assert locked.post(reverse("admin:login"), form).status_code == 302
        assert is_open(locked)

    def test_a_wrong_password_there_opens_nothing(self, locked):
        locked.post(reverse("admin:login"), {"username": locked.user.username, "password": "wrong"})
        assert not is_open(locked)


class TestPages:
    @pytest.mark.parametrize("url", [reverse("admin:index"), page("patients.patient"), page("patients.patient", "add")])
    def test_every_page_brings_the_lock(self, client, settings, url):
        settings.SCREEN_LOCK_MINUTES = 7
        client.force_login(an_employee("registrar"))
        text = client.get(url).content.decode()
        assert "screens/lock.js" in text
        assert 'data-minutes="7"' in text

    def test_the_login_page_does_not(self, client):
        assert "screens/lock.js" not in client.get(reverse("admin:login")).content.decode()

    def test_csrf_is_checked(self):
        client = Client(enforce_csrf_checks=True)
        client.force_login(an_employee("registrar"))
        for url in (LOCK, UNLOCK, SWITCH):
            assert client.post(url, {"password": PASSWORD}).status_code == 403
        assert is_open(client)
