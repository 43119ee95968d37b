"""Accounts of employees: made, given a temporary password, closed; and the table of rights."""

import re

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client

from lmis.actors import SYSTEM
from lmis.models import EmployeeProfile
from lmis.services import employees
from tests.factories import cast
from tests.factories.staff import an_employee, page, said

pytestmark = pytest.mark.django_db
NEW = "another long password 1"


@pytest.fixture
def boss(client):
    """An administrator."""
    client.boss = an_employee("administrator")
    client.force_login(client.boss)
    return client


def group(name):
    """Its key, as a form sends it."""
    return str(Group.objects.get(name=name).pk)


def a_form(**changes):
    """A registrar, login left to us."""
    return {
        "last_name": "Щёголева",
        "first_name": "Юлия",
        "phone": "12-34",
        "email": "",
        "username": "",
        "groups": [group("registrar")],
        "doctors": [],
    } | changes


def log_in(login, password):
    """A browser of one's own, with that account."""
    browser = Client()
    browser.post("/admin/login/", {"username": login, "password": password})
    return browser


class TestNew:
    def test_an_employee_in_a_group_with_a_phone_and_a_password_shown_once(self, boss):
        response = boss.post(page("auth.user", "add"), a_form())
        assert response.status_code == 200, response.context["adminform"].form.errors
        assert "no-store" in response["Cache-Control"]
        made = User.objects.get(last_name="Щёголева")
        password = response.context["password"]
        assert made.username == "shchegoleva.yu"[: len(made.username)]
        assert (made.is_staff, made.is_superuser, made.profile.phone) == (True, False, "12-34")
        assert made.has_perm("lmis.use_desk")
        assert made.check_password(password)
        assert password not in boss.get(page("auth.user", "change", made.pk)).content.decode()

    def test_a_doctor_is_tied_to_whom_it_is(self, boss):
        doctor = cast.a_doctor()
        boss.post(page("auth.user", "add"), a_form(groups=[group("doctor")], doctors=[str(doctor.pk)]))
        doctor.refresh_from_db()
        assert doctor.user == User.objects.get(last_name="Щёголева")

    def test_a_doctor_of_somebody_else_is_not_offered(self, boss):
        doctor = cast.a_doctor(user=an_employee("doctor"))
        response = boss.post(page("auth.user", "add"), a_form(doctors=[str(doctor.pk)]))
        assert "doctors" in response.context["adminform"].form.errors
        assert not User.objects.filter(last_name="Щёголева").exists()

    @pytest.mark.parametrize("missing", ["last_name", "first_name", "groups"])
    def test_what_is_needed_is_asked_for(self, boss, missing):
        response = boss.post(page("auth.user", "add"), a_form(**{missing: ""}))
        assert missing in response.context["adminform"].form.errors
        assert User.objects.count() == 1  # the administrator

    def test_a_login_in_use_is_told(self, boss):
        response = boss.post(page("auth.user", "add"), a_form(username=boss.boss.username.upper()))
        assert "username" in response.context["adminform"].form.errors

    def test_namesakes_get_logins_of_their_own(self):
        logins = []
        for _ in range(3):
            user = User(last_name="Иванов", first_name="Юрий")
            employees.enter(user, by=SYSTEM)
            logins.append(user.username)
        assert logins == ["ivanov.y", "ivanov.y2", "ivanov.y3"]

    def test_a_temporary_password_is_the_same_in_either_layout(self):
        one, other = employees.temporary_password(), employees.temporary_password()
        assert one != other
        assert re.fullmatch(r"(\d{4}-){3}\d{4}", one)


