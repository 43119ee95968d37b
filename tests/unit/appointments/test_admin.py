"""The staff's lists of slots, templates and appointments."""

import datetime as dt

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from appointments.models import Appointment, ScheduleException, ScheduleTemplate
from appointments.services import booking, horizon
from lmis.actors import SYSTEM
from lmis.models import CalendarDay, Source
from patients.models import Patient
from tests.factories import cast
from tests.factories.schedule import a_template, an_exception, at
from tests.factories.staff import an_employee, page, said, statements

pytestmark = pytest.mark.django_db
CONFIRMED = {"confirmed": "1"}
EN = {"accept-language": "en"}


@pytest.fixture
def doctor():
    return cast.a_doctor()


def entered(client, *groups):
    client.who = an_employee(*groups)
    client.force_login(client.who)
    return client


@pytest.fixture
def desk(client):
    """A registrar."""
    return entered(client, "registrar")


@pytest.fixture
def head(client):
    """A head of department."""
    return entered(client, "head")


def booked(slot, patient=None):
    return booking.book(
        slot_guid=slot.guid,
        patient=patient or cast.a_patient(slot.doctor.lpu),
        source=Source.INTERNET,
        channels={Source.INTERNET},
        by=SYSTEM,
        now=slot.begin - dt.timedelta(minutes=1),
    )


def act(name, appointment):
    return page("appointments.appointment", name, appointment.pk)


def again(thing):
    return type(thing).objects.get(pk=thing.pk)


class TestBooking:
    URL = "/admin/appointments/appointment/add/"

    def test_a_place_for_a_card(self, desk, doctor):
        slot, patient = cast.a_slot(doctor), cast.a_patient(doctor.lpu)
        response = desk.post(self.URL, {"slot": slot.pk, "patient": patient.pk})
        made = Appointment.objects.get()
        assert response.url == page("appointments.appointment", "change", made.pk)
        assert made.number in said(response)[0]
        assert (made.slot, made.patient, made.source) == (slot, patient, "Registry")
        assert (made.booked_by, made.user, made.client) == (desk.who.username, desk.who, None)
        assert again(slot).booked == 1

    def test_a_refusal_is_said_and_the_form_stays_filled_in(self, desk, doctor):
        slot, patient = cast.a_slot(doctor), cast.a_patient(doctor.lpu)
        booked(slot)
        response = desk.post(self.URL, {"slot": slot.pk, "patient": patient.pk}, headers=EN)
        form = response.context["adminform"].form
        assert form.non_field_errors() == ["The place has just been taken. Choose another one."]
        assert form["patient"].value() == str(patient.pk)
        assert Appointment.objects.count() == 1
        assert not LogEntry.objects.filter(content_type__model="appointment", actor=desk.who).exists()

    @pytest.mark.parametrize(
        "fields", [{"channels": [Source.INTERNET]}, {"is_blocked": True}, {"withdrawn": "staff"}, {"hours": -1}]
    )
    def test_the_rules_of_the_api_hold_here_too(self, desk, doctor, fields):
        slot, patient = cast.a_slot(doctor, **fields), cast.a_patient(doctor.lpu)
        response = desk.post(self.URL, {"slot": slot.pk, "patient": patient.pk})
        assert response.context["adminform"].form.non_field_errors()
        assert not Appointment.objects.exists()

    def test_a_card_of_another_lpu_is_refused(self, desk, doctor):
        slot, stranger = cast.a_slot(doctor), cast.a_patient(cast.an_lpu())
        response = desk.post(self.URL, {"slot": slot.pk, "patient": stranger.pk})
        assert response.context["adminform"].form.non_field_errors()
        assert not Appointment.objects.exists()

    @pytest.mark.parametrize("values", [{}, {"slot": "x", "patient": "y"}, {"slot": "0", "patient": "0"}])
    def test_nonsense(self, desk, values):
        response = desk.post(self.URL, values)
        assert set(response.context["adminform"].form.errors) == {"slot", "patient"}


