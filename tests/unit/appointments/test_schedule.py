"""Contract E and F: what a Slot shows, which days and which slots are told."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from appointments.api.schedule_shapes import ScheduleSerializer
from appointments.api.slots import present_slots
from appointments.exceptions import ResourceNotFound
from appointments.models import Appointment, Slot
from appointments.services import schedule
from lmis.exceptions import ValidationFailed
from lmis.models import BusyType, Doctor, Room, Speciality
from tests.factories.cast import Region, a_doctor, a_patient, a_slot, an_lpu
from tests.factories.schedule import MONDAY, a_slot_at, at, see
from tests.statements import listed, statements
from tests.unit.appointments.conforming import conforms

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def doctor():
    return a_doctor()


@pytest.fixture
def now(doctor):
    return at(doctor.lpu, MONDAY, "08:00")


@pytest.fixture
def slot(doctor):
    """Monday at nine."""
    return a_slot_at(doctor, at(doctor.lpu, MONDAY, "09:00"))


def book(slot):
    Appointment.objects.create(slot=slot, patient=a_patient(slot.doctor.lpu), number="01")


def shown(now, **question):
    """The only slot told."""
    (item,) = see(now, **question).items
    return item


class TestSlot:
    def test_all_that_it_shows(self, doctor, now):
        room, busy = Room.objects.create(lpu=doctor.lpu, number="112"), BusyType.objects.create(code="1", name="приём")
        slot = a_slot_at(
            doctor,
            at(doctor.lpu, MONDAY, "09:00"),
            capacity=3,
            room=room,
            busy_type=busy,
            channels=["Internet", "Infomat"],
        )
        book(slot)

        assert shown(now) == {
            "guid": str(slot.guid),
            "resource": str(doctor.guid),
            "begin": "2026-06-01T09:00:00+03:00",
            "end": "2026-06-01T09:15:00+03:00",
            "status": "Available",
            "busyType": {"code": "1", "name": "приём"},
            "channels": ["Internet", "Infomat"],
            "capacity": 3,
            "free": 2,
            "room": "112",
        }

    def test_without_room_and_busy_type(self, slot, now):
        item = shown(now)

        assert (item["busyType"], item["room"]) == (None, "")

    def test_the_doctors_room_unless_it_has_its_own(self, doctor, now):
        Doctor.objects.update(room=Room.objects.create(lpu=doctor.lpu, number="7"))
        a_slot_at(doctor, at(doctor.lpu, MONDAY, "09:00"))

        assert shown(now)["room"] == "7"

    @pytest.mark.parametrize("text", ['"', "\\", "\n\t\x01", "</script>", "кабинет №7 😀", "a\\u0000b", "'"])
    def test_any_text_is_good_json(self, doctor, now, text):
        busy = BusyType.objects.create(code=text, name=text)
        a_slot_at(
            doctor,
            at(doctor.lpu, MONDAY, "09:00"),
            busy_type=busy,
            room=Room.objects.create(lpu=doctor.lpu, number=text),
        )

        item = shown(now)

        assert (item["busyType"], item["room"]) == ({"code": text, "name": text}, text)

    def test_without_channels(self, doctor, now):
        a_slot_at(doctor, at(doctor.lpu, MONDAY, "09:00"), channels=[])

        assert shown(now)["channels"] == []


class TestStatus:
    """The first that applies, and `free` is 0 unless it is the last."""

    @staticmethod
    def of(now):
        item = shown(now)
        return item["status"], item["free"]

    def test_available(self, slot, now):
        assert self.of(now) == ("Available", 1)

    def test_booked(self, slot, now):
        book(slot)
        assert self.of(now) == ("Booked", 0)

    def test_booked_beyond_the_plan_is_no_less_than_full(self, slot, now):
        book(slot)
        Appointment.objects.create(slot=slot, patient=a_patient(slot.doctor.lpu), number="02", seat=2, over_plan=True)
        assert self.of(now) == ("Booked", 0)

    @pytest.mark.parametrize("how", [{"is_blocked": True}, {"withdrawn": "staff"}, {"withdrawn": "generator"}])
    def test_unavailable_comes_before_booked(self, slot, now, how):
        book(slot)
        Slot.objects.update(**how)
        assert self.of(now) == ("Unavailable", 0)

    @pytest.mark.parametrize("how", [{"is_published": False}, {"is_active": False}])
    def test_the_slots_of_a_doctor_who_was_shown_once_are_unavailable(self, doctor, how):
        a_slot(doctor)
        Doctor.objects.update(**how)
        assert self.of(timezone.now()) == ("Unavailable", 0)

    def test_expired_comes_before_all(self, slot):
        Slot.objects.update(is_blocked=True)
        assert self.of(slot.begin) == ("Expired", 0)
        assert self.of(slot.begin - dt.timedelta(microseconds=1)) == ("Unavailable", 0)

    def test_expired_while_still_going_on(self, slot):
        assert self.of(slot.end - dt.timedelta(seconds=1)) == ("Expired", 0)


class TestNeverShown:
    def test_the_slots_of_a_doctor_who_was_never_shown_are_not_told(self, now):
        hidden = a_doctor(is_published=False)
        a_slot_at(hidden, at(hidden.lpu, MONDAY, "09:00"))

        assert see(now).items == []

    def test_nor_is_there_such_a_resource(self, now):
        hidden = a_doctor(is_published=False)
        a_slot_at(hidden, at(hidden.lpu, MONDAY, "09:00"))

        with pytest.raises(ResourceNotFound):
            see(now, resource=hidden.guid)

    def test_one_who_was_shown_is_still_a_resource(self, slot, now):
        Doctor.objects.update(is_published=False)

        assert see(now, resource=slot.doctor.guid).guids == [slot.guid]


class TestDays:
    def test_fifteen_from_today_by_default(self, doctor, now):
        for days in (-1, 0, 14, 15):
            a_slot_at(doctor, at(doctor.lpu, MONDAY + days * DAY, "09:00"))

        assert [item["begin"][:10] for item in see(now).items] == ["2026-06-01", "2026-06-15"]

    def test_fourteen_more_than_the_first(self, doctor, now):
        for days in (29, 30, 44, 45):
            a_slot_at(doctor, at(doctor.lpu, MONDAY + days * DAY, "09:00"))

        begins = [item["begin"][:10] for item in see(now, first=MONDAY + 30 * DAY).items]
        assert begins == ["2026-07-01", "2026-07-15"]

    def test_both_included_from_midnight_to_midnight(self, doctor, now):
        for day, time in ((-1, "23:59"), (0, "00:00"), (1, "23:59"), (2, "00:00")):
            a_slot_at(doctor, at(doctor.lpu, MONDAY + day * DAY, time), minutes=1)

        begins = [item["begin"][:16] for item in see(now, first=MONDAY, last=MONDAY + DAY).items]
        assert begins == ["2026-06-01T00:00", "2026-06-02T23:59"]

    def test_each_lpu_has_its_own_midnight_and_offset(self, now):
        for zone in ("Europe/Berlin", "Europe/Moscow", "Asia/Kamchatka", "America/St_Johns"):
            doctor = a_doctor(an_lpu(time_zone=zone))
            for day, time in ((-1, "23:45"), (0, "00:00"), (0, "23:45"), (1, "00:00")):
                a_slot_at(doctor, at(doctor.lpu, MONDAY + day * DAY, time))

        begins = sorted(item["begin"] for item in see(now, first=MONDAY, last=MONDAY).items)
        assert begins == sorted(
            f"2026-06-01T{time}:00{offset}"
            for offset in ("+02:00", "+03:00", "+12:00", "-02:30")
            for time in ("00:00", "23:45")
        )

    def test_today_is_that_of_each_lpu(self):
        evening = dt.datetime(2026, 6, 1, 21, 30, tzinfo=dt.UTC)  # in Moscow the second has begun
        for zone in ("Europe/Berlin", "Europe/Moscow"):
            doctor = a_doctor(an_lpu(time_zone=zone))
            for day in range(17):
                a_slot_at(doctor, at(doctor.lpu, MONDAY + day * DAY, "12:00"))

        days = {offset: [] for offset in ("+02:00", "+03:00")}
        for item in see(evening).items:
            days[item["begin"][-6:]].append(item["begin"][8:10])
        assert (days["+02:00"][0], days["+02:00"][-1], len(days["+02:00"])) == ("01", "15", 15)
        assert (days["+03:00"][0], days["+03:00"][-1], len(days["+03:00"])) == ("02", "16", 15)

    def test_the_offset_is_that_of_the_instant(self, now):
        berlin = a_doctor(an_lpu(time_zone="Europe/Berlin"))
        sunday = dt.datetime(2026, 10, 25, tzinfo=dt.UTC)
        for minutes in (-15, 0, 45, 60):
            a_slot_at(berlin, sunday + dt.timedelta(minutes=minutes))

        items = see(now, first=sunday.date(), last=sunday.date()).items
        assert [(item["begin"][11:], item["end"][11:]) for item in items] == [
            ("01:45:00+02:00", "02:00:00+02:00"),
            ("02:00:00+02:00", "02:15:00+02:00"),
            ("02:45:00+02:00", "02:00:00+01:00"),
            ("02:00:00+01:00", "02:15:00+01:00"),
        ]

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca"])
    def test_where_the_clocks_turn_as_python_would_write_it(self, now, zone):
        doctor = a_doctor(an_lpu(time_zone=zone))
        turns = list(days_when_clocks_turn(doctor.lpu.tz, 2026))
        half = dt.timedelta(minutes=30)
        for day in turns:
            begins = (at(doctor.lpu, day, "00:00").astimezone(dt.UTC) + n * half for n in range(54))
            Slot.objects.bulk_create(
                Slot(doctor=doctor, begin=begin, end=begin + half, day=day, ordinal=n) for n, begin in enumerate(begins)
            )

        for day in turns:
            items = see(now, first=day, last=day + DAY).items
            assert len(items) == 54
            moments = {dt.datetime.fromisoformat(item[name]): item[name] for item in items for name in ("begin", "end")}
            assert moments == {moment: moment.astimezone(doctor.lpu.tz).isoformat() for moment in moments}

    @pytest.mark.parametrize("days", [-1, 62, 4000])
    def test_at_most_62_in_the_right_order(self, slot, now, days):
        with pytest.raises(ValidationFailed):
            see(now, first=MONDAY, last=MONDAY + days * DAY)

    def test_62_it_may_be(self, slot, now):
        assert see(now, first=MONDAY, last=MONDAY + 61 * DAY).guids == [slot.guid]

    @pytest.mark.parametrize("days", [-1, 62])
    def test_the_last_day_alone_is_counted_from_today(self, slot, now, days):
        with pytest.raises(ValidationFailed):
            see(now, last=MONDAY + days * DAY)
        assert see(now, last=MONDAY).guids == [slot.guid]

    @pytest.mark.parametrize("first", [dt.date.min, dt.date.max, dt.date(1900, 1, 1)])
    def test_days_at_the_ends_of_the_calendar(self, slot, now, first):
        assert see(now, first=first).items == []

    def test_a_window_in_the_past(self, slot, now):
        later = now + 100 * DAY
        assert shown(later, first=MONDAY, last=MONDAY)["status"] == "Expired"


def days_when_clocks_turn(tz, year):
    """The days of that year with more or fewer hours than 24."""
    for n in range(365):
        day = dt.date(year, 1, 1) + n * DAY
        offsets = [dt.datetime.combine(day + m * DAY, dt.time.min, tz).utcoffset() for m in (0, 1)]
        if offsets[0] != offsets[1]:
            yield day


class TestFilters:
    def test_by_lpu(self, slot, now):
        other = a_doctor()
        a_slot_at(other, at(other.lpu, MONDAY, "10:00"))

        assert see(now, lpu=slot.doctor.lpu.guid).guids == [slot.guid]

    def test_by_speciality(self, slot, now):
        Speciality.objects.filter(pk=slot.doctor.speciality_id).update(code="49")
        other = a_doctor()
        a_slot_at(other, at(other.lpu, MONDAY, "10:00"))

        assert see(now, speciality="49").guids == [slot.guid]

    def test_by_channel(self, doctor, slot, now):
        a_slot_at(doctor, at(doctor.lpu, MONDAY, "10:00"), channels=["Registry"])

        assert see(now, channel="Internet").guids == [slot.guid]

    def test_only_free_ones(self, doctor, slot, now):
        for minutes, how in ((15, {"is_blocked": True}), (30, {"withdrawn": "staff"}), (-120, {})):
            a_slot_at(doctor, slot.begin + dt.timedelta(minutes=minutes), **how)
        book(a_slot_at(doctor, slot.begin + dt.timedelta(hours=2)))

        assert see(now, free=True).guids == [slot.guid]

    def test_one_resource(self, slot, now):
        other = a_doctor(slot.doctor.lpu)
        a_slot_at(other, at(other.lpu, MONDAY, "10:00"))

        assert see(now, resource=slot.doctor.guid).guids == [slot.guid]

    @pytest.mark.parametrize("unknown", [{"lpu": uuid.uuid4()}, {"speciality": "-"}, {"channel": "Telepathy"}])
    def test_what_nobody_has_gives_none(self, slot, now, unknown):
        seen = see(now, **unknown)

        assert (seen.items, seen.full) == ([], True)
        assert seen.revision

    def test_by_resource_then_by_begin(self, now):
        for doctor in (a_doctor(), a_doctor(), a_doctor()):
            for time in ("11:00", "09:00", "10:00"):
                a_slot_at(doctor, at(doctor.lpu, MONDAY, time))

        order = [(item["resource"], item["begin"]) for item in see(now).items]
        assert order == sorted(order)
        assert len(order) == 9


class TestOverHttp:
    @pytest.fixture
    def get(self):
        http = Region().http()
        return lambda url, query=None, **headers: http.get(f"/api{url}", query, headers=headers)

    @pytest.fixture
    def tomorrow(self, doctor):
        day = dt.datetime.now(doctor.lpu.tz).date() + DAY
        return a_slot_at(doctor, at(doctor.lpu, day, "09:00"))

    def test_the_answer_is_as_documented(self, get, tomorrow):
        answer = get("/schedule")

        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/json"
        assert conforms(ScheduleSerializer(), answer.json())
        assert answer.json()["items"][0]["guid"] == str(tomorrow.guid)

    def test_of_one_resource(self, get, tomorrow):
        url = f"/resources/{str(tomorrow.doctor.guid).upper()}/schedule"
        for one in (url, url + "/"):
            assert [item["guid"] for item in get(one).json()["items"]] == [str(tomorrow.guid)]

    def test_of_no_resource(self, get):
        answer = get(f"/resources/{uuid.uuid4()}/schedule")

        assert (answer.status_code, answer.json()["message_code"]) == (404, "resource_not_found")

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("dateFrom=tomorrow", "dateFrom"),
            ("dateFrom=20260601", "dateFrom"),
            ("dateFrom=2026-W23-1", "dateFrom"),
            ("dateTo=2026-02-30", "dateTo"),
            ("dateFrom=2026-06-01&dateTo=2026-05-31", "dateTo"),
            ("dateFrom=2026-06-01&dateTo=2026-08-02", "dateTo"),
            ("dateTo=2001-01-01", "dateTo"),
            ("dateTo=9999-12-31", "dateTo"),
            ("lpu=42", "lpu"),
            ("free=perhaps", "free"),
            ("changedSince=x&free=true", "changedSince"),
            ("changedSince=x&channel=Internet", "changedSince"),
            ("channel=Telegraph", "channel"),
        ],
    )
    def test_bad_forms_are_refused(self, get, tomorrow, query, field):
        answer = get(f"/schedule?{query}")

        assert (answer.status_code, answer.json()["message_code"]) == (400, "validation_error")
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    @pytest.mark.parametrize(
        "query", ["lpu=&dateFrom=&free=&channel=&changedSince=", "free=false&changedSince=x", "unheard=of"]
    )
    def test_blank_and_unknown_parameters_are_ignored(self, get, tomorrow, query):
        assert len(get(f"/schedule?{query}").json()["items"]) == 1

    def test_filters_by_name(self, get, tomorrow):
        Speciality.objects.filter(pk=tomorrow.doctor.speciality_id).update(code="49")
        lpu = str(tomorrow.doctor.lpu.guid)

        for query, count in (
            (f"lpu={lpu.upper()}&speciality=49&channel=Internet&free=true", 1),
            (f"lpu={uuid.uuid4()}", 0),
            ("speciality=50", 0),
            ("channel=Doctor", 0),
        ):
            assert len(get(f"/schedule?{query}").json()["items"]) == count

    def test_gzip_when_asked_for(self, get, doctor, tomorrow):
        for n in range(1, 10):
            a_slot_at(doctor, tomorrow.begin + n * dt.timedelta(minutes=15))

        plain, packed = get("/schedule"), get("/schedule", **{"Accept-Encoding": "gzip"})

        assert "Content-Encoding" not in plain.headers
        assert packed["Content-Encoding"] == "gzip"
        assert len(packed.content) < len(plain.content) / 3
        assert all("Accept-Encoding" in answer["Vary"] for answer in (plain, packed))
        assert packed["ETag"] == plain["ETag"]

    def test_the_scope_is_needed(self, tomorrow):
        http = Region(scopes=["appointments"]).http()
        for url in ("/api/schedule", f"/api/resources/{tomorrow.doctor.guid}/schedule", "/api/resources"):
            assert http.get(url).json()["message_code"] == "scope_required"

    def test_no_patient_is_in_it(self, get, tomorrow):
        patient = a_patient(tomorrow.doctor.lpu)
        Appointment.objects.create(slot=tomorrow, patient=patient, number="01")

        text = get("/schedule").content.decode()

        assert "Booked" in text
        assert not any(secret in text for secret in (patient.family, patient.polis_number, str(patient.guid)))

    @pytest.mark.parametrize("url", ["/schedule", "/resources/{guid}/schedule"])
    def test_statements(self, get, tomorrow, url):
        url = url.format(guid=tomorrow.doctor.guid)
        get(url)  # the client's last use has been noted
        with statements() as found:
            get(url)
        # 1. the client by login, 2. the state, 3. the slots
        assert len(found) == 3, listed(found)

    def test_statements_of_a_difference(self, get, tomorrow):
        revision = get("/schedule").json()["revision"]
        with statements() as found:
            assert get("/schedule", {"changedSince": revision}).json()["full"] is False
        # 1. the client by login, 2. the state, 3. the slots that changed
        assert len(found) == 3, listed(found)


class TestNearest:
    def test_slots_offered_with_a_refusal_are_shown_alike(self, doctor, slot, now):
        late = a_slot_at(doctor, slot.begin + dt.timedelta(hours=1), capacity=2)

        offered = present_slots([late, slot], now=now)

        assert offered == see(now).items[::-1]

    def test_none_cost_nothing(self, now):
        with statements() as found:
            assert present_slots([], now=now) == []
        assert found == []

    def test_the_clock_of_few_is_the_clock_of_many(self, now):
        berlin = a_doctor(an_lpu(time_zone="Europe/Berlin"))
        turn = dt.datetime(2026, 10, 25, 0, 45, tzinfo=dt.UTC)
        over = a_slot_at(berlin, turn)

        assert present_slots([over], now=now) == see(now, first=turn.date(), last=turn.date()).items


def test_a_default_of_fifteen_days_is_what_the_contract_says():
    assert (schedule.DEFAULT_DAYS, schedule.MOST_DAYS) == (15, 62)
