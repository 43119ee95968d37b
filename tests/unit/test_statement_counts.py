"""How many SQL statements each list and each screen takes: fixed, and the same with two clinics or five."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User

from lmis.models import Doctor
from lmis.services.groups import GROUPS
from tests.factories import world
from tests.factories.staff import an_employee, page
from tests.statements import listed, statements
from tests.unit.lmis.test_languages import READ_SCREENS, address_of_screen

pytestmark = pytest.mark.django_db

# Session and user 2, rights 2, count 1, rows 1; more for what is said beside them.
LISTS = {
    "lmis.apiclient": 6,
    "lmis.calendarday": 8,
    "lmis.lpu": 6,
    "lmis.department": 6,
    "lmis.room": 6,
    "lmis.doctor": 6,
    "lmis.busytype": 7,
    "lmis.speciality": 7,
    "lmis.position": 7,
    "lmis.dictionary": 6,
    "lmis.dictionarycode": 6,
    "lmis.codemapping": 7,
    "lmis.failedlogin": 6,
    "lmis.idempotencyrecord": 7,
    "lmis.epoch": 6,
    "auth.user": 8,
    "auth.group": 6,
    "patients.cardupload": 7,
    "patients.mipgate": 6,
    "patients.patient": 7,
    "directions.direction": 7,
    "directions.incomingdirection": 7,
    "appointments.appointment": 9,
    "appointments.scheduletemplate": 6,
    "appointments.scheduleexception": 6,
    "appointments.waitnorm": 6,
    "appointments.slot": 6,
    "appointments.waitingentry": 7,
    "appointments.calltask": 7,
}
SCREENS = {
    "absence": 9,
    "absence_one": 8,
    "calls": 8,
    "cancel_direction": 11,
    "connection_request": 6,
    "connections": 6,
    "day": 9,
    "day_changes": 9,
    "day_close": 8,
    "day_repeat": 6,
    "day_sheet": 7,
    "desk": 9,
    "direction": 7,
    "direction_outcome": 11,
    "directions": 6,
    "exchange": 18,
    "exchange_changes": 16,
    "exchange_check": 4,
    "exchange_csv": 4,
    "exchange_outside": 10,
    "exchange_table": 6,
    "export": 4,
    "grid": 14,
    "grid_choose": 6,
    "grid_move": 8,
    "grid_place": 7,
    "head": 16,
    "imports": 6,
    "issue_direction": 8,
    "journal": 25,  # one for each kind of thing that is named
    "mend": 11,
    "mend_count": 6,
    "merge": 6,
    "merge_find": 6,
    "patients": 4,
    "pattern": 9,
    "rights": 7,
    "start": 13,
    "templates": 6,
    "ticket": 6,
    "troubles": 7,
    "waiting": 13,
}
# Nothing is there, or nothing was asked: these are counted with what they need in tests of their own.
ASK_FOR_MORE = {"exchange_cards", "exchange_findings", "exchange_letter", "grid_changes", "import", "import_progress"}
ASK_FOR_MORE |= {"import_rows", "merge_pair", "print_direction"}


@pytest.fixture
def olga(client):
    """Somebody with every right; a doctor, too."""
    user = an_employee(*GROUPS)
    world.a_clinic(1)
    Doctor.objects.update(user=user)
    client.force_login(user)
    return client


def cost(client, url):
    """The statements of the second time, when content types are known."""
    client.get(url, follow=True)
    with statements() as found:
        response = client.get(url, follow=True)
    assert response.status_code in (200, 204), (url, response.status_code)
    return found


def the_same_with_more(client, url, expected):
    """`expected` statements with two clinics, and with five."""
    for numbers in (range(2, 3), range(3, 6)):
        for number in numbers:
            world.a_clinic(number)
        employee = User.objects.get()
        employee.first_name = f"Ольга {number}"  # so that the journal's last entry has an employee each time
        employee.save()
        found = cost(client, url)
        assert len(found) == expected, f"{url}: {len(found)}{listed(found)}"


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label_lower)
def test_a_list(olga, model):
    label = model._meta.label_lower
    the_same_with_more(olga, page(label) + "?o=1", LISTS[label])


@pytest.mark.parametrize("name", sorted(READ_SCREENS - ASK_FOR_MORE))
def test_a_screen(olga, name):
    the_same_with_more(olga, address_of_screen(name), SCREENS[name])


def test_the_tables_name_what_there_is():
    assert set(LISTS) == {model._meta.label_lower for model in admin.site._registry}
    assert set(SCREENS) | ASK_FOR_MORE == READ_SCREENS
