"""The call list's screen: who may, the next one on top, an outcome in one key."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from appointments.models import CallTask
from tests.factories import cast
from tests.factories.staff import an_employee
from tests.factories.waiting import a_call, booked
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
PAGE = "screens:calls"


@pytest.fixture
def doctor():
    return cast.a_doctor()


@pytest.fixture
def registrar(client):
    client.force_login(an_employee("registrar"))
    return client


def record(client, task, outcome, **given):
    values = {"call": task.guid, "outcome": outcome, **given}
    return client.post(reverse("screens:call_record"), values, headers={"HX-Request": "true"})


@pytest.mark.parametrize(
    ("group", "status"), [("registrar", 200), ("head", 200), ("administrator", 200), ("doctor", 403), ("operator", 403)]
)
def test_who_may(client, group, status):
    client.force_login(an_employee(group))
    assert client.get(reverse(PAGE)).status_code == status
    assert client.post(reverse("screens:call_record")).status_code == (404 if status == 200 else 403)


def test_the_next_one_comes_on_top(registrar, doctor):
    soon, late = [a_call(booked(cast.a_slot(doctor, hours=hours))) for hours in (24, 48)]
    page = registrar.get(reverse(PAGE))
    assert (page.context["task"], page.context["rest"]) == (soon, [late])
    assert "+7 900 111-22-33" in page.content.decode()
    answer = record(registrar, soon, "reached", note="придёт")
    assert (answer.context["task"], answer.context["left"], answer.context["told"]) == (late, 1, 1)
    assert soon.attempts.get().note == "придёт"


def test_whom_one_wants_to_call_now(registrar, doctor):
    _soon, late = [a_call(booked(cast.a_slot(doctor, hours=hours))) for hours in (24, 48)]
    answer = registrar.post(reverse(PAGE), {"chosen": late.guid}, headers={"HX-Request": "true"})
    assert answer.context["task"] == late


def test_no_answer_goes_behind_the_others(registrar, doctor):
    soon, late = [a_call(booked(cast.a_slot(doctor, hours=hours))) for hours in (24, 48)]
    answer = record(registrar, soon, "no_answer")
    assert (answer.context["task"], answer.context["rest"]) == (late, [soon])


@pytest.mark.parametrize("may", [True, False])
def test_refusing_gives_the_place_back_only_with_the_right_to_cancel(client, doctor, may):

    user = an_employee("registrar")
    if not may:
        user.groups.clear()
        user.user_permissions.set(Permission.objects.filter(codename__in=["use_calls", "use_desk"]))
    client.force_login(user)
    old, new = cast.a_slot(doctor), cast.a_slot(doctor, hours=48)
    task = a_call(booked(new), what="moved", old_slot=old, new_slot=new)
    record(client, task, "refused")
    task.appointment.refresh_from_db()
    assert task.appointment.state == ("cancelled" if may else "booked")


def test_who_refuses_is_opened_at_the_desk_by_a_number_that_says_nothing(registrar, doctor):
    old, new = cast.a_slot(doctor), cast.a_slot(doctor, hours=48)
    task = a_call(booked(new), what="moved", old_slot=old, new_slot=new)
    way = f'href="{reverse("screens:desk")}?appointment={task.appointment.guid}"'
    assert registrar.get(reverse(PAGE)).content.decode().count(way) == 1
    answer = record(registrar, task, "refused")
    assert answer.content.decode().count(way) == 1
    desk = registrar.get(reverse("screens:desk"), {"appointment": task.appointment.guid})
    assert task.patient.full_name in desk.content.decode()
    assert way not in registrar.get(reverse(PAGE)).content.decode()


def test_without_the_right_to_the_desk_there_is_no_way_there(client, doctor):
    user = an_employee("registrar")
    user.groups.clear()
    user.user_permissions.set(Permission.objects.filter(codename__in=["use_calls", "view_head_page"]))
    client.force_login(user)
    task = a_call(booked(cast.a_slot(doctor)))
    assert "?appointment=" not in client.get(reverse(PAGE)).content.decode()
    assert "?appointment=" not in record(client, task, "refused").content.decode()


def test_a_colleague_was_first(registrar, doctor):
    task = a_call(booked(cast.a_slot(doctor)))
    record(registrar, task, "reached")
    assert '"level": "error"' in record(registrar, task, "reached")["HX-Trigger"]
    assert task.attempts.count() == 1


def test_an_outcome_that_there_is_not(registrar, doctor):
    task = a_call(booked(cast.a_slot(doctor)))
    assert record(registrar, task, "sleeping").status_code == 404
    assert CallTask.objects.get().state == "open"


def test_namesakes_are_told_apart(registrar, doctor):
    cards = cast.namesakes(doctor.lpu)
    for hours, card in zip((24, 48, 72), [*cards, cards[0]], strict=True):
        a_call(booked(cast.a_slot(doctor, hours=hours), card))
    text = registrar.get(reverse(PAGE)).content.decode()
    on_top, rest = text.split('id="rest-title"')
    assert cards[0].told_apart in on_top
    for card in cards:
        assert card.told_apart in rest
    labels = re.findall(r'aria-label="([^"]+)"', rest)
    assert [sum(card.long() in label for label in labels) for card in cards] == [1, 1]


def test_statements_do_not_grow(registrar, doctor):
    counts = []
    for _more in range(2):
        for number in range(3):
            a_call(booked(cast.a_slot(doctor, hours=24 + 3 * len(counts) + number)))
        registrar.get(reverse(PAGE))
        with statements() as found:
            registrar.get(reverse(PAGE))
        counts.append(len(found))
    assert counts[0] == counts[1], listed(found)
