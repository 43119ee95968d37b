"""The waiting list's screen: who may, what it shows, booking in one click."""

import datetime as dt
import html
import json
import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone, translation

from appointments.models import Appointment, WaitingEntry
from appointments.screens.waiting import Waiting
from appointments.services import waiting
from lmis.actors import IN_WORDS, SYSTEM
from lmis.models import Department, Doctor, Lpu
from tests.factories import cast
from tests.factories.staff import an_employee, page
from tests.factories.waiting import a_call, an_entry, booked
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
PAGE = "screens:waiting"


@pytest.fixture
def doctor():
    return cast.a_doctor()


@pytest.fixture
def registrar(client):
    client.force_login(an_employee("registrar"))
    return client


def post(client, name, **given):
    return client.post(reverse(f"screens:waiting_{name}"), given, headers={"HX-Request": "true"})


@pytest.mark.parametrize(
    ("group", "status"), [("registrar", 200), ("head", 200), ("administrator", 200), ("doctor", 403), ("operator", 403)]
)
def test_who_may(client, group, status):
    client.force_login(an_employee(group))
    assert client.get(reverse(PAGE)).status_code == status
    for name in ("book", "places", "close"):
        assert post(client, name).status_code == (404 if status == 200 else 403)


def test_names_whom_to_call_first_and_books_in_one_click(registrar, doctor):
    slot, second, first = cast.a_slot(doctor), an_entry(doctor), an_entry(doctor, urgent=True)
    shown = registrar.get(reverse(PAGE))
    assert [(one.slot, one.first) for one in shown.context["offered"]] == [(slot, first)]
    assert shown["Cache-Control"].count("no-store") == 1
    answer = post(registrar, "book", entry=first.guid, slot=slot.guid)
    assert answer.status_code == 200
    made = Appointment.objects.get()
    assert (made.patient, made.slot, made.source) == (first.patient, slot, "Registry")
    assert list(WaitingEntry.objects.open()) == [second]
    assert second.patient.full_name in answer.content.decode()
    assert first.patient.full_name not in answer.content.decode()


def test_a_workplace_switched_to_the_telephone_books_through_that_channel(registrar, doctor):
    registrar.cookies["django_language"] = "en"
    by_phone = cast.a_slot(doctor, channels=["CallCenter"])
    entry = an_entry(doctor)
    assert registrar.get(reverse(PAGE)).context["offered"] == []
    assert post(registrar, "book", entry=entry.guid, slot=by_phone.guid).status_code == 200
    assert not Appointment.objects.exists()
    registrar.post(reverse("screens:desk_workplace"), {"channel": "CallCenter"})
    shown = registrar.get(reverse(PAGE))
    assert [one.slot for one in shown.context["offered"]] == [by_phone]
    assert ">Call centre<" in shown.content.decode()
    places = post(registrar, "places", entry=entry.guid)
    assert places.context["suits"] == [by_phone]
    post(registrar, "book", entry=entry.guid, slot=by_phone.guid)
    assert Appointment.objects.get().source == "CallCenter"


def test_the_switch_reaches_every_screen_of_the_workplace(registrar):
    answer = registrar.post(reverse("screens:desk_workplace"), {"channel": "CallCenter"})
    assert {cookie["path"] for name, cookie in answer.cookies.items() if name.startswith("lmis_desk")} == {"/admin/"}


def test_a_place_just_lost_is_said_and_the_patient_waits_on(registrar, doctor):
    slot, entry = cast.a_slot(doctor), an_entry(doctor)
    booked(slot)
    answer = post(registrar, "book", entry=entry.guid, slot=slot.guid)
    assert '"level": "error"' in answer["HX-Trigger"]
    assert list(WaitingEntry.objects.open()) == [entry]


def test_one_who_may_not_book_sees_no_buttons_and_is_refused(client, doctor):
    user = an_employee("registrar")
    user.groups.clear()
    user.user_permissions.set(_rights("use_waiting_list", "use_desk"))
    client.force_login(user)
    slot, entry = cast.a_slot(doctor), an_entry(doctor)
    assert reverse("screens:waiting_book") not in client.get(reverse(PAGE)).content.decode()
    assert post(client, "book", entry=entry.guid, slot=slot.guid).status_code == 403
    assert not Appointment.objects.exists()


