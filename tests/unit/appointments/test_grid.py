"""The schedule grid: what it shows to whom, in how many statements, and what a poll brings."""

import datetime as dt
import re
import threading

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from appointments.models import Slot
from appointments.screens.grid import Grid
from appointments.screens.grid_since import Since
from appointments.services import booking, cancelling, slots, visits
from lmis.actors import SYSTEM, Actor
from lmis.models import Source
from tests.factories import cast
from tests.factories.schedule import a_slot_at, at
from tests.factories.staff import an_employee
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}
EN = {"accept-language": "en"}


@pytest.fixture
def lpu():
    return cast.an_lpu()


@pytest.fixture
def doctor(lpu):
    return cast.a_doctor(lpu)


@pytest.fixture
def desk(client):
    client.who = an_employee("registrar")
    client.force_login(client.who)
    return client


def tomorrow(lpu):
    return timezone.now().astimezone(lpu.tz).date() + dt.timedelta(days=1)


def a_place(doctor, time="09:00", *, day=None, **fields):
    """A place of tomorrow."""
    return a_slot_at(doctor, at(doctor.lpu, day or tomorrow(doctor.lpu), time), **fields)


def book(slot, patient=None, source=Source.REGISTRY):
    return booking.book(
        slot_guid=slot.guid,
        patient=patient or cast.a_patient(slot.doctor.lpu),
        source=source,
        channels=set(Source.values),
        by=SYSTEM,
        now=slot.begin - dt.timedelta(minutes=1),
    )


def week(doctor, day=None):
    year, number, _ = (day or tomorrow(doctor.lpu)).isocalendar()
    return f"{reverse('screens:grid')}?doctor={doctor.guid}&week={year}-W{number:02d}"


def day_of(speciality, day):
    return f"{reverse('screens:grid')}?speciality={speciality.pk}&day={day}"


def cells(response):
    """id → (classes, what is read) of each cell."""
    found = re.findall(r'<button[^>]*id="s(\d+)" class="cell ([^"]*)"[^>]*>(.*?)</button>', response.content.decode())
    return {int(pk): (set(classes.split()), re.sub(r"<[^>]+>", " ", inner)) for pk, classes, inner in found}


def since_of(response):
    return re.search(r'data-since="([^"]+)"', response.content.decode())[1]


def poll(client, page, since):
    address = page.replace(reverse("screens:grid"), reverse("screens:grid_changes"))
    return client.get(f"{address}&since={since}", headers=PART | EN)


