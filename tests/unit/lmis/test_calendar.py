"""Holidays, moved working days, departments that work on a holiday."""

import csv
import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import translation

from lmis.actors import SYSTEM
from lmis.models import CalendarDay, Department, HolidayWork
from lmis.services import calendar, calendar_loading
from tests.factories.cast import an_lpu
from tests.factories.staff import an_employee, page
from tests.statements import statements

pytestmark = pytest.mark.django_db

HEADER = ",".join(calendar_loading.COLUMNS)


def day(text):
    return dt.date.fromisoformat(text)


def a_department(**fields):
    return Department.objects.create(lpu=an_lpu(), name="Травмпункт", **fields)


def a_file(tmp_path, *lines, header=HEADER):
    path = tmp_path / "calendar.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


class TestData:
    """What the migration loaded: the file that comes with the system."""

    @pytest.mark.parametrize(
        ("year", "workdays"),
        [(2026, 247), (2027, 249)],  # 2026 as the production calendar of the decree counts them
    )
    def test_the_year_has_so_many_working_days(self, year, workdays):
        days = calendar.between(dt.date(year, 1, 1), dt.date(year, 12, 31))
        first = dt.date(year, 1, 1)
        count = sum(days.is_working(first + dt.timedelta(days=n)) for n in range(365))
        assert count == workdays

    @pytest.mark.parametrize(
        "off", ["2026-01-09", "2026-12-31", "2026-03-09", "2026-05-11", "2026-02-23", "2026-06-12", "2026-11-04"]
    )
    def test_days_off_of_2026(self, off):
        assert not calendar.is_working(day(off))

    @pytest.mark.parametrize("work", ["2026-01-12", "2026-12-30", "2026-04-30", "2026-11-05"])
    def test_working_days_of_2026(self, work):
        assert calendar.is_working(day(work))

    def test_2026_is_decreed_and_2027_is_preliminary(self):
        told = {year: set() for year in (2026, 2027)}
        for found in CalendarDay.objects.all():
            told[found.date.year].add(found.is_preliminary)
        assert told == {2026: {False}, 2027: {True}}

    def test_every_day_says_where_it_comes_from(self):
        assert not CalendarDay.objects.filter(source="").exists()


class TestReading:
    def test_a_weekend_is_not_worked_and_yet_not_closed(self):
        days = calendar.between(day("2026-06-06"), day("2026-06-06"))
        assert not days.is_working(day("2026-06-06"))
        assert not days.is_closed(day("2026-06-06"))

    def test_a_department_works_on_a_holiday_and_the_others_do_not(self):
        department, other = a_department(), a_department()
        HolidayWork.objects.create(day=CalendarDay.objects.get(date="2026-06-12"), department=department)
        assert calendar.is_working(day("2026-06-12"), department)
        assert not calendar.is_working(day("2026-06-12"), other)
        assert not calendar.is_working(day("2026-06-12"))
        days = calendar.between(day("2026-06-01"), day("2026-06-30"))
        assert days.is_closed(day("2026-06-12"), other.pk)
        assert not days.is_closed(day("2026-06-12"), department.pk)

    def test_on_a_moved_working_day_the_hours_are_those_of_the_day_it_came_from(self):
        CalendarDay.objects.create(
            date=day("2026-06-20"), kind="working", name="Рабочая суббота", moved_from=day("2026-06-15")
        )
        days = calendar.between(day("2026-06-15"), day("2026-06-21"))
        assert days.is_working(day("2026-06-20"))
        assert days.weekday_of(day("2026-06-20")) == 1
        assert days.weekday_of(day("2026-06-19")) == 5

    @pytest.mark.parametrize(
        ("start", "count", "end"),
        [
            ("2026-06-08", 0, "2026-06-08"),
            ("2026-06-08", 1, "2026-06-09"),
            ("2026-06-11", 1, "2026-06-15"),  # Friday the 12th is a holiday
            ("2025-12-31", 1, "2026-01-12"),  # the long one
            ("2026-04-27", 14, "2026-05-19"),  # a specialist's norm over both holidays of May
            ("2026-04-25", 1, "2026-04-27"),  # from a Saturday
        ],
    )
    def test_working_days_are_counted_over_holidays(self, start, count, end):
        assert calendar.add_working_days(day(start), count) == day(end)

    def test_a_department_that_works_counts_its_holiday(self):
        department = a_department()
        HolidayWork.objects.create(day=CalendarDay.objects.get(date="2026-06-12"), department=department)
        assert calendar.add_working_days(day("2026-06-11"), 1, department) == day("2026-06-12")

    def test_nobody_counts_backwards(self):
        with pytest.raises(ValueError, match="forwards"):
            calendar.add_working_days(day("2026-06-11"), -1)

    def test_a_year_of_days_is_one_statement(self):
        department = a_department()
        with statements() as done:
            days = calendar.between(day("2026-01-01"), day("2026-12-31"))
            assert days.is_closed(day("2026-01-01"), department.pk)
            assert days.add(day("2026-01-01"), 100) > day("2026-05-01")
        assert len(done) == 1
        with statements() as done:
            calendar.add_working_days(day("2026-01-01"), 14)
        assert len(done) == 1


