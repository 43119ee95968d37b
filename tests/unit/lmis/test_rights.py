"""Who may open which screen and press which button: a table, kept to by real requests.

The tables of the lists are in `tests/unit/test_permissions.py`.
"""

import datetime as dt
import re
import uuid
from importlib import import_module

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from lmis.services.groups import GROUPS
from tests.factories import cast
from tests.factories.staff import an_employee

pytestmark = pytest.mark.django_db
WHO = {"r": "registrar", "d": "doctor", "h": "head", "o": "operator", "a": "administrator"}
EVERYBODY, HOUSE = "rdhoa", "rdha"

# Screen and its parts: who may. Those that read with GET are asked so, the others with an empty POST.
TABLE = {
    "start": EVERYBODY,
    "troubles": EVERYBODY,
    "lock": EVERYBODY,
    "unlock": EVERYBODY,
    "switch": EVERYBODY,
    "ticket_format": HOUSE,
    "connections": "a",
    "connection_request": "a",
    "rights": "a",
    "desk": "ra",
    "desk_workplace": "ra",
    "desk_find": "ra",
    "desk_patient": "ra",
    "desk_whom": "ra",
    "desk_places": "ra",
    "desk_book": "ra",
    "desk_over": "a",
    "desk_cancel": "ra",
    "desk_mistake": "ra",
    "desk_waiting": "ra",
    "desk_card": "ra",
    "desk_card_check": "ra",
    "desk_card_save": "ra",
    "templates": "ha",
    "pattern": "ha",
    "pattern_table": "ha",
    "pattern_preview": "ha",
    "pattern_save": "ha",
    "pattern_generate": "ha",
    "day": "d",
    "day_changes": "d",
    "day_close": "d",
    "day_repeat": "d",
    "day_act": "d",
    "grid": HOUSE,
    "grid_changes": HOUSE,
    "grid_choose": HOUSE,
    "grid_place": HOUSE,
    "grid_cards": HOUSE,
    "grid_book": HOUSE,
    "grid_serve": "rha",
    "grid_block": "ha",
    "grid_move": HOUSE,
    "grid_act": HOUSE,
    "scan": HOUSE,
    "ticket": HOUSE,
    "day_sheet": HOUSE,
    "journal": "ha",
    "journal_patients": "ha",
    "journal_export": "ha",
    "head": "ha",
    "absence": "ha",
    "absence_new": "ha",
    "absence_extra": "ha",
    "absence_one": "ha",
    "absence_preview": "ha",
    "absence_substitute": "ha",
    "absence_decide": "ha",
    "absence_continue": "ha",
    "absence_back": "ha",
    "calls": "rha",
    "call_record": "rha",
    "waiting": "rha",
    "waiting_book": "rha",
    "waiting_places": "rha",
    "waiting_close": "rha",
    "directions": HOUSE,
    "issue_direction": "da",
    "direction_patients": "da",
    "diagnoses": "rda",
    "direction": HOUSE,
    "print_direction": HOUSE,
    "cancel_direction": HOUSE,
    "direction_outcome": HOUSE,
    "patients": HOUSE,
    "merge": "a",
    "merge_look": "a",
    "merge_find": "a",
    "merge_pair": "a",
    "merge_different": "a",
    "imports": "a",
    "import": "a",
    "import_progress": "a",
    "import_rows": "a",
    "import_act": "a",
    "export": "a",
    "exchange": "oa",
    "exchange_changes": "oa",
    "exchange_table": "oa",
    "exchange_cards": "oa",
    "exchange_findings": "oa",
    "exchange_letter": "oa",
    "exchange_csv": "oa",
    "exchange_check": "oa",
    "exchange_act": "oa",
    "exchange_outside": "oa",
    "mend": "ra",
    "mend_count": "ra",
}
ASIDE = {"login", "calendar"}  # for whoever is nobody yet; a way to a list that keeps to its own rights
WITHOUT_GET = {"journal_export"}  # says 403 to a GET, whoever asks


def patterns():
    """The screens' addresses by name."""
    return {pattern.name: pattern for pattern in import_module("lmis.screens.urls").urlpatterns if pattern.name}


def address_of(name, **known):
    """An address with made-up guids and numbers: rights are looked at before anything is looked up."""
    made_up = {"uuid": uuid.uuid4, "int": lambda: 987654321, "slug": lambda: "cancel", "str": lambda: "2026-01-01"}
    asked = re.findall(r"<(\w+):(\w+)>", str(patterns()[name].pattern))
    kwargs = {part: known.get(part) or made_up[kind]() for kind, part in asked}
    return reverse(f"screens:{name}", kwargs=kwargs)


