"""The absence screen: who may, looking before closing, handing over, deciding, going on, extra hours."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from appointments.models import AbsenceDecision, Appointment, CallTask, ScheduleException, Slot
from appointments.services import absences
from appointments.services.absences import Decided
from lmis.actors import SYSTEM
from lmis.services.transactions import run_write
from patients.models import Patient
from tests.factories import cast
from tests.factories.staff import an_employee
from tests.factories.waiting import an_entry, booked
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db(transaction=True)  # each patient has a transaction of its own


@pytest.fixture
def doctor():
    return cast.a_doctor()


@pytest.fixture
def head(client):
    client.force_login(an_employee("head"))
    return client


@pytest.fixture
def colleague(doctor):
    return cast.a_doctor(doctor.lpu, speciality=doctor.speciality)


def period(doctor, **changes):
    tomorrow = timezone.now().astimezone(doctor.lpu.tz).date() + dt.timedelta(days=1)
    values = {
        "absence-doctor": doctor.pk,
        "absence-first": tomorrow.isoformat(),
        "absence-last": (tomorrow + dt.timedelta(days=1)).isoformat(),
        "absence-reason": "болезнь",
    }
    return values | changes


def post(client, name, *args, **given):
    return client.post(reverse(f"screens:absence_{name}", args=args), given, headers={"HX-Request": "true"})


def closed(doctor, days=3):
    now = timezone.now()
    end = now + dt.timedelta(days=days)
    return run_write(
        lambda: absences.close_period(doctor=doctor, begin=now, end=end, reason="болезнь", by=SYSTEM, now=now)
    )


@pytest.mark.parametrize(
    ("group", "status"), [("head", 200), ("administrator", 200), ("registrar", 403), ("doctor", 403), ("operator", 403)]
)
def test_who_may(client, doctor, group, status):
    client.force_login(an_employee(group))
    absence = closed(doctor)
    assert client.get(reverse("screens:absence")).status_code == status
    assert client.get(reverse("screens:absence_one", args=[absence.pk])).status_code == status
    for name in ("preview", "substitute", "decide", "continue"):
        assert post(client, name, absence.pk).status_code in ({200, 404} if status == 200 else {403})


def test_a_doctor_with_the_right_sees_own_absences_only(client, doctor, colleague):
    user = an_employee("doctor")
    user.user_permissions.set(Permission.objects.filter(codename="edit_absences"))
    doctor.user = user
    doctor.save()
    client.force_login(user)
    mine, theirs = closed(doctor), closed(colleague)
    assert client.get(reverse("screens:absence_one", args=[mine.pk])).status_code == 200
    assert client.get(reverse("screens:absence_one", args=[theirs.pk])).status_code == 404
    refused = post(client, "new", **period(colleague), close="1")
    assert refused.context["form"].errors["doctor"]
    assert ScheduleException.objects.count() == 2


class TestClosing:
    def test_looks_first_and_changes_nothing(self, head, doctor):
        slot = cast.a_slot(doctor, hours=36)
        made = booked(slot)
        answer = post(head, "new", **period(doctor))
        assert list(answer.context["concerned"]) == [made]
        assert not ScheduleException.objects.exists()
        slot.refresh_from_db()
        assert not slot.is_blocked

    @pytest.mark.parametrize(("phone", "shown"), [("79991234567", "+7 999 123-45-67"), ("", "—")])
    def test_who_is_concerned_stands_there_with_the_phone_before_and_after(self, head, doctor, phone, shown):
        made = booked(cast.a_slot(doctor, hours=36))
        Patient.objects.filter(pk=made.patient_id).update(phone=phone)
        before = post(head, "new", **period(doctor)).content.decode()
        post(head, "new", **period(doctor), close="1")
        one = reverse("screens:absence_one", args=[ScheduleException.objects.get().pk])
        for text in (before, head.get(one).content.decode()):
            [row] = re.findall(rf"<tr>(?:(?!</tr>).)*{made.patient.full_name}.*?</tr>", text, re.DOTALL)
            assert f'<td class="nowrap">{shown}</td>' in row.replace("\xa0", " ")

    def test_then_closes(self, head, doctor):
        slot = cast.a_slot(doctor, hours=36)
        answer = post(head, "new", **period(doctor), close="1")
        absence = ScheduleException.objects.get()
        assert answer["HX-Redirect"] == reverse("screens:absence_one", args=[absence.pk])
        slot.refresh_from_db()
        assert (slot.is_blocked, slot.block_reason) == (True, "болезнь")

    @pytest.mark.parametrize("close", [{}, {"close": "1"}])
    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"absence-reason": ""}, "reason"),
            ({"absence-first": "31.02.2026"}, "first"),
            ({"absence-last": "2020-01-01"}, "last"),
            ({"absence-doctor": "0"}, "doctor"),
            ({"absence-last": "2099-01-01"}, "last"),
        ],
    )
    def test_bad_input_is_said_at_its_field(self, head, doctor, wrong, field, close):
        answer = post(head, "new", **period(doctor, **wrong), **close)
        assert list(answer.context["form"].errors) == [field]
        assert not ScheduleException.objects.exists()

    def test_not_over_another_absence(self, head, doctor):
        closed(doctor)
        answer = post(head, "new", **period(doctor), close="1")
        assert answer.context["form"].non_field_errors()
        assert ScheduleException.objects.count() == 1


class TestOne:
    def test_hands_the_list_over_in_one_act(self, head, doctor, colleague):
        made = [booked(slot) for slot in cast.slots(doctor, 3)]
        absence = closed(doctor)
        shown = post(head, "preview", absence.pk, substitute=colleague.pk)
        assert [fit.why_not for fit in shown.context["fits"]] == ["", "", ""]
        assert colleague.slots.count() == 0
        answer = post(head, "substitute", absence.pk, substitute=colleague.pk)
        assert answer.context["left"] == []
        assert {row.appointment for row in answer.context["done"]} == set(made)
        assert colleague.slots.filter(booked=1).count() == 3
        assert CallTask.objects.open().count() == 3

    def test_a_substitute_that_there_is_not(self, head, doctor):
        absence = closed(doctor)
        for wrong in ("", "0", "x", str(doctor.pk)):
            assert post(head, "substitute", absence.pk, substitute=wrong).status_code == 404

    def test_decides_about_each_the_proposed_place_first(self, head, doctor, colleague):
        moved, cancelled, kept, later = [booked(slot) for slot in cast.slots(doctor, 4)]
        target = cast.a_slot(doctor, hours=24 * 8)
        absence = closed(doctor)
        lines = head.get(reverse("screens:absence_one", args=[absence.pk])).context["lines"]
        assert [line["proposed"] for line in lines] == [target, None, None, None]
        given = {
            f"choice-{moved.guid}": "move",
            f"target-{moved.guid}": target.guid,
            f"choice-{cancelled.guid}": "cancel",
            f"choice-{kept.guid}": "keep",
            f"choice-{later.guid}": "",
        }
        answer = post(head, "decide", absence.pk, **given)
        assert answer.context["left"] == [later]
        assert list(Appointment.objects.order_by("pk").values_list("state", flat=True)) == [
            *("booked", "cancelled", "booked", "booked")
        ]
        assert Appointment.objects.get(pk=moved.pk).slot == target

    @pytest.mark.parametrize("target", ["", "x", "11111111-1111-1111-1111-111111111111"])
    def test_what_the_page_has_not_sent_decides_nothing(self, head, doctor, target):
        made = booked(cast.a_slot(doctor))
        absence = closed(doctor)
        given = {f"choice-{made.guid}": "move", f"target-{made.guid}": target, "choice-x": "cancel"}
        assert '"level": "warning"' in post(head, "decide", absence.pk, **given)["HX-Trigger"]
        assert not AbsenceDecision.objects.exists()

    def test_whose_time_has_come_is_marked_and_stands_apart(self, head):
        now = timezone.now()
        noon = f"Etc/GMT{now.hour - 12:+d}"  # there it is noon, so that two hours ago was today
        doctor = cast.a_doctor(cast.an_lpu(time_zone=noon))
        colleague = cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
        early = now - dt.timedelta(hours=3)
        come = [booked(cast.a_slot(doctor, hours=hours), now=early) for hours in (-2, -1)]
        ahead = booked(cast.a_slot(doctor, hours=1))
        absence = run_write(
            lambda: absences.close_period(
                doctor=doctor, begin=early, end=now + dt.timedelta(days=1), reason="болезнь", by=SYSTEM, now=now
            )
        )
        page = head.get(reverse("screens:absence_one", args=[absence.pk]))
        assert [line["has_come"] for line in page.context["lines"]] == [True, True, False]
        assert page.context["substitutes"] == [(colleague, 1)]
        marks = re.findall(r'<tr data-come>(?:(?!</tr>).)*name="come-([\w-]+)"', page.content.decode(), re.DOTALL)
        assert marks == [str(one.guid) for one in come]
        gone = {f"choice-{one.guid}": "cancel" for one in [*come, ahead]}
        answer = post(head, "decide", absence.pk, **gone, **{f"come-{come[0].guid}": "1"})
        assert answer.context["left"] == [come[1]]  # cancelled by whoever saw the mark, and by nobody else

    def test_shows_what_a_killed_run_has_left_and_goes_on(self, head, doctor):
        made = [booked(slot) for slot in cast.slots(doctor, 3)]
        absence = closed(doctor)
        decisions = [Decided(one, "cancel") for one in made]
        absences.decide(absence=absence, decisions=decisions, by=SYSTEM, now=timezone.now())
        page = head.get(reverse("screens:absence_one", args=[absence.pk]))
        assert page.context["planned"] == 3
        answer = post(head, "continue", absence.pk)
        assert (answer.context["planned"], answer.context["left"]) == (0, [])

    def test_taken_back(self, head, doctor):
        slot = cast.a_slot(doctor)
        absence = closed(doctor)
        assert post(head, "back", absence.pk)["HX-Redirect"] == reverse("screens:absence")
        slot.refresh_from_db()
        assert not slot.is_blocked

    def test_namesakes_are_told_apart_on_every_list(self, head, doctor, colleague):
        cards = cast.namesakes(doctor.lpu)
        visits = [booked(cast.a_slot(doctor, hours=hours), card) for hours, card in zip((30, 31), cards, strict=True)]
        before = post(head, "new", **period(doctor))
        absence = closed(doctor)
        left = head.get(reverse("screens:absence_one", args=[absence.pk]))
        fits = post(head, "preview", absence.pk, substitute=colleague.pk)
        done = post(head, "decide", absence.pk, **{f"choice-{one.guid}": "cancel" for one in visits})
        assert not done.context["left"]
        for page in (before, left, fits, done):
            for card in cards:
                assert f'{card.full_name} <span class="muted small">{card.told_apart}<' in page.content.decode()

    def test_namesakes_are_told_apart_by_ear(self, head, doctor, colleague):
        cards = cast.namesakes(doctor.lpu)
        for hours, card in zip((30, 31), cards, strict=True):
            booked(cast.a_slot(doctor, hours=hours), card)
        cast.a_slot(colleague, hours=32)
        shown = head.get(reverse("screens:absence_one", args=[closed(doctor).pk])).content.decode()
        names = re.findall(r'<select name="(?:choice|target)-[^"]+" aria-label="([^"]+)"', shown)
        assert len(set(names)) == len(names) == 4
        assert [sum(f"{card.birth_date:%d.%m.%Y}" in name for name in names) for card in cards] == [2, 2]

    def test_statements_do_not_grow(self, head, doctor, colleague):
        counts = []
        for number in range(2):
            for more in range(3):
                booked(cast.a_slot(doctor, hours=24 + 3 * number + more))
            cast.a_slot(doctor, hours=24 * 8 + number)
            if not number:
                absence = closed(doctor)
            url = reverse("screens:absence_one", args=[absence.pk])
            head.get(url)
            with statements() as found:
                head.get(url)
            counts.append(len(found))
        assert counts[0] == counts[1], listed(found)


class TestExtra:
    def given(self, doctor, **changes):
        day = timezone.now().astimezone(doctor.lpu.tz).date() + dt.timedelta(days=3)
        values = {
            "extra-doctor": doctor.pk,
            "extra-first": day.isoformat(),
            "extra-first_time": "09:00",
            "extra-last_time": "10:00",
            "extra-slot_minutes": "20",
            "extra-capacity": "1",
            "extra-channels": ["Registry", "Internet"],
            "extra-reason": "Дополнительный приём",
        }
        return values | changes

    def test_shows_then_makes_and_names_the_waiting_list(self, head, doctor):
        entry = an_entry(doctor)
        shown = post(head, "extra", **self.given(doctor))
        assert shown.context["preview"].made == 3
        assert not Slot.objects.exists()
        answer = post(head, "extra", **self.given(doctor), make="1")
        assert len(answer.context["made"]) == 3
        assert answer.context["waiting"] == 1
        assert Slot.objects.filter(doctor=doctor).count() == 3
        assert entry.state == "open"

    @pytest.mark.parametrize("make", [{}, {"make": "1"}])
    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"extra-last_time": "08:00"}, "last_time"),
            ({"extra-slot_minutes": "90"}, "slot_minutes"),
            ({"extra-capacity": "0"}, "capacity"),
            ({"extra-channels": []}, "channels"),
            ({"extra-first": ""}, "first"),
        ],
    )
    def test_bad_input_is_said_at_its_field(self, head, doctor, wrong, field, make):
        answer = post(head, "extra", **self.given(doctor, **wrong), **make)
        assert list(answer.context["form"].errors) == [field]
        assert not ScheduleException.objects.exists()


def test_the_list_shows_how_many_are_left(head, doctor):
    for slot in cast.slots(doctor, 2):
        booked(slot)
    absence = closed(doctor)
    (line,) = head.get(reverse("screens:absence")).context["ahead"]
    assert (line, line.left) == (absence, 2)
