"""The doctor's day: whose it is, who is next, what is marked, the end of it."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment, Slot
from appointments.screens import day_list
from appointments.screens.grid_since import Since
from appointments.services import booking, closing, visits
from lmis.actors import SYSTEM
from lmis.models import AccessRecord, Source
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.schedule import a_slot_at, at
from tests.factories.staff import an_employee
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
EN = {"HX-Request": "true", "accept-language": "en"}


@pytest.fixture
def doctor():
    return cast.a_doctor(cast.an_lpu())


@pytest.fixture
def me(client, doctor):
    """The doctor, come in."""
    client.who = an_employee("doctor")
    doctor.user = client.who
    doctor.save()
    client.force_login(client.who)
    return client


def today(doctor):
    return timezone.now().astimezone(doctor.lpu.tz).date()


def a_visit(doctor, time="12:00", *, patient=None, direction=None, day=None, **fields):
    """An appointment on the doctor's day."""
    slot = a_slot_at(doctor, at(doctor.lpu, day or today(doctor), time), **fields)
    return booking.book(
        slot_guid=slot.guid,
        patient=patient or cast.a_patient(doctor.lpu),
        source=Source.REGISTRY,
        channels={Source.REGISTRY},
        by=SYSTEM,
        now=slot.begin - dt.timedelta(minutes=1),
        direction=direction,
    )


def page(doctor=None, day=None):
    query = f"?doctor={doctor.guid}&day={day or today(doctor)}" if doctor else ""
    return reverse("screens:day") + query


def act(client, name, visit, **data):
    return client.post(reverse("screens:day_act", args=[visit.guid, name]), data, headers=EN)


def again(thing):
    return type(thing).objects.get(pk=thing.pk)


def read(doctor, now, user=None):
    return day_list.read(doctor, now.astimezone(doctor.lpu.tz).date(), user=user or an_employee("doctor"), now=now)


def rows(response):
    return re.findall(r'id="v(\d+)" class="visit-row (\w+)', response.content.decode())


class TestEarlierDays:
    """Lists that nobody has closed."""

    def test_are_told_on_todays_page_each_with_its_link(self, me, doctor):
        yesterday, before = (today(doctor) - dt.timedelta(days=days) for days in (1, 2))
        a_visit(doctor, "09:00", day=yesterday)
        a_visit(doctor, "10:00", day=yesterday)
        seen = a_visit(doctor, day=before)
        a_visit(cast.a_doctor(doctor.lpu), day=before)
        shown = me.get(page())
        assert [(day, left) for day, left, _address in shown.context["unclosed"]] == [(yesterday, 2), (before, 1)]
        visits.mark(appointment=seen, state="visited", by=SYSTEM, now=timezone.now())
        [(_day, _left, address)] = me.get(page()).context["unclosed"]
        assert address == page(doctor, yesterday)
        there = me.get(address)
        assert (there.context["unclosed"], there.context["day"].is_over) == ([], True)

    def test_nothing_to_tell_and_nobody_who_may_mark(self, me, doctor):
        a_visit(doctor)
        assert me.get(page()).context["unclosed"] == []
        a_visit(doctor, day=today(doctor) - dt.timedelta(days=1))
        me.who.groups.clear()
        me.who.user_permissions.set(Permission.objects.filter(codename="use_day"))
        assert me.get(page()).context["unclosed"] == []