def ask(client, name):
    """GET where the screen answers to it, else an empty POST."""
    view = patterns()[name].callback.view_class
    by_get = hasattr(view, "get") and name not in WITHOUT_GET
    return client.get(address_of(name)) if by_get else client.post(address_of(name))


def test_every_screen_stands_in_the_table():
    assert set(TABLE) == set(patterns()) - ASIDE


def test_every_group_stands_in_the_table():
    assert set(WHO.values()) == set(GROUPS)


@pytest.mark.parametrize("letter", WHO)
def test_who_may_not_is_refused_and_who_may_is_let_in(client, letter):
    cast.an_lpu()
    client.force_login(an_employee(WHO[letter]))
    client.raise_request_exception = False
    answers = {name: ask(client, name).status_code for name in TABLE if name not in ("lock", "unlock", "switch")}
    wrong = {
        name: status
        for name, status in answers.items()
        if (status == 403) != (letter not in TABLE[name]) or status >= 500
    }
    assert not wrong, f"{WHO[letter]}: {wrong}"


def test_a_stranger_is_asked_who_he_is(client):
    for name in set(TABLE) - {"lock", "unlock", "switch"}:
        response = ask(client, name)
        assert response.status_code == 302, name
        assert response["Location"].startswith("/admin/login/"), name


def test_nothing_personal_is_searched_for_by_an_address():
    """What finds people answers to POST alone, or shows nothing of a question in its address."""
    for name in ("desk_find", "journal_patients", "direction_patients", "grid_cards"):
        assert not hasattr(patterns()[name].callback.view_class, "get"), name


class TestMenu:
    """What one may not open is not shown."""

    @pytest.mark.parametrize("letter", WHO)
    def test_the_bar_has_just_the_screens_of_the_group(self, client, letter):
        client.force_login(an_employee(WHO[letter]))
        client.get("/admin/")
        cast.an_lpu()
        screens = {
            item["link"] for part in client.get("/admin/").context["sidebar_navigation"] for item in part["items"]
        }
        named = {reverse(f"screens:{name}"): name for name in TABLE if "<" not in str(patterns()[name].pattern)}
        for link in screens & set(named):
            assert letter in TABLE[named[link]], link


@pytest.fixture
def visit():
    """Somebody booked for today with a doctor of ours who has an account."""
    doctor = cast.a_doctor(cast.an_lpu())
    slot = cast.a_slot(doctor, hours=1)
    return Appointment.objects.create(slot=slot, patient=cast.a_patient(doctor.lpu), number="01", seat=1)


# What a screen offers for a place or a visit: who may. A doctor may with own ones alone.
ACTS = {
    "grid_block": "ha",
}


class TestActs:
    @pytest.mark.parametrize("letter", "rdha")
    def test_who_may_not_changes_nothing(self, client, visit, letter):
        user = an_employee(WHO[letter])
        if letter == "d":
            visit.slot.doctor.user = user
            visit.slot.doctor.save(update_fields=["user"])
        client.force_login(user)
        free = cast.a_slot(visit.slot.doctor, hours=2)
        response = client.post(address_of("grid_block", guid=free.guid), {"reason": "ремонт"})
        free.refresh_from_db()
        assert (response.status_code == 403) == (letter not in ACTS["grid_block"])
        assert free.is_blocked == (letter in ACTS["grid_block"])

    def test_a_doctor_sees_nothing_of_another_doctors_schedule(self, client, visit):
        user = an_employee("doctor")
        mine = cast.a_doctor(visit.slot.doctor.lpu, user=user)
        client.force_login(user)
        for name, guid in (("grid_place", visit.slot.guid), ("ticket", visit.guid), ("grid_move", visit.guid)):
            assert client.get(address_of(name, guid=guid)).status_code in (403, 404), name
        day = timezone.localdate().isoformat()
        assert client.get(address_of("day_sheet", guid=visit.slot.doctor.guid, day=day)).status_code in (403, 404)
        week = client.get(reverse("screens:grid"), {"doctor": str(visit.slot.doctor.guid)}, follow=True)
        assert visit.patient.family not in week.content.decode()
        assert client.get(reverse("screens:grid"), {"doctor": str(mine.guid)}, follow=True).status_code == 200

    def test_a_doctor_does_nothing_with_another_doctors_visit(self, client, visit):
        user = an_employee("doctor")
        cast.a_doctor(visit.slot.doctor.lpu, user=user)
        client.force_login(user)
        for name in ("cancel", "visited", "missed", "mistake"):
            url = reverse("screens:grid_act", kwargs={"guid": visit.guid, "name": name})
            assert client.post(url, {"reason": "проба"}).status_code in (403, 404), name
        visit.refresh_from_db()
        assert visit.state == "booked"
        assert timezone.now() - visit.created_at < dt.timedelta(hours=1)
