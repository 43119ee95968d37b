"""Templates and exceptions become slots; what is booked or decided by a person stays."""

import datetime as dt
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import translation

from appointments import tasks
from appointments.models import Appointment, ScheduleTemplate, Slot
from appointments.services import generation, horizon
from appointments.services.filling import Report
from lmis.actors import SYSTEM
from lmis.celery import app
from lmis.models import BusyType, Room
from tests.factories.cast import a_doctor, a_patient, an_lpu
from tests.factories.schedule import MONDAY, a_slot_at, a_template, an_exception, at, times

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
QUARTERS = ["09:00", "09:15", "09:30", "09:45"]


@pytest.fixture
def doctor():
    return a_doctor()


@pytest.fixture
def now(doctor):
    return at(doctor.lpu, MONDAY - DAY, "12:00")


@pytest.fixture
def generate(now):
    """Generate through Monday, a week or so later on demand."""

    def run(until=MONDAY, **options):
        return generation.generate(**{"until": until, "by": "test", "now": now} | options)

    return run


def book(slot):
    return Appointment.objects.create(slot=slot, patient=a_patient(slot.doctor.lpu), number="01")


def guids(doctor):
    return dict(doctor.slots.values_list("begin", "guid"))


def test_a_template_becomes_numbered_slots_with_all_that_it_says(doctor, generate):
    room, busy = Room.objects.create(lpu=doctor.lpu, number="7"), BusyType.objects.create(name="приём")
    a_template(doctor, capacity=3, channels=["Infomat"], room=room, busy_type=busy)

    assert generate() == Report(created=4)

    slots = list(doctor.slots.order_by("ordinal"))
    assert [(slot.ordinal, slot.day) for slot in slots] == [(n, MONDAY) for n in (1, 2, 3, 4)]
    assert times(doctor) == QUARTERS
    assert {(s.capacity, *s.channels, s.room_label, s.busy_name) for s in slots} == {(3, "Infomat", "7", "приём")}


def test_a_second_run_changes_nothing(doctor, generate):
    a_template(doctor)
    generate()
    before = list(doctor.slots.order_by("pk").values())

    assert generate() == Report()
    assert list(doctor.slots.order_by("pk").values()) == before


def test_the_day_of_until_is_included_and_the_next_is_not(doctor, generate):
    a_template(doctor)
    a_template(doctor, weekday=2)

    generate(until=MONDAY)

    assert set(doctor.slots.values_list("day", flat=True)) == {MONDAY}


def test_today_only_what_has_not_begun(doctor, generate):
    a_template(doctor)

    generate(now=at(doctor.lpu, MONDAY, "09:15"))

    assert times(doctor) == ["09:30", "09:45"]


def test_each_lpu_by_its_own_clock(generate):
    berlin, moscow = (a_doctor(an_lpu(time_zone=zone)) for zone in ("Europe/Berlin", "Europe/Moscow"))
    a_template(berlin), a_template(moscow)

    generate()

    assert times(berlin) == times(moscow) == QUARTERS
    assert berlin.slots.earliest("begin").begin - moscow.slots.earliest("begin").begin == dt.timedelta(hours=1)


def test_a_night_slot_belongs_to_the_day_of_its_lpu(generate):
    vladivostok = a_doctor(an_lpu(time_zone="Asia/Vladivostok"))
    a_template(vladivostok, begin="00:00", end="00:15")

    generate()

    assert [(slot.day, slot.begin.date()) for slot in vladivostok.slots.all()] == [(MONDAY, MONDAY - DAY)]


def test_new_times_of_a_template_withdraw_the_old_slots_and_go_on_with_the_numbers(doctor, generate):
    template = a_template(doctor)
    generate()
    ScheduleTemplate.objects.filter(pk=template.pk).update(slot_minutes=20)

    assert generate() == Report(created=3, withdrawn=4)

    assert times(doctor) == ["09:00", "09:20", "09:40"]
    assert list(doctor.slots.in_schedule().order_by("begin").values_list("ordinal", flat=True)) == [5, 6, 7]
    assert set(doctor.slots.exclude(withdrawn="").values_list("withdrawn", flat=True)) == {"generator"}