class TestActs:
    def test_cancelling_asks_for_a_reason(self, desk, doctor):
        appointment = booked(cast.a_slot(doctor))
        assert desk.get(act("cancel_one", appointment)).status_code == 200
        assert desk.post(act("cancel_one", appointment), CONFIRMED | {"reason": " "}).context["form"].errors
        assert again(appointment).state == "booked"
        assert desk.post(act("cancel_one", appointment), CONFIRMED | {"reason": "ill"}).status_code == 302
        found = again(appointment)
        assert (found.state, found.cancel_reason, found.cancelled_by) == ("cancelled", "ill", desk.who.username)
        assert again(found.slot).booked == 0

    def test_staff_cancel_after_the_time_too(self, desk, doctor):
        appointment = booked(cast.a_slot(doctor, hours=-1))
        desk.post(act("cancel_one", appointment), CONFIRMED | {"reason": "a slip"})
        assert again(appointment).state == "cancelled"

    def test_looking_changes_nothing(self, desk, doctor):
        appointment = booked(cast.a_slot(doctor, hours=-1))
        for name in ("cancel_one", "visited_one", "missed_one", "undo_one"):
            desk.get(act(name, appointment))
        assert again(appointment).state == "booked"

    def test_marked_and_taken_back(self, desk, doctor):
        appointment = booked(cast.a_slot(doctor, hours=-1))
        desk.post(act("missed_one", appointment), CONFIRMED)
        assert again(appointment).state == "missed"
        desk.post(act("undo_one", appointment), CONFIRMED)
        assert again(appointment).state == "booked"
        desk.post(act("visited_one", appointment), CONFIRMED)
        assert again(appointment).state == "visited"

    def test_a_refusal_is_said_on_the_page(self, desk, doctor):
        appointment = booked(cast.a_slot(doctor))
        response = desk.post(act("missed_one", appointment), CONFIRMED, headers=EN)
        assert response.context["form"].non_field_errors()[0].startswith("It is too early")
        assert again(appointment).state == "booked"

    def test_only_what_can_be_done_is_offered(self, desk, doctor):
        appointment = booked(cast.a_slot(doctor, hours=-1))
        url = page("appointments.appointment", "change", appointment.pk)
        offered = [one["path"].rsplit("/", 2)[1] for one in desk.get(url).context["actions_detail"]]
        assert offered == ["visited", "missed", "cancel"]
        desk.post(act("visited_one", appointment), CONFIRMED)
        assert [one["path"].rsplit("/", 2)[1] for one in desk.get(url).context["actions_detail"]] == ["undo"]

    def test_a_list_is_marked_one_by_one_and_a_refusal_stops_no_other(self, desk, doctor):
        over, coming = booked(cast.a_slot(doctor, hours=-1)), booked(cast.a_slot(doctor))
        ticked = {"action": "mark_missed", "_selected_action": [over.pk, coming.pk]}
        response = desk.post(page("appointments.appointment"), ticked, headers=EN)
        assert (again(over).state, again(coming).state) == ("missed", "booked")
        refused, done = said(response)
        assert coming.number in refused
        assert "too early" in refused
        assert done == "1 appointment is marked."

    @pytest.mark.parametrize("name", ["doctor", "head"])
    def test_whoever_only_looks_can_do_nothing(self, client, doctor, name):
        appointment = booked(cast.a_slot(doctor, hours=-1))
        doctor.user = entered(client, name).who  # else a doctor would not even see it
        doctor.save(update_fields=["user"])
        for one in ("cancel_one", "visited_one", "missed_one", "undo_one"):
            assert client.post(act(one, appointment), CONFIRMED | {"reason": "x"}).status_code == 403
        client.post(page("appointments.appointment"), {"action": "mark_missed", "_selected_action": [appointment.pk]})
        assert again(appointment).state == "booked"
        assert not client.get(page("appointments.appointment", "change", appointment.pk)).context["actions_detail"]

    def test_nothing_is_typed_into_an_appointment(self, desk, doctor):
        appointment = booked(cast.a_slot(doctor))
        url = page("appointments.appointment", "change", appointment.pk)
        assert desk.post(url, {"state": "cancelled"}).status_code == 403
        assert desk.post(page("appointments.appointment", "delete", appointment.pk), {"post": "yes"}).status_code == 403

    @pytest.mark.parametrize("number", ["0", "999999999", "nonsense"])
    def test_one_that_does_not_exist(self, desk, number):
        assert desk.post(page("appointments.appointment", "cancel_one", number), CONFIRMED).status_code == 404


