"""The screen of the templates: reading, previewing, saving and generating, copying, rights."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment, ScheduleTemplate, Slot
from appointments.services import generation, pattern_preview, patterns
from appointments.services.pattern_preview import Fate
from lmis.actors import SYSTEM
from lmis.exceptions import REGISTRY
from lmis.models import BusyType, CalendarDay, Room, Source
from tests.factories.cast import a_doctor, a_patient, an_lpu
from tests.factories.schedule import MONDAY, a_slot_at, a_template, an_exception, at, times
from tests.factories.staff import an_employee
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
HTMX = {"HX-Request": "true", "accept-language": "en"}


@pytest.fixture
def doctor():
    return a_doctor()


@pytest.fixture
def now(doctor):
    return at(doctor.lpu, MONDAY - DAY, "12:00")


@pytest.fixture
def head(client):
    client.force_login(an_employee("head"))
    return client


def url(name, doctor):
    return reverse(f"screens:{name}", args=[doctor.guid])


def a_row(number=0, **fields):
    """A row of the table as the page sends it: Mondays and Wednesdays from nine to ten."""
    values = {
        "weekdays": ["1", "3"],
        "parity": "any",
        "valid_from": "2020-01-01",
        "begin": "09:00",
        "end": "10:00",
        "slot_minutes": "15",
        "capacity": "1",
        "repeat_after": "1",
        "to_Registry": "open",
        "to_Internet": "open",
    } | fields
    return {f"rows-{number}-{name}": value for name, value in values.items()}


def version(doctor):
    return patterns.version(patterns.current(doctor=doctor, today=timezone.localdate()))


def interval(doctor, **fields):
    """Not saved."""
    template = a_template(type(doctor)(lpu=doctor.lpu), **fields)
    template.doctor = doctor
    return template


def look(doctor, now, *pattern, until=MONDAY):
    return pattern_preview.preview(doctor=doctor, pattern=pattern, until=until, now=now)


def fates(found, lpu):
    return [(cell.begin.astimezone(lpu.tz).strftime("%H:%M"), str(cell.fate)) for cell in found.cells]


def book(slot):
    return Appointment.objects.create(slot=slot, patient=a_patient(slot.doctor.lpu), number=f"{slot.ordinal:02d}")


class TestPreview:
    """What the preview says is what the generator does."""

    def test_made_changed_withdrawn_booked_and_in_the_way(self, doctor, now):
        a_template(doctor, end="10:00")
        generation.generate(until=MONDAY, by="test", now=now)
        nine, _quarter, half, _last = doctor.slots.order_by("begin")
        book(nine)
        book(half)

        found = look(doctor, now, interval(doctor, end="10:30", slot_minutes=30))

        assert fates(found, doctor.lpu) == [
            ("09:00", "barred"),
            ("09:00", "left"),
            ("09:15", "withdrawn"),
            ("09:30", "barred"),
            ("09:30", "left"),
            ("09:45", "withdrawn"),
            ("10:00", "created"),
        ]
        assert times(doctor) == ["09:00", "09:15", "09:30", "09:45"]

    def test_the_generator_then_does_just_that(self, doctor, now):
        a_template(doctor, end="10:00")
        generation.generate(until=MONDAY, by="test", now=now)
        book(doctor.slots.order_by("begin")[1])
        wanted = interval(doctor, end="10:20", slot_minutes=20, capacity=2)
        found = look(doctor, now, wanted)

        ScheduleTemplate.objects.all().delete()
        wanted.save()
        report = generation.generate(until=MONDAY, by="test", now=now)

        assert (report.created, report.withdrawn, report.left) == (
            found.count(Fate.CREATED),
            found.count(Fate.WITHDRAWN),
            found.count(Fate.LEFT),
        )
        assert report.created
        assert report.withdrawn
        assert report.left

    def test_a_booked_place_that_the_pattern_has_stays(self, doctor, now):
        a_template(doctor, end="09:30")
        generation.generate(until=MONDAY, by="test", now=now)
        book(doctor.slots.earliest("begin"))
        found = look(doctor, now, interval(doctor, end="09:30"))
        assert fates(found, doctor.lpu) == [("09:00", "booked"), ("09:15", "same")]

    def test_another_offer_changes_the_free_ones(self, doctor, now):
        a_template(doctor, end="09:15")
        generation.generate(until=MONDAY, by="test", now=now)
        found = look(doctor, now, interval(doctor, end="09:15", channels=["Infomat"]))
        assert fates(found, doctor.lpu) == [("09:00", "changed")]

    def test_a_place_laid_by_hand_stays(self, doctor, now):
        a_slot_at(doctor, at(doctor.lpu, MONDAY, "09:00"), minutes=30)
        found = look(doctor, now, interval(doctor, end="09:30"))
        assert sorted(fates(found, doctor.lpu)) == [("09:00", "barred"), ("09:00", "other"), ("09:15", "barred")]

    def test_the_room_is_taken(self, doctor, now):
        room = Room.objects.create(lpu=doctor.lpu, number="7")
        other = a_doctor(doctor.lpu, room=room, family="Занятая")
        a_slot_at(other, at(doctor.lpu, MONDAY, "09:10"))
        a_slot_at(other, at(doctor.lpu, MONDAY, "12:00"))
        found = look(doctor, now, interval(doctor, room=room))
        assert [(rival.doctor, rival.room) for rival in found.rivals] == [("Занятая А.", "7")]

    @pytest.mark.parametrize("fields", [{"is_blocked": True}, {"withdrawn": "staff"}])
    def test_a_place_nobody_sits_in_leaves_the_room_free(self, doctor, now, fields):
        room = Room.objects.create(lpu=doctor.lpu, number="7")
        a_slot_at(a_doctor(doctor.lpu, room=room), at(doctor.lpu, MONDAY, "09:00"), **fields)
        assert look(doctor, now, interval(doctor, room=room)).rivals == []

    def test_one_person_in_two_positions_cannot_be_in_both(self, doctor, now):
        twin = a_doctor(doctor.lpu, family=doctor.family)
        a_slot_at(twin, at(doctor.lpu, MONDAY, "09:00"))
        assert [rival.room for rival in look(doctor, now, interval(doctor)).rivals] == [""]

    def test_a_holiday_is_named_where_it_costs_hours(self, doctor, now):
        CalendarDay.objects.create(date=MONDAY, name="День соседей", is_preliminary=True)
        CalendarDay.objects.create(date=MONDAY + DAY, name="Не наш день")
        found = look(doctor, now, interval(doctor), until=MONDAY + DAY)
        assert [day.name for day in found.holidays] == ["День соседей"]
        assert found.cells == []

    def test_an_absence_is_named(self, doctor, now):
        begin = at(doctor.lpu, MONDAY, "00:00")
        an_exception("absence", begin, begin + DAY, doctor=doctor, reason="отпуск")
        found = look(doctor, now, interval(doctor))
        assert [one.reason for one in found.exceptions] == ["отпуск"]
        assert found.cells == []

    def test_it_takes_six_statements_and_writes_nothing(self, doctor, now):
        a_template(doctor)
        generation.generate(until=MONDAY + 27 * DAY, by="test", now=now)
        doctor.room = Room.objects.create(lpu=doctor.lpu, number="7")
        with statements() as done:
            look(doctor, now, interval(doctor, slot_minutes=20), until=MONDAY + 27 * DAY)
        # exceptions, calendar, slots; calendar and exceptions to be told; rivals
        assert len(done) == 6, listed(done)
        assert all(sql.startswith("SELECT") for sql in done)


class TestSaving:
    def save(self, doctor, now, *pattern, **fields):
        today = now.astimezone(doctor.lpu.tz).date()
        values = {"version_read": patterns.version(patterns.current(doctor=doctor, today=today))} | fields
        return patterns.save(doctor=doctor, pattern=pattern, by=SYSTEM, now=now, **values)

    def test_what_stays_keeps_its_row_what_begins_alike_is_changed_the_rest_goes(self, doctor, now):
        stays, changes, goes = (a_template(doctor, weekday=day) for day in (1, 2, 3))
        self.save(
            doctor,
            now,
            interval(doctor, weekday=1),
            interval(doctor, weekday=2, slot_minutes=20),
            interval(doctor, weekday=4),
        )
        kept = dict(doctor.templates.values_list("weekday", "pk"))
        assert (kept[1], kept[2]) == (stays.pk, changes.pk)
        assert set(kept) == {1, 2, 4}
        assert not ScheduleTemplate.objects.filter(pk=goes.pk).exists()

    def test_what_has_ended_stays_for_the_record(self, doctor, now):
        old = a_template(doctor, valid_to=MONDAY - 7 * DAY)
        self.save(doctor, now)
        assert ScheduleTemplate.objects.get() == old

    def test_who_saves_second_is_told_and_changes_nothing(self, doctor, now):
        a_template(doctor)
        read = patterns.version(patterns.current(doctor=doctor, today=MONDAY))
        ScheduleTemplate.objects.update(slot_minutes=20)
        with pytest.raises(patterns.PatternChanged), transaction.atomic():
            self.save(doctor, now, interval(doctor, slot_minutes=10), version_read=read)
        assert ScheduleTemplate.objects.get().slot_minutes == 20

    @pytest.mark.parametrize(
        ("fields", "clash"),
        [
            ({"begin": "09:45", "end": "10:45"}, True),
            ({"begin": "10:00", "end": "11:00"}, False),
            ({"weekday": 2}, False),
            ({"parity": "odd"}, True),
            ({"valid_from": MONDAY + 28 * DAY}, True),
        ],
    )
    def test_two_intervals_at_one_time(self, doctor, now, fields, clash):
        pattern = interval(doctor), interval(doctor, **fields)
        assert bool(list(patterns.clashes(pattern))) is clash
        if clash:
            with pytest.raises(patterns.PatternClashes), transaction.atomic():
                self.save(doctor, now, *pattern)
            assert not ScheduleTemplate.objects.exists()

    def test_odd_and_even_days_and_terms_one_after_the_other_do_not_clash(self, doctor):
        odd, even = interval(doctor, parity="odd"), interval(doctor, parity="even")
        early = interval(doctor, valid_to=MONDAY)
        late = interval(doctor, valid_from=MONDAY + DAY)
        assert not list(patterns.clashes([odd, even]))
        assert not list(patterns.clashes([early, late]))

    def test_another_may_work_in_ones_lunch(self, doctor):
        whole = interval(doctor, begin="09:00", end="15:00", lunch_begin=dt.time(12), lunch_end=dt.time(13))
        assert not list(patterns.clashes([whole, interval(doctor, begin="12:00", end="13:00")]))

    def test_the_refusals_are_known(self):
        assert {"pattern_changed", "pattern_clashes"} <= set(REGISTRY)


class TestGeneratingInParts:
    def test_part_by_part_as_in_one_run(self, doctor, now):
        a_template(doctor, end="09:15")
        first, parts = None, []
        while True:
            part = generation.generate_part(doctor=doctor, until=MONDAY + 69 * DAY, by=SYSTEM, now=now, first=first)
            parts.append(part.report.created)
            if part.first is None:
                break
            first = part.first
        assert parts == [4, 4, 2]

    def test_a_day_before_today_is_not_asked_for_again(self, doctor, now):
        a_template(doctor, end="09:15")
        part = generation.generate_part(doctor=doctor, until=MONDAY, by=SYSTEM, now=now, first=MONDAY - 90 * DAY)
        assert (part.report.created, part.first) == (1, None)


class TestScreen:
    def test_the_list_of_doctors_is_one_statement_more(self, head, doctor):
        a_doctor(doctor.lpu)
        head.get(reverse("screens:templates"))
        with statements() as done:
            answer = head.get(reverse("screens:templates"))
        assert doctor.full_name in answer.content.decode()
        # session, employee, permissions of the user and of the groups; the doctors
        assert len(done) <= 6, listed(done)

    def test_intervals_that_differ_in_the_weekday_alone_are_one_row(self, head, doctor):
        for weekday in (1, 3, 5):
            a_template(doctor, weekday=weekday)
        a_template(doctor, weekday=2, slot_minutes=20)
        rows = head.get(url("pattern", doctor)).context["table"].rows
        assert sorted(row.initial["weekdays"] for row in rows) == [[1, 3, 5], [2]]

    def test_the_column_of_the_weekdays_is_not_named_after_five_of_them(self, head, doctor):
        a_template(doctor)
        page = head.get(url("pattern", doctor), headers={"accept-language": "ru"}).content.decode()
        assert '<th scope="col">Дни недели</th>' in page
        assert "Будни" not in page

    def test_the_page_takes_a_fixed_number_of_statements(self, head, doctor):
        def count(rows):
            for weekday in range(1, rows + 1):
                a_template(doctor, weekday=weekday, slot_minutes=10 + weekday)
            with statements() as done:
                assert head.get(url("pattern", doctor)).status_code == 200
            return done

        head.get(url("pattern", doctor))
        few, many = count(1), count(7)
        assert len(few) == len(many), listed(many)
        # session, employee, permissions twice; doctor, templates, busy types, rooms; other doctors, specialities
        assert len(many) <= 11, listed(many)

    def test_a_row_is_added_copied_and_deleted_without_losing_what_is_typed(self, head, doctor):
        data = a_row(0, begin="8") | a_row(1, begin="half")
        added = head.post(url("pattern_table", doctor), data | {"act": "add"}, headers=HTMX)
        assert [row["begin"].value() for row in added.context["table"].rows] == ["8", "half", None]
        copied = head.post(url("pattern_table", doctor), data | {"act": "again-0"}, headers=HTMX)
        assert [row["begin"].value() for row in copied.context["table"].rows] == ["8", "8", "half"]
        dropped = head.post(url("pattern_table", doctor), data | {"act": "drop-0"}, headers=HTMX)
        assert [row["begin"].value() for row in dropped.context["table"].rows] == ["half"]
        assert "aria-invalid" not in added.content.decode()
        assert not ScheduleTemplate.objects.exists()

    @pytest.mark.parametrize("row", ["", "x", "9" * 5000])
    def test_a_row_that_there_is_not_changes_nothing(self, head, doctor, row):
        shown = head.post(url("pattern_table", doctor), a_row(0) | {"act": f"again-{row}"}, headers=HTMX)
        assert (shown.status_code, len(shown.context["table"].rows)) == (200, 1)

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"end": "08:00"}, "end"),
            ({"begin": "soon"}, "begin"),
            ({"weekdays": []}, "weekdays"),
            ({"slot_minutes": "0"}, "slot_minutes"),
            ({"capacity": "0"}, "capacity"),
            ({"lunch_begin": "09:15"}, "lunch_end"),
            ({"lunch_begin": "09:15", "lunch_end": "11:00"}, "lunch_begin"),
            ({"is_queue": "on", "repeat_minutes": "10"}, "repeat_minutes"),
            ({"to_Infomat": "later"}, "release_hours"),
            ({"release_hours": "24"}, "release_hours"),
            ({"to_Registry": "", "to_Internet": ""}, "channels"),
            ({"valid_to": "2019-01-01"}, "valid_to"),
            ({"room": "999999"}, "room"),
        ],
    )
    @pytest.mark.parametrize("act", ["pattern_preview", "pattern_save"])
    def test_what_is_wrong_stands_at_its_field(self, head, doctor, act, fields, field):
        data = a_row(**fields) | {"version": version(doctor)}
        answer = head.post(url(act, doctor), data, headers=HTMX)
        assert answer.status_code == 422
        row = answer.context["table"].rows[0]
        assert list(row.errors) == [field], row.errors
        assert str(row.errors[field][0]) in answer.content.decode()
        assert not ScheduleTemplate.objects.exists()
        assert not Slot.objects.exists()

    @pytest.mark.parametrize(
        ("fields", "field", "text"),
        [
            ({"end": "08:00"}, "end", "Must be later than the beginning."),
            ({"valid_to": "2019-01-01"}, "valid_to", "Must not be before the first day."),
            ({"lunch_begin": "09:15"}, "lunch_end", "Lunch needs a beginning and an end."),
            ({"lunch_begin": "09:15", "lunch_end": "11:00"}, "lunch_begin", "Lunch must lie within the hours"),
            ({"is_queue": "on", "lunch_begin": "09:15", "lunch_end": "09:30"}, "lunch_begin", "has no lunch"),
            ({"is_queue": "on", "repeat_minutes": "10"}, "repeat_minutes", "A live queue has no visits"),
            ({"to_Infomat": "later"}, "release_hours", "Say how many hours before"),
            ({"slot_minutes": "999"}, "slot_minutes", "The visit is longer than the hours"),
            ({"lunch_begin": "09:30", "lunch_end": "09:40", "slot_minutes": "31"}, "slot_minutes", "is longer"),
        ],
    )
    def test_what_the_model_refuses_is_told_in_its_own_words(self, head, doctor, fields, field, text):
        answer = head.post(url("pattern_preview", doctor), a_row(**fields), headers=HTMX)
        assert answer.status_code == 422
        assert list(answer.context["table"].rows[0].errors) == [field]
        assert text in answer.context["table"].rows[0].errors[field][0]

    @pytest.mark.parametrize("fields", [{"slot_minutes": "60"}, {"is_queue": "on", "slot_minutes": "999"}])
    def test_a_visit_may_fill_its_hours_and_a_queue_has_none(self, head, doctor, fields):
        assert head.post(url("pattern_preview", doctor), a_row(**fields), headers=HTMX).status_code == 200

    def test_rows_at_one_time_are_told_in_the_second(self, head, doctor):
        data = a_row(0) | a_row(1, weekdays=["3"], begin="09:30", end="11:00")
        answer = head.post(url("pattern_preview", doctor), data, headers=HTMX)
        first, second = answer.context["table"].rows
        assert not first.errors
        assert second.errors["begin"] == ["Wednesday: at the same time as another row (09:00–10:00)."]

    @pytest.mark.parametrize(
        ("typed", "meant"), [("9", "09:00"), ("930", "09:30"), ("9.30", "09:30"), ("0930", "09:30")]
    )
    def test_times_as_people_type_them(self, head, doctor, typed, meant):
        answer = head.post(url("pattern_preview", doctor), a_row(begin=typed), headers=HTMX)
        assert answer.status_code == 200
        assert answer.context["table"].rows[0].cleaned_data["begin"] == dt.time.fromisoformat(meant)

    def test_the_preview_draws_the_week_and_writes_nothing(self, head, doctor):
        CalendarDay.objects.all().delete()  # on whatever day this runs
        answer = head.post(url("pattern_preview", doctor), a_row(weekdays=list("1234567")), headers=HTMX)
        page = answer.content.decode()
        assert re.search(r'<rect x="[\d.]+" y="[\d.]+" width="[\d.]+" height="[\d.]+"', page)
        assert "09:45" in page
        assert not ScheduleTemplate.objects.exists()
        assert not Slot.objects.exists()
        assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")

    def test_in_russian_too_the_numbers_of_the_picture_have_points(self, head, doctor):
        answer = head.post(url("pattern_preview", doctor), a_row(), headers={"HX-Request": "true"})
        assert not re.search(r'(x|y|width|height)="\d+,\d', answer.content.decode())

    @pytest.mark.parametrize("until", ["2019-01-01", "3000-01-01", "tomorrow"])
    def test_a_horizon_that_cannot_be(self, head, doctor, until):
        data = a_row() | {"until": until, "version": version(doctor)}
        for act in ("pattern_preview", "pattern_save"):
            assert head.post(url(act, doctor), data, headers=HTMX).status_code == 422
        assert not ScheduleTemplate.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestSavingOnTheScreen:
    """With real transactions, as in the clinic."""

    def send(self, client, doctor, data, act="pattern_save"):
        return client.post(url(act, doctor), {"version": version(doctor)} | data, headers=HTMX)

    def test_saved_and_generated_in_one_act(self, head, doctor):
        CalendarDay.objects.all().delete()  # on whatever day this runs
        room, busy = Room.objects.create(lpu=doctor.lpu, number="7"), BusyType.objects.create(name="приём")
        row = a_row(
            weekdays=list("1234567"),
            lunch_begin="09:30",
            lunch_end="09:45",
            repeat_minutes="10",
            repeat_after="3",
            to_Infomat="later",
            release_hours="20",
            busy_type=busy.pk,
            room=room.pk,
        )
        answer = self.send(head, doctor, row)
        assert answer.status_code == 200
        template = doctor.templates.get(weekday=7)
        assert (template.channels, template.release_channels) == (["Internet", "Registry"], ["Infomat"])
        assert (template.repeat_minutes, template.repeat_after, template.room) == (10, 3, room)
        assert doctor.slots.filter(room=room, busy_type=busy).count() >= 13 * 3
        assert answer.context["version"] == version(doctor)
        assert answer.context["progress"]["first"] is None
        assert "toast" in answer["HX-Trigger"]

    def test_a_long_horizon_goes_on_until_it_is_done(self, head, doctor):
        until = timezone.localdate() + 100 * DAY
        answer = self.send(head, doctor, a_row() | {"until": until.isoformat()})
        made = answer.context["progress"]["report"].created
        steps = 0
        while (progress := answer.context["progress"])["first"]:
            assert 0 < progress["done"] < progress["days"]
            report = progress["report"]
            data = {"first": progress["first"].isoformat(), "until": until.isoformat(), "created": report.created}
            answer = head.post(url("pattern_generate", doctor), data, headers=HTMX)
            steps += 1
        assert steps == 3
        assert answer.context["progress"]["report"].created == doctor.slots.count() > made

    def test_who_saves_second_is_told_and_keeps_what_was_typed(self, head, doctor):
        data = a_row(slot_minutes="20") | {"version": version(doctor)}
        a_template(doctor)
        answer = self.send(head, doctor, data)
        assert answer.status_code == 409
        assert "Somebody else" in answer.content.decode()
        assert answer.context["table"].rows[0]["slot_minutes"].value() == "20"
        assert doctor.templates.get().slot_minutes == 15

    def test_a_copy_goes_to_the_other_doctor(self, head, doctor):
        other = a_doctor(doctor.lpu)
        a_template(doctor, slot_minutes=20)
        a_template(other, weekday=5)
        answer = head.get(url("pattern", doctor), {"to": str(other.guid)})
        assert answer.status_code == 302
        answer = head.get(answer["Location"])
        assert [row.instance.slot_minutes for row in answer.context["table"].rows] == [20]
        assert answer.context["replaced"] == 1
        assert answer.context["preview"].cells
        assert answer.context["version"] == version(other)
        assert other.templates.get().weekday == 5

    def test_the_room_of_another_lpu_is_not_copied(self, head, doctor):
        a_template(doctor, room=Room.objects.create(lpu=doctor.lpu, number="7"))
        other = a_doctor(an_lpu())
        answer = head.get(url("pattern", other), {"from": str(doctor.guid)})
        assert [row.instance.room_id for row in answer.context["table"].rows] == [None]


class TestRights:
    NAMES = ("pattern", "pattern_table", "pattern_preview", "pattern_save", "pattern_generate")

    @pytest.mark.parametrize("group", ["registrar", "doctor", "operator"])
    def test_without_the_right_nothing_opens(self, client, doctor, group):
        client.force_login(an_employee(group))
        assert client.get(reverse("screens:templates")).status_code == 403
        for name in self.NAMES:
            assert client.post(url(name, doctor), a_row()).status_code == 403, name
        assert not ScheduleTemplate.objects.exists()

    def test_the_right_alone_counts(self, client, doctor):
        user = an_employee("registrar")
        user.user_permissions.add(Permission.objects.get(codename="edit_templates"))
        client.force_login(user)
        assert client.get(url("pattern", doctor)).status_code == 200

    def test_no_doctor_of_other_lpus_or_who_left(self, head):
        for stranger in (a_doctor(an_lpu(own=False)), a_doctor(is_active=False)):
            assert head.get(url("pattern", stranger)).status_code == 404
        assert head.get(url("pattern", a_doctor()), {"from": "nonsense"}).status_code == 404

    def test_the_list_of_intervals_is_to_read_and_leads_to_the_screen(self, head, doctor):
        template = a_template(doctor, channels=[Source.REGISTRY])
        page = reverse("admin:appointments_scheduletemplate_change", args=[template.pk])
        assert head.get(page).status_code == 200
        assert head.post(page, {"weekday": "2"}).status_code == 403
        opened = head.get(reverse("admin:appointments_scheduletemplate_open_screen"))
        assert (opened.status_code, opened["Location"]) == (302, reverse("screens:templates"))

    def test_the_calendar_is_a_click_away(self, head):
        assert head.get(reverse("screens:calendar"))["Location"] == reverse("admin:lmis_calendarday_changelist")