def test_a_booked_slot_outlives_its_template_and_nothing_is_laid_over_it(doctor, generate):
    template = a_template(doctor)
    generate()
    booked = doctor.slots.get(ordinal=2)
    book(booked)
    ScheduleTemplate.objects.filter(pk=template.pk).update(slot_minutes=20)

    assert generate() == Report(created=1, withdrawn=3, left=1)

    booked.refresh_from_db()
    assert (booked.withdrawn, booked.capacity) == ("", 1)
    assert times(doctor) == ["09:15", "09:40"]


def test_what_the_generator_withdrew_comes_back_with_the_same_guid(doctor, generate):
    a_template(doctor)
    generate()
    before = guids(doctor)
    away = an_exception("absence", at(doctor.lpu, MONDAY, "08:00"), at(doctor.lpu, MONDAY, "09:30"), doctor=doctor)

    assert generate() == Report(withdrawn=2)
    assert times(doctor) == QUARTERS[2:]

    away.delete()
    assert generate() == Report(revived=2)
    assert times(doctor) == QUARTERS
    assert guids(doctor) == before


def test_what_comes_back_follows_the_template_of_now(doctor, generate):
    template = a_template(doctor)
    generate()
    away = an_exception("absence", at(doctor.lpu, MONDAY, "08:00"), at(doctor.lpu, MONDAY, "10:00"), doctor=doctor)
    generate()
    ScheduleTemplate.objects.filter(pk=template.pk).update(capacity=2)
    away.delete()

    generate()

    assert set(doctor.slots.values_list("capacity", "withdrawn")) == {(2, "")}


def test_what_a_person_withdrew_stays_withdrawn_and_is_not_overlaid(doctor, generate):
    template = a_template(doctor)
    generate()
    doctor.slots.filter(ordinal=1).update(withdrawn="staff")

    assert generate() == Report()
    ScheduleTemplate.objects.filter(pk=template.pk).update(slot_minutes=30)
    assert generate() == Report(created=1, withdrawn=3)

    assert times(doctor) == ["09:30"]
    assert doctor.slots.get(ordinal=1).withdrawn == "staff"


def test_a_changed_offer_is_written_into_free_slots_in_place(doctor, generate):
    template = a_template(doctor, capacity=2)
    generate()
    before = guids(doctor)
    held = doctor.slots.get(ordinal=3)
    book(held)
    ScheduleTemplate.objects.filter(pk=template.pk).update(capacity=1, channels=["Registry"])

    assert generate() == Report(updated=3)

    assert guids(doctor) == before
    assert list(doctor.slots.exclude(pk=held.pk).values_list("capacity", "channels")) == [(1, ["Registry"])] * 3
    held.refresh_from_db()
    assert (held.capacity, held.booked) == (2, 1)


def test_the_order_of_channels_says_nothing(doctor, generate):
    opens = {"release_hours": 24, "release_channels": ["Internet", "Infomat"]}
    template = a_template(doctor, channels=["CallCenter", "Registry"], **opens)
    generate()
    before = list(doctor.slots.order_by("pk").values())
    turned = {"channels": ["Registry", "CallCenter"], "release_channels": ["Infomat", "Internet"]}
    ScheduleTemplate.objects.filter(pk=template.pk).update(**turned)

    assert generate() == Report()
    assert list(doctor.slots.order_by("pk").values()) == before

    ScheduleTemplate.objects.filter(pk=template.pk).update(channels=["Registry"])
    assert generate() == Report(updated=4)


def test_a_slot_left_alone_for_its_booking_follows_once_it_is_free(doctor, generate):
    template = a_template(doctor, end="09:15")
    generate()
    appointment = book(doctor.slots.get())
    ScheduleTemplate.objects.filter(pk=template.pk).update(capacity=4)
    assert generate() == Report()
    Appointment.objects.filter(pk=appointment.pk).update(state="cancelled", cancelled_at=dt.datetime.now(dt.UTC))

    assert generate() == Report(updated=1)
    assert doctor.slots.get().capacity == 4