class TestFinding:
    LIST = "/admin/appointments/appointment/"

    def found(self, client, **asked):
        return set(client.get(self.LIST, {"o": "1", **asked}).context["cl"].result_list)

    def test_the_list_lands_on_today(self, desk):
        today = timezone.localdate()
        response = desk.get(self.LIST)
        assert response.status_code == 302
        assert f"slot__day__day={today.day}" in response.url
        assert desk.get(response.url).status_code == 200

    def test_by_ticket_number_or_guid_and_by_nothing_of_the_patient(self, desk, doctor):
        first, second = booked(cast.a_slot(doctor, ordinal=901)), booked(cast.a_slot(doctor, hours=30, ordinal=902))
        assert self.found(desk, q="901") == {first}
        assert self.found(desk, q=f" {second.guid} ") == {second}
        assert self.found(desk, q=first.patient.family) == set()
        assert self.found(desk, q="9") == set()

    def test_by_days_as_the_language_writes_them(self, desk, doctor):
        near, far = booked(cast.a_slot(doctor)), booked(cast.a_slot(doctor, hours=24 * 5))
        day = near.slot.day
        for written in (day.isoformat(), f"{day:%d.%m.%Y}"):
            assert self.found(desk, slot__day_from=written, slot__day_to=written) == {near}
        assert self.found(desk, slot__day_from=far.slot.day.isoformat()) == {far}

    def test_what_is_no_day_is_said(self, desk, doctor):
        booked(cast.a_slot(doctor))
        response = desk.get(self.LIST, {"slot__day_from": "31.02.2026"}, headers=EN)
        assert said(response) == ["Not a day: 31.02.2026"]
        assert list(response.context["cl"].result_list) == []

    def test_by_state_source_and_doctor(self, desk, doctor):
        mine, other = booked(cast.a_slot(doctor)), booked(cast.a_slot(cast.a_doctor(doctor.lpu)))
        assert self.found(desk, slot__doctor__id__exact=doctor.pk) == {mine}
        assert self.found(desk, state__exact="booked") == {mine, other}
        assert self.found(desk, state__exact="missed") == set()
        assert self.found(desk, source__exact="Registry") == set()


class TestSlots:
    def test_blocked_with_a_reason_from_the_list(self, head, doctor):
        chosen, other = cast.a_slot(doctor), cast.a_slot(doctor, hours=25)
        ticked = {"action": "block", "_selected_action": [chosen.pk]}
        assert head.post(page("appointments.slot"), ticked).status_code == 200
        assert not again(chosen).is_blocked
        response = head.post(page("appointments.slot"), ticked | CONFIRMED | {"reason": "repair"}, headers=EN)
        assert said(response) == ["Places changed: 1."]
        assert (again(chosen).is_blocked, again(chosen).block_reason) == (True, "repair")
        assert not again(other).is_blocked

    def test_withdrawn_with_what_stays_in_it_told(self, head, doctor):
        slot = cast.a_slot(doctor)
        booked(slot)
        url = page("appointments.slot", "withdraw_one", slot.pk)
        response = head.post(url, CONFIRMED | {"reason": "on leave"}, headers=EN)
        assert said(response) == ["Places changed: 1. Appointments in these places: 1."]
        assert Appointment.objects.get().state == "booked"
        head.post(page("appointments.slot", "put_back_one", slot.pk), CONFIRMED)
        assert again(slot).withdrawn == ""

    def test_what_it_allows_is_changed_through_the_service(self, head, doctor):
        slot = cast.a_slot(doctor)
        url = page("appointments.slot", "change", slot.pk)
        form = {
            "capacity": "2",
            "channels": ["Doctor"],
            "busy_type": "",
            "room": "",
            "booked": "9",
            "day": "2020-01-01",
        }
        assert head.post(url, form).status_code == 302
        found = again(slot)
        assert (found.capacity, found.channels, found.booked, found.day) == (2, ["Doctor"], 0, slot.day)

    def test_fewer_places_than_are_taken_are_refused_in_words(self, head, doctor):
        slot = cast.a_slot(doctor, capacity=2)
        booked(slot)
        booked(slot)
        url = page("appointments.slot", "change", slot.pk)
        response = head.post(url, {"capacity": "1", "channels": ["Doctor"]}, headers=EN)
        assert response.context["adminform"].form.non_field_errors()[0].startswith("More patients are booked")
        assert again(slot).capacity == 2

    @pytest.mark.parametrize("name", ["block_one", "unblock_one", "withdraw_one", "put_back_one"])
    def test_a_registrar_only_looks(self, desk, doctor, name):
        slot = cast.a_slot(doctor)
        assert desk.post(page("appointments.slot", name, slot.pk), CONFIRMED | {"reason": "x"}).status_code == 403
        assert desk.post(page("appointments.slot", "change", slot.pk), {"capacity": "5"}).status_code == 403

    def test_by_state(self, head, doctor):
        free, full = cast.a_slot(doctor), cast.a_slot(doctor, hours=25)
        blocked = cast.a_slot(doctor, hours=26, is_blocked=True)
        withdrawn = cast.a_slot(doctor, hours=27, withdrawn="staff")
        booked(full)
        expected = {"free": free, "full": full, "blocked": blocked, "withdrawn": withdrawn}
        for state, slot in expected.items():
            assert list(head.get(page("appointments.slot"), {"state": state}).context["cl"].result_list) == [slot]

    def test_the_journal_has_the_decision_and_the_employee_and_not_the_counter(self, head, doctor):
        slot = cast.a_slot(doctor)
        booked(slot)
        head.post(page("appointments.slot", "block_one", slot.pk), CONFIRMED | {"reason": "repair"})
        entries = LogEntry.objects.get_for_object(slot).filter(action=LogEntry.Action.UPDATE)
        assert [(entry.actor, set(entry.changes)) for entry in entries] == [(head.who, {"is_blocked", "block_reason"})]
        assert "repair" in head.get(page("appointments.slot", "history", slot.pk)).content.decode()