class TestWhose:
    def test_the_start_page_is_the_own_day_of_today(self, me, doctor):
        visit = a_visit(doctor)
        a_visit(cast.a_doctor(doctor.lpu))
        a_visit(doctor, day=today(doctor) + dt.timedelta(days=1))
        assert [int(pk) for pk, _sign in rows(me.get(page()))] == [visit.pk]

    def test_a_colleagues_day_and_patients_are_not_there(self, me, doctor):
        colleague = cast.a_doctor(doctor.lpu)
        theirs = a_visit(colleague)
        free = a_slot_at(colleague, at(doctor.lpu, today(doctor) + dt.timedelta(days=2), "10:00"), channels=["Doctor"])
        assert me.get(page(colleague)).status_code == 404
        for name in ("day_changes", "day_close"):
            query = f"?doctor={colleague.guid}&day={today(doctor)}"
            assert me.get(reverse(f"screens:{name}") + query, headers=EN).status_code == 404
        for name in ("arrive", "visited", "missed"):
            assert act(me, name, theirs).status_code == 404
        assert me.get(reverse("screens:day_repeat", args=[theirs.guid]), headers=EN).status_code == 404
        mine = a_visit(doctor)
        address = reverse("screens:day_repeat", args=[mine.guid])
        assert me.post(address, {"slot": free.guid}, headers=EN).status_code == 404
        assert again(theirs).state == "booked"

    def test_who_holds_two_positions_chooses(self, me, doctor):
        second = cast.a_doctor(doctor.lpu, user=me.who)
        visit = a_visit(second)
        assert str(second.guid) in me.get(page(doctor)).content.decode()
        assert [int(pk) for pk, _sign in rows(me.get(page(second)))] == [visit.pk]

    @pytest.mark.parametrize("group", ["registrar", "operator", "head"])
    def test_other_roles_have_no_day(self, client, doctor, group):
        client.force_login(an_employee(group))
        visit = a_visit(doctor)
        assert client.get(page()).status_code == 403
        assert act(client, "visited", visit).status_code == 403

    def test_an_account_without_a_doctor_is_told(self, client):
        client.force_login(an_employee("doctor"))
        assert (
            "No doctor belongs to this account" in client.get(page(), headers=EN | {"HX-Request": ""}).content.decode()
        )

    @pytest.mark.parametrize("query", ["day=x", "day=20261123", "day=2026-02-30", "doctor=x"])
    def test_nonsense_is_not_there(self, me, query):
        assert me.get(f"{reverse('screens:day')}?{query}").status_code == 404

    def test_whose_cards_were_shown_is_written_down(self, me, doctor):
        visit = a_visit(doctor)
        me.get(page())
        seen = AccessRecord.objects.get()
        assert (seen.card, seen.what, seen.screen) == (visit.patient.guid, "opened", "day")


class TestNext:
    def test_who_is_here_first_then_who_comes_and_not_who_is_late(self, doctor):
        late, here, later = (a_visit(doctor, time) for time in ("09:00", "09:30", "10:00"))
        now = at(doctor.lpu, today(doctor), "09:10")
        assert read(doctor, now).next.visit == here
        visits.arrive(appointment=later, by=SYSTEM, now=now)
        assert read(doctor, now).next.visit == later
        visits.arrive(appointment=late, by=SYSTEM, now=now)
        assert read(doctor, now).next.visit == late
        visits.mark(appointment=late, state="visited", by=SYSTEM, now=now)
        assert read(doctor, now).next.visit == later

    def test_nobody_is_next_on_another_day(self, doctor):
        tomorrow = today(doctor) + dt.timedelta(days=1)
        a_visit(doctor, day=tomorrow)
        now = at(doctor.lpu, today(doctor), "09:00")
        assert day_list.read(doctor, tomorrow, user=an_employee(), now=now).next is None

    def test_the_row_has_what_the_doctor_asks_for(self, me, doctor):
        patient = cast.a_patient(
            doctor.lpu,
            family="Ёлкина",
            birth_date=dt.date(1980, 2, 29),
            phone="79001112233",
            polis_number="7" * 12 + "4321",
        )
        a_visit(doctor, "23:45", patient=patient, direction=a_direction(patient=patient, number="Н-7"))
        shown = me.get(page(), headers=EN | {"HX-Request": ""}).content.decode()
        for text in ("Ёлкина", patient.told_apart, "+7 900 111-22-33", "Н-7", "I10"):
            assert text in shown, text

    def test_years_are_whole(self, doctor):
        born = cast.a_patient(doctor.lpu, birth_date=dt.date(2000, 6, 2))
        a_visit(doctor, "09:00", patient=born, day=dt.date(2026, 6, 1))
        a_visit(doctor, "09:30", patient=born, day=dt.date(2026, 6, 2))
        ages = [read(doctor, at(doctor.lpu, dt.date(2026, 6, day), "08:00")).rows[0].age for day in (1, 2)]
        assert ages == [25, 26]


