"""Tickets: the code, who may print what, what stands on it; the day sheet; scanning."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from appointments.screens.grid_scope import query_of
from appointments.services import booking, cancelling
from appointments.tickets import bars_of, code_of, pk_of
from lmis.actors import SYSTEM, Actor
from lmis.models import AccessRecord, Department, Room, Source
from tests.factories import cast
from tests.factories.staff import an_employee

pytestmark = pytest.mark.django_db
SETS = {  # of EAN-13, as GS1 prints them: the left digits in odd parity; the others follow from them
    "0": "0001101", "1": "0011001", "2": "0010011", "3": "0111101", "4": "0100011",
    "5": "0110001", "6": "0101111", "7": "0111011", "8": "0110111", "9": "0001011",
}  # fmt: skip
WEEKDAYS = {
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
}


class TestCode:
    def test_known_check_digits(self):
        assert code_of(Appointment(pk=1)) == "2000000000015"
        assert code_of(Appointment(pk=12345)) == "2000000123455"

    def test_there_and_back(self):
        for pk in (1, 9, 10, 99_999_999_999):
            code = code_of(Appointment(pk=pk))
            assert re.fullmatch(r"2\d{12}", code)
            assert pk_of(code) == pk

    def test_any_digit_misread_or_two_neighbours_swapped_is_noticed(self):
        code = code_of(Appointment(pk=48_151_623))
        for place, digit in enumerate(code):
            wrong = code[:place] + str((int(digit) + 1) % 10) + code[place + 1 :]
            assert pk_of(wrong) is None
        assert pk_of("2000000485116") is None

    @pytest.mark.parametrize(
        "text", ["", "12", "1000000000016", "20000000000150", "200000000001a", "٢000000000015", "x"]
    )
    def test_anything_else_is_no_code(self, text):
        assert pk_of(text) is None

    def test_groups_of_digits_are_forgiven(self):
        assert pk_of(" 2 000000 000015 ") == 1

    def test_bars_are_those_of_the_standard(self):
        code = code_of(Appointment(pk=73))
        modules = ["0"] * 95
        for start, width in re.findall(r"M(\d+) 0h(\d+)v1", bars_of(code)):
            modules[int(start) : int(start) + int(width)] = "1" * int(width)
        bits = "".join(modules)
        assert (bits[:3], bits[45:50], bits[92:]) == ("101", "01010", "101")
        right = [bits[50 + 7 * index : 57 + 7 * index] for index in range(6)]
        inverted = {"".join("10"[int(bit)] for bit in pattern): digit for digit, pattern in SETS.items()}
        assert "".join(inverted[pattern] for pattern in right) == code[7:]


@pytest.fixture
def clinic():
    """A doctor with a room and a branch, and one patient booked tomorrow at nine."""
    lpu = cast.an_lpu(short_name="Clinic 7", address="Main street 1", phone="555", ticket_note="Polis, passport")
    room = Room.objects.create(lpu=lpu, number="214", floor="2")
    branch = Department.objects.create(lpu=lpu, name="Branch", address="Side street 9")
    doctor = cast.a_doctor(lpu, family="Шишкин", room=room, department=branch)
    patient = cast.a_patient(lpu, family="Ёлкина", name="Мария", patronymic="Львовна", phone="79991234567")
    return book(cast.a_slot(doctor), patient)


def book(slot, patient, *, by=SYSTEM, **more):
    """An appointment at the desk."""
    return booking.book(
        slot_guid=slot.guid,
        patient=patient,
        source=Source.REGISTRY,
        channels=[Source.REGISTRY],
        by=by,
        now=timezone.now(),
        **more,
    )


def ticket_url(appointment):
    return reverse("screens:ticket", args=[appointment.guid])


def text_of(response):
    """What is read, without the markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class TestTicket:
    @pytest.fixture
    def at_desk(self, client):
        client.force_login(an_employee("registrar"))
        return client

    def test_has_all_that_the_patient_needs(self, at_desk, clinic):
        text = text_of(at_desk.get(ticket_url(clinic)))
        begin = clinic.slot.begin.astimezone(clinic.slot.doctor.lpu.tz)
        code = code_of(clinic)
        for wanted in (
            "Clinic 7", "Side street 9", "Ёлкина М. Л.", clinic.number, clinic.slot.doctor.full_name,
            str(clinic.slot.doctor.speciality), "214", f"{begin:%H:%M}", str(begin.year), "Polis, passport",
            f"{code[0]} {code[1:7]} {code[7:]}",
        ):  # fmt: skip
            assert wanted in text, wanted

    @pytest.mark.parametrize(
        ("language", "floor", "mark"), [("en", "floor 2", "Beyond the plan"), ("ru", "этаж 2", "Сверх плана")]
    )
    def test_weekday_floor_and_the_mark_of_who_is_beyond_the_plan(self, at_desk, clinic, language, floor, mark):
        other = cast.a_patient(clinic.slot.doctor.lpu)
        more = book(clinic.slot, other, by=Actor.of_user(an_employee("head")), over_plan_reason="acute")
        weekday = clinic.slot.begin.astimezone(clinic.slot.doctor.lpu.tz).weekday()
        for appointment, beyond in ((clinic, False), (more, True)):
            text = text_of(at_desk.get(ticket_url(appointment), headers={"accept-language": language}))
            assert WEEKDAYS[language][weekday] in text.lower()
            assert floor in text
            assert (mark in text) == beyond

    def test_has_no_more_of_the_patient_than_that(self, at_desk, clinic):
        page = at_desk.get(ticket_url(clinic)).content.decode()
        for private in ("Мария", "Львовна", "79991234567", clinic.patient.polis_number):
            assert private not in page

    def test_the_lpus_own_address_where_there_is_no_branch(self, at_desk, clinic):
        doctor = clinic.slot.doctor
        doctor.department = None
        doctor.save(update_fields=["department"])
        assert "Main street 1" in text_of(at_desk.get(ticket_url(clinic)))

    def test_a_live_queue_has_a_running_number_and_an_interval(self, at_desk, clinic):
        slot = cast.a_slot(clinic.slot.doctor, hours=48, minutes=60, capacity=5, is_queue=True, numbers=5)
        book(slot, cast.a_patient(clinic.slot.doctor.lpu))
        second = book(slot, clinic.patient)
        text = text_of(at_desk.get(ticket_url(second)))
        zone = clinic.slot.doctor.lpu.tz
        interval = f"{slot.begin.astimezone(zone):%H:%M}–{slot.end.astimezone(zone):%H:%M}"
        assert interval in text
        assert second.number in text

    @pytest.mark.parametrize("chosen", ["a5", "roll"])
    def test_on_what_the_workplace_prints(self, at_desk, clinic, chosen):
        answer = at_desk.post(reverse("screens:ticket_format"), {"format": chosen, "ticket": str(clinic.guid)})
        assert answer.url == ticket_url(clinic)
        kept = answer.cookies["ticket_format"]
        assert (kept.value, kept["httponly"]) == (chosen, True)
        assert f'class="ticket {chosen}"' in at_desk.get(ticket_url(clinic)).content.decode()

    def test_a_format_that_is_none_is_refused_and_a_forged_one_is_a5(self, at_desk, clinic):
        answer = at_desk.post(reverse("screens:ticket_format"), {"format": "a0"})
        assert answer.status_code == 404
        assert "ticket_format" not in answer.cookies
        at_desk.cookies["ticket_format"] = "a0"
        assert 'class="ticket a5"' in at_desk.get(ticket_url(clinic)).content.decode()

    def test_a_cancelled_one_is_not_printed(self, at_desk, clinic):
        cancelling.cancel(guid=clinic.guid, among=Appointment.objects.all(), reason="", by=SYSTEM, now=timezone.now())
        answer = at_desk.get(ticket_url(clinic))
        assert answer.status_code == 409
        assert clinic.patient.family not in answer.content.decode()
        assert "data-printable" not in answer.content.decode()
        assert not AccessRecord.objects.exists()

    def test_may_stand_in_our_own_frame_and_in_no_cache(self, at_desk, clinic):
        answer = at_desk.get(ticket_url(clinic))
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert "no-store" in answer["Cache-Control"]

    def test_the_print_is_written_down(self, at_desk, clinic):
        at_desk.get(ticket_url(clinic))
        seen = AccessRecord.objects.get()
        assert (seen.what, seen.card, seen.screen) == (AccessRecord.What.PRINTED, clinic.patient.guid, "ticket")

    def test_statements(self, at_desk, clinic):
        at_desk.get(ticket_url(clinic))
        with CaptureQueriesContext(connection) as context:
            at_desk.get(ticket_url(clinic))
        # session, user, own rights, the groups' rights, the appointment with all, the note of the print
        assert len(context) == 6