class TestJournalOfAppointments:
    def test_what_an_employee_does_is_on_the_history_page(self, desk, doctor):
        slot, patient = cast.a_slot(doctor), cast.a_patient(doctor.lpu)
        desk.post(TestBooking.URL, {"slot": slot.pk, "patient": patient.pk})
        appointment = Appointment.objects.get()
        desk.post(act("cancel_one", appointment), CONFIRMED | {"reason": "ill"})
        cancelled, made = LogEntry.objects.get_for_object(appointment)
        assert {cancelled.actor, made.actor} == {desk.who}
        assert cancelled.changes["state"] == ["booked", "cancelled"]
        assert patient.family not in made.object_repr
        text = desk.get(act("history", appointment)).content.decode()
        assert "ill" in text
        assert desk.who.username in text


class TestSchedule:
    def test_the_places_are_laid_at_once_when_asked(self, head, doctor):
        CalendarDay.objects.all().delete()  # on whatever day this runs
        template = a_template(doctor, weekday=(timezone.localdate() + dt.timedelta(days=2)).isoweekday())
        ticked = {"action": "lay_places", "_selected_action": [template.pk]}
        other = cast.a_doctor(doctor.lpu)
        a_template(other)
        response = head.post(page("appointments.scheduletemplate"), ticked, headers=EN)
        # four on each such day; the horizon of 14 days has two of them
        assert said(response) == ["Places made: 8, brought back: 0, changed: 0, withdrawn: 0."]
        assert (doctor.slots.count(), other.slots.count()) == (8, 0)


def closing_form(lpu, **fields):
    """Tomorrow, the whole day."""
    day = timezone.localdate() + dt.timedelta(days=1)
    times = {"begin_0": day, "begin_1": "00:00", "end_0": day + dt.timedelta(days=1), "end_1": "00:00"}
    return {"lpu": lpu.pk if lpu else "", "reason": "авария", **times, **fields}