class TestMarks:
    def test_came_seen_and_taken_back_without_the_page(self, me, doctor):
        visit = a_visit(doctor, "00:00", minutes=1)
        for name, state in [("arrive", "booked"), ("visited", "visited"), ("undo", "booked"), ("leave", "booked")]:
            response = act(me, name, visit)
            assert (response.status_code, "grid-changed" in response.headers["HX-Trigger"]) == (204, True)
            assert again(visit).state == state

    def test_a_refusal_is_a_note_and_nothing_has_changed(self, me, doctor):
        visit = a_visit(doctor)
        act(me, "arrive", visit)
        response = act(me, "missed", visit)
        assert (response.status_code, "error" in response.headers["HX-Trigger"]) == (204, True)
        assert again(visit).state == "booked"

    @pytest.mark.parametrize("name", ["cancel", "mistake", "x"])
    def test_nothing_else_is_a_mark(self, me, doctor, name):
        assert act(me, name, a_visit(doctor)).status_code == 404


class TestRepeat:
    def places(self, doctor, *, days, channels=("Doctor",)):
        return [
            a_slot_at(doctor, at(doctor.lpu, today(doctor) + dt.timedelta(days=day), "10:00"), channels=list(channels))
            for day in days
        ]

    def test_from_the_own_channel_in_two_presses(self, me, doctor):
        visit = a_visit(doctor)
        soon, later = self.places(doctor, days=(2, 15))
        (closed,) = self.places(doctor, days=(3,), channels=("Registry",))
        address = reverse("screens:day_repeat", args=[visit.guid])
        shown = me.get(address, headers=EN).content.decode()
        assert str(soon.guid) in shown
        assert str(closed.guid) not in shown
        assert str(soon.guid) not in me.get(address + "?weeks=2", headers=EN).content.decode()
        response = me.post(address, {"slot": later.guid}, headers=EN)
        made = Appointment.objects.get(slot=later)
        assert (made.patient, made.source, made.user) == (visit.patient, "Doctor", me.who)
        assert reverse("screens:ticket", args=[made.guid]) in response.headers["HX-Trigger"]

    def test_a_lost_place_is_told_and_others_are_offered(self, me, doctor):
        visit = a_visit(doctor)
        lost, other = self.places(doctor, days=(2, 3))
        booking.book(
            slot_guid=lost.guid,
            patient=cast.a_patient(doctor.lpu),
            source=Source.DOCTOR,
            channels={Source.DOCTOR},
            by=SYSTEM,
            now=timezone.now(),
        )
        response = me.post(reverse("screens:day_repeat", args=[visit.guid]), {"slot": lost.guid}, headers=EN)
        assert response.status_code == 409
        assert str(other.guid) in response.content.decode()
        assert Appointment.objects.filter(patient=visit.patient).count() == 1

    def test_not_a_place_of_the_desk(self, me, doctor):
        visit = a_visit(doctor)
        (closed,) = self.places(doctor, days=(3,), channels=("Registry",))
        response = me.post(reverse("screens:day_repeat", args=[visit.guid]), {"slot": closed.guid}, headers=EN)
        assert response.status_code == 409
        assert not Appointment.objects.filter(slot=closed).exists()


class TestClosing:
    def test_offered_when_the_last_place_has_ended_and_somebody_is_left(self, doctor):
        visit = a_visit(doctor, "09:00")
        a_slot_at(doctor, at(doctor.lpu, today(doctor), "09:15"))
        ends = at(doctor.lpu, today(doctor), "09:30")
        assert not read(doctor, ends - dt.timedelta(seconds=1)).is_over
        assert read(doctor, ends).is_over
        visits.mark(appointment=visit, state="missed", by=SYSTEM, now=ends)
        assert not read(doctor, ends).is_over

    def test_those_left_in_one_act(self, me, doctor):
        day = today(doctor) - dt.timedelta(days=1)
        left, here, seen = (a_visit(doctor, time, day=day) for time in ("09:00", "09:15", "09:30"))
        visits.arrive(appointment=here, by=SYSTEM, now=here.slot.begin)
        visits.mark(appointment=seen, state="visited", by=SYSTEM, now=seen.slot.begin)
        address = reverse("screens:day_close") + f"?doctor={doctor.guid}&day={day}"
        shown = me.get(address, headers=EN).content.decode()
        assert re.findall(r'name="(missed|seen)" value="([^"]+)" checked', shown) == [
            ("missed", str(left.guid)),
            ("seen", str(here.guid)),
        ]
        response = me.post(address, {"missed": [left.guid, "x"], "seen": [here.guid]}, headers=EN)
        assert "close-dialog" in response.headers["HX-Trigger"]
        assert [again(one).state for one in (left, here, seen)] == ["missed", "visited", "visited"]

    def test_nobody_ticked_nothing_marked(self, me, doctor):
        left = a_visit(doctor, "00:00", minutes=1)
        address = reverse("screens:day_close") + f"?doctor={doctor.guid}&day={today(doctor)}"
        assert "Nobody is ticked" in me.post(address, {}, headers=EN).headers["HX-Trigger"]
        assert again(left).state == "booked"


