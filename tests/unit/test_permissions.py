"""Who may do what: the table of groups, and that the site keeps to it."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command

from lmis.models import StaffRight
from lmis.services.groups import GROUPS, LABELS, RIGHTS, grant_groups, label_of
from tests.factories import cast
from tests.factories.staff import an_employee, page

pytestmark = pytest.mark.django_db

# model: registrar, doctor, head, operator, administrator; v(iew), a(dd), c(hange), d(elete), - nothing
TABLE = {
    "lmis.lpu": ("v", "v", "v", "-", "vacd"),
    "lmis.department": ("v", "v", "v", "-", "vacd"),
    "lmis.room": ("v", "v", "v", "-", "vacd"),
    "lmis.doctor": ("v", "v", "v", "-", "vacd"),
    "lmis.speciality": ("v", "v", "v", "-", "vacd"),
    "lmis.position": ("v", "v", "v", "-", "vacd"),
    "lmis.busytype": ("v", "v", "v", "-", "vacd"),
    "lmis.calendarday": ("v", "v", "vacd", "-", "vacd"),
    "lmis.dictionary": ("-", "-", "-", "-", "v"),
    "lmis.dictionarycode": ("-", "-", "-", "-", "v"),
    "lmis.codemapping": ("-", "-", "-", "-", "vacd"),
    "lmis.apiclient": ("-", "-", "-", "-", "vac"),
    "lmis.apisecret": ("-", "-", "-", "-", "vac"),
    "lmis.failedlogin": ("-", "-", "-", "-", "v"),
    "lmis.idempotencyrecord": ("-", "-", "-", "-", "v"),
    "lmis.epoch": ("-", "-", "-", "-", "v"),
    "patients.patient": ("vac", "v", "v", "-", "vac"),
    "patients.cardupload": ("v", "-", "-", "vc", "vc"),
    "directions.direction": ("vac", "v", "v", "-", "vac"),
    "directions.incomingdirection": ("vac", "v", "v", "-", "vac"),
    "appointments.slot": ("v", "v", "vc", "-", "vc"),
    "appointments.scheduletemplate": ("v", "v", "v", "-", "v"),
    "appointments.scheduleexception": ("v", "v", "vacd", "-", "vacd"),
    "appointments.waitnorm": ("v", "v", "v", "-", "vacd"),
    "appointments.appointment": ("vac", "v", "v", "-", "vac"),
    "auth.user": ("-", "-", "-", "-", "vacd"),
    "auth.group": ("-", "-", "-", "-", "vacd"),
}
# right of lmis.StaffRight: who has it, by the first letters of registrar, doctor, head, operator, administrator
RIGHTS_TABLE = {
    "use_desk": "ra",
    "use_grid": "rdha",
    "use_day": "d",
    "mark_visits": "rdha",
    "book_appointments": "rdha",
    "move_appointments": "rdha",
    "cancel_appointments": "rdha",
    "undo_mistake": "rdha",
    "overbook": "ha",
    "issue_directions": "da",
    "enter_paper_directions": "ra",
    "edit_templates": "ha",
    "edit_absences": "ha",
    "edit_calendar": "ha",
    "edit_norms": "a",
    "use_waiting_list": "rha",
    "view_waiting_summary": "ha",
    "use_calls": "rha",
    "merge_cards": "a",
    "import_cards": "a",
    "export_cards": "a",
    "view_head_page": "ha",
    "view_journal": "ha",
    "manage_connections": "a",
    "watch_exchange": "oa",
    "run_exchange": "oa",
    "mend_cards": "ra",
}
WHO = ("registrar", "doctor", "head", "operator", "administrator")
CELLS = [(group, model, cell) for model, row in TABLE.items() for group, cell in zip(WHO, row, strict=True)]
GATE = [(group, "patients.mipgate", cell) for group, model, cell in CELLS if model == "patients.cardupload"]
LETTERS = {"view": "v", "add": "a", "change": "c", "delete": "d"}


def rights_of(name):
    """What a group has, as in the table: model → letters."""
    rights = {}
    rows = (
        Group.objects.get(name=name)
        .permissions.exclude(content_type__model="staffright")
        .values_list("content_type__app_label", "content_type__model", "codename")
    )
    for app, model, codename in rows:
        rights.setdefault(f"{app}.{model}", set()).add(LETTERS[codename.split("_")[0]])
    return rights


class TestTable:
    @pytest.mark.parametrize("name", WHO)
    def test_the_migration_gave_each_group_its_row_and_nothing_else(self, name):
        expected = {model: set(cell) for group, model, cell in CELLS if group == name and cell != "-"}
        assert rights_of(name) == expected

    @pytest.mark.parametrize("name", WHO)
    def test_the_migration_gave_each_group_its_rights_and_no_other(self, name):
        expected = {right for right, letters in RIGHTS_TABLE.items() if name[0] in letters}
        granted = Group.objects.get(name=name).permissions.filter(content_type__model="staffright")
        assert set(granted.values_list("codename", flat=True)) == expected

    def test_every_right_is_somebodys(self):
        every = {codename for codename, _name in StaffRight._meta.permissions}
        assert every == set(RIGHTS_TABLE) == set().union(*RIGHTS.values())

    def test_every_group_has_a_name_for_people(self):
        assert set(GROUPS) == set(RIGHTS) == set(LABELS) == set(WHO)
        assert label_of("the clinic's own") == "the clinic's own"


class TestGranting:
    def test_what_the_clinic_gave_besides_stays_unless_exact(self):
        registrar = Group.objects.get(name="registrar")
        extra = Permission.objects.get(codename="change_slot")
        registrar.permissions.add(extra)
        call_command("sync_groups", verbosity=0)
        assert registrar.permissions.filter(pk=extra.pk).exists()
        call_command("sync_groups", "--exact", verbosity=0)
        assert not registrar.permissions.filter(pk=extra.pk).exists()

    def test_what_was_taken_away_comes_back(self):
        head = Group.objects.get(name="head")
        head.permissions.clear()
        call_command("sync_groups", verbosity=0)
        assert rights_of("head")["appointments.slot"] == {"v", "c"}

    def test_a_permission_that_is_not_there_is_named_and_nothing_is_changed(self):
        Permission.objects.filter(codename="view_epoch").delete()
        Group.objects.get(name="registrar").permissions.clear()
        with pytest.raises(CommandError, match=r"lmis\.view_epoch"):
            call_command("sync_groups")
        assert rights_of("registrar") == {}

    def test_an_older_migration_grants_what_is_there(self):
        Permission.objects.filter(codename="view_epoch").delete()
        assert grant_groups(group_model=Group, permission_model=Permission) == ["lmis.view_epoch"]


class TestSite:
    """Lists that a group may not see are neither shown in the menu nor opened by their address."""

    @pytest.mark.parametrize("group", WHO)
    def test_lists(self, client, group):
        client.force_login(an_employee(group))
        expected = {model: "v" in cell for name, model, cell in [*CELLS, *GATE] if name == group}
        del expected["lmis.apisecret"]  # has no list: it is shown on its client's page
        answers = {model: client.get(page(model), {"o": "1"}).status_code for model in expected}
        assert answers == {model: 200 if seen else 403 for model, seen in expected.items()}
        menu = {item["link"] for part in client.get("/admin/").context["sidebar_navigation"] for item in part["items"]}
        assert {model for model in expected if page(model) in menu} == {m for m, seen in expected.items() if seen}

    @pytest.mark.parametrize("group", WHO)
    def test_new_ones(self, client, group):
        client.force_login(an_employee(group))
        expected = {model: "a" in cell for name, model, cell in CELLS if name == group}
        del expected["lmis.apisecret"]
        del expected["directions.direction"]  # below
        answers = {model: client.get(page(model, "add")).status_code for model in expected}
        assert answers == {model: 200 if allowed else 403 for model, allowed in expected.items()}

    @pytest.mark.parametrize("group", WHO)
    def test_a_new_direction_is_issued_on_its_screen(self, client, group):
        client.force_login(an_employee(group))
        issues = group[0] in RIGHTS_TABLE["issue_directions"]
        assert client.get(page("directions.direction", "add")).status_code == (302 if issues else 403)

    def test_a_stranger_is_asked_who_he_is(self, client):
        assert client.get("/admin/").status_code == 302

    def test_the_api_has_no_employee_and_the_site_no_client(self, client):
        region = cast.Region()
        assert client.get("/admin/", headers={"authorization": region.basic}).status_code == 302