def test_polling_changes_nothing_while_nothing_is_new(registrar, doctor):
    cast.a_slot(doctor)
    an_entry(doctor)
    revision = registrar.get(reverse(PAGE)).context["revision"]
    poll = {"since": revision}
    assert registrar.get(reverse(PAGE), poll, headers={"HX-Request": "true"}).status_code == 204
    an_entry(doctor)
    answer = registrar.get(reverse(PAGE), poll, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()


def test_other_places_in_the_dialog(registrar, doctor):
    slot = cast.a_slot(doctor)
    other = cast.a_slot(cast.a_doctor(doctor.lpu), hours=30)
    entry = an_entry(doctor, by_name=True)
    text = post(registrar, "places", entry=entry.guid).content.decode()
    assert str(slot.guid) in text
    assert str(other.guid) not in text


def test_taking_off_asks_why(registrar, doctor):
    entry = an_entry(doctor)
    assert "reason" in post(registrar, "close", entry=entry.guid).content.decode()
    again = post(registrar, "close", entry=entry.guid, reason=" ")
    assert again["HX-Retarget"] == "#dialog-body"
    assert WaitingEntry.objects.open().exists()
    post(registrar, "close", entry=entry.guid, reason="выздоровел")
    assert WaitingEntry.objects.get().close_reason == "выздоровел"


def test_an_entry_that_a_colleague_closed(registrar, doctor):
    entry = an_entry(doctor)
    waiting.close(guid=entry.guid, reason="сам", by=SYSTEM, now=timezone.now())
    answer = post(registrar, "close", entry=entry.guid, reason="ещё раз")
    assert '"level": "error"' in answer["HX-Trigger"]


def test_the_summary_is_for_heads(client, registrar, doctor):
    an_entry(doctor)
    assert "summary" not in registrar.get(reverse(PAGE)).context
    client.force_login(an_employee("head"))
    (line,) = client.get(reverse(PAGE)).context["summary"]
    assert (line.speciality, line.count) == (doctor.speciality.name, 1)


@pytest.mark.parametrize("wrong", ["x", "99999999999999999999", "-1", "٣"])
def test_a_speciality_that_there_is_not(registrar, wrong):
    shown = registrar.get(reverse(PAGE), {"speciality": wrong})
    assert (shown.status_code, shown.context["speciality"]) == (200, None)


def sent_along(response):
    """What each part of a page adds to what is asked from within it."""
    found = re.findall(r"""hx-vals=(["'])(.*?)\1""", response.content.decode())
    return [json.loads(html.unescape(each)) for _quote, each in found]


def test_narrowed_to_those_beyond_the_norm(registrar, doctor):
    first, second, in_time = (an_entry(doctor) for _each in range(3))
    passed = timezone.now().date() - dt.timedelta(days=1)
    WaitingEntry.objects.filter(pk__in=[first.pk, second.pk]).update(due=passed)
    shown = registrar.get(reverse(PAGE), {"late": "1"})
    assert shown.context["entries"] == [first, second]
    assert sent_along(shown)[0] == {"late": 1}
    assert sent_along(post(registrar, "close", entry=first.guid, late="1")) == [{"late": 1}]
    left = post(registrar, "close", entry=first.guid, reason="проба", late="1")
    assert left.context["entries"] == [second]
    assert registrar.get(reverse(PAGE), {"late": "0"}).context["entries"] == [second, in_time]


def test_narrowed_to_an_lpu(registrar, doctor):
    far = cast.a_doctor(cast.an_lpu(), speciality=doctor.speciality)
    theirs, second, ours = an_entry(far), an_entry(far), an_entry(doctor)
    cast.a_slot(doctor)
    slot = cast.a_slot(far)
    assert registrar.get(reverse(PAGE)).context["entries"] == [theirs, second, ours]
    shown = registrar.get(reverse(PAGE), {"lpu": far.lpu_id})
    assert shown.context["entries"] == [theirs, second]
    assert [one.slot for one in shown.context["offered"]] == [slot]
    text = shown.content.decode()
    assert sent_along(shown)[0] == {"lpu": far.lpu_id}
    assert f'<option value="{far.lpu_id}" selected>' in text
    for act in ("places", "close"):
        assert sent_along(post(registrar, act, entry=theirs.guid, lpu=far.lpu_id))[0] == {"lpu": far.lpu_id}
    left = post(registrar, "close", entry=theirs.guid, reason="проба", lpu=far.lpu_id)
    assert left.context["entries"] == [second]
    assert registrar.get(reverse(PAGE), {"lpu": "x"}).context["entries"] == [second, ours]


def test_narrowed_to_a_department(registrar, doctor):
    """Who waits for one of its doctors, or for what they do; not for the doctors of the next one."""
    mine, other = (Department.objects.create(lpu=doctor.lpu, name=name) for name in ("Терапия", "Хирургия"))
    Doctor.objects.filter(pk=doctor.pk).update(department=mine)
    colleague, next_door = cast.a_doctor(doctor.lpu, department=mine), cast.a_doctor(doctor.lpu, department=other)
    by_name, theirs, by_kind = an_entry(colleague, by_name=True), an_entry(next_door), an_entry(doctor)
    shown = registrar.get(reverse(PAGE), {"department": mine.pk})
    assert shown.context["entries"] == [by_name, by_kind]
    assert f'<option value="{mine.pk}" selected>' in shown.content.decode()
    assert sent_along(shown)[0] == {"department": mine.pk}
    left = post(registrar, "close", entry=by_name.guid, reason="проба", department=mine.pk)
    assert left.context["entries"] == [by_kind]
    elsewhere = registrar.get(reverse(PAGE), {"department": mine.pk, "lpu": cast.an_lpu().pk})
    assert elsewhere.context["department"] is None
    assert registrar.get(reverse(PAGE), {"department": other.pk}).context["entries"] == [theirs]


def test_the_form_asks_for_the_lpu_where_there_are_several(registrar, doctor):
    assert 'name="lpu"' not in registrar.get(reverse(PAGE)).content.decode()
    cast.an_lpu()
    assert 'name="lpu"' in registrar.get(reverse(PAGE)).content.decode()


@pytest.mark.parametrize(("entered", "days"), [("20:59", "1 day"), ("21:00", "0 days"), ("21:29", "0 days")])
def test_at_half_past_midnight_the_days_are_the_clinics(rf, entered, days):
    """Moscow is three hours ahead of UTC, where it is still the day before."""
    night = dt.datetime(2026, 11, 22, 21, 30, tzinfo=dt.UTC)
    hour, minute = map(int, entered.split(":"))
    entry = an_entry(cast.a_doctor(cast.an_lpu(time_zone="Europe/Moscow")), now=night.replace(hour=hour, minute=minute))
    request = rf.get(reverse(PAGE))
    request.user = an_employee("head")
    screen = Waiting()
    screen.setup(request)
    screen.now = night
    with timezone.override("UTC"), translation.override("en"):
        text = screen.dispatch(request).content.decode()
    assert re.findall(r"\d+ days?\b", text) == [days] * 2
    assert entry.patient.full_name in text


def test_narrowed_to_a_speciality(registrar, doctor):
    mine, _other = an_entry(doctor, by_name=True), an_entry(cast.a_doctor(doctor.lpu))
    page = registrar.get(reverse(PAGE), {"speciality": doctor.speciality_id})
    assert page.context["entries"] == [mine]


def test_who_came_this_morning_waits_since_today(registrar, doctor, monkeypatch):
    """East of Moscow a clinic's morning is yesterday in UTC."""
    morning = dt.datetime(2026, 11, 22, 23, 0, tzinfo=dt.UTC)  # nine o'clock on the 23rd
    Lpu.objects.update(time_zone="Asia/Vladivostok")
    monkeypatch.setattr(timezone, "now", lambda: morning)
    an_entry(doctor, now=morning)
    with timezone.override("Asia/Vladivostok"), translation.override("ru"):
        shown = registrar.get(reverse(PAGE)).content.decode()
    assert "<td>0 дней\n" in shown


def test_namesakes_are_told_apart(registrar, doctor):
    cards = cast.namesakes(doctor.lpu)
    cast.a_slot(doctor)
    first, second = [an_entry(doctor, patient=card) for card in cards]
    offers, everybody = registrar.get(reverse(PAGE)).content.decode().split('id="list-title"')
    for card in cards:
        assert card.told_apart in offers
        assert card.told_apart in everybody
        labels = re.findall(r'aria-label="([^"]+)"', offers), re.findall(r'aria-label="([^"]+)"', everybody)
        assert [sum(card.long() in label for label in each) for each in labels] == [1, 2]
    assert cards[0].told_apart in post(registrar, "places", entry=first.guid).content.decode()
    assert cards[1].told_apart in post(registrar, "close", entry=second.guid).content.decode()


def test_statements_do_not_grow(registrar, doctor):
    counts = []
    for _more in range(2):
        for number in range(3):
            an_entry(doctor, urgent=bool(number))
            cast.a_slot(doctor, hours=24 + 3 * len(counts) + number)
        registrar.get(reverse(PAGE))
        with statements() as found:
            registrar.get(reverse(PAGE))
        counts.append(len(found))
    assert counts[0] == counts[1], listed(found)


def _rights(*names):

    return Permission.objects.filter(codename__in=names)


@pytest.mark.parametrize(("group", "status"), [("registrar", 200), ("doctor", 403)])
@pytest.mark.parametrize("model", ["appointments.waitingentry", "appointments.calltask"])
def test_the_lists_to_look_back_at(client, doctor, group, status, model):
    entry, task = an_entry(doctor), a_call(booked(cast.a_slot(doctor)))
    client.force_login(an_employee(group))
    assert client.get(page(model)).status_code == status
    shown = entry if model.endswith("entry") else task
    assert client.get(page(model, "change", shown.pk)).status_code == status


def test_what_the_system_did_is_told_in_words(registrar, doctor):
    entry = an_entry(doctor)
    waiting.close(guid=entry.guid, reason="проба", by=SYSTEM, now=timezone.now())
    with translation.override("ru"):
        word = str(IN_WORDS["system"])
    assert word != "system"
    for url in (page("appointments.waitingentry"), page("appointments.waitingentry", "change", entry.pk)):
        text = registrar.get(url, headers={"accept-language": "ru"}).content.decode()
        assert text.count(word) >= 1
        assert ">system<" not in re.sub(r"\s+", "", text)