def test_what_staff_changed_on_a_slot_stays_while_the_template_says_the_same(doctor, generate):
    a_template(doctor)
    generate()
    doctor.slots.filter(ordinal=1).update(channels=["DoctorOtherLPU"], is_blocked=True)

    assert generate() == Report()
    assert (doctor.slots.get(ordinal=1).channels, doctor.slots.get(ordinal=1).is_blocked) == (["DoctorOtherLPU"], True)


def test_a_slot_made_by_hand_is_left_alone_and_not_overlaid(doctor, generate):
    a_template(doctor)
    by_hand = a_slot_at(doctor, at(doctor.lpu, MONDAY, "09:20"), minutes=5)

    assert generate() == Report(created=3)
    assert generate() == Report()

    by_hand.refresh_from_db()
    assert by_hand.withdrawn == ""
    assert times(doctor) == ["09:00", "09:20", "09:30", "09:45"]


def test_later_slots_that_exist_already_follow_too_but_none_are_added_there(doctor, generate):
    template = a_template(doctor)
    generate(until=MONDAY + 42 * DAY)
    ScheduleTemplate.objects.filter(pk=template.pk).update(slot_minutes=30)

    assert generate(until=MONDAY) == Report(created=2, withdrawn=7 * 4)
    assert times(doctor) == ["09:00", "09:30"]


def test_a_slot_over_midnight_is_kept_by_the_run_that_begins_the_day_after(doctor, generate):
    an_exception(
        "extra",
        at(doctor.lpu, MONDAY, "23:30"),
        at(doctor.lpu, MONDAY + DAY, "00:30"),
        doctor=doctor,
        slot_minutes=60,
    )
    a_template(doctor, weekday=2, begin="00:00", end="01:00", slot_minutes=30)
    generate(until=MONDAY)

    generate(until=MONDAY + DAY, now=at(doctor.lpu, MONDAY, "23:45"))

    assert times(doctor) == ["23:30", "00:30"]


def test_a_holiday_of_one_lpu_and_one_of_all(generate):
    here, there = a_doctor(), a_doctor()
    for one in (here, there):
        a_template(one)
    an_exception("holiday", at(here.lpu, MONDAY, "00:00"), at(here.lpu, MONDAY, "09:30"), lpu=here.lpu)
    an_exception("holiday", at(here.lpu, MONDAY, "09:45"), at(here.lpu, MONDAY + DAY, "00:00"))

    generate()

    assert (times(here), times(there)) == (["09:30"], QUARTERS[:3])


def test_somebody_elses_absence_is_not_ours(doctor, generate):
    a_template(doctor)
    an_exception("absence", at(doctor.lpu, MONDAY, "00:00"), at(doctor.lpu, MONDAY + DAY, "00:00"), doctor=a_doctor())

    assert generate() == Report(created=4)


def test_a_doctor_who_does_not_work_here_gets_none_and_a_hidden_one_does(generate):
    gone, hidden = a_doctor(is_active=False), a_doctor(is_published=False)
    a_template(gone), a_template(hidden)

    assert generate() == Report(created=4)
    assert times(hidden) == QUARTERS


def test_guids_can_be_given(doctor, generate):
    a_template(doctor, end="09:15")

    generate(guid_for=lambda doctor, begin, end: uuid.uuid5(doctor.guid, f"{begin:%F %T}"))

    assert doctor.slots.get().guid == uuid.uuid5(doctor.guid, "2026-06-01 06:00:00")


def test_progress_is_told_after_each_doctor(generate):
    doctors = [a_doctor(), a_doctor()]
    a_template(doctors[1])
    told = []

    generate(doctors=doctors, progress=lambda doctor, done, of, report: told.append((doctor, done, of, report.created)))

    assert told == [(doctors[0], 1, 2, 0), (doctors[1], 2, 2, 4)]