class TestTemporaryPassword:
    def test_it_opens_nothing_but_its_own_change(self, boss):
        user = an_employee("registrar")
        url = page("auth.user", "new_password", user.pk)
        assert boss.get(url).status_code == 200
        assert user.check_password("a long password")
        password = boss.post(url, {"confirmed": "1"}).context["password"]
        browser = log_in(user.username, password)
        for path in ("/admin/", "/admin/start/", page("patients.patient")):
            assert browser.get(path)["Location"] == "/admin/password_change/"
        asked = browser.get("/admin/start/", headers={"hx-request": "true"})
        assert (asked.status_code, asked["HX-Redirect"]) == (401, "/admin/password_change/")
        form = {"old_password": password, "new_password1": NEW, "new_password2": NEW}
        assert browser.post("/admin/password_change/", form).status_code == 302
        assert browser.get(page("patients.patient")).status_code == 200
        assert log_in(user.username, NEW).get(page("patients.patient")).status_code == 200

    def test_the_old_password_and_its_sessions_end(self, boss):
        user = an_employee("registrar")
        before = log_in(user.username, "a long password")
        assert before.get(page("patients.patient")).status_code == 200
        boss.post(page("auth.user", "new_password", user.pk), {"confirmed": "1"})
        assert before.get(page("patients.patient")).status_code == 302
        assert log_in(user.username, "a long password").get(page("patients.patient")).status_code == 302

    def test_the_journal_has_that_and_not_the_password(self, boss):
        user = an_employee("registrar")
        password = boss.post(page("auth.user", "new_password", user.pk), {"confirmed": "1"}).context["password"]
        user.refresh_from_db()
        entries = LogEntry.objects.get_for_object(user)
        assert entries.filter(actor=boss.boss, changes__has_key="password").count() == 1
        told = str([entry.changes for entry in LogEntry.objects.all()])
        assert password not in told
        assert user.password not in told
        assert EmployeeProfile.objects.get(user=user).temporary_digest not in told

    def test_nobody_gives_one_to_a_superuser(self, boss):
        root = User.objects.create_superuser("root")
        for verb in ("new_password", "deactivate", "activate"):
            assert boss.post(page("auth.user", verb, root.pk), {"confirmed": "1"}).status_code == 403
        assert root.is_active


class TestLeaving:
    def test_deactivated_is_out_at_once_and_activated_is_back(self, boss):
        user = an_employee("registrar")
        browser = log_in(user.username, "a long password")
        assert boss.get(page("auth.user", "deactivate", user.pk)).status_code == 200
        assert browser.get(page("patients.patient")).status_code == 200
        boss.post(page("auth.user", "deactivate", user.pk), {"confirmed": "1"})
        assert browser.get(page("patients.patient")).status_code == 302
        boss.post(page("auth.user", "activate", user.pk), {"confirmed": "1"})
        assert log_in(user.username, "a long password").get(page("patients.patient")).status_code == 200

    def test_only_what_would_change_something_is_offered_and_never_about_oneself(self, boss):
        def offered(user):
            html = boss.get(page("auth.user", "change", user.pk)).content.decode()
            return {verb for verb in ("deactivate", "activate") if page("auth.user", verb, user.pk) in html}

        assert offered(an_employee("doctor")) == {"deactivate"}
        assert offered(an_employee("doctor", is_active=False)) == {"activate"}
        assert offered(boss.boss) == set()


class TestChanging:
    def test_groups_phone_and_doctor(self, boss):
        user, doctor = an_employee("registrar"), cast.a_doctor()
        form = a_form(username=user.username, groups=[group("doctor")], doctors=[str(doctor.pk)], phone="9")
        assert boss.post(page("auth.user", "change", user.pk), form).status_code == 302
        user = User.objects.get(pk=user.pk)
        assert [one.name for one in user.groups.all()] == ["doctor"]
        assert (user.profile.phone, list(user.doctors.all())) == ("9", [doctor])
        boss.post(page("auth.user", "change", user.pk), form | {"doctors": []})
        doctor.refresh_from_db()
        assert doctor.user is None
        assert "9" in boss.get(page("auth.user")).content.decode()

    def test_the_journal_tells_the_groups(self, boss):
        user = an_employee("registrar")
        boss.post(page("auth.user", "change", user.pk), a_form(username=user.username, groups=[group("head")]))
        assert LogEntry.objects.filter(actor=boss.boss, changes__has_key="groups").exists()
        assert said(boss.get("/admin/")) is not None


class TestTableOfRights:
    def test_it_shows_what_the_groups_have(self, boss):
        response = boss.get("/admin/rights/")
        names = [one.name for one, _label in response.context["groups"]]
        for row in response.context["screens_rows"]:
            assert len(row.cells) == len(names)
        text = response.content.decode()
        assert text.count("✓") == sum(
            1
            for one in Group.objects.all()
            for right in one.permissions.filter(content_type__model="staffright")
            if right
        )

    def test_a_right_taken_away_is_gone_from_it(self, boss):
        before = boss.get("/admin/rights/").content.decode().count("✓")
        registrar = Group.objects.get(name="registrar")
        registrar.permissions.remove(registrar.permissions.get(codename="use_desk"))
        assert boss.get("/admin/rights/").content.decode().count("✓") == before - 1