class TestSigns:
    """Colour and sign say the same; the word is there for who sees neither."""

    @pytest.mark.parametrize(
        ("fields", "sign", "word"),
        [
            ({}, "free", "free"),
            ({"is_blocked": True, "block_reason": "repair"}, "blocked", "blocked"),
            ({"channels": [Source.INTERNET]}, "other", "another channel"),
            ({"day": dt.date(2026, 6, 1)}, "past", "past"),
        ],
    )
    def test_nobody_booked(self, desk, doctor, fields, sign, word):
        slot = a_place(doctor, **fields)
        classes, text = cells(desk.get(week(doctor, slot.day), headers=EN))[slot.pk]
        assert sign in classes
        assert word in text
        assert "09:00" in text
        assert fields.get("block_reason", "") in text

    def test_taken_with_the_name_the_channel_and_places_of_many(self, desk, doctor):
        one, many = a_place(doctor), a_place(doctor, "10:00", capacity=3)
        patient = cast.a_patient(doctor.lpu, family="Ёлкина", name="Анна", patronymic="Петровна")
        book(one, patient, Source.INTERNET)
        book(many, patient)
        shown = cells(desk.get(week(doctor), headers=EN))
        assert "full" in shown[one.pk][0]
        assert "Ёлкина А. П." in shown[one.pk][1]
        assert shown[one.pk][1].endswith(" I ")
        assert "free" in shown[many.pk][0]
        assert "1/3" in shown[many.pk][1]

    def test_marks(self, desk, doctor, monkeypatch):
        today = timezone.now().astimezone(doctor.lpu.tz).date()
        times = {"came": "00:00", "visited": "00:01", "missed": "00:02", "open": "00:03"}
        made = {name: a_place(doctor, time, day=today, minutes=1) for name, time in times.items()}
        for slot in made.values():
            book(slot)
        held = {name: slot.appointments.get() for name, slot in made.items()}
        late = made["open"].end
        visits.arrive(appointment=held["came"], by=SYSTEM, now=late)
        visits.mark(appointment=held["visited"], state="visited", by=SYSTEM, now=late)
        visits.mark(appointment=held["missed"], state="missed", by=SYSTEM, now=late)
        monkeypatch.setattr(Grid, "now", late)  # else they are yet to come in the first minutes of a day
        shown = cells(desk.get(week(doctor, today)))
        signs = {name: next(iter({"here", "visited", "missed", "open"} & shown[s.pk][0])) for name, s in made.items()}
        assert signs == {"came": "here", "visited": "visited", "missed": "missed", "open": "open"}

    @pytest.mark.parametrize(("clock", "place"), [("10:07", ["h10", "m7"]), ("00:00", ["h0", "m0"])])
    def test_the_line_of_now_stands_in_todays_column_at_its_minute(self, desk, doctor, monkeypatch, clock, place):
        today = timezone.now().astimezone(doctor.lpu.tz).date()
        a_place(doctor, "09:00", day=today)
        at = dt.datetime.combine(today, dt.time.fromisoformat(clock), doctor.lpu.tz)
        monkeypatch.setattr(Grid, "now", at)
        page = desk.get(week(doctor, today)).content.decode()
        [(before, classes)] = re.findall(
            r'(class="lane[^>]*>(?:(?!class="lane).)*)<div class="now ([^"]*)"', page, re.DOTALL
        )
        assert before.startswith('class="lane today"')
        assert classes.split() == place

    def test_beyond_the_plan_is_marked(self, desk, doctor):
        slot = a_place(doctor)
        book(slot)
        booking.book(
            slot_guid=slot.guid,
            patient=cast.a_patient(doctor.lpu),
            source=Source.REGISTRY,
            channels={Source.REGISTRY},
            by=Actor.of_user(desk.who),
            now=timezone.now(),
            over_plan_reason="acute",
        )
        assert "+1" in cells(desk.get(week(doctor)))[slot.pk][1]

    def test_what_people_typed_is_text_and_never_markup(self, desk, doctor):
        taken, _blocked = a_place(doctor), a_place(doctor, "10:00", is_blocked=True, block_reason='<i id="y">"&')
        book(taken, cast.a_patient(doctor.lpu, family="<script>x</script>"))
        page = desk.get(week(doctor)).content.decode()
        assert "&lt;script&gt;x&lt;/script&gt;" in page
        assert "&lt;i id=&quot;y&quot;&gt;&quot;&amp;" in page
        assert "<script>x" not in page

    def test_what_was_withdrawn_stays_while_somebody_is_booked_there(self, desk, doctor):
        empty, taken = a_place(doctor), a_place(doctor, "10:00")
        book(taken)
        slots.withdraw(guids=[empty.guid, taken.guid], reason="x", by=SYSTEM, now=timezone.now())
        assert set(cells(desk.get(week(doctor)))) == {taken.pk}

    def test_each_length_at_its_minute(self, desk, doctor):
        a_place(doctor, "08:18", minutes=18)
        slot = a_place(doctor, "08:36", minutes=22)
        response = desk.get(week(doctor))
        assert {"h8", "m36", "t2", "u2"} <= cells(response)[slot.pk][0]
        assert 'class="board f8 r1 s18"' in response.content.decode()


class TestWho:
    def test_the_names_are_for_those_who_may_read_cards(self, client, doctor):
        slot = a_place(doctor)
        patient = cast.a_patient(doctor.lpu, family="Неведомская")
        book(slot, patient)
        client.force_login(an_employee("head"))
        assert "Неведомская" in cells(client.get(week(doctor)))[slot.pk][1]
        blind = an_employee()
        blind.user_permissions.add(*_permissions("use_grid", "use_desk"))
        client.force_login(blind)
        for address in (week(doctor), reverse("screens:grid_place", args=[slot.guid])):
            assert "Неведомская" not in client.get(address, headers=PART).content.decode()
        found = client.post(reverse("screens:grid_cards", args=[slot.guid]), {"text": "Неведомская"}, headers=PART)
        assert found.status_code == 403

    def test_without_the_right_nothing(self, client, doctor):
        slot = a_place(doctor)
        client.force_login(an_employee("operator"))
        for name, args in (("grid", ()), ("grid_changes", ()), ("grid_choose", ()), ("grid_place", [slot.guid])):
            assert client.get(reverse(f"screens:{name}", args=args)).status_code == 403

    def test_a_doctor_sees_the_own_schedule_only(self, client, doctor):
        colleague = cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
        mine, theirs = a_place(doctor), a_place(colleague)
        taken = book(theirs)
        user = an_employee("doctor")
        doctor.user = user
        doctor.save()
        client.force_login(user)
        assert set(cells(client.get(week(doctor)))) == {mine.pk}
        assert set(cells(client.get(day_of(doctor.speciality, mine.day)))) == {mine.pk}
        refused = [
            week(colleague),
            week(colleague).replace("/grid/", "/grid/changes/"),
            reverse("screens:grid_place", args=[theirs.guid]),
            reverse("screens:grid_move", args=[taken.guid]),
            week(doctor) + f"&move={taken.guid}",
        ]
        assert [client.get(address, headers=PART).status_code for address in refused] == [404] * 5
        assert str(colleague) not in client.get(reverse("screens:grid_choose"), headers=PART).content.decode()

    def test_a_doctor_lands_on_the_own_week(self, client, doctor):
        user = an_employee("doctor")
        doctor.user = user
        doctor.save()
        client.force_login(user)
        assert f"doctor={doctor.guid}" in client.get(reverse("screens:grid")).url

    def test_an_account_without_a_doctor_is_told(self, client):
        client.force_login(an_employee("doctor"))
        response = client.get(reverse("screens:grid"), headers=EN)
        assert "No doctor belongs to this account" in response.content.decode()

    @pytest.mark.parametrize("group", ["registrar", "head"])
    def test_a_clinic_without_doctors_says_so(self, client, group):
        cast.a_doctor(is_active=False)
        client.force_login(an_employee(group))
        text = client.get(reverse("screens:grid"), headers={"accept-language": "en"}).content.decode()
        assert "No doctor works here yet" in text
        assert "belongs to this account" not in text


