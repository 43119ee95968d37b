"""What a template with lunch, repeat visits, a live queue, channels kept for some, on a holiday becomes."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from appointments import tasks
from appointments.models import Appointment, ScheduleTemplate, Slot
from appointments.services import booking, generation, integrity, releasing
from lmis.actors import SYSTEM, Actor
from lmis.models import BusyType, CalendarDay, Department, HolidayWork, Source
from lmis.rows import constraint_of
from tests.factories.cast import a_doctor, a_patient
from tests.factories.schedule import MONDAY, a_template, at, see, times
from tests.factories.staff import an_employee, refused
from tests.plans import only, plan
from tests.statements import statements

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def doctor():
    return a_doctor()


@pytest.fixture
def now(doctor):
    return at(doctor.lpu, MONDAY - DAY, "12:00")


@pytest.fixture
def generate(now):
    def run(until=MONDAY, **options):
        return generation.generate(**{"until": until, "by": "test", "now": now} | options)

    return run


def book(slot, now, **fields):
    return booking.book(
        slot_guid=slot.guid,
        patient=a_patient(slot.doctor.lpu),
        source=Source.REGISTRY,
        channels=[Source.REGISTRY],
        now=now,
        **{"by": SYSTEM} | fields,
    )


class TestLunch:
    def test_no_place_touches_lunch_and_after_it_the_clock_starts_anew(self, doctor, generate):
        a_template(doctor, end="11:00", slot_minutes=20, lunch_begin=dt.time(9, 50), lunch_end=dt.time(10, 15))

        generate()

        assert times(doctor) == ["09:00", "09:20", "10:15", "10:35"]


class TestRepeatVisits:
    def test_a_repeat_visit_follows_so_many_first_ones(self, doctor, generate):
        first, again = (BusyType.objects.create(name=name) for name in ("первичный", "повторный"))
        a_template(
            doctor,
            end="10:30",
            slot_minutes=20,
            repeat_minutes=10,
            repeat_after=2,
            busy_type=first,
            repeat_busy_type=again,
        )

        generate()

        laid = doctor.slots.order_by("begin")
        assert times(doctor) == ["09:00", "09:20", "09:40", "09:50", "10:10"]
        assert [(slot.end - slot.begin).seconds // 60 for slot in laid] == [20, 20, 10, 20, 20]
        assert [slot.busy_name for slot in laid] == ["первичный"] * 2 + ["повторный"] + ["первичный"] * 2

    def test_without_a_busy_type_of_their_own_they_have_that_of_the_first(self, doctor, generate):
        a_template(doctor, repeat_minutes=10, busy_type=BusyType.objects.create(name="приём"))
        generate()
        assert {slot.busy_name for slot in doctor.slots.all()} == {"приём"}


class TestLiveQueue:
    def queue(self, doctor, **fields):
        return a_template(doctor, begin="14:00", end="16:00", is_queue=True, **{"capacity": 10} | fields)

    def test_one_slot_whose_patients_get_running_numbers(self, doctor, generate, now):
        a_template(doctor)
        self.queue(doctor)
        a_template(doctor, begin="16:00", end="16:15")
        generate()

        slot = doctor.slots.get(is_queue=True)
        assert [book(slot, now).number for _ in range(3)] == ["05", "06", "07"]
        assert doctor.slots.latest("begin").ordinal == 15
        assert not integrity.report()

    def test_a_number_that_was_given_back_is_given_again_and_none_twice(self, doctor, generate, now):
        self.queue(doctor)
        generate()
        slot = doctor.slots.get()
        made = [book(slot, now) for _ in range(3)]
        Appointment.objects.filter(pk=made[1].pk).update(state="cancelled", cancelled_at=now)

        assert [book(slot, now).number for _ in range(2)] == ["02", "04"]

    def test_beyond_the_plan_the_last_number_is_told_apart(self, doctor, generate, now):
        self.queue(doctor, capacity=2)
        a_template(doctor, begin="16:00", end="16:15")
        generate()
        slot = doctor.slots.get(is_queue=True)
        numbers = [book(slot, now).number for _ in range(2)]
        by = Actor.of_user(an_employee("head"))
        numbers += [book(slot, now, over_plan_reason="острая боль", by=by).number for _ in range(2)]
        assert numbers == ["01", "02", "02-2", "02-3"]
        assert not integrity.report()

    def test_a_smaller_queue_keeps_its_slot_and_a_larger_one_gets_numbers_anew(self, doctor, generate):
        template = self.queue(doctor)
        generate()
        before = doctor.slots.get()

        ScheduleTemplate.objects.filter(pk=template.pk).update(capacity=8)
        assert generate().updated == 1
        assert doctor.slots.in_schedule().get().guid == before.guid

        ScheduleTemplate.objects.filter(pk=template.pk).update(capacity=12)
        report = generate()
        assert (report.created, report.withdrawn) == (1, 1)
        slot = doctor.slots.in_schedule().get()
        assert (slot.ordinal, slot.numbers, slot.capacity) == (11, 12, 12)

    def test_a_queue_that_somebody_is_in_stays_as_it_is(self, doctor, generate, now):
        template = self.queue(doctor)
        generate()
        book(doctor.slots.get(), now)

        ScheduleTemplate.objects.filter(pk=template.pk).update(is_queue=False, capacity=1, slot_minutes=60)
        assert generate().left == 1
        slot = doctor.slots.in_schedule().get()
        assert (slot.is_queue, slot.capacity) == (True, 10)

    def test_and_becomes_a_queue_again_with_the_same_guid(self, doctor, generate):
        template = self.queue(doctor)
        generate()
        guid = doctor.slots.get().guid
        ScheduleTemplate.objects.filter(pk=template.pk).update(is_queue=False, slot_minutes=120)
        generate()
        ScheduleTemplate.objects.filter(pk=template.pk).update(is_queue=True)
        assert generate().revived == 1
        assert doctor.slots.in_schedule().get().guid == guid

    def test_nobody_takes_the_numbers_of_a_queue(self, doctor, generate):
        self.queue(doctor)
        generate()
        slot = doctor.slots.get()
        with pytest.raises(IntegrityError, match="numbers of two slots"), transaction.atomic():
            Slot.objects.create(
                doctor=doctor, day=slot.day, ordinal=10, begin=slot.end, end=slot.end + HOUR, channels=["Registry"]
            )

    def test_a_published_queue_stays_one(self, doctor, generate):
        self.queue(doctor)
        generate()
        with pytest.raises(IntegrityError, match="keeps its doctor"), transaction.atomic():
            Slot.objects.update(numbers=11)


class TestRelease:
    @pytest.fixture
    def kept(self, doctor):
        """For other LPUs' doctors; a day before it opens to the desk and the Internet."""
        return a_template(
            doctor,
            channels=[Source.DOCTOR_OTHER_LPU],
            release_hours=20,
            release_channels=[Source.REGISTRY, Source.INTERNET],
        )

    def test_before_its_time_it_is_kept(self, doctor, generate, kept, now):
        generate()
        slot = doctor.slots.earliest("begin")
        assert slot.channels == ["DoctorOtherLPU"]
        assert slot.release_at == slot.begin - 20 * HOUR
        assert releasing.open_due(by=SYSTEM, now=slot.release_at - dt.timedelta(seconds=1)) == 0

    def test_then_it_opens_and_every_poller_is_told(self, doctor, generate, kept, now):
        generate()
        seen = see(now, first=MONDAY, last=MONDAY)
        slot = doctor.slots.earliest("begin")

        assert releasing.open_due(by=SYSTEM, now=slot.release_at) == 1

        slot.refresh_from_db()
        assert (slot.channels, slot.release_at, slot.release_channels) == (
            ["DoctorOtherLPU", "Registry", "Internet"],
            None,
            [],
        )
        told = see(now, first=MONDAY, last=MONDAY, since=seen.revision)
        assert slot.guid in told.guids
        shown = next(item for item in told.items if item["guid"] == str(slot.guid))
        assert shown["channels"] == ["DoctorOtherLPU", "Registry", "Internet"]

    def test_a_second_run_and_the_generator_leave_it(self, doctor, generate, kept, now):
        generate()
        assert releasing.open_due(by=SYSTEM, now=now + DAY) == 4
        assert releasing.open_due(by=SYSTEM, now=now + DAY) == 0
        report = generate()
        assert (report.updated, report.created) == (0, 0)
        assert {len(slot.channels) for slot in doctor.slots.all()} == {3}

    def test_what_is_laid_after_its_time_is_open_at_once(self, doctor, generate, kept, now):
        generate(now=now + 2 * HOUR)
        assert {(len(slot.channels), slot.release_at) for slot in doctor.slots.all()} == {(3, None)}

    def test_a_changed_template_counts_anew(self, doctor, generate, kept, now):
        generate()
        releasing.open_due(by=SYSTEM, now=now + DAY)
        ScheduleTemplate.objects.update(release_hours=2)
        assert generate().updated == 4
        slot = doctor.slots.earliest("begin")
        assert (slot.channels, slot.release_at) == (["DoctorOtherLPU"], slot.begin - 2 * HOUR)

    def test_a_booked_place_opens_too_and_keeps_its_patient(self, doctor, generate, kept, now):
        generate()
        slot = doctor.slots.earliest("begin")
        Appointment.objects.create(slot=slot, patient=a_patient(doctor.lpu), number="01")
        releasing.open_due(by=SYSTEM, now=now + DAY)
        slot.refresh_from_db()
        assert (slot.booked, len(slot.channels)) == (1, 3)

    def test_batches_are_short(self, doctor, generate, kept, now, monkeypatch):
        generate()
        monkeypatch.setattr(releasing, "_BATCH", 3)
        with statements() as done:
            assert releasing.open_due(by=SYSTEM, now=now + DAY) == 4
        assert sum("UPDATE" in sql for sql in done) == 3  # three, one, none

    def test_nothing_to_open_is_one_statement_by_the_index(self, doctor, generate, now):
        a_template(doctor)
        generate()
        with statements() as done:
            tasks.open_due()
        assert sum("UPDATE" in sql for sql in done) == 1
        with only("appointments_slot", "slot_to_release") as cursor:
            lines = plan(cursor, releasing._OPEN_DUE, [now, 200])
        assert any("Index Scan using slot_to_release" in line for line in lines), lines

    @pytest.mark.parametrize(
        "fields", [{"release_at": "2026-06-01T00:00Z", "release_channels": []}, {"release_channels": ["Internet"]}]
    )
    def test_time_and_channels_belong_together(self, doctor, generate, fields):
        a_template(doctor)
        generate()
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            Slot.objects.update(**fields)
        assert constraint_of(caught.value) == "slot_release_whole"

    def test_only_known_channels(self, doctor, generate):
        a_template(doctor)
        generate()
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            Slot.objects.update(release_channels=["Fax"], release_at=dt.datetime.now(dt.UTC))
        assert constraint_of(caught.value) == "slot_release_known"


