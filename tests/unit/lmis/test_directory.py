"""The LPU directory: ours and others', and those that a booking brought along."""

import uuid

import pytest
from auditlog.models import LogEntry

from lmis.models import Lpu
from lmis.services import directory
from tests.factories import cast
from tests.factories.staff import an_employee, page, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    """An administrator."""
    client.force_login(an_employee("administrator"))
    return client


@pytest.fixture
def stray():
    """An LPU that a direction brought along, and that somebody has named since."""
    lpu = directory.find_or_add(guid=uuid.uuid4(), by="region")
    Lpu.objects.filter(pk=lpu.pk).update(name="Больница № 5")
    lpu.refresh_from_db()
    return lpu


def offered(boss, lpu):
    """Which of its actions the page of an LPU offers."""
    html = boss.get(page("lmis.lpu", "change", lpu.pk)).content.decode()
    return {verb for verb in ("confirm", "connection") if page("lmis.lpu", verb, lpu.pk) in html}


def test_confirming_asks_first_and_is_written_down(boss, stray):
    url = page("lmis.lpu", "confirm", stray.pk)
    assert boss.get(url).status_code == 200
    assert not Lpu.objects.get(pk=stray.pk).is_confirmed
    assert boss.post(url, {"confirmed": "1"}).status_code == 302
    assert Lpu.objects.get(pk=stray.pk).is_confirmed
    assert LogEntry.objects.get_for_object(stray).filter(changes__has_key="is_confirmed").exists()


def test_a_nameless_one_is_refused_in_words(boss):
    lpu = directory.find_or_add(guid=uuid.uuid4(), by="region")
    response = boss.post(page("lmis.lpu", "confirm", lpu.pk), {"confirmed": "1"})
    assert response.context["form"].non_field_errors()
    assert not Lpu.objects.get(pk=lpu.pk).is_confirmed


def test_many_at_once(boss, stray):
    nameless = directory.find_or_add(guid=uuid.uuid4(), by="region")
    ticked = {"action": "confirm_ticked", "_selected_action": [stray.pk, nameless.pk]}
    response = boss.post(page("lmis.lpu"), ticked)
    assert len(said(response)) == 2
    assert list(Lpu.objects.filter(is_confirmed=True)) == [stray]


def test_what_is_offered_fits_the_lpu(boss, stray):
    assert offered(boss, stray) == {"confirm"}
    assert offered(boss, cast.an_lpu()) == {"connection"}
    assert offered(boss, cast.an_lpu(own=False)) == set()


def test_contacts_are_asked_for_ours_alone(boss, stray):
    assert 'name="contact_person"' in boss.get(page("lmis.lpu", "change", cast.an_lpu().pk)).content.decode()
    assert 'name="contact_person"' not in boss.get(page("lmis.lpu", "change", stray.pk)).content.decode()


def test_confirming_twice_changes_nothing(stray):
    from django.db import transaction

    from lmis.actors import SYSTEM

    with transaction.atomic():
        assert directory.confirm(lpu=stray, by=SYSTEM)
        assert not directory.confirm(lpu=stray, by=SYSTEM)


@pytest.mark.parametrize("name", ["registrar", "doctor", "head"])
def test_nobody_else_confirms(client, stray, name):
    client.force_login(an_employee(name))
    assert client.post(page("lmis.lpu", "confirm", stray.pk), {"confirmed": "1"}).status_code == 403
    assert not Lpu.objects.get(pk=stray.pk).is_confirmed