class TestAddress:
    def test_the_last_view_comes_back_and_no_patient_is_in_it(self, desk, doctor):
        slot = a_place(doctor)
        book(slot)
        desk.get(week(doctor))
        assert desk.get(reverse("screens:grid")).url == week(doctor)

    @pytest.mark.parametrize(
        "query",
        [
            "doctor=x&week=2026-W48",
            "doctor={guid}&week=2026-W54",
            "doctor={guid}&week=48",
            "doctor={guid}&week=0001-W01",
            "doctor=00000000-0000-0000-0000-000000000000",
            "doctor={guid}&move=x",
            "speciality=0&day=2026-11-23",
            "speciality=x",
            "speciality={speciality}&day=20261123",
            "speciality={speciality}&day=2026-02-30",
        ],
    )
    def test_nonsense_is_not_there(self, desk, doctor, query):
        asked = query.format(guid=doctor.guid, speciality=doctor.speciality_id)
        assert desk.get(f"{reverse('screens:grid')}?{asked}").status_code == 404

    def test_an_empty_day_is_said_in_words(self, desk, doctor):
        response = desk.get(day_of(doctor.speciality, "2026-11-29"), headers=EN)
        assert "Nobody receives on this day" in response.content.decode()
        assert doctor.short_name in response.content.decode()


class TestStatements:
    # session, employee, own rights, rights of the groups (2), the doctor; revision, slots, appointments with patients;
    # for the view of a speciality: the speciality besides
    PAGE = 9

    def count(self, client, address):
        with statements() as found:
            assert client.get(address, headers=PART).status_code in (200, 204)
        return found

    def test_as_many_for_a_full_week_as_for_an_empty_one(self, desk, doctor):
        a_place(doctor)
        book(a_place(doctor, "12:00"))
        desk.get(week(doctor))
        few = self.count(desk, week(doctor))
        for hour in range(13, 19):
            book(a_place(doctor, f"{hour}:00"))
        many = self.count(desk, week(doctor))
        assert len(few) == len(many) == self.PAGE, listed(many)

    def test_as_many_for_one_doctor_of_a_speciality_as_for_five(self, desk, doctor):
        slot = a_place(doctor)
        book(slot)
        desk.get(day_of(doctor.speciality, slot.day))
        few = self.count(desk, day_of(doctor.speciality, slot.day))
        for _number in range(4):
            book(a_place(cast.a_doctor(doctor.lpu, speciality=doctor.speciality)))
        many = self.count(desk, day_of(doctor.speciality, slot.day))
        assert len(few) == len(many) == self.PAGE + 1, listed(many)

    @pytest.mark.django_db(transaction=True)
    def test_a_poll_with_nothing_new(self, desk, doctor):
        book(a_place(doctor))
        page = desk.get(week(doctor))
        with statements() as found:
            assert poll(desk, week(doctor), since_of(page)).status_code == 204
        assert len(found) == self.PAGE - 1, listed(found)


