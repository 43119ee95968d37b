"""The head's start page: what it counts, where its numbers lead, how many statements it takes."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from appointments.models import Appointment, ScheduleException, Slot, WaitingEntry, WaitNorm
from appointments.services import head_page, offers
from appointments.services.head_page import Cell
from appointments.services.norms import Norms
from lmis.models import Department, Doctor, Position, Source, Speciality
from tests.factories import cast
from tests.factories.schedule import a_slot_at, an_exception
from tests.factories.staff import an_employee
from tests.factories.waiting import an_entry
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
URL = "/admin/head/"


@pytest.fixture
def now():
    """The night before, so that all of today is ahead."""
    return timezone.now()


@pytest.fixture
def doctor():
    """A therapist of our LPU."""
    return cast.a_doctor(cast.an_lpu(), family="Орлова", speciality=Speciality.objects.create(name="терапия"))


@pytest.fixture
def head(client):
    """A head of department at the screen."""
    client.force_login(an_employee("head"))
    return client


def noon(doctor, days):
    """Noon of that many days from today, at the doctor's LPU."""
    day = timezone.now().astimezone(doctor.lpu.tz).date() + dt.timedelta(days=days)
    return dt.datetime.combine(day, dt.time(12), tzinfo=doctor.lpu.tz)


def a_place(doctor, days, minutes=0, **fields):
    """A place that many days from today."""
    return a_slot_at(doctor, noon(doctor, days) + dt.timedelta(minutes=minutes), **fields)


def seat(slot, state="booked", **fields):
    """Somebody in that place."""
    return Appointment.objects.create(
        slot=slot, patient=cast.a_patient(slot.doctor.lpu), number="1", state=state, **fields
    )


def read(doctor, now=None):
    """The page of the doctor's LPU."""
    every = Doctor.objects.filter(lpu=doctor.lpu).order_by().values("pk")
    waiting = WaitingEntry.objects.of_lpu(doctor.lpu)
    return head_page.read(lpu=doctor.lpu, now=now or timezone.now(), doctors=every, waiting=waiting)


class TestMap:
    def test_free_places_by_speciality_and_day(self, doctor):
        a_place(doctor, 1, capacity=3)
        seat(a_place(doctor, 1, 15))
        a_place(doctor, 1, 30, is_blocked=True)
        a_place(doctor, 1, 45, withdrawn="staff")
        a_place(doctor, 14)  # the fifteenth day
        (row,) = read(doctor).rows
        assert row.name == "терапия"
        assert len(row.cells) == 14
        assert (row.cells[1].free, row.cells[1].places, row.free) == (3, 4, 3)
        assert row.cells[2].level == "closed"

    def test_what_has_begun_is_not_free(self, doctor):
        slot = a_place(doctor, 0)
        before, after = slot.begin - dt.timedelta(minutes=1), slot.begin + dt.timedelta(minutes=1)
        assert read(doctor, before).rows[0].cells[0].free == 1
        assert read(doctor, after).rows[0].cells[0].free == 0

    def test_a_place_beyond_the_plan_is_marked_and_listed(self, doctor):
        slot = a_place(doctor, 2)
        seat(slot)
        seat(slot, seat=2, over_plan=True, over_reason="острая боль")
        page = read(doctor)
        assert page.rows[0].cells[2] == Cell(slot.day, free=0, places=1, over=1)
        assert page.over == [slot]

    @pytest.mark.parametrize(
        ("free", "places", "level"),
        [(0, 0, "closed"), (0, 10, "none"), (1, 10, "few"), (2, 10, "some"), (4, 10, "many"), (10, 10, "many")],
    )
    def test_levels(self, free, places, level):
        assert Cell(dt.date(2026, 1, 1), free, places).level == level

    def test_a_speciality_of_another_lpu_is_not_here(self, doctor):
        a_place(cast.a_doctor(), 1)
        assert read(doctor).rows == []


class TestLoads:
    def test_taken_and_missed_of_the_last_four_weeks(self, doctor):
        a_place(doctor, -1)
        seat(a_place(doctor, -2), "visited")
        seat(a_place(doctor, -3), "missed")
        seat(a_place(doctor, -4), "cancelled", cancelled_at=timezone.now())
        seat(a_place(doctor, -29), "missed")  # too long ago
        seat(a_place(doctor, 0), "missed")  # today is not over
        (load,) = read(doctor).loads
        assert (load.places, load.taken, load.percent) == (4, 2, 50)
        assert (load.visited, load.missed, load.missed_percent) == (1, 1, 50)
        assert load.doctor == doctor

    def test_no_places_and_no_visits_divide_by_nothing(self, doctor):
        load = head_page.Load(doctor, "терапия", places=0, taken=0, over=0)
        assert (load.percent, load.missed_percent) == (0, 0)

    def test_the_busiest_first(self, doctor):
        idle = cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
        a_place(idle, -1)
        seat(a_place(doctor, -1), "visited")
        assert [load.doctor for load in read(doctor).loads] == [doctor, idle]