class TestConstraints:
    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("calendar_kind_known", {"kind": "feast"}),
            ("calendar_day_named", {"name": ""}),
            ("calendar_moved_fits_kind", {"kind": "working", "moved_from": None}),
            ("calendar_moved_fits_kind", {"kind": "short", "moved_from": day("2026-07-02")}),
            ("calendar_moved_elsewhere", {"moved_from": day("2026-07-01")}),
        ],
    )
    def test_checks(self, name, fields):
        values = {"date": day("2026-07-01"), "kind": "off", "name": "День"} | fields
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            CalendarDay.objects.create(**values)

    def test_a_day_stands_there_once(self):
        with pytest.raises(IntegrityError, match="date"), transaction.atomic():
            CalendarDay.objects.create(date=day("2026-06-12"), name="again")

    def test_a_department_is_named_once_a_day(self):
        work = {"day": CalendarDay.objects.get(date="2026-06-12"), "department": a_department()}
        HolidayWork.objects.create(**work)
        with pytest.raises(IntegrityError, match="holiday_work_once"), transaction.atomic():
            HolidayWork.objects.create(**work)


class TestLoading:
    @pytest.fixture(autouse=True)
    def _english(self):
        with translation.override("en"):
            yield

    def test_new_days_come_changed_ones_follow_others_stay(self, tmp_path):
        before = CalendarDay.objects.count()
        path = a_file(
            tmp_path,
            "2028-01-01,off,Новый год,,1,закон,2026-11-22",
            "2026-06-12,off,День России и соседей,,0,закон,2026-11-22",
            '2026-11-04,off,День народного единства,,0,"Трудовой кодекс РФ, статья 112",2026-11-22',
        )
        assert calendar_loading.load(path=path, by=SYSTEM) == calendar_loading.Loaded(added=1, changed=1, same=1)
        assert CalendarDay.objects.count() == before + 1
        assert CalendarDay.objects.get(date="2026-06-12").name == "День России и соседей"
        assert CalendarDay.objects.get(date="2028-01-01").is_preliminary

    def test_the_file_that_comes_with_the_system_changes_nothing_any_more(self, capsys):
        call_command("load_calendar")
        assert "0 new, 0 changed" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("2028-13-01,off,День,,0,закон,2026-11-22", "Line 3"),
            ("2028-01-02,feast,День,,0,закон,2026-11-22", "Line 3"),
            ("2028-01-02,off,,,0,закон,2026-11-22", "Line 3"),
            ("2028-01-02,off,День,,maybe,закон,2026-11-22", "Line 3"),
            ("2028-01-02,off,День,,0", "Line 3"),
            ("2028-01-02,working,День,,0,закон,2026-11-22", "Line 3"),
            ("2028-01-01,off,День,,0,закон,2026-11-22", "was there before"),
        ],
    )
    def test_one_bad_row_and_nothing_is_loaded(self, tmp_path, line, why):
        path = a_file(tmp_path, "2028-01-01,off,Новый год,,1,закон,2026-11-22", line)
        with pytest.raises(CommandError, match=why):
            call_command("load_calendar", str(path))
        assert not CalendarDay.objects.filter(date__year=2028).exists()

    def test_a_file_of_another_shape_is_refused(self, tmp_path):
        with pytest.raises(ValidationError, match="must name the columns"):
            calendar_loading.read(a_file(tmp_path, header="day,name"))

    def test_a_file_that_is_not_there_is_refused(self):
        with pytest.raises(CommandError, match=r"missing\.csv"):
            call_command("load_calendar", "missing.csv")

    def test_the_migration_keeps_what_the_clinic_entered(self):
        CalendarDay.objects.filter(date="2026-06-12").update(name="наше")
        CalendarDay.objects.filter(date="2026-06-11").delete()
        apps = MigrationExecutor(connection).loader.project_state([("lmis", "0009_load_calendar")]).apps
        calendar_loading.add_missing(
            apps.get_model("lmis", "CalendarDay"), calendar_loading.read(calendar_loading.DEFAULT)
        )
        assert CalendarDay.objects.get(date="2026-06-12").name == "наше"
        assert CalendarDay.objects.filter(date="2026-06-11").exists()

    def test_every_row_of_the_file_was_checked_on_a_day(self):
        with calendar_loading.DEFAULT.open(encoding="utf-8", newline="") as file:
            assert all(dt.date.fromisoformat(row["checked"]) for row in csv.DictReader(file))