class TestHolidays:
    FRIDAY = dt.date(2026, 6, 12)

    @pytest.fixture
    def friday(self, doctor):
        return a_template(doctor, weekday=5, end="09:30")

    def test_nobody_works_on_a_public_holiday(self, doctor, generate, friday):
        generate(until=self.FRIDAY)
        assert {slot.day for slot in doctor.slots.all()} == {self.FRIDAY - 7 * DAY}

    def test_but_the_department_that_does(self, doctor, generate, friday):
        doctor.department = Department.objects.create(lpu=doctor.lpu, name="Травмпункт")
        doctor.save()
        HolidayWork.objects.create(day=CalendarDay.objects.get(date=self.FRIDAY), department=doctor.department)
        generate(until=self.FRIDAY)
        assert times(doctor, day=self.FRIDAY) == ["09:00", "09:15"]

    def test_a_day_that_becomes_a_holiday_loses_its_free_places_and_keeps_the_booked(self, doctor, generate, now):
        a_template(doctor, weekday=3, end="09:30")
        wednesday = MONDAY + 2 * DAY
        generate(until=wednesday)
        book(doctor.slots.earliest("begin"), now)

        CalendarDay.objects.create(date=wednesday, name="Сабантуй")
        report = generate(until=wednesday)

        assert (report.withdrawn, report.left) == (1, 1)
        assert times(doctor) == ["09:00"]

    def test_a_moved_working_day_has_the_hours_of_its_origin(self, doctor, generate, friday):
        saturday = dt.date(2026, 6, 20)
        CalendarDay.objects.create(
            date=saturday, kind="working", name="Рабочая суббота", moved_from=dt.date(2026, 6, 12)
        )
        generate(until=saturday)
        assert times(doctor, day=saturday) == ["09:00", "09:15"]


