"""The schedule's revisions and tags: what is told as changed, when a 304 is given, and when neither holds any more."""

import datetime as dt
import re
import uuid

import pytest
from django.core.management import call_command
from django.db import connection

from appointments.models import Slot
from appointments.services import schedule
from appointments.services.revision import Revision, Tags
from appointments.sql import load
from lmis.models import Doctor, Epoch, Lpu, Speciality
from tests.factories.cast import Region, a_doctor, a_slot, an_lpu
from tests.factories.schedule import MONDAY, a_slot_at, at, see
from tests.plans import only, plan
from tests.statements import listed, statements

DAY = dt.timedelta(days=1)
MARK = "0123456789abcdef0123"


class TestParsing:
    def test_a_revision(self):
        parsed = Revision.parse(f"{MARK}.20260601-20260615,20260602-20260616.77")

        assert (parsed.mark, parsed.edge) == (MARK, 77)
        assert parsed.first == [MONDAY, MONDAY + DAY]
        assert parsed.last == [MONDAY + 14 * DAY, MONDAY + 15 * DAY]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "1",
            f"{MARK}.20260601-20260615",
            f"{MARK}.20260601-20260615.",
            f"{MARK}.20260601-20260615.-1",
            f"{MARK}.20260601-20260615.99999999999999999999",
            f"{MARK}.20260631-20260715.1",
            f"{MARK}.00000000-00000000.1",
            f"{MARK.upper()}.20260601-20260615.1",
            f"{MARK}.20260601-20260615.1\n",
            f"{MARK}.20260601-20260615.١",
            "'; DROP TABLE appointments_slot; --",
        ],
    )
    def test_what_is_none(self, text):
        assert Revision.parse(text) is None

    def test_a_list_of_tags_weak_and_strong_and_of_others(self):
        one, two = f"{MARK}.20260601-20260615.1", f"{MARK}.20260601-20260615.2"

        tags = Tags.parse(f'"foreign", W/"{one}.0" , "{two}.1780000000000000", W/"", nonsense')

        assert [(tag.revision.edge, tag.next_begin) for tag in tags.known] == [(1, 0), (2, 1780000000000000)]
        assert tags.known[1].text == f'W/"{two}.1780000000000000"'
        assert not tags.any

    def test_the_star(self):
        assert Tags.parse(" * ") == Tags(any=True)
        assert not Tags.parse("")

    def test_a_header_without_end_is_cut(self):
        assert len(Tags.parse(", ".join([f'"{MARK}.20260601-20260615.1.0"'] * 500)).known) == 16


@pytest.fixture
def without(monkeypatch):
    """Take a condition, given as a regular expression, out of what decides about an answer."""

    def take_out(condition):
        def naive_load(name, **parts):
            text, found = re.subn(condition, "", load(name, **parts), flags=re.DOTALL)
            assert found == (name == "schedule_state"), name
            return text

        monkeypatch.setattr(schedule, "load", naive_load)

    return take_out


