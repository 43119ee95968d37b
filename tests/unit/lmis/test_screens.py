"""What all screens stand on: rights, policy, notes, the menu and where the work begins."""

import datetime as dt
import json

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from lmis.exceptions import NotFound, Refusal
from lmis.models import Room
from lmis.screens import toast
from lmis.screens.menu import SCREENS, screens_of, start_of
from lmis.screens.policy import STRICT, UNFOLD
from lmis.screens.scope import doctors_of
from lmis.screens.toasts import trigger
from lmis.screens.views import Screen
from tests.factories import cast
from tests.factories.staff import an_employee, page

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


class Example(Screen):
    """A screen as others write it."""

    right = "lmis.use_desk"
    template = "screens/base.html"
    title = "Example"

    def get(self, request):
        return self.render()

    def post(self, request):
        done = self.act(self.work)
        if isinstance(done, Refusal):
            return toast(self.render(), done.message, "error")
        return self.render({"done": done})

    def work(self):
        Room.objects.create(lpu=cast.an_lpu(), number="7")
        raise NotFound


def ask(user, method="get", htmx=False):
    """What the screen answers this employee."""
    request = getattr(RequestFactory(), method)("/admin/example/", headers={"HX-Request": "true"} if htmx else {})
    request.user = user
    return Example.as_view()(request)


class TestRights:
    def test_with_the_right(self):
        response = ask(an_employee("registrar"))
        assert response.status_code == 200
        assert response["Content-Security-Policy"] == STRICT

    @pytest.mark.parametrize("method", ["get", "post", "put"])
    def test_without_the_right_no_method_runs(self, method):
        with pytest.raises(PermissionDenied):
            ask(an_employee("doctor"), method)
        assert not Room.objects.exists()

    def test_a_stranger_is_asked_who_he_is(self):
        assert ask(AnonymousUser()).url == f"{reverse('admin:login')}?next=/admin/example/"
        response = ask(AnonymousUser(), htmx=True)
        assert (response.status_code, "HX-Redirect" in response) == (401, False)

    def test_somebody_who_is_no_staff_is_a_stranger(self):
        user = an_employee("registrar")
        user.is_staff = False
        assert ask(user).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_refusal_undoes_what_was_done_and_is_said():
    user = an_employee("registrar")
    response = ask(user, "post", htmx=True)
    assert json.loads(response["HX-Trigger"])["toast"] == {"text": str(NotFound.message), "level": "error"}
    assert not Room.objects.exists()


class TestToasts:
    def test_any_letters_come_through_and_one_event_does_not_push_out_another(self):
        response = toast(HttpResponse(status=204), "Записан: «Ёлкин»")
        trigger(response, "print", {"url": "/x/"})
        assert response["HX-Trigger"].isascii()
        assert json.loads(response["HX-Trigger"]) == {
            "toast": {"text": "Записан: «Ёлкин»", "level": "success"},
            "print": {"url": "/x/"},
        }


class TestScope:
    def test_a_doctor_sees_own_schedules_of_both_positions(self):
        user = an_employee("doctor")
        mine = {cast.a_doctor(user=user), cast.a_doctor(user=user)}
        cast.a_doctor()
        assert set(doctors_of(user)) == mine

    @pytest.mark.parametrize("group", ["registrar", "head", "administrator"])
    def test_these_see_everybody(self, group):
        assert doctors_of(an_employee(group)) is None

    def test_somebody_without_doctors_sees_none(self):
        assert list(doctors_of(an_employee("operator"))) == []


class TestMenu:
    def test_every_screen_is_opened_by_a_right_that_exists(self):
        rights = Permission.objects.values_list("content_type__app_label", "codename")
        assert {entry.right for entry in SCREENS} <= {f"{app}.{codename}" for app, codename in rights}

    def test_a_screen_that_is_not_there_is_left_out(self, monkeypatch):
        links = [entry["link"] for entry in screens_of(User.objects.create_superuser("root"))]
        monkeypatch.setattr("lmis.screens.menu.SCREENS", [])
        assert all(links)
        assert screens_of(User.objects.create_superuser("root2")) == []


class TestStart:
    @pytest.fixture
    def addresses(self, monkeypatch):
        """As if all of them were there."""
        monkeypatch.setattr("lmis.screens.menu.address_of", lambda name: f"/{name}/")

    @pytest.mark.parametrize(
        ("group", "expected"),
        [
            ("registrar", "/screens:desk/"),
            ("doctor", "/screens:day/"),
            ("head", "/screens:head/"),
            ("operator", "/screens:exchange/"),
            ("administrator", "/admin/"),
        ],
    )
    def test_by_role(self, addresses, group, expected):
        assert start_of(an_employee(group)) == expected

    def test_a_screen_that_is_not_there_is_no_start(self, monkeypatch):
        monkeypatch.setattr("lmis.screens.menu.address_of", lambda name: "")
        assert start_of(an_employee("registrar")) == "/admin/"

    @pytest.mark.parametrize("query", ["", "?next=/admin/"])
    def test_after_login(self, client, query):
        user = an_employee("administrator")
        shown = client.get(f"{reverse('admin:login')}{query}")
        assert shown.context["next"] == reverse("screens:start")
        form = {"username": user.username, "password": PASSWORD, "next": shown.context["next"]}
        assert client.post(reverse("admin:login"), form).url == reverse("screens:start")
        assert client.get(reverse("screens:start")).url == reverse("admin:index")

    def test_who_asked_for_a_page_gets_it(self, client):
        user = an_employee("registrar")
        wanted = page("patients.patient")
        response = client.post(
            f"{reverse('admin:login')}?next={wanted}", {"username": user.username, "password": PASSWORD, "next": wanted}
        )
        assert response.url == wanted


class TestPolicy:
    def test_lists_get_the_policy_of_unfold_and_no_place_in_the_browser(self, client):
        client.force_login(an_employee("registrar"))
        for url in (page("patients.patient"), reverse("admin:index")):
            response = client.get(url)
            assert response["Content-Security-Policy"] == UNFOLD
            assert "no-store" in response["Cache-Control"]
        client.logout()
        assert client.get(reverse("admin:login"))["Content-Security-Policy"] == UNFOLD

    def test_everything_else_gets_the_strict_one(self, client):
        client.force_login(an_employee("doctor"))
        for url in (reverse("screens:start"), "/nowhere/"):
            response = client.get(url)
            assert response["Content-Security-Policy"] == STRICT
            assert "no-store" in response["Cache-Control"]

    def test_the_api_and_its_page_are_left_alone(self, client):
        assert "Content-Security-Policy" not in client.get("/api/docs")


@pytest.mark.parametrize(("instant", "day"), [("2026-11-22T20:59:00Z", 22), ("2026-11-22T21:00:00Z", 23)])
def test_the_day_is_that_of_the_clinic(instant, day):
    screen = Screen()
    screen.now, screen.lpus = dt.datetime.fromisoformat(instant), [cast.an_lpu(time_zone="Europe/Moscow")]
    assert screen.today == dt.date(2026, 11, day)