class TestExceptions:
    """Absences have their own screen, where the rules are; the list shows them, and closes a whole LPU."""

    LIST = page("appointments.scheduleexception")
    ADD = page("appointments.scheduleexception", "add")

    @pytest.fixture
    def pattern(self, doctor):
        """Somebody who works every day, with places laid."""
        CalendarDay.objects.all().delete()
        for weekday in range(1, 8):
            a_template(doctor, weekday=weekday)
        horizon.keep_full(by=SYSTEM, now=timezone.now())
        return doctor

    def tomorrow(self, doctor):
        """Places of tomorrow that are in the schedule."""
        return doctor.slots.in_schedule().filter(day=timezone.localdate() + dt.timedelta(days=1)).count()

    def absence(self, doctor, kind="absence"):
        now = timezone.now()
        times = {"begin": now + dt.timedelta(days=1), "end": now + dt.timedelta(days=2)}
        return ScheduleException.objects.create(kind=kind, doctor=doctor, reason="отпуск", **times)

    @pytest.mark.parametrize("name", ["head", "administrator", "superuser"])
    @pytest.mark.parametrize("kind", ["absence", "extra"])
    def test_an_absence_is_neither_made_nor_changed_nor_deleted_here(self, client, doctor, name, kind):
        if name == "superuser":
            client.force_login(User.objects.create_superuser("root"))
        else:
            entered(client, name)
        kept = self.absence(doctor, kind)
        before = ScheduleException.objects.values().get()
        for verb in ("change", "delete"):
            url = page("appointments.scheduleexception", verb, kept.pk)
            assert client.post(url, {"post": "yes", "reason": "другая"}).status_code == 403
        client.post(self.ADD, closing_form(None, kind=kind, doctor=doctor.pk))
        assert ScheduleException.objects.filter(kind=kind).values().get() == before
        assert set(ScheduleException.objects.exclude(pk=kept.pk).values_list("kind", "doctor")) == {("holiday", None)}

    def test_the_list_leads_to_the_screen_and_an_absence_to_its_page(self, head, doctor):
        screen = page("appointments.scheduleexception", "open_screen")
        assert screen in head.get(self.LIST).content.decode()
        assert head.get(screen)["Location"] == reverse("screens:absence")
        absence, extra = self.absence(doctor), self.absence(doctor, "extra")
        link = page("appointments.scheduleexception", "open_absence", absence.pk)
        assert link in head.get(page("appointments.scheduleexception", "change", absence.pk)).content.decode()
        assert head.get(link)["Location"] == reverse("screens:absence_one", args=[absence.pk])
        shown = head.get(page("appointments.scheduleexception", "change", extra.pk))
        assert not shown.context["actions_detail"]

    @pytest.mark.parametrize(("kind", "shown"), [("absence", "absence"), ("extra", "extra hours")])
    def test_what_is_no_closing_is_shown_as_what_it_is_and_not_to_delete(self, head, doctor, kind, shown):
        begin = at(doctor.lpu, dt.date(2026, 11, 30), "00:00")
        known = an_exception(kind, begin, begin + dt.timedelta(days=1), doctor=doctor, slot_minutes=17)
        response = head.get(page("appointments.scheduleexception", "change", known.pk), headers=EN)
        text = response.content.decode()
        assert response.context["original"].kind == kind
        assert f"{shown} 11/30/2026" in text
        assert page("appointments.scheduleexception", "delete", known.pk) not in text
        assert ("Minutes a slot" in text) is (kind == "extra")

    def test_a_closing_can_still_be_taken_back_from_its_page(self, head, doctor):
        begin = at(doctor.lpu, dt.date(2026, 11, 30), "00:00")
        known = an_exception("holiday", begin, begin + dt.timedelta(days=1), lpu=doctor.lpu)
        text = head.get(page("appointments.scheduleexception", "change", known.pk), headers=EN).content.decode()
        assert page("appointments.scheduleexception", "delete", known.pk) in text

    def test_who_may_not_edit_absences_is_not_led_there_and_closes_nothing(self, client, doctor):
        entered(client, "registrar")
        assert page("appointments.scheduleexception", "open_screen") not in client.get(self.LIST).content.decode()
        assert client.post(self.ADD, closing_form(doctor.lpu)).status_code == 403
        user = entered(client, "head").who
        user.groups.get().permissions.remove(Permission.objects.get(codename="edit_absences"))
        assert client.post(self.ADD, closing_form(doctor.lpu)).status_code == 403
        assert not ScheduleException.objects.exists()

    def test_closing_an_lpu_takes_its_places_at_once_and_opening_brings_them_back(self, head, pattern):
        other = cast.a_doctor()
        a_template(other, weekday=(timezone.localdate() + dt.timedelta(days=1)).isoweekday())
        horizon.keep_full(by=SYSTEM, now=timezone.now())
        count = self.tomorrow(pattern)
        assert count > 0
        assert head.post(self.ADD, closing_form(pattern.lpu), headers=EN).status_code == 302
        closing = ScheduleException.objects.get()
        assert (closing.kind, closing.lpu, closing.reason) == ("holiday", pattern.lpu, "авария")
        assert self.tomorrow(pattern) == 0
        assert self.tomorrow(other) > 0
        delete = page("appointments.scheduleexception", "delete", closing.pk)
        response = head.post(delete, {"post": "yes"}, headers=EN)
        assert response.status_code == 302
        assert f"brought back: {count}" in " ".join(said(response))
        assert self.tomorrow(pattern) == count
        assert not ScheduleException.objects.exists()

    def test_who_is_booked_stays_and_that_is_said(self, head, pattern):
        slot = pattern.slots.filter(day=timezone.localdate() + dt.timedelta(days=1)).first()
        kept = booked(slot)
        response = head.post(self.ADD, closing_form(pattern.lpu), headers=EN)
        assert "they stay" in " ".join(said(response))
        assert again(kept).state == "booked"

    @pytest.mark.parametrize(
        "wrong",
        [{"reason": " "}, {"begin_0": "2020-01-01", "end_0": "2020-01-02"}, {"end_0": "2020-01-01"}, {"begin_0": ""}],
    )
    def test_what_is_wrong_is_said_and_nothing_changes(self, head, pattern, wrong):
        count = self.tomorrow(pattern)
        response = head.post(self.ADD, closing_form(pattern.lpu, **wrong))
        assert response.context["adminform"].form.errors
        assert not ScheduleException.objects.exists()
        assert self.tomorrow(pattern) == count

    def test_the_lpu_of_somebody_else_is_not_closed(self, head):
        stranger = cast.an_lpu(own=False)
        assert head.post(self.ADD, closing_form(stranger)).context["adminform"].form.errors
        assert not ScheduleException.objects.exists()