@pytest.mark.django_db(transaction=True)
class TestClosingEach:
    def test_one_refusal_keeps_nobody_else_from_being_marked(self, doctor):
        first, here, last = (a_visit(doctor, time) for time in ("09:00", "09:15", "09:30"))
        visits.arrive(appointment=here, by=SYSTEM, now=here.slot.begin)
        done = closing.close(missed=[first, here, last], seen=[], by=SYSTEM, now=last.slot.end)
        assert (done.marked, [one for one, _refusal in done.refused]) == (2, [here])
        assert [again(one).state for one in (first, here, last)] == ["missed", "booked", "missed"]

    def test_each_in_a_transaction_of_its_own(self, doctor):
        visit = a_visit(doctor, "09:00")
        with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
            closing.close(missed=[visit], seen=[], by=SYSTEM, now=visit.slot.end)


class TestStatements:
    # session, employee, own rights, rights of the groups (2), the doctors; revision, visits with patients and
    # directions, the last place; the log of access; earlier lists that nobody has closed
    PAGE = 10

    def test_as_many_for_ten_patients_as_for_one(self, me, doctor):
        a_visit(doctor, "09:00", direction=a_direction(patient=(card := cast.a_patient(doctor.lpu))), patient=card)
        me.get(page())
        with statements() as few:
            me.get(page(), headers=EN)
        for number in range(9):
            patient = cast.a_patient(doctor.lpu)
            a_visit(doctor, f"{10 + number}:00", patient=patient, direction=a_direction(patient=patient))
        with statements() as many:
            me.get(page(), headers=EN)
        assert len(few) == len(many) == self.PAGE, listed(many)


@pytest.mark.django_db(transaction=True)
class TestPoll:
    def poll(self, client, doctor, since):
        query = f"?doctor={doctor.guid}&day={today(doctor)}&since={since}"
        return client.get(reverse("screens:day_changes") + query, headers=EN)

    def test_nothing_then_a_booking_a_mark_and_nothing_again(self, me, doctor):
        visit = a_visit(doctor, "23:45")
        since = re.search(r'data-since="([^"]+)"', me.get(page()).content.decode())[1]
        assert self.poll(me, doctor, since).status_code == 204
        for change in (
            lambda: a_visit(doctor, "23:30"),
            lambda: visits.arrive(appointment=visit, by=SYSTEM, now=timezone.now()),
        ):
            change()
            answer = self.poll(me, doctor, since)
            assert answer.status_code == 200
            since = re.search(r'data-since="([^"]+)"', answer.content.decode())[1]
        assert len(rows(answer)) == 2
        assert self.poll(me, doctor, since).status_code == 204

    def test_a_visit_that_went_elsewhere_is_no_longer_kept(self, me, doctor):
        visit = a_visit(doctor, "23:45")
        since = Since.at(timezone.now())
        Appointment.objects.filter(pk=visit.pk).update(state="cancelled", cancelled_at=timezone.now())
        answer = self.poll(me, doctor, since)
        assert 'data-keep=""' in answer.content.decode()

    def test_another_doctors_day_is_not_told(self, me, doctor):
        a_visit(doctor, "23:45")
        since = Since.at(timezone.now())
        a_visit(cast.a_doctor(doctor.lpu), "23:45")
        assert self.poll(me, doctor, since).status_code == 204
        assert Slot.objects.count() == 2