class TestAbsences:
    def test_those_ahead_with_how_many_are_booked(self, doctor):
        seat(a_place(doctor, 3))
        seat(a_place(doctor, 3, 15), "cancelled", cancelled_at=timezone.now())
        seat(a_place(doctor, 9))
        away = an_exception("absence", noon(doctor, 2), noon(doctor, 5), doctor=doctor, reason="отпуск")
        an_exception("absence", noon(doctor, -5), noon(doctor, -4), doctor=doctor)
        an_exception("absence", noon(doctor, 40), noon(doctor, 41), doctor=doctor)
        an_exception("extra", noon(doctor, 2), noon(doctor, 3), doctor=doctor)
        (shown,) = read(doctor).absences
        assert shown == away
        assert shown.patients == 1

    @pytest.mark.parametrize("days", [1, 3])
    def test_whole_days_are_shown_as_days(self, head, doctor, days):
        begin = noon(doctor, 2).replace(hour=0)
        away = an_exception("absence", begin, begin + dt.timedelta(days=days), doctor=doctor)
        text = head.get(URL).content.decode()
        first, last = (f"{begin + dt.timedelta(days=number):%d.%m.%Y}" for number in (0, days - 1))
        told = re.search(r'<td class="nowrap">(.*?)</td>', text[text.index('id="absences-title"') :])
        assert told is not None
        assert re.findall(r"[\d.]{10}", told[1]) == list(dict.fromkeys([first, last]))
        assert ":" not in told[1], away


class TestWaits:
    def test_the_nearest_place_and_no_place_at_all(self, doctor):
        other = cast.a_doctor(doctor.lpu, speciality=Speciality.objects.create(name="хирургия"))
        first = a_place(doctor, 3)
        a_place(doctor, 5)
        seat(a_place(other, 2))
        waits = {wait.name: wait for wait in read(doctor).waits}
        assert waits["терапия"].slot == first
        assert waits["терапия"].wait.days == 3
        assert waits["хирургия"].slot is None
        assert waits["хирургия"].late

    def test_the_norm_ends_when_it_does_also_without_a_place(self, doctor):
        """By the norm of whoever receives; of the speciality at large, when nobody does but somebody waits."""
        WaitNorm.objects.all().delete()
        surgeon = cast.a_doctor(doctor.lpu, position=Position.objects.create(name="врач-хирург"))
        chief = cast.a_doctor(doctor.lpu, speciality=surgeon.speciality, position=Position.objects.create(name="глава"))
        gone = cast.a_doctor(doctor.lpu, is_active=False)
        an_entry(gone)
        for one in (doctor, surgeon, chief):
            seat(a_place(one, 2))
        WaitNorm.objects.create(speciality=surgeon.speciality, working_days=9)
        WaitNorm.objects.create(position=surgeon.position, hours=24)
        WaitNorm.objects.create(speciality=gone.speciality, hours=48)
        now = noon(doctor, -1)
        until = {wait.speciality: wait.until for wait in read(doctor, now).waits}
        day = dt.timedelta(days=1)
        assert until == {
            doctor.speciality_id: None,
            surgeon.speciality_id: now + day,
            gone.speciality_id: now + 2 * day,
        }

    def test_only_a_place_for_the_window_shortens_the_wait(self, doctor):
        """Held against the norm is what the desk offers at the window, whatever the other channels have sooner."""
        WaitNorm.objects.filter(position_begins="", kind="").update(working_days=1)
        other = cast.a_doctor(doctor.lpu, speciality=Speciality.objects.create(name="хирургия"))
        for number, source in enumerate(set(Source) - {Source.REGISTRY}):
            a_place(doctor, 0, number * 15, channels=[source])
            a_place(other, 0, number * 15, channels=[source])
        first = a_place(doctor, 13, channels=[Source.DOCTOR, Source.REGISTRY])
        before = noon(doctor, -1)
        waits = {wait.speciality: wait for wait in read(doctor, before).waits}
        assert (waits[doctor.speciality_id].slot, waits[other.speciality_id].slot) == (first, None)
        assert waits[doctor.speciality_id].late
        desk = offers.fields(
            lpu=doctor.lpu,
            channels={Source.REGISTRY},
            norms=Norms.read(zone=doctor.lpu.tz, now=before),
            now=before,
        )
        assert {one.speciality.pk: one.wait for one in desk} == {pk: wait.wait for pk, wait in waits.items()}


