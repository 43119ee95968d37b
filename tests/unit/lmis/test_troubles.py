"""The red line on the start pages: for whom it stands, and when it goes."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.models import Alarm, AlarmRound, Doctor
from lmis.screens.menu import start_of
from lmis.services import alarms
from tests.factories import world
from tests.factories.staff import an_employee

pytestmark = pytest.mark.django_db
EVERYBODYS = {
    "no_worker",
    "no_beat",
    "no_poll",
    "oldest_unsent",
    "mip_credentials",
    "mip_outage",
    "forgotten_pause",
}
SILENT = "Регион перестал опрашивать расписание"


@pytest.fixture
def watched():
    """Somebody looks at the checks."""
    world.a_clinic(1)
    AlarmRound.objects.create(pk=1, at=timezone.now())


def an_alarm(name, **facts):
    return Alarm.objects.create(name=name, since=timezone.now(), facts=facts)


def start_page(client, group):
    """The start page of somebody in that group, as it reads in Russian."""
    user = an_employee(group)
    if group == "doctor":
        Doctor.objects.update(user=user)
    client.force_login(user)
    return client.get(start_of(user), headers={"Accept-Language": "ru"}).content.decode()


def part(client, since):
    return client.get(reverse("screens:troubles"), {"since": since}, headers={"HX-Request": "true"})


def test_which_alarms_are_everybodys():
    assert {name for name, check in alarms.CHECKS.items() if check.everybodys} == EVERYBODYS


@pytest.mark.parametrize("group", ["registrar", "doctor", "head"])
class TestStaff:
    def test_a_region_that_is_silent_stands_on_the_start_page(self, client, watched, group):
        an_alarm("no_poll", minutes=70)
        page = start_page(client, group)
        assert SILENT in page
        assert "Сообщите тому, кто следит за обменом" in page

    def test_an_operators_errand_does_not(self, client, watched, group):
        an_alarm("secrets_end", clients="region")
        assert 'role="alert"' not in start_page(client, group)

    def test_no_round_of_the_checks_is_the_worst_alarm(self, client, watched, group):
        AlarmRound.objects.update(at=timezone.now() - dt.timedelta(minutes=4))
        assert "За обменом никто не следит" in start_page(client, group)


class TestGoesAway:
    def test_once_somebody_knows_of_it(self, client, watched):
        alarm = an_alarm("no_poll", minutes=70)
        assert SILENT in start_page(client, "registrar")
        assert part(client, "no_poll").status_code == 204
        alarms.acknowledge(alarm_id=alarm.pk, by=SYSTEM, now=timezone.now())
        answer = part(client, "no_poll")
        assert answer.status_code == 200
        assert 'role="alert"' not in answer.content.decode()
        assert part(client, "none").status_code == 204

    def test_while_it_is_to_be_quiet(self, client, watched):
        an_alarm("no_poll", minutes=70)
        now = timezone.now()
        alarms.keep_quiet(name="no_poll", until=now + dt.timedelta(hours=1), by=SYSTEM, now=now)
        assert 'role="alert"' not in start_page(client, "registrar")

    def test_comes_to_a_page_that_is_open(self, client, watched):
        assert 'role="alert"' not in start_page(client, "registrar")
        an_alarm("no_beat")
        assert "Beat не работает" in part(client, "none").content.decode()


def test_the_operators_page_has_alarms_of_its_own_and_no_second_line(client, watched):
    an_alarm("no_poll", minutes=70)
    page = start_page(client, "operator")
    assert SILENT in page
    assert 'id="troubles"' not in page


def test_other_screens_do_not_have_it(client, watched):
    an_alarm("no_poll", minutes=70)
    start_page(client, "registrar")
    assert 'id="troubles"' not in client.get(reverse("screens:waiting")).content.decode()