class TestWho:
    @pytest.mark.parametrize(
        ("group", "status"),
        [("registrar", 200), ("head", 200), ("administrator", 200), ("doctor", 404), ("operator", 403)],
    )
    def test_a_ticket_of_somebody_elses_patient(self, client, clinic, group, status):
        client.force_login(an_employee(group))
        assert client.get(ticket_url(clinic)).status_code == status

    def test_a_doctor_prints_for_own_patients(self, client, clinic):
        user = an_employee("doctor")
        clinic.slot.doctor.user = user
        clinic.slot.doctor.save(update_fields=["user"])
        client.force_login(user)
        assert client.get(ticket_url(clinic)).status_code == 200

    def test_a_stranger_is_asked_who_he_is(self, client, clinic):
        assert client.get(ticket_url(clinic)).status_code == 302
        assert client.post(reverse("screens:scan"), {"code": code_of(clinic)}).status_code == 302


class TestDaySheet:
    def url(self, doctor, day):
        return reverse("screens:day_sheet", args=[doctor.guid, day])

    def test_the_patients_of_the_day_by_time(self, client, clinic):
        client.force_login(an_employee("registrar"))
        doctor, day = clinic.slot.doctor, clinic.slot.day
        earlier = book(cast.a_slot(doctor, hours=23, day=day), cast.a_patient(doctor.lpu, family="Аистов"))
        gone = book(cast.a_slot(doctor, hours=22, day=day), cast.a_patient(doctor.lpu, family="Ушедшая"))
        cancelling.cancel(guid=gone.guid, among=Appointment.objects.all(), reason="", by=SYSTEM, now=timezone.now())
        book(cast.a_slot(doctor, hours=72), cast.a_patient(doctor.lpu, family="Завтрашний"))
        text = text_of(client.get(self.url(doctor, day.isoformat())))
        assert text.index("Аистов") < text.index("Ёлкина Мария Львовна")
        assert "Ушедшая" not in text
        assert "Завтрашний" not in text
        cards = set(AccessRecord.objects.values_list("card", flat=True))
        assert cards == {earlier.patient.guid, clinic.patient.guid}

    def test_who_came_and_waits_was_seen_or_did_not_come(self, client, clinic):
        client.force_login(an_employee("registrar"))
        doctor, day = clinic.slot.doctor, clinic.slot.day
        came = dt.datetime.combine(day, dt.time(8, 52), doctor.lpu.tz)
        marks = {
            "Ждущий": {"arrived_at": came},
            "Принятый": {"arrived_at": came, "state": "visited"},
            "Пропавший": {"state": "missed"},
        }
        for hour, (family, fields) in enumerate(marks.items()):
            visit = book(cast.a_slot(doctor, hours=30 + hour, day=day), cast.a_patient(doctor.lpu, family=family))
            Appointment.objects.filter(pk=visit.pk).update(**fields)
        rows = client.get(self.url(doctor, day.isoformat())).content.decode().split("<tr>")
        shown = {}
        for row in rows[2:]:
            cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
            shown[cells[2].split()[0]] = cells[5]
        assert shown == {"Ёлкина": "", "Ждущий": "08:52", "Принятый": "+", "Пропавший": "−"}

    def test_a_doctors_own_only(self, client, clinic):
        client.force_login(an_employee("doctor"))
        assert client.get(self.url(clinic.slot.doctor, clinic.slot.day.isoformat())).status_code == 404

    @pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "0"])
    def test_a_day_that_is_none(self, client, clinic, day):
        client.force_login(an_employee("registrar"))
        assert client.get(self.url(clinic.slot.doctor, day)).status_code == 404

    def test_statements_do_not_grow(self, client, clinic):
        client.force_login(an_employee("registrar"))
        doctor, day = clinic.slot.doctor, clinic.slot.day
        for index in range(5):
            slot = cast.a_slot(doctor, hours=30 + index, day=day)
            book(slot, cast.a_patient(doctor.lpu))
        with CaptureQueriesContext(connection) as context:
            client.get(self.url(doctor, day.isoformat()))
        # session, user, own rights, the groups' rights, the doctor, the appointments, the note of the print
        assert len(context) == 7


