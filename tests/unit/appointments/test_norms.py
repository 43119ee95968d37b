"""The norms of waiting: the table's promises, which row counts, and up to when."""

import datetime as dt
import re

import pytest
from django.db import IntegrityError, transaction

from appointments.models import WaitNorm
from appointments.services.norms import Norms
from lmis.models import CalendarDay, Position
from tests.factories import cast
from tests.factories.schedule import at
from tests.factories.staff import an_employee, page
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
FRIDAY = dt.date(2027, 9, 3)


@pytest.fixture
def clinic():
    return cast.an_lpu()


@pytest.fixture
def bare():
    """The table without the rows that came with the migration."""
    WaitNorm.objects.all().delete()


def a_post(lpu, position="врач-хирург", **fields):
    return cast.a_doctor(lpu, position=Position.objects.create(name=position), **fields)


def norms(clinic, day=FRIDAY, time="10:00"):
    return Norms.read(zone=clinic.tz, now=at(clinic, day, time))


class TestTable:
    def test_it_comes_filled(self):
        rows = WaitNorm.objects.values_list("kind", "position_begins", "hours", "working_days")
        assert sorted(rows, key=str) == sorted(
            [
                ("", "врач-терапевт", 24, None),
                ("", "врач-педиатр", 24, None),
                ("", "врач общей практики", 24, None),
                ("", "", None, 14),
                ("cancer", "", None, 3),
                ("heart", "", None, 3),
            ],
            key=str,
        )

    @pytest.mark.parametrize(
        ("constraint", "row"),
        [
            ("norm_kind_known", {"kind": "other", "hours": 1}),
            ("norm_hours_or_days", {"position_begins": "x"}),
            ("norm_hours_or_days", {"position_begins": "x", "hours": 0}),
            ("norm_hours_or_days", {"position_begins": "x", "hours": 1, "working_days": 1}),
            ("norm_once", {"kind": "cancer", "hours": 5}),
        ],
    )
    def test_nonsense_is_refused_by_the_database(self, constraint, row):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            WaitNorm.objects.create(**row)

    def test_edited_by_the_administrator_alone(self, client):
        row = WaitNorm.objects.get(working_days=14)
        form = {
            "kind": "", "hours": "", "working_days": "10", "basis": "", "speciality": "", "position": "",
            "position_begins": "",
        }  # fmt: skip
        client.force_login(an_employee("registrar"))
        assert client.post(page("appointments.waitnorm", "change", row.pk), form).status_code == 403
        client.force_login(an_employee("administrator"))
        assert client.get(page("appointments.waitnorm")).status_code == 200
        assert client.post(page("appointments.waitnorm", "change", row.pk), form).status_code == 302
        row.refresh_from_db()
        assert row.working_days == 10

    def test_neither_hours_nor_days_is_told_in_words(self, client):
        client.force_login(an_employee("administrator"))
        response = client.post(page("appointments.waitnorm", "add"), {"kind": "", "position_begins": "врач-хирург"})
        assert response.context["adminform"].form.non_field_errors()
        assert WaitNorm.objects.count() == 6


class TestWhichRow:
    def test_what_says_most_counts(self, clinic, bare):
        doctor = a_post(clinic, "врач-терапевт участковый")
        expected = []
        for more in (
            {},
            {"speciality": doctor.speciality},
            {"position_begins": "врач-терапевт"},
            {"position_begins": "ВРАЧ-ТЕРАПЕВТ УЧ"},
            {"position": doctor.position},
        ):
            expected.append(WaitNorm.objects.create(working_days=5, **more))
            assert norms(clinic).of(doctor) == expected[-1]
        other = a_post(clinic)
        assert norms(clinic).of(other) == expected[0]

    def test_a_word_in_the_middle_is_another_post(self, clinic):
        assert norms(clinic).of(a_post(clinic, "врач-физиотерапевт")).working_days == 14

    def test_a_kind_without_rows_is_held_against_the_usual_ones(self, clinic):
        doctor = a_post(clinic)
        assert norms(clinic).of(doctor, "cancer").working_days == 3
        WaitNorm.objects.filter(kind="cancer").delete()
        assert norms(clinic).of(doctor, "cancer").working_days == 14

    def test_no_row_no_norm(self, clinic, bare):
        wait = norms(clinic).wait(doctor=a_post(clinic), begin=at(clinic, FRIDAY, "12:00"))
        assert (wait.norm, wait.until, wait.late) == (None, None, False)


class TestWait:
    def test_hours_are_hours(self, clinic):
        doctor, weighed = a_post(clinic, "врач-терапевт"), norms(clinic)
        saturday = FRIDAY + dt.timedelta(days=1)
        assert not weighed.wait(doctor=doctor, begin=at(clinic, saturday, "10:00")).late
        assert weighed.wait(doctor=doctor, begin=at(clinic, saturday, "10:01")).late

    def test_working_days_end_with_the_day(self, clinic):
        doctor, weighed = a_post(clinic), norms(clinic)
        wednesday = FRIDAY + dt.timedelta(days=5)
        good = weighed.wait(doctor=doctor, begin=at(clinic, wednesday, "23:59"), kind="heart")
        assert (good.days, good.working_days, good.late) == (5, 3, False)
        bad = weighed.wait(doctor=doctor, begin=at(clinic, wednesday + dt.timedelta(days=1), "00:00"), kind="heart")
        assert (bad.days, bad.working_days, bad.late) == (6, 4, True)

    def test_a_holiday_is_no_working_day(self, clinic):
        doctor = a_post(clinic)
        monday = FRIDAY + dt.timedelta(days=3)
        CalendarDay.objects.create(date=monday, kind=CalendarDay.Kind.DAY_OFF, name="holiday")
        wait = norms(clinic).wait(doctor=doctor, begin=at(clinic, FRIDAY + dt.timedelta(days=6), "12:00"), kind="heart")
        assert (wait.working_days, wait.late) == (3, False)

    def test_the_days_are_those_of_the_lpu(self):
        far = cast.an_lpu(time_zone="Asia/Vladivostok")
        doctor = a_post(far)
        weighed = Norms.read(zone=far.tz, now=at(far, FRIDAY, "23:30"))
        assert weighed.wait(doctor=doctor, begin=at(far, FRIDAY + dt.timedelta(days=1), "00:30")).days == 1

    def test_two_statements_however_many_doctors(self, clinic):
        doctors = [a_post(clinic) for _ in range(5)]
        with statements() as found:  # 1 the rows; 2 the calendar
            weighed = norms(clinic)
            for doctor in doctors:
                weighed.wait(doctor=doctor, begin=at(clinic, FRIDAY, "12:00"))
        assert len(found) == 2, listed(found)


def test_the_hours_of_a_norm_are_no_hours_of_a_doctor(client):
    client.force_login(an_employee("administrator"))
    form = client.get(page("appointments.waitnorm", "add"), headers={"accept-language": "ru"}).content.decode()
    assert re.search(r"<label[^>]*>\s*Часы\s*</label>", form)
    assert "Часы приёма" not in form