class TestConstraints:
    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("template_repeat_minutes", {"repeat_minutes": 0}),
            ("template_repeat_after", {"repeat_after": 0}),
            ("template_lunch_inside", {"lunch_begin": dt.time(9, 15)}),
            ("template_lunch_inside", {"lunch_end": dt.time(9, 15)}),
            ("template_lunch_inside", {"lunch_begin": dt.time(9), "lunch_end": dt.time(9, 15)}),
            ("template_lunch_inside", {"lunch_begin": dt.time(9, 30), "lunch_end": dt.time(9, 15)}),
            ("template_queue_is_whole", {"is_queue": True, "repeat_minutes": 10}),
            (
                "template_queue_is_whole",
                {"is_queue": True, "lunch_begin": dt.time(9, 15), "lunch_end": dt.time(9, 30)},
            ),
            ("template_release_whole", {"release_hours": 24}),
            ("template_release_whole", {"release_channels": ["Internet"]}),
            ("template_release_whole", {"release_hours": 0, "release_channels": ["Internet"]}),
            ("template_release_known", {"release_hours": 24, "release_channels": ["Fax"]}),
            ("template_weekday_iso", {"weekday": 0}),
            ("template_weekday_iso", {"weekday": 8}),
            ("template_ends_after_begin", {"end": "09:00"}),
            ("template_slot_minutes", {"slot_minutes": 0}),
            ("template_slot_minutes", {"slot_minutes": 24 * 60 + 1}),
            ("template_capacity", {"capacity": 0}),
            ("template_valid_order", {"valid_to": dt.date(2019, 12, 31)}),
            ("template_channels_known", {"channels": ["Fax"]}),
        ],
    )
    def test_checks(self, doctor, name, fields):
        with refused(IntegrityError) as caught:
            a_template(doctor, **fields)
        assert name in str(caught.value)
        assert not ScheduleTemplate.objects.exists()

    @pytest.mark.parametrize(
        ("name", "fields"),
        [("slot_numbers", {"numbers": 2}), ("slot_numbers", {"is_queue": True, "numbers": 0})],
    )
    def test_numbers_of_a_slot(self, doctor, name, fields):
        day = MONDAY
        with refused(IntegrityError) as caught:
            Slot.objects.create(
                doctor=doctor,
                day=day,
                ordinal=1,
                begin=at(doctor.lpu, day, "09:00"),
                end=at(doctor.lpu, day, "10:00"),
                **fields,
            )
        assert name in str(caught.value)