def test_a_doctor_who_cannot_be_generated_does_not_keep_the_others_waiting(generate, caplog):
    doctors = [a_doctor(), a_doctor()]
    for one in doctors:
        a_template(one)
    taken = a_slot_at(doctors[1], at(doctors[1].lpu, MONDAY + DAY, "09:00")).guid

    report = generate(doctors=doctors, guid_for=lambda doctor, b, e: taken if doctor == doctors[0] else uuid.uuid4())

    assert report == Report(created=4, failed=1)
    assert times(doctors[0]) == []
    assert str(doctors[0].guid) in caplog.text
    assert doctors[0].family not in caplog.text


@pytest.mark.parametrize("days", [-2, 400, 3000])
def test_a_last_day_out_of_reason_is_refused(doctor, generate, now, days):
    a_template(doctor)

    with pytest.raises(ValidationError):
        generate(until=now.date() + days * DAY)
    assert not Slot.objects.exists()


def test_the_horizon_is_kept_by_each_lpus_own_calendar(settings):
    settings.SCHEDULE_HORIZON_DAYS = 3
    moscow, kamchatka = (a_doctor(an_lpu(time_zone=zone)) for zone in ("Europe/Moscow", "Asia/Kamchatka"))
    for one in (moscow, kamchatka):
        for weekday in range(1, 8):
            a_template(one, end="09:15", weekday=weekday)
    evening = at(moscow.lpu, MONDAY, "20:00")

    assert horizon.keep_full(by=SYSTEM, now=evening).created == 7

    assert moscow.slots.latest("begin").day == MONDAY + 3 * DAY
    assert kamchatka.slots.latest("begin").day == MONDAY + 4 * DAY
    assert horizon.keep_full(by=SYSTEM, now=evening) == Report()


def test_the_hourly_task_fills_the_horizon_and_does_not_mind_newer_arguments(settings):
    settings.SCHEDULE_HORIZON_DAYS = 1
    doctor = a_doctor()
    for weekday in range(1, 8):
        a_template(doctor, end="09:15", weekday=weekday)

    tasks.keep_horizon(added_later=True)

    assert doctor.slots.latest("begin").day == dt.datetime.now(doctor.lpu.tz).date() + DAY


def test_beat_keeps_the_horizon_every_hour():
    app.finalize()
    entry = app.conf.beat_schedule["appointments.keep_horizon"]

    assert (entry["task"], entry["schedule"]) == (tasks.keep_horizon.name, 3600)


class TestCommand:
    def run(self, *arguments):
        call_command("generate_slots", *arguments)

    @pytest.fixture
    def tomorrow(self, doctor):
        day = dt.datetime.now(doctor.lpu.tz).date() + DAY
        a_template(doctor, weekday=day.isoweekday())
        return day

    def test_one_doctor(self, doctor, tomorrow, capsys):
        other = a_doctor()
        a_template(other, weekday=tomorrow.isoweekday())

        self.run("--until", tomorrow.isoformat(), "--doctor", str(doctor.guid))

        assert (times(doctor), times(other)) == (QUARTERS, [])
        out, progress = capsys.readouterr()
        assert out == "4 created, 0 revived, 0 updated, 0 withdrawn, 0 left\n"
        assert progress.startswith("[1/1] ")

    def test_all_doctors(self, doctor, tomorrow, capsys):
        self.run("--until", tomorrow.isoformat())

        assert times(doctor) == QUARTERS

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--until", "tomorrow"], "is not a date"),
            (["--until", "2001-01-01"], "neither past nor more than a year ahead"),
            (["--until", "9999-12-31"], "neither past nor more than a year ahead"),
            (["--until", "2026-06-01", "--doctor", "42"], "is not a guid"),
            (["--until", "2026-06-01", "--doctor", str(uuid.uuid4())], "No doctor"),
        ],
    )
    def test_bad_arguments_change_nothing(self, doctor, tomorrow, arguments, said):
        with translation.override("en"), pytest.raises(CommandError, match=said):
            self.run(*arguments)
        assert not Slot.objects.exists()