@pytest.mark.django_db(transaction=True)
class TestChangedSince:
    @pytest.fixture
    def doctor(self):
        return a_doctor()

    @pytest.fixture
    def slots(self, doctor):
        return [a_slot(doctor, hours=hours) for hours in (24, 25, 26)]

    def test_nothing_changed(self, slots):
        seen = see(since=see().revision)

        assert (seen.full, seen.items) == (False, [])

    def test_what_changed_and_nothing_else(self, slots):
        before = see()
        Slot.objects.filter(pk=slots[1].pk).update(is_blocked=True)

        seen = see(since=before.revision)

        assert (seen.full, seen.guids) == (False, [slots[1].guid])
        assert seen.items[0]["status"] == "Unavailable"
        assert see(since=seen.revision).items == []

    def test_a_new_slot(self, doctor, slots):
        before = see()
        new = a_slot(doctor, hours=30)

        assert see(since=before.revision).guids == [new.guid]

    def test_the_slots_of_a_new_doctor(self, slots):
        before = see()
        other = a_doctor(slots[0].doctor.lpu)
        new = a_slot(other)

        seen = see(since=before.revision)
        assert (seen.full, seen.guids) == (False, [new.guid])

    def test_a_doctor_shown_for_the_first_time(self, slots):
        hidden = a_doctor(slots[0].doctor.lpu, is_published=False)
        slot = a_slot(hidden)
        before = see()
        Doctor.objects.filter(pk=hidden.pk).update(is_published=True)

        seen = see(since=before.revision)
        assert (seen.full, seen.guids, seen.items[0]["status"]) == (False, [slot.guid], "Available")

    def test_by_resource_then_by_begin(self, slots):
        colleague = a_doctor(slots[0].doctor.lpu)
        a_slot(colleague)
        before = see()
        for slot in Slot.objects.order_by("-pk"):
            Slot.objects.filter(pk=slot.pk).update(capacity=2)

        seen = see(since=before.revision)

        assert len(seen.items) == 4
        assert seen.items == sorted(seen.items, key=lambda item: (item["resource"], item["begin"]))
        assert seen.items == see().items

    def test_only_in_the_window(self, doctor, slots):
        far = a_slot(doctor, hours=24 * 40)
        before = see()
        Slot.objects.filter(pk=far.pk).update(capacity=2)

        assert see(since=before.revision).items == []

    def test_only_of_the_filters(self, slots):
        other = a_doctor()
        a_slot(other)
        before = see(lpu=other.lpu.guid)
        Slot.objects.filter(pk=slots[0].pk).update(capacity=2)

        seen = see(lpu=other.lpu.guid, since=before.revision)
        assert (seen.full, seen.items) == (False, [])

    def test_becoming_expired_is_no_change(self, slots):
        window = {"first": today(slots[0]), "last": today(slots[0]) + 3 * DAY}
        before = see(**window)

        seen = see(slots[1].begin, since=before.revision, **window)
        assert (seen.full, seen.items) == (False, [])

    @pytest.mark.parametrize("revision", ["x", "0", f"{MARK}.20260601-20260615.1", "null"])
    def test_in_full_for_what_is_no_revision_of_ours(self, slots, revision):
        seen = see(since=revision)

        assert (seen.full, len(seen.items)) == (True, 3)

    def test_in_full_for_a_number_that_this_database_has_not_reached(self, slots):
        mark, windows, edge = see().revision.split(".")

        assert see(since=f"{mark}.{windows}.{edge}").full is False
        assert see(since=f"{mark}.{windows}.{int(edge) + 1000}").full is True

    def test_in_full_for_other_filters(self, slots):
        doctor = slots[0].doctor
        Speciality.objects.filter(pk=doctor.speciality_id).update(code="49")
        asked = [{}, {"lpu": doctor.lpu.guid}, {"speciality": "49"}, {"resource": doctor.guid}]
        revisions = [see(**question).revision for question in asked]

        for n, question in enumerate(asked):
            assert [see(since=revision, **question).full for revision in revisions] == [m != n for m in range(4)]

    def test_in_full_for_the_revision_of_a_filtered_answer(self, slots):
        for question in ({"free": True}, {"channel": "Internet"}):
            assert see(since=see(**question).revision).full is True

    def test_in_full_when_a_new_day_has_entered(self, slots):
        first = today(slots[0])
        before = see(first=first, last=first + 7 * DAY)

        def full(**days):
            return see(since=before.revision, **days).full

        assert full(first=first, last=first + 7 * DAY) is False
        assert full(first=first + DAY, last=first + 7 * DAY) is False
        assert full(first=first + 2 * DAY, last=first + 5 * DAY) is False
        assert full(first=first + DAY, last=first + 8 * DAY) is True
        assert full(first=first - DAY, last=first + 7 * DAY) is True

    def test_in_full_at_midnight(self, slots):
        lpu = slots[0].doctor.lpu
        midnight = at(lpu, today(slots[0]) + DAY, "00:00")
        before = see(midnight - dt.timedelta(seconds=1))

        assert see(midnight - dt.timedelta(microseconds=1), since=before.revision).full is False
        after = see(midnight, since=before.revision)
        assert after.full is True
        assert len(after.items) == sum(slot.begin >= midnight for slot in slots)
        assert see(midnight, tag=before.tag).unchanged is False

    def test_in_full_at_the_midnight_of_one_lpu_of_several(self):
        moscow, kamchatka = (a_doctor(an_lpu(time_zone=zone)) for zone in ("Europe/Moscow", "Asia/Kamchatka"))
        new = a_slot_at(kamchatka, at(kamchatka.lpu, MONDAY + 15 * DAY, "09:00"))
        midnight = at(kamchatka.lpu, MONDAY + DAY, "00:00")
        before = see(midnight - dt.timedelta(seconds=1))

        after = see(midnight, since=before.revision)

        assert (before.guids, after.full, after.guids) == ([], True, [new.guid])
        assert see(midnight, tag=before.tag).unchanged is False
        assert see(midnight, since=after.revision).full is False
        only_moscow = see(midnight - dt.timedelta(seconds=1), lpu=moscow.lpu.guid)
        assert see(midnight, lpu=moscow.lpu.guid, since=only_moscow.revision).full is False

    def test_the_new_day_is_told_after_midnight(self):
        """The one that the twins below break."""
        midnight, before, new = around_midnight()

        told = see(midnight, since=before.revision)
        assert (told.full, told.guids) == (True, [new.guid])
        assert see(midnight, tag=before.tag).guids == [new.guid]

    def test_twin_a_revision_that_forgets_its_days_misses_the_new_one(self, without):
        without(r"AND NOT EXISTS \(SELECT FROM zone z\b.*?IS NOT TRUE\)")
        midnight, before, new = around_midnight()

        told = see(midnight, since=before.revision)
        assert (told.full, told.guids) == (False, [])
        assert see(midnight).guids == [new.guid]

    def test_twin_a_tag_that_forgets_its_days_is_held_to_be_unchanged(self, without):
        without(r"AND t\.windows = h\.windows")
        midnight, before, new = around_midnight()

        assert see(midnight, tag=before.tag).unchanged is True
        assert see(midnight).guids == [new.guid]

    def test_in_full_after_a_restore(self, slots):
        before = see()
        call_command("renew_epoch")

        assert see(since=before.revision).full is True
        assert see(tag=before.tag).unchanged is False
        assert see(since=see().revision).full is False

    def test_without_an_epoch_at_all(self, slots):
        Epoch.objects.all().delete()
        before = see()

        assert see(since=before.revision).full is False
        call_command("renew_epoch")
        assert see(since=before.revision).full is True

    @pytest.mark.parametrize("question", [{}, {"lpu": True}, {"speciality": "49"}, {"resource": True}])
    def test_in_full_when_a_doctor_moved_elsewhere(self, slots, question):
        doctor = slots[0].doctor
        Speciality.objects.filter(pk=doctor.speciality_id).update(code="49")
        question = {"lpu": doctor.lpu.guid} if "lpu" in question else question
        question = {"resource": doctor.guid} if "resource" in question else question
        for move in ({"lpu": an_lpu()}, {"speciality": Speciality.objects.create(name="другая")}):
            before = see(**question)
            Doctor.objects.filter(pk=doctor.pk).update(**move)

            assert see(tag=before.tag, **question).unchanged is False
            assert see(since=before.revision, **question).full is True

    def test_another_doctors_move_is_nothing_to_one_resource(self, slots):
        doctor, other = slots[0].doctor, a_doctor(slots[0].doctor.lpu)
        before = see(resource=doctor.guid)
        Doctor.objects.filter(pk=other.pk).update(lpu=an_lpu())

        assert see(resource=doctor.guid, since=before.revision).full is False
        assert see(resource=doctor.guid, tag=before.tag).unchanged is True

    def test_in_full_when_a_speciality_gets_another_code(self, slots):
        specialities = Speciality.objects.filter(pk=slots[0].doctor.speciality_id)
        specialities.update(code="49")
        before = see(speciality="49")
        specialities.update(code="50")

        assert see(speciality="49", tag=before.tag).unchanged is False
        after = see(speciality="49", since=before.revision)
        assert (after.full, after.items) == (True, [])

    def test_in_full_when_an_lpu_gets_another_time_zone(self, slots):
        before = see()
        Lpu.objects.update(time_zone="Asia/Omsk")

        assert see(tag=before.tag).unchanged is False
        after = see(since=before.revision)
        assert after.full is True
        assert {item["begin"][-6:] for item in after.items} == {"+06:00"}

    def test_stamps_of_an_older_and_longer_life_do_not_repeat_for_ever(self, slots):
        with connection.cursor() as cursor:  # as after loading a dump into a new cluster
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("UPDATE appointments_slot SET changed = 1000000000000")
            cursor.execute("UPDATE lmis_doctor SET refiled = 1000000000000")
            cursor.execute("SET session_replication_role = DEFAULT")
        before = see()

        assert see(tag=before.tag).unchanged is True
        assert (see(since=before.revision).full, see(since=before.revision).items) == (False, [])
        Slot.objects.filter(pk=slots[0].pk).update(capacity=2)
        assert see(since=before.revision).guids == [slots[0].guid]