class TestStartPage:
    def test_the_numbers(self, desk, doctor):
        cast.a_slot(doctor, hours=30, capacity=3)
        cast.a_slot(doctor, hours=24 * 15)
        taken = cast.a_slot(doctor)
        booked(taken)
        noon = dt.datetime.combine(timezone.localdate(), dt.time(12), tzinfo=doctor.lpu.tz)
        booked(cast.a_slot(doctor, begin=noon, end=noon + dt.timedelta(minutes=15), day=noon.date()))
        response = desk.get("/admin/")
        numbers = [card["count"] for card in response.context["cards"]]
        assert numbers == [1, 3, Patient.objects.count()]
        for card in response.context["cards"]:
            assert desk.get(card["link"], follow=True).status_code == 200

    def test_a_doctor_counts_own_appointments(self, client, doctor):
        doctor.user = an_employee("doctor")
        doctor.save()
        today = dt.datetime.combine(timezone.localdate(), dt.time(12), tzinfo=doctor.lpu.tz)
        for one in (doctor, cast.a_doctor(lpu=doctor.lpu)):
            booked(cast.a_slot(one, begin=today, end=today + dt.timedelta(minutes=15), day=today.date()))
        client.force_login(doctor.user)
        assert client.get("/admin/").context["cards"][0]["count"] == 1

    def test_it_is_cheap(self, desk, doctor):
        desk.get("/admin/")
        expected = statements(desk, "/admin/")
        for slot in cast.slots(doctor, 12):
            booked(slot)
        assert statements(desk, "/admin/") == expected == 7


def _slots(count):
    return [cast.a_slot(cast.a_doctor()) for _ in range(count)]


def _appointments(count):
    return [booked(slot) for slot in _slots(count)]


def _templates(count):
    return [
        ScheduleTemplate.objects.create(
            doctor=cast.a_doctor(), weekday=1, begin=dt.time(9), end=dt.time(10), valid_from=dt.date(2026, 1, 1)
        )
        for _ in range(count)
    ]


def _exceptions(count):
    now = timezone.now()
    return [
        ScheduleException.objects.create(
            kind="absence", doctor=cast.a_doctor(), begin=now, end=now + dt.timedelta(days=1)
        )
        for _ in range(count)
    ]


class TestStatements:
    """Five rows or twenty: the same statements. Session and user 2, rights 2, count 1, rows 1, and what is said."""

    @pytest.mark.parametrize(
        ("model", "make", "expected"),
        [
            ("slot", _slots, 6),
            ("appointment", _appointments, 9),  # first and last day, the days between; whose cards were shown
            ("scheduletemplate", _templates, 6),
            ("scheduleexception", _exceptions, 6),
        ],
    )
    def test_list(self, client, model, make, expected):
        entered(client, "administrator")
        make(5)
        url = page(f"appointments.{model}") + "?o=1"
        statements(client, url)
        assert statements(client, url) == expected
        make(15)
        assert statements(client, url) == expected

    def test_a_day_of_appointments_reads_no_other_day(self, client):
        entered(client, "registrar")
        appointments = _appointments(3)
        day = appointments[0].slot.day
        asked = urlencode({f"slot__day__{part}": getattr(day, part) for part in ("year", "month", "day")})
        assert statements(client, f"{page('appointments.appointment')}?{asked}") == 7  # with whose cards were shown