class TestAdmin:
    def form(self, **fields):
        return {
            "date": "01.07.2026",
            "kind": "off",
            "name": "День города",
            "moved_from": "",
            "source": "приказ",
            "work-TOTAL_FORMS": "0",
            "work-INITIAL_FORMS": "0",
        } | fields

    def test_a_head_enters_a_day_with_a_department_that_works(self, client):
        department = a_department()
        client.force_login(an_employee("head"))
        fields = {"work-TOTAL_FORMS": "1", "work-0-department": str(department.pk)}
        answer = client.post(page("lmis.calendarday", "add"), self.form(**fields))
        assert answer.status_code == 302
        assert calendar.is_working(day("2026-07-01"), department)
        assert not calendar.is_working(day("2026-07-01"))

    def test_a_working_day_without_its_origin_is_explained(self, client):
        client.force_login(an_employee("head"))
        answer = client.post(page("lmis.calendarday", "add"), self.form(kind="working"))
        assert answer.status_code == 200
        assert "moved_from" in answer.context["adminform"].form.errors
        assert not CalendarDay.objects.filter(date="2026-07-01").exists()

    @pytest.mark.parametrize("group", ["registrar", "doctor"])
    def test_others_read_only(self, client, group):
        client.force_login(an_employee(group))
        known = CalendarDay.objects.get(date="2026-06-12")
        assert client.get(page("lmis.calendarday", "change", known.pk)).status_code == 200
        assert client.post(page("lmis.calendarday", "change", known.pk), self.form()).status_code == 403
        assert client.post(page("lmis.calendarday", "add"), self.form()).status_code == 403

    def test_without_the_right_the_model_s_permissions_are_not_enough(self, client):
        user = an_employee("head")
        group = user.groups.get()
        group.permissions.remove(Permission.objects.get(codename="edit_calendar"))
        client.force_login(user)
        assert client.post(page("lmis.calendarday", "add"), self.form()).status_code == 403
        assert not CalendarDay.objects.filter(date="2026-07-01").exists()

    def test_the_list_is_read_in_few_statements(self, client):
        client.force_login(an_employee("head"))
        client.get(page("lmis.calendarday"))
        with statements() as done:
            assert client.get(page("lmis.calendarday")).status_code == 200
        # session, employee, their permissions twice; bounds of the dates, months; a bounded count; the days
        assert len(done) <= 10, done
