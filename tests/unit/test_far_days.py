"""Days at the ends of the calendar, in an address or typed: refused as any other nonsense, on every screen."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments.models import ScheduleException, WaitingEntry
from directions.models import Direction
from tests.factories import cast
from tests.factories.staff import an_employee

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])]
HTMX = {"HX-Request": "true", "accept-language": "en"}


@pytest.fixture
def doctor():
    return cast.a_doctor(cast.an_lpu())


@pytest.fixture
def boss(client):
    client.force_login(an_employee("head", "registrar", "administrator", "doctor"))
    return client


def tomorrow():
    return timezone.localdate() + dt.timedelta(days=1)


@pytest.mark.parametrize("name", ["day", "day_changes", "day_close"])
def test_the_doctors_day(boss, doctor, name, day):
    doctor.user = an_employee("doctor")
    doctor.save()
    boss.force_login(doctor.user)
    asked = {"doctor": doctor.guid, "day": day}
    assert boss.get(reverse(f"screens:{name}"), asked, headers=HTMX).status_code == 404
    assert boss.get(reverse(f"screens:{name}"), {"day": day}, headers=HTMX).status_code == 404


def test_the_grid_and_the_day_sheet(boss, doctor, day):
    asked = {"speciality": doctor.speciality_id, "day": day}
    assert boss.get(reverse("screens:grid"), asked).status_code == 404
    assert boss.get(reverse("screens:day_sheet", args=[doctor.guid, day])).status_code == 404


@pytest.mark.parametrize("field", ["first", "last"])
def test_an_absence(boss, doctor, field, day):
    sent = {"doctor": doctor.pk, "first": tomorrow(), "last": tomorrow(), "reason": "болезнь", field: day}
    data = {f"absence-{name}": value for name, value in sent.items()}
    for act in ({}, {"close": "1"}):
        answer = boss.post(reverse("screens:absence_new"), data | act, headers=HTMX)
        assert answer.status_code == 200
        assert answer.context["form"].errors
    assert not ScheduleException.objects.exists()


def test_extra_hours(boss, doctor, day):
    sent = {"doctor": doctor.pk, "first": day, "first_time": "09:00", "last_time": "10:00", "reason": "очередь"}
    sent |= {"slot_minutes": 15, "capacity": 1, "channels": ["Registry"]}
    data = {f"extra-{name}": value for name, value in sent.items()}
    for act in ({}, {"make": "1"}):
        answer = boss.post(reverse("screens:absence_extra"), data | act, headers=HTMX)
        assert answer.status_code == 200
        assert answer.context["form"].errors
    assert not ScheduleException.objects.exists()


@pytest.mark.parametrize("field", ["first", "paper_day", "wait_last"])
@pytest.mark.parametrize("verb", ["places", "book", "waiting"])
def test_the_desk(boss, doctor, verb, field, day):
    patient, slot = cast.a_patient(doctor.lpu), cast.a_slot(doctor)
    sent = {"patient": patient.guid, "doctor": doctor.guid, "token": uuid.uuid4(), "slot": slot.guid}
    paper = {"direction": "paper", "paper_lpu": "Больница", "paper_number": "7"} if field == "paper_day" else {}
    answer = boss.post(reverse(f"screens:desk_{verb}"), {**sent, **paper, field: day}, headers=HTMX)
    assert answer.status_code < 500
    assert not WaitingEntry.objects.exclude(last_day=None).exists()
    assert not Direction.objects.exists()


@pytest.mark.parametrize("field", ["until", "week", "first", "rows-0-valid_from", "rows-0-valid_to"])
@pytest.mark.parametrize("act", ["pattern_preview", "pattern_save", "pattern_generate"])
def test_the_templates(boss, doctor, act, field, day):
    row = {"weekdays": ["1"], "parity": "any", "valid_from": "2020-01-01", "begin": "09:00", "end": "10:00"}
    data = {f"rows-0-{name}": value for name, value in (row | {"to_Registry": "open"}).items()} | {field: day}
    answer = boss.post(reverse(f"screens:{act}", args=[doctor.guid]), data, headers=HTMX)
    assert answer.status_code < 500


@pytest.mark.parametrize("field", ["first", "last"])
def test_the_journal(boss, field, day):
    data = {"first": tomorrow(), "last": tomorrow(), field: day}
    assert boss.post(reverse("screens:journal"), data, headers=HTMX).status_code == 422


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("appointments_slot", "day"),
        ("appointments_appointment", "slot__day"),
        ("appointments_scheduleexception", "begin"),
        ("lmis_calendarday", "date"),
    ],
)
@pytest.mark.parametrize("end", ["from", "to"])
def test_the_lists(boss, model, column, end, day):
    answer = boss.get(reverse(f"admin:{model}_changelist"), {f"{column}_{end}": day}, headers=HTMX)
    assert answer.status_code == 200
    assert [f"Not a day: {day}"] == [str(each) for each in answer.context["messages"]]


@pytest.mark.parametrize("end", ["begin", "end"])
def test_a_closing(boss, doctor, end, day):
    times = {"begin_0": tomorrow(), "begin_1": "00:00", "end_0": tomorrow(), "end_1": "12:00", f"{end}_0": day}
    data = {"lpu": doctor.lpu.pk, "reason": "авария", **times}
    answer = boss.post(reverse("admin:appointments_scheduleexception_add"), data)
    assert answer.status_code == 200
    assert not ScheduleException.objects.exists()


def test_the_backfill(boss, day):
    answer = boss.post(reverse("screens:exchange_act", args=["backfill"]), {"state": "", "since": day}, headers=HTMX)
    assert answer.status_code < 500


@pytest.mark.parametrize("field", ["attached_from", "attached_to"])
def test_the_export(boss, field, day):
    assert boss.post(reverse("screens:export"), {"kind": "csv", field: day}).status_code < 500