class TestScan:
    @pytest.fixture(autouse=True)
    def all_screens(self, monkeypatch):
        """As if desk, day and grid were all there."""
        monkeypatch.setattr("appointments.screens.tickets.address_of", lambda name, *_args: f"/{name}/")

    def scan(self, client, code):
        return client.post(reverse("screens:scan"), {"code": code}, headers={"HX-Request": "true"})

    @pytest.mark.parametrize("group", ["registrar", "administrator"])
    def test_opens_the_appointment_at_the_desk(self, client, clinic, group):
        client.force_login(an_employee(group))
        answer = self.scan(client, code_of(clinic))
        assert answer["HX-Redirect"] == f"/screens:desk/?appointment={clinic.guid}"

    def test_opens_its_place_on_the_grid_for_whoever_has_no_desk(self, client, clinic):
        client.force_login(an_employee("head"))
        slot = clinic.slot
        expected = f"/screens:grid/?{query_of(doctor=slot.doctor, day=slot.day)}#s{slot.pk}"
        assert self.scan(client, code_of(clinic))["HX-Redirect"] == expected

    def test_on_the_doctors_day_for_own_patients_only(self, client, clinic):
        user = an_employee("doctor")
        client.force_login(user)
        assert self.scan(client, code_of(clinic)).status_code == 404
        clinic.slot.doctor.user = user
        clinic.slot.doctor.save(update_fields=["user"])
        expected = f"/screens:day/?doctor={clinic.slot.doctor.guid}&day={clinic.slot.day}#v{clinic.pk}"
        assert self.scan(client, code_of(clinic))["HX-Redirect"] == expected

    @pytest.mark.parametrize("code", ["", "2000000000022", "4006381333931", str(dt.date.max)])
    def test_a_code_of_nothing_is_said_and_opens_nothing(self, client, clinic, code):
        client.force_login(an_employee("registrar"))
        answer = self.scan(client, code)
        assert answer.status_code == 404
        assert "toast" in answer["HX-Trigger"]
        assert "HX-Redirect" not in answer