def around_midnight():
    """A midnight, an answer from just before it, and the one slot: on the day that enters the window then."""
    doctor = a_doctor()
    new = a_slot_at(doctor, at(doctor.lpu, MONDAY + 15 * DAY, "09:00"))
    midnight = at(doctor.lpu, MONDAY + DAY, "00:00")
    before = see(midnight - dt.timedelta(seconds=1))
    assert before.items == []
    return midnight, before, new


def today(slot):
    return dt.datetime.now(slot.doctor.lpu.tz).date()


@pytest.mark.django_db(transaction=True)
class TestTags:
    @pytest.fixture
    def slots(self):
        doctor = a_doctor()
        return [a_slot(doctor, hours=hours) for hours in (24, 25)]

    def test_unchanged(self, slots):
        before = see()

        after = see(tag=before.tag)
        assert (after.unchanged, after.tag) == (True, before.tag)

    def test_any_change_ends_it(self, slots):
        before = see()
        Slot.objects.filter(pk=slots[0].pk).update(capacity=2)

        after = see(tag=before.tag)
        assert after.unchanged is False
        assert after.tag != before.tag
        assert see(tag=after.tag).unchanged is True

    def test_a_change_outside_the_window_does_not(self, slots):
        far = a_slot(slots[0].doctor, hours=24 * 40)
        before = see()
        Slot.objects.filter(pk=far.pk).update(capacity=2)

        assert see(tag=before.tag).unchanged is True

    def test_it_ends_when_a_slot_begins(self, slots):
        window = {"first": today(slots[0]), "last": today(slots[0]) + 3 * DAY}
        before, begin = see(**window), slots[0].begin

        assert see(begin - dt.timedelta(microseconds=1), tag=before.tag, **window).unchanged is True
        after = see(begin, tag=before.tag, **window)
        assert [item["status"] for item in after.items] == ["Expired", "Available"]

    @pytest.mark.parametrize("how", [{"is_blocked": True}, {"withdrawn": "staff"}])
    def test_also_when_that_slot_could_not_be_booked(self, slots, how):
        Slot.objects.update(**how)
        window = {"first": today(slots[0]), "last": today(slots[0]) + 3 * DAY}
        before = see(**window)

        assert see(slots[0].begin, tag=before.tag, **window).items[0]["status"] == "Expired"

    def test_a_window_that_is_over_stays_unchanged(self, slots):
        day = today(slots[0]) - 10 * DAY
        before = see(first=day, last=day)

        assert before.tag.endswith('.0"')
        assert see(dt.datetime.now(dt.UTC) + 90 * DAY, first=day, last=day, tag=before.tag).unchanged is True

    def test_one_of_a_list_will_do(self, slots):
        tag = see().tag
        old = f'"{MARK}.20260601-20260615.1.0"'

        assert see(tag=f'{old}, "abc", {tag.removeprefix("W/")}').unchanged is True
        assert see(tag=f"{old}, {tag}").tag == tag

    def test_the_younger_of_two_counts(self, slots):
        old = see()
        Slot.objects.filter(pk=slots[0].pk).update(capacity=2)
        young = see()

        for tags in (f"{old.tag}, {young.tag}", f"{young.tag}, {old.tag}"):
            after = see(tag=tags)
            assert (after.unchanged, after.tag) == (True, young.tag)

    def test_the_star_takes_whatever_there_is(self, slots):
        after = see(tag="*")

        assert after.unchanged is True
        assert see(tag=after.tag).unchanged is True

    def test_each_question_has_its_own(self, slots):
        doctor = slots[0].doctor
        day = today(slots[0])
        asked = [
            {},
            {"lpu": doctor.lpu.guid},
            {"free": True},
            {"channel": "Internet"},
            {"channel": "Registry"},
            {"resource": doctor.guid},
            {"first": day},
            {"first": day + DAY},
            {"first": day, "last": day + 20 * DAY},
        ]
        tags = [see(**question).tag for question in asked]

        same = {(n, m) for n, one in enumerate(asked) for m, tag in enumerate(tags) if see(tag=tag, **one).unchanged}
        assert same == {(n, n) for n in range(len(asked))} | {(0, 6), (6, 0)}  # today is the default

    def test_with_changed_since_both_must_hold(self, slots):
        old = see()
        Slot.objects.filter(pk=slots[0].pk).update(capacity=2)
        young = see()

        assert see(tag=young.tag, since=young.revision).unchanged is True
        assert see(tag=young.tag, since=old.revision).guids == [slots[0].guid]
        assert see(tag=old.tag, since=young.revision).unchanged is False
        assert see(tag=young.tag, since="x").full is True
        assert see(tag="*", since=old.revision).guids == [slots[0].guid]
        assert see(tag="*", since=young.revision).unchanged is True

    def test_a_tag_of_a_difference_goes_on(self, slots):
        first = see()
        Slot.objects.filter(pk=slots[0].pk).update(capacity=2)
        second = see(since=first.revision, tag=first.tag)
        third = see(since=second.revision, tag=second.tag)

        assert (second.full, third.unchanged) == (False, True)

    def test_the_tag_of_a_resource_ends_with_it(self):
        doctor = a_doctor()
        before = see(resource=doctor.guid)
        assert see(resource=doctor.guid, tag=before.tag).unchanged is True
        Doctor.objects.update(is_published=False)

        with pytest.raises(schedule.ResourceNotFound):
            see(resource=doctor.guid, tag=before.tag)
        with pytest.raises(schedule.ResourceNotFound):
            see(resource=uuid.uuid4(), tag="*")

    @pytest.mark.parametrize("url", ["/api/schedule", "/api/resources/{guid}/schedule"])
    def test_over_http(self, slots, url):
        http, url = Region().http(), url.format(guid=slots[0].doctor.guid)
        tag = http.get(url)["ETag"]
        assert tag.startswith('W/"')

        with statements() as found:
            answer = http.get(url, headers={"If-None-Match": f'"other", {tag.removeprefix("W/")}'})

        # 1. the client by login, 2. the state, which is as it was
        assert len(found) == 2, listed(found)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert answer["Vary"] == "Accept-Encoding"
        assert "Content-Type" not in answer.headers
        Slot.objects.filter(pk=slots[0].pk).update(capacity=2)
        assert http.get(url, headers={"If-None-Match": tag}).status_code == 200

    def test_a_304_reads_no_slot_but_through_the_index_of_changes(self, slots):
        before = see()
        parameters = schedule._parameters(schedule.Question(held=Tags.parse(before.tag)), dt.datetime.now(dt.UTC))
        with only("appointments_slot", "slot_by_change") as cursor:
            lines = plan(cursor, schedule._state_sql(), parameters, "(ANALYZE, COSTS OFF)")

        touched = [line for line in lines if "on appointments_slot" in line and "never executed" not in line]
        assert len(touched) == 1
        assert "slot_by_change" in touched[0]


@pytest.mark.django_db(transaction=True)
class TestForbiddenFunctions:
    @pytest.fixture
    def forbidden(self):
        """A role that may not ask the server what it is, as with some providers."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE modest; GRANT SELECT ON ALL TABLES IN SCHEMA public TO modest")
            cursor.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; SET ROLE modest")
        yield
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE; GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC")
            cursor.execute("DROP OWNED BY modest; DROP ROLE modest")
        schedule._forbidden.clear()

    def test_are_left_out(self, forbidden):
        before = see()
        assert before.full is True

        assert schedule._forbidden == {"pg_control_system()"}
        assert see(tag=before.tag).unchanged is True
        assert see(since=before.revision).full is False