class TestScreen:
    def test_without_a_free_place_the_norm_is_named(self, head, doctor):
        seat(a_place(doctor, 2))
        WaitNorm.objects.all().delete()
        assert "no norm" in head.get(URL, headers={"accept-language": "en"}).content.decode()
        WaitNorm.objects.create(speciality=doctor.speciality, hours=48)
        assert "no norm" not in head.get(URL, headers={"accept-language": "en"}).content.decode()

    def test_numbers_are_links_that_open(self, head, doctor):
        slot = a_place(doctor, 1)
        seat(a_place(doctor, -1), "missed")
        html = head.get(URL).content.decode()
        links = [part.split('"')[0].replace("&amp;", "&") for part in html.split('href="')[1:]]
        inner = [link for link in links if link.startswith("/admin/") and "?" in link]
        assert any(f"day={slot.day.isoformat()}" in link for link in inner)
        assert any("missed" in link for link in inner)
        for link in set(inner):
            assert head.get(link, follow=True).status_code == 200, link

    def test_the_list_behind_the_no_shows_has_just_them(self, head, doctor):
        missed = seat(a_place(doctor, -1), "missed")
        seat(a_place(doctor, -2), "visited")
        seat(a_place(doctor, -40), "missed")
        html = head.get(URL).content.decode()
        link = next(
            part.split('"')[0] for part in html.split('href="')[1:] if "state__exact=missed" in part.split('"')[0]
        )
        shown = head.get(link.replace("&amp;", "&")).context["cl"].result_list
        assert list(shown) == [missed]

    def behind(self, head, part, **asked):
        """What the list shows to which the page's link with this part leads."""
        html = head.get(URL, asked).content.decode()
        links = [link.split('"')[0].replace("&amp;", "&") for link in html.split('href="')[1:]]
        (link,) = {link for link in links if part in link}
        return list(head.get(link).context["cl"].result_list)

    def test_behind_a_total_are_just_the_free_places_that_it_counts(self, head, doctor):
        department = Department.objects.create(lpu=doctor.lpu, name="Терапия")
        Doctor.objects.filter(pk=doctor.pk).update(department=department)
        free, last = a_place(doctor, 1), a_place(doctor, 13)
        seat(a_place(doctor, 1, 15))
        a_place(doctor, 1, 30, is_blocked=True)
        a_place(doctor, 14)
        a_place(doctor, -1)
        a_place(cast.a_doctor(doctor.lpu), 1)  # another speciality
        a_place(cast.a_doctor(doctor.lpu, speciality=doctor.speciality), 2)  # another department
        assert self.behind(head, "state=free", department=department.pk) == [free, last]

    def test_behind_a_load_are_just_the_visits_that_it_counts(self, head, doctor):
        seen = [seat(a_place(doctor, -1), "visited"), seat(a_place(doctor, -2), "missed"), seat(a_place(doctor, -3))]
        seat(a_place(doctor, -4), "cancelled", cancelled_at=timezone.now())
        seat(a_place(doctor, -29), "visited")
        seat(a_place(doctor, 0))
        seat(a_place(cast.a_doctor(doctor.lpu), -40), "visited")
        seen.append(seat(seen[0].slot, seat=2, over_plan=True, over_reason="острая боль"))
        taken = self.behind(head, "state__in=booked%2Cvisited%2Cmissed&slot__day")
        assert {one.pk for one in taken} == {one.pk for one in seen}
        assert self.behind(head, "over_plan__exact=1") == seen[-1:]

    def test_behind_those_beyond_the_norm_are_just_they(self, head, doctor):
        late, _in_time = an_entry(doctor), an_entry(doctor)
        WaitingEntry.objects.filter(pk=late.pk).update(due=timezone.now().date() - dt.timedelta(days=3))
        html = head.get(URL).content.decode()
        link = f"/admin/waiting/?lpu={doctor.lpu_id}&speciality={doctor.speciality_id}&late=1"
        assert f'href="{link.replace("&", "&amp;")}"' in html
        assert head.get(link).context["entries"] == [late]

    def test_behind_those_who_wait_are_just_those_of_the_lpu(self, head, doctor):
        passed = timezone.now().date() - dt.timedelta(days=3)
        far = cast.a_doctor(cast.an_lpu(), speciality=doctor.speciality)
        for one, number in ((doctor, 2), (far, 3)):
            for entry in [an_entry(one) for _each in range(number + 1)][:number]:
                WaitingEntry.objects.filter(pk=entry.pk).update(due=passed)
        for one, number in ((doctor, 2), (far, 3)):
            shown = head.get(URL, {"lpu": one.lpu_id})
            (line,) = [wait.line for wait in shown.context["page"].waits]
            assert (line.count, line.overdue) == (number + 1, number)
            links = re.findall(r'href="(/admin/waiting/[?][^"]+)"', shown.content.decode())
            behind = [head.get(link.replace("&amp;", "&")).context["entries"] for link in links]
            assert [len(entries) for entries in behind] == [line.count, line.overdue]
            assert {entry.patient.lpu_id for entries in behind for entry in entries} == {one.lpu_id}

    def test_behind_those_who_wait_are_just_those_of_the_department(self, head, doctor):
        """One speciality in two departments: by name they wait for a doctor of one, without a name for both."""
        mine, other = (Department.objects.create(lpu=doctor.lpu, name=name) for name in ("Первая", "Вторая"))
        Doctor.objects.filter(pk=doctor.pk).update(department=mine)
        second = cast.a_doctor(doctor.lpu, speciality=doctor.speciality, department=other)
        by_name, by_kind, theirs = (an_entry(doctor, by_name=True), an_entry(doctor), an_entry(second, by_name=True))
        WaitingEntry.objects.update(due=timezone.now().date() - dt.timedelta(days=3))
        for department, entries in ((mine, [by_name, by_kind]), (other, [by_kind, theirs])):
            shown = head.get(URL, {"department": department.pk})
            (line,) = [wait.line for wait in shown.context["page"].waits]
            assert (line.count, line.overdue) == (2, 2)
            links = re.findall(r'href="(/admin/waiting/[?][^"]+)"', shown.content.decode())
            assert [head.get(link.replace("&amp;", "&")).context["entries"] for link in links] == [entries] * 2

    def test_a_nearest_place_beyond_the_norm_leads_to_its_day(self, head, doctor):
        slot = a_place(doctor, 13)
        WaitNorm.objects.filter(position_begins="", kind="").update(working_days=1)
        html = head.get(URL).content.decode()
        day = f"/admin/grid/?speciality={doctor.speciality_id}&amp;day={slot.day.isoformat()}"
        assert f'<a class="chip bad" href="{day}">' in html

    def test_one_department(self, head, doctor):
        other = cast.a_doctor(doctor.lpu, department=Department.objects.create(lpu=doctor.lpu, name="Хирургия"))
        a_place(doctor, 1)
        a_place(other, 1)
        assert len(head.get(URL).context["page"].rows) == 2
        rows = head.get(URL, {"department": other.department.pk}).context["page"].rows
        assert [row.speciality for row in rows] == [other.speciality_id]
        assert head.get(URL, {"department": "x", "lpu": "0"}).status_code == 200

    def test_another_lpu_of_ours(self, head, doctor):
        other = cast.a_doctor(cast.an_lpu())
        a_place(other, 1)
        assert head.get(URL, {"lpu": other.lpu.pk}).context["page"].rows
        assert head.get(URL, {"lpu": doctor.lpu.pk}).context["page"].rows == []

    def test_before_there_is_an_lpu(self, head):
        assert head.get(URL).status_code == 200

    def test_nobody_is_named(self, head, doctor):
        visit = seat(a_place(doctor, 1), over_plan=True, over_reason="острая боль")
        html = head.get(URL).content.decode()
        assert visit.patient.family not in html
        assert "острая боль" not in html

    def test_no_link_for_who_may_not_follow_it(self, client, doctor):
        from django.contrib.auth.models import Permission

        user = an_employee()
        user.user_permissions.add(Permission.objects.get(codename="view_head_page"))
        client.force_login(user)
        a_place(doctor, 1)
        seat(a_place(doctor, -1), "missed")
        WaitingEntry.objects.filter(pk=an_entry(doctor).pk).update(due=dt.date(2026, 1, 1))
        html = client.get(URL).content.decode()
        assert "/admin/grid/" not in html
        assert "missed" not in html.replace('class="missed"', "")
        assert "/admin/appointments/" not in html
        assert "/admin/waiting/" not in html

    def test_statements(self, head, doctor):
        """Session, user, rights 2, LPUs, departments, ten of the page, 3 of the alarms; the same for five doctors."""

        def fill(count):
            for number in range(count):
                one = cast.a_doctor(doctor.lpu)
                seat(a_place(one, -1), "missed")
                seat(a_place(one, 1))
                a_place(one, 2, number * 15)
                an_exception("absence", noon(one, 1), noon(one, 2), doctor=one)

        fill(1)
        head.get(URL)
        with statements() as few:
            head.get(URL)
        fill(5)
        with statements() as many:
            head.get(URL)
        assert len(many) == len(few) == 19, listed(many)
        assert Slot.objects.count() == 18
        assert ScheduleException.objects.count() == 6
