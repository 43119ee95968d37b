"""The clinic's own lists: clients and their secrets, records, staff, the journal."""

import pytest
from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse
from django.utils import timezone, translation

from lmis.models import ApiClient, ApiSecret, Department, Doctor, FailedLogin, IdempotencyRecord, Lpu, Room
from lmis.services import credentials
from lmis.services.groups import GROUPS, label_of
from tests.factories import cast
from tests.factories.staff import an_employee, page, said, statements

pytestmark = pytest.mark.django_db
NEW_CLIENT = {
    "login": "portal",
    "name": "Regional portal",
    "source": "Internet",
    "scopes": ["schedule", "appointments"],
    "networks": "10.1.0.0/16",
    "expires_at_0": "",
    "expires_at_1": "",
}


@pytest.fixture
def boss(client):
    """An employee of the administrators."""
    client.boss = an_employee("administrator")
    client.force_login(client.boss)
    return client


def secret_on(response):
    """The secret that a page shows."""
    assert response.status_code == 200
    return response.context["secret"]


def opens(login, secret):
    """Whether these are good credentials."""
    return credentials.check(login=login, secret=secret.encode(), now=timezone.now()) is not None


class TestApiClients:
    def make(self, boss, **changes):
        return boss.post(page("lmis.apiclient", "add"), NEW_CLIENT | changes)

    def test_a_new_client_and_its_secret_shown_once(self, boss):
        response = self.make(boss)
        secret = secret_on(response)
        assert secret in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        made = ApiClient.objects.get(login="portal")
        assert (made.scopes, made.networks, made.created_by) == (
            ["appointments", "schedule"],
            ["10.1.0.0/16"],
            boss.boss.username,
        )
        assert opens("portal", secret)
        again = boss.get(page("lmis.apiclient", "change", made.pk)).content.decode()
        assert secret not in again
        assert f"…{secret[-4:]}" in again

    @pytest.mark.parametrize("changes", [{"login": "a:b"}, {"login": ""}, {"networks": "here"}, {"scopes": ["all"]}])
    def test_bad_values_are_told_and_make_nothing(self, boss, changes):
        response = self.make(boss, **changes)
        assert response.context["adminform"].form.errors
        assert not ApiClient.objects.exists()
        assert not ApiSecret.objects.exists()

    def test_rotation_asks_first_then_shows_the_second_secret(self, boss):
        first = secret_on(self.make(boss))
        url = page("lmis.apiclient", "rotate", ApiClient.objects.get().pk)
        assert boss.get(url).status_code == 200
        assert ApiSecret.objects.count() == 1
        second = secret_on(boss.post(url, {"confirmed": "1"}))
        assert opens("portal", first)
        assert opens("portal", second)

    def test_a_third_live_secret_is_refused_in_words(self, boss):
        self.make(boss)
        url = page("lmis.apiclient", "rotate", ApiClient.objects.get().pk)
        boss.post(url, {"confirmed": "1"})
        response = boss.post(url, {"confirmed": "1"})
        assert response.context["form"].non_field_errors()
        assert ApiSecret.objects.count() == 2

    def test_revoking_asks_first_then_ends_it(self, boss):
        secret = secret_on(self.make(boss))
        kept = ApiSecret.objects.get()
        url = page("lmis.apiclient", "revoke", kept.client_id, kept.pk)
        assert boss.get(url).status_code == 200
        assert opens("portal", secret)
        assert boss.post(url, {"confirmed": "1"}).status_code == 302
        assert not opens("portal", secret)
        kept.refresh_from_db()
        assert kept.revoked_by == boss.boss.username

    def test_a_secret_is_reached_through_its_own_client_only(self, boss):
        self.make(boss)
        other = cast.Region().client
        url = page("lmis.apiclient", "revoke", other.pk, ApiSecret.objects.get(client__login="portal").pk)
        assert boss.post(url, {"confirmed": "1"}).status_code == 404

    @pytest.mark.parametrize("name", ["registrar", "doctor", "head", "operator"])
    def test_nobody_else_rotates_or_revokes(self, client, name):
        secret = ApiSecret.objects.get(client=cast.Region().client)
        client.force_login(an_employee(name))
        for url in (
            page("lmis.apiclient", "rotate", secret.client_id),
            page("lmis.apiclient", "revoke", secret.client_id, secret.pk),
        ):
            assert client.post(url, {"confirmed": "1"}).status_code == 403
        secret.refresh_from_db()
        assert secret.revoked_at is None
        assert ApiSecret.objects.count() == 1

    def test_a_change_writes_only_what_was_changed(self, boss):
        secret_on(self.make(boss))
        used = timezone.now()
        form = NEW_CLIENT | {"name": "Portal of the region", "is_active": "on"}
        inline = {f"secrets-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}
        kept = ApiClient.objects.get()
        ApiClient.objects.update(last_used_at=used)
        assert boss.post(page("lmis.apiclient", "change", kept.pk), form | inline).status_code == 302
        kept.refresh_from_db()
        assert (kept.name, kept.login, kept.last_used_at) == ("Portal of the region", "portal", used)

    def test_the_journal_has_the_client_and_never_a_digest(self, boss):
        secret = secret_on(self.make(boss))
        entries = LogEntry.objects.filter(content_type__model__in=["apiclient", "apisecret"])
        assert [entry.actor for entry in entries] == [boss.boss, boss.boss]
        assert {entry.remote_addr for entry in entries} == {"127.0.0.1"}
        written = str([entry.changes for entry in entries])
        assert secret not in written
        assert "digest" not in written

    def test_the_history_of_a_client_tells_of_its_secrets(self, boss):
        secret = secret_on(self.make(boss))
        pk = ApiClient.objects.get().pk
        again = secret_on(boss.post(page("lmis.apiclient", "rotate", pk), {"confirmed": "1"}))
        text = boss.get(page("lmis.apiclient", "history", pk)).content.decode()
        assert f"…{secret[-4:]} → …{secret[-4:]}, …{again[-4:]}" in text
        assert secret not in text

    def test_a_client_is_never_deleted(self, boss):
        self.make(boss)
        url = page("lmis.apiclient", "delete", ApiClient.objects.get().pk)
        assert boss.post(url, {"post": "yes"}).status_code == 403


class TestRecords:
    def test_an_answer_kept_for_repeating_is_not_shown(self, boss):
        record = IdempotencyRecord.objects.create(
            principal="portal",
            key="k1",
            fingerprint=b"f" * 32,
            status=201,
            headers={"Location": "/api/appointments/1234"},
            body=b'{"family": "Sidorova"}',
            created_at=timezone.now(),
        )
        for url in (page("lmis.idempotencyrecord"), page("lmis.idempotencyrecord", "change", record.pk)):
            text = boss.get(url).content.decode()
            assert "k1" in text
            assert "Sidorova" not in text
            assert "1234" not in text

    @pytest.mark.parametrize("model", ["lmis.failedlogin", "lmis.idempotencyrecord", "lmis.epoch"])
    def test_looked_at_only(self, client, model):
        client.force_login(User.objects.create_superuser("root"))
        assert client.get(page(model)).status_code == 200
        assert client.get(page(model, "add")).status_code == 403

    def test_a_failed_login_cannot_be_wiped_out(self, client):
        failure = FailedLogin.objects.create(login="x", address="10.0.0.1", minute=timezone.now())
        client.force_login(User.objects.create_superuser("root"))
        assert client.post(page("lmis.failedlogin", "delete", failure.pk), {"post": "yes"}).status_code == 403


class TestStaff:
    def test_an_administrator_neither_makes_nor_touches_a_superuser(self, boss):
        root = User.objects.create_superuser("root")
        change = page("auth.user", "change", root.pk)
        assert boss.post(change, {"username": "mine"}).status_code == 403
        assert boss.post(page("auth.user", "password_change", root.pk), {}).status_code == 403
        assert boss.post(page("auth.user", "delete", root.pk), {"post": "yes"}).status_code == 403
        form = {"username": boss.boss.username, "last_name": "Я", "first_name": "Я", "is_superuser": "on"}
        boss.post(page("auth.user", "change", boss.boss.pk), form)
        boss.boss.refresh_from_db()
        assert not boss.boss.is_superuser

    def test_an_administrator_may_look_at_a_superuser(self, boss):
        root = User.objects.create_superuser("root")
        doctor = cast.a_doctor(family="Громова")
        Doctor.objects.filter(pk=doctor.pk).update(user=root)
        response = boss.get(page("auth.user", "change", root.pk))
        assert response.status_code == 200
        assert "Громова" in response.content.decode()

    @pytest.mark.parametrize(("language", "verb"), [("ru", "добавлять"), ("en", "add")])
    def test_the_rights_of_a_group_are_told_in_the_language(self, boss, language, verb):
        shown = boss.get(page("auth.group", "change", Group.objects.first().pk), headers={"accept-language": language})
        rights = dict(shown.context["adminform"].form.fields["permissions"].choices)
        room = Permission.objects.select_related("content_type").get(codename="add_room")
        with translation.override(language):
            assert f">{room.content_type} | {verb}</option>" in shown.content.decode()
        assert not any("Can " in label for label in rights.values())

    @pytest.mark.parametrize("name", GROUPS)
    def test_saving_a_group_leaves_the_rights_of_the_screens(self, boss, name):
        group = Group.objects.get(name=name)
        before = set(group.permissions.values_list("codename", flat=True))
        shown = boss.get(page("auth.group", "change", group.pk)).context["adminform"].form
        offered = shown.fields["permissions"].queryset
        ticked = [right.pk for right in shown.initial["permissions"] if right in offered]
        assert boss.post(page("auth.group", "change", group.pk), {"permissions": ticked}).status_code == 302
        assert set(group.permissions.values_list("codename", flat=True)) == before

    def test_our_own_groups_keep_their_names_and_stay(self, boss):
        group = Group.objects.get(name="registrar")
        boss.post(page("auth.group", "change", group.pk), {"name": "mine", "permissions": []})
        assert boss.post(page("auth.group", "delete", group.pk), {"post": "yes"}).status_code == 403
        assert Group.objects.filter(name="registrar").exists()


class TestSaving:
    def test_a_guid_is_chosen_once(self, boss):
        lpu = cast.an_lpu()
        form = {"guid": "11111111-1111-4111-8111-111111111111", "name": "Other", "time_zone": "Europe/Moscow"}
        assert boss.post(page("lmis.lpu", "change", lpu.pk), form | {"is_own": "on"}).status_code == 302
        changed = Lpu.objects.get(pk=lpu.pk)
        assert (changed.guid, changed.name) == (lpu.guid, "Other")

    def test_what_is_in_use_is_not_deleted_and_that_is_said(self, boss):
        room = Room.objects.create(lpu=cast.an_lpu(), number="101")
        cast.a_doctor(room.lpu, room=room)
        response = boss.post(page("lmis.room", "delete", room.pk), {"post": "yes"})
        assert response.status_code == 200
        assert response.context["protected"]
        assert Room.objects.filter(pk=room.pk).exists()

    def test_what_is_not_in_use_is_deleted(self, boss):
        room = Room.objects.create(lpu=cast.an_lpu(), number="101")
        assert boss.post(page("lmis.room", "delete", room.pk), {"post": "yes"}).status_code == 302
        assert not Room.objects.exists()

    def test_a_double_is_told_in_the_form(self, boss):
        lpu = cast.an_lpu()
        Department.objects.create(lpu=lpu, name="Surgery")
        response = boss.post(page("lmis.department", "add"), {"lpu": lpu.pk, "name": "Surgery", "address": ""})
        assert response.context["adminform"].form.errors
        assert Department.objects.count() == 1

    def test_many_are_not_deleted_at_once(self, boss):
        room = Room.objects.create(lpu=cast.an_lpu(), number="101")
        boss.post(page("lmis.room"), {"action": "delete_selected", "_selected_action": [room.pk], "post": "yes"})
        assert Room.objects.exists()

    def test_history_tells_who_and_what(self, boss):
        room = Room.objects.create(lpu=cast.an_lpu(), number="101")
        boss.post(page("lmis.room", "change", room.pk), {"lpu": room.lpu_id, "number": "202", "floor": ""})
        text = boss.get(page("lmis.room", "history", room.pk)).content.decode()
        assert boss.boss.username in text
        assert "101 → 202" in text

    def test_history_tells_of_a_new_thing_what_it_has_and_not_what_points_to_it(self, boss):
        lpu = cast.an_lpu(short_name="Hospital 7")
        form = {"lpu": lpu.pk, "number": "101", "floor": "2"}
        boss.post(page("lmis.room", "add"), form)
        entry = boss.get(page("lmis.room", "history", Room.objects.get().pk)).context["entries"][0]
        assert sorted(after for _field, _before, after in entry.changes) == ["101", "2", "Hospital 7"]

    def test_history_of_an_employee_tells_the_groups(self, boss):
        user = an_employee("registrar")
        user.groups.set(Group.objects.filter(name="head"))
        entries = boss.get(page("auth.user", "history", user.pk)).context["entries"]
        told = {(before, after) for entry in entries for _field, before, after in entry.changes}
        registrar, head = label_of("registrar"), label_of("head")
        assert {(registrar, ""), ("", head), ("", registrar)} <= told
        assert user.password not in str(told)

    def test_messages_stay_out_of_cookies(self, boss):
        room = Room.objects.create(lpu=cast.an_lpu(), number="101")
        response = boss.post(page("lmis.room", "delete", room.pk), {"post": "yes"})
        assert said(response)
        assert "messages" not in response.cookies

    def test_the_forwarded_address_of_a_stranger_is_not_believed(self, boss):
        room = Room.objects.create(lpu=cast.an_lpu(), number="101")
        form = {"lpu": room.lpu_id, "number": "202", "floor": ""}
        boss.post(page("lmis.room", "change", room.pk), form, headers={"x-forwarded-for": "not an address"})
        assert LogEntry.objects.get_for_object(room).first().remote_addr == "127.0.0.1"


class TestForms:
    # What triggers, services or the database itself write; nobody types it.
    OWNED = {
        "booked", "overbooked", "changed", "visible", "published", "room_label", "busy_code", "busy_name", "pattern",
        "refiled", "person_guid", "digest", "last_used_at", "seat", "created_at", "withdrawn", "is_blocked",
    }  # fmt: skip

    def test_no_form_has_a_field_that_a_trigger_owns(self, rf):
        request = rf.get("/")
        request.user = User(is_superuser=True, is_active=True, is_staff=True)
        for model, model_admin in admin.site._registry.items():
            forms = [model_admin.get_form(request, model(), change=True)]
            if model_admin.has_add_permission(request):
                forms.append(model_admin.get_form(request))
            for form in forms:
                assert not self.OWNED & set(form.base_fields), model


class TestLook:
    def test_menu_title_and_badge(self, boss, settings):
        settings.DEMO = True
        page_of = boss.get("/admin/", headers={"accept-language": "en"})
        assert [str(part.get("title", "")) for part in page_of.context["sidebar_navigation"]] == [
            "", "Workplace", "Booking", "Schedule", "Patients", "Directions", "Exchange with the MIP", "Directories",
            "Administration",
        ]  # fmt: skip
        assert page_of.context["environment"] == ["Demo", "warning"]
        settings.DEMO = False
        assert boss.get("/admin/").context["environment"] is None

    def test_the_start_page_shows_what_one_may_see(self, client):
        client.force_login(an_employee("operator"))
        titles = [str(card["title"]) for card in client.get("/admin/").context["cards"]]
        assert len(titles) == 1

    def test_nothing_of_a_patient_comes_up_in_the_command_palette(self, boss):
        cast.a_patient(cast.an_lpu(), family="Водолазкин")
        for extended in ({}, {"extended": "1"}):
            answer = boss.get("/admin/search/", {"s": "водолазкин", **extended})
            assert "Водолазкин" not in answer.content.decode()

    def test_there_is_no_command_palette_to_type_a_surname_into(self, boss):
        for address in ("/admin/", "/admin/appointments/slot/", "/admin/lmis/lpu/add/"):
            text = boss.get(address, follow=True).content.decode()
            assert "sidebar" in text
            for part in ("searchCommand", "opencommand", "command-results", reverse("admin:search")):
                assert part not in text, (address, part)

    def test_russian_unless_another_language_is_asked_for(self, boss):
        assert '<html lang="ru"' in boss.get("/admin/").content.decode()
        assert '<html lang="en' in boss.get("/admin/", headers={"accept-language": "en"}).content.decode()


def _lpus(count):
    return [cast.an_lpu() for _ in range(count)]


def _rooms(count):
    return [Room.objects.create(lpu=lpu, number=lpu.short_name) for lpu in _lpus(count)]


def _departments(count):
    return [Department.objects.create(lpu=lpu, name=lpu.name) for lpu in _lpus(count)]


def _doctors(count):
    doctors = [cast.a_doctor() for _ in range(count)]
    for doctor, room, department in zip(doctors, _rooms(count), _departments(count), strict=True):
        Doctor.objects.filter(pk=doctor.pk).update(room=room, department=department)


def _clients(count):
    return [cast.Region() for _ in range(count)]


def _staff(count):
    return [an_employee("registrar", "doctor") for _ in range(count)]


class TestStatements:
    """Five rows or twenty: the same statements. Session and user 2, rights 2, count 1, rows 1, and what is said."""

    @pytest.mark.parametrize(
        ("model", "make", "expected"),
        [
            ("lmis.lpu", _lpus, 6),
            ("lmis.room", _rooms, 6),
            ("lmis.department", _departments, 6),
            ("lmis.doctor", _doctors, 6),
            ("lmis.apiclient", _clients, 6),
            ("auth.user", _staff, 8),  # the groups of all rows, the groups of the filter
        ],
    )
    def test_list(self, boss, model, make, expected):
        make(5)
        url = page(model) + "?o=1"
        statements(boss, url)  # content types come into their cache
        assert statements(boss, url) == expected
        make(15)
        assert statements(boss, url) == expected
