"""Directions at the desk: lists, a form for each kind of new ones, actions through the services."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db.models import Q
from django.urls import reverse

from directions.models import Direction
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued, appoint, row, statements

pytestmark = pytest.mark.django_db
LISTS = ["direction", "incomingdirection"]


@pytest.fixture
def lpu():
    return cast.an_lpu()


@pytest.fixture
def patient(lpu):
    return cast.a_patient(lpu)


@pytest.fixture
def desk(client):
    """An employee with all rights on directions who works for everybody, and no other rights."""
    user = User.objects.create_user("registrar")
    user.is_staff = True
    user.save()
    own = ["use_desk", "issue_directions", "enter_paper_directions"]
    rights = Permission.objects.filter(
        Q(content_type__model__in=["direction", "incomingdirection"]) | Q(codename__in=own)
    )
    user.user_permissions.set(rights)
    client.force_login(user)
    return client


def page(model, verb, *args):
    return reverse(f"admin:directions_{model}_{verb}", args=args)


def listed(response):
    assert response.status_code == 200
    return [direction.number for direction in response.context["cl"].result_list]


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


class TestLists:
    @pytest.fixture(autouse=True)
    def _directions(self, patient):
        an_issued(patient=patient, number="2026-000001")
        a_direction(patient=patient, number="14555", valid_until=dt.date(2020, 1, 1))
        a_direction(patient=patient, number="14777", origin="desk")

    def test_all_and_incoming(self, desk):
        assert listed(desk.get(page("direction", "changelist"))) == ["14777", "14555", "2026-000001"]
        assert listed(desk.get(page("incomingdirection", "changelist"))) == ["14777", "14555"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("?origin__exact=issued", ["2026-000001"]),
            ("?progress=expired", ["14555"]),
            ("?progress=issued", ["14777", "2026-000001"]),
            ("?progress=nonsense", ["14777", "14555", "2026-000001"]),
        ],
    )
    def test_filters(self, desk, query, expected):
        assert listed(desk.get(page("direction", "changelist") + query)) == expected

    @pytest.mark.parametrize("model", LISTS)
    def test_the_list_costs_the_same_however_long(self, desk, patient, model):
        url = page(model, "changelist")
        desk.get(url)
        with statements() as few:
            desk.get(url)
        for _each in range(5):
            a_direction(patient=patient)
        with statements() as many:
            desk.get(url)
        assert len(many) == len(few)

    @pytest.mark.parametrize("model", LISTS)
    def test_no_name_of_a_patient_in_any_address(self, desk, patient, model):
        html = desk.get(page(model, "changelist")).content.decode()
        addresses = [part.partition('"')[0] for part in html.split('href="')[1:]]
        assert addresses
        assert not [address for address in addresses if patient.family in address]


class TestOne:
    @pytest.mark.parametrize("model", LISTS)
    def test_is_shown_and_cannot_be_written_over(self, desk, patient, model):
        known = a_direction(patient=patient, reason="кашель")
        before = row(known)
        url = page(model, "change", known.pk)
        answer = desk.get(url)
        assert answer.status_code == 200
        assert "кашель" in answer.content.decode()
        assert desk.post(url, {"reason": "x", "number": "1"}).status_code == 403
        assert row(known) == before

    @pytest.mark.parametrize("model", LISTS)
    def test_is_never_deleted(self, desk, patient, model):
        known = a_direction(patient=patient)
        assert desk.post(page(model, "delete", known.pk), {"post": "yes"}).status_code == 403
        assert Direction.objects.filter(pk=known.pk).exists()

    @pytest.mark.parametrize("model", LISTS)
    def test_has_a_history(self, desk, patient, model):
        known = a_direction(patient=patient)
        desk.post(page(model, "cancel_direction", known.pk), {"confirmed": "1", "reason": "ошибка"})
        html = desk.get(page(model, "history", known.pk)).content.decode()
        assert "registrar" in html
        assert "ошибка" in html

    def test_an_issued_one_is_not_incoming(self, desk, patient):
        known = an_issued(patient=patient)
        assert desk.get(page("incomingdirection", "change", known.pk)).status_code == 302


def test_issuing_is_a_screen(desk):
    answer = desk.get(page("direction", "add"))
    assert answer.url == reverse("screens:issue_direction")


class TestPaper:
    @pytest.fixture
    def form(self, patient):
        return {
            "patient": patient.pk,
            "lpu_from": cast.an_lpu(own=False).pk,
            "number": " 14555 ",
            "date_direction_0": "20.04.2026",
            "date_direction_1": "12:00",
            "sender_family": "Шишкин",
        }

    def test_is_entered_through_the_service(self, desk, form, lpu):
        answer = desk.post(page("incomingdirection", "add"), form)
        assert answer.status_code == 302, answer.context["adminform"].form.errors
        stored = Direction.objects.values().get()
        assert (
            stored
            | {
                "origin": "desk",
                "number": "14555",
                "patient_id": form["patient"],
                "lpu_from_id": form["lpu_from"],
                "lpu_to_id": lpu.pk,
                "date_direction": dt.datetime(2026, 4, 20, 9, tzinfo=dt.UTC),
                "sender_family": "Шишкин",
                "created_by": "registrar",
            }
            == stored
        )

    def test_one_that_we_know_is_shown(self, desk, form):
        desk.post(page("incomingdirection", "add"), form)
        answer = desk.post(page("incomingdirection", "add"), form)
        assert answer.status_code == 302
        assert Direction.objects.count() == 1


class TestActions:
    def test_the_page_asks_for_a_reason(self, desk, patient):
        known = an_issued(patient=patient)
        url = page("direction", "cancel_direction", known.pk)
        assert 'name="reason"' in desk.get(url).content.decode()
        assert desk.post(url, {"confirmed": "1", "reason": ""}).status_code == 200
        assert row(known)["cancelled_at"] is None

    @pytest.mark.parametrize("model", LISTS)
    def test_cancel(self, desk, patient, model):
        known = a_direction(patient=patient, origin="desk")
        url = page(model, "cancel_direction", known.pk)
        answer = desk.post(url, {"confirmed": "1", "reason": "ошибка"})
        assert answer.url == page(model, "change", known.pk)
        stored = row(known)
        assert (stored["cancelled_by"], stored["cancel_reason"]) == ("registrar", "ошибка")

    def test_a_refusal_is_said(self, desk, lpu, patient):
        known = an_issued(patient=patient, lpu_to=lpu)
        appoint(known, cast.a_doctor(lpu))
        url = page("direction", "cancel_direction", known.pk)
        answer = desk.post(url, {"confirmed": "1", "reason": "ошибка"})
        assert len(answer.context["form"].non_field_errors()) == 1
        assert row(known)["cancelled_at"] is None

    def test_outcome(self, desk, patient):
        known = an_issued(patient=patient)
        url = page("direction", "record_outcome", known.pk)
        desk.post(url, {"confirmed": "1", "outcome": "done"})
        assert row(known)["outcome"] == "done"

    @pytest.mark.parametrize("verb", ["cancel_direction", "record_outcome"])
    def test_of_one_that_is_not_there(self, desk, verb):
        answer = desk.post(page("direction", verb, 0), {"confirmed": "1", "reason": "x", "outcome": "done"})
        assert answer.status_code == 404


class TestRights:
    @pytest.fixture
    def reader(self, client):
        user = User.objects.create_user("reader")
        user.is_staff = True
        user.save()
        user.user_permissions.set(
            Permission.objects.filter(codename__in=["view_direction", "view_incomingdirection", "use_desk"])
        )
        client.force_login(user)
        return client

    @pytest.mark.parametrize("model", LISTS)
    def test_a_reader_only_reads(self, reader, patient, model):
        known = a_direction(patient=patient)
        assert reader.get(page(model, "changelist")).status_code == 200
        assert reader.get(page(model, "change", known.pk)).status_code == 200
        assert reader.get(page(model, "add")).status_code == 403
        for verb in ("cancel_direction", "record_outcome"):
            answer = reader.post(page(model, verb, known.pk), {"confirmed": "1", "reason": "x"})
            assert answer.status_code == 403
        assert row(known)["cancelled_at"] is None

    @pytest.mark.parametrize("model", LISTS)
    def test_others_see_nothing(self, reader, patient, model):
        User.objects.get(username="reader").user_permissions.clear()
        known = a_direction(patient=patient)
        for url in (page(model, "changelist"), page(model, "change", known.pk)):
            assert reader.get(url).status_code == 403
        assert reader.get(page(model, "history", known.pk)).status_code == 404