@pytest.mark.django_db(transaction=True)
class TestPoll:
    def test_nothing_changed(self, desk, doctor):
        a_place(doctor)
        page = desk.get(week(doctor))
        answer = poll(desk, week(doctor), since_of(page))
        assert (answer.status_code, answer.content) == (204, b"")

    def test_the_changed_cell_alone_and_then_nothing(self, desk, doctor):
        slot, _other = a_place(doctor), a_place(doctor, "10:00")
        page = desk.get(week(doctor))
        book(slot)
        answer = poll(desk, week(doctor), since_of(page))
        assert set(cells(answer)) == {slot.pk}
        assert "full" in cells(answer)[slot.pk][0]
        assert poll(desk, week(doctor), since_of(answer)).status_code == 204

    def test_every_act_is_told(self, desk, doctor):
        slot, target = a_place(doctor), a_place(doctor, "10:00")
        made = book(slot)
        everything = type(made).objects.all()
        now = timezone.now()
        acts = [
            lambda: visits.arrive(appointment=made, by=SYSTEM, now=slot.begin),
            lambda: visits.leave(appointment=made, by=SYSTEM),
            lambda: visits.mark(appointment=made, state="visited", by=SYSTEM, now=slot.begin),
            lambda: visits.undo(appointment=made, by=SYSTEM),
            lambda: slots.block(guids=[slot.guid], reason="x", by=SYSTEM, now=now),
            lambda: slots.unblock(guids=[slot.guid], by=SYSTEM, now=now),
            lambda: cancelling.move(
                guid=made.guid,
                among=everything,
                to_slot_guid=target.guid,
                channels={Source.REGISTRY},
                by=SYSTEM,
                now=now,
            ),
            lambda: cancelling.cancel(guid=made.guid, among=everything, reason="x", by=SYSTEM, now=now),
        ]
        since = since_of(desk.get(week(doctor)))
        told = []
        for act in acts:
            act()
            answer = poll(desk, week(doctor), since)
            told.append(len(cells(answer)))
            since = since_of(answer)
        assert told == [1, 1, 1, 1, 1, 1, 2, 1]

    def test_a_place_taken_out_is_told_to_go_and_a_new_one_to_come(self, desk, doctor):
        old = a_place(doctor)
        page = desk.get(week(doctor))
        slots.withdraw(guids=[old.guid], reason="x", by=SYSTEM, now=timezone.now())
        new = a_place(doctor, "11:00")
        shown = cells(poll(desk, week(doctor), since_of(page)))
        assert "gone" in shown[old.pk][0]
        assert "free" in shown[new.pk][0]

    def test_what_happens_elsewhere_is_not_told(self, desk, doctor):
        a_place(doctor)
        page = desk.get(week(doctor))
        book(a_place(cast.a_doctor(doctor.lpu)))
        book(a_place(doctor, day=tomorrow(doctor.lpu) + dt.timedelta(days=14)))
        assert poll(desk, week(doctor), since_of(page)).status_code == 204

    def test_a_place_whose_time_has_come_is_told(self, desk, doctor):
        today = timezone.now().astimezone(doctor.lpu.tz).date()
        begun = a_slot_at(doctor, timezone.now() - dt.timedelta(minutes=1))
        page = desk.get(week(doctor, today))
        since = Since.parse(since_of(page))
        before = Since(since.epoch, since.edge, since.seconds - 120)
        assert set(cells(poll(desk, week(doctor, begun.day), before))) == {begun.pk}

    @pytest.mark.parametrize("since", ["", "x", "ffffffff-1-1", "{epoch}-999999999999-1"])
    def test_a_revision_of_no_use_brings_everything(self, desk, doctor, since):
        slot = a_place(doctor)
        epoch = since_of(desk.get(week(doctor))).split("-")[0]
        assert set(cells(poll(desk, week(doctor), since.format(epoch=epoch)))) == {slot.pk}


@pytest.mark.django_db(transaction=True)
class TestLateCommit:
    def test_a_booking_that_began_before_the_page_and_commits_after_it_is_told(self, desk, doctor):
        slot = a_place(doctor)
        patient = cast.a_patient(doctor.lpu)
        written, shown = threading.Event(), threading.Event()

        def rival():
            with transaction.atomic():
                book(Slot.objects.select_related("doctor__lpu").get(pk=slot.pk), patient)
                written.set()
                shown.wait()
            connection.close()

        thread = threading.Thread(target=rival)
        thread.start()
        written.wait()
        page = desk.get(week(doctor))
        between = poll(desk, week(doctor), since_of(page))
        shown.set()
        thread.join()
        assert "free" in cells(page)[slot.pk][0]
        assert between.status_code == 204
        answer = poll(desk, week(doctor), since_of(page))
        assert "full" in cells(answer)[slot.pk][0]


def _permissions(*names):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(content_type__app_label="lmis", codename__in=names)
