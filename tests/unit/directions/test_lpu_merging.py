"""Two entries of the directory that are one LPU: merged, refused, and what comes with the old guid afterwards."""

import threading
import uuid

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, connections, transaction
from django.urls import reverse
from django.utils import timezone

from directions.models import Direction
from lmis.actors import SYSTEM, Actor
from lmis.models import Lpu, LpuAlias
from lmis.services import directory, lpu_merging
from lmis.services.journal_words import Words
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued
from tests.factories.staff import an_employee, page, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper():
    """As a registrar typed it from a paper: a name, and a guid of ours."""
    return cast.an_lpu(own=False, name="Городская больница № 3", short_name="", phone="83812", is_confirmed=False)


@pytest.fixture
def region():
    """As the region named it in a direction: a guid, and nothing else."""
    return cast.an_lpu(own=False, name="", short_name="", is_confirmed=False)


@pytest.fixture
def patient():
    return cast.a_patient(cast.an_lpu())


def merge(duplicate, into, by=SYSTEM):
    return lpu_merging.merge(duplicate=duplicate, into=into, by=by, now=timezone.now())


def everything():
    """What a refusal must leave as it was."""
    tables = (Lpu, LpuAlias, Direction, LogEntry)
    return [sorted(map(repr, table.objects.values_list())) for table in tables]


class TestMerging:
    def test_directions_both_ways_go_along(self, paper, region, patient):
        received = a_direction(patient=patient, lpu_from=paper)
        issued = an_issued(patient=patient, lpu_to=paper)
        other = a_direction(patient=patient)
        assert lpu_merging.counted(paper) == [(Direction, 2)]
        stays = merge(paper, region)
        assert stays == region
        for one in (received, issued, other):
            one.refresh_from_db()
        assert (received.lpu_from, issued.lpu_to) == (region, region)
        assert other.lpu_from not in (paper, region)
        assert not Lpu.objects.filter(pk=paper.pk).exists()

    def test_what_the_other_one_lacks_is_filled_in_and_nothing_is_overwritten(self, paper, region):
        Lpu.objects.filter(pk=region.pk).update(phone="8800")
        stays = merge(paper, region)
        assert (stays.name, stays.phone, stays.guid) == ("Городская больница № 3", "8800", region.guid)
        assert not stays.is_confirmed

    def test_the_old_guid_means_the_entry_that_stays(self, paper, region):
        merge(region, paper)
        assert directory.find_or_add(guid=region.guid, by="region") == paper
        assert directory.add(guid=region.guid, by="region") == paper
        assert Lpu.objects.filter(is_own=False).count() == 1
        assert directory.find_or_add(guid=uuid.uuid4(), by="region") != paper

    def test_also_when_that_one_is_merged_in_turn(self, paper, region):
        merge(region, paper)
        last = cast.an_lpu(own=False)
        merge(Lpu.objects.get(pk=paper.pk), last)
        for guid in (region.guid, paper.guid):
            assert directory.find_or_add(guid=guid, by="region") == last

    def test_a_booking_by_direction_with_the_old_guid(self, paper, region):
        doctor = cast.a_doctor(cast.an_lpu())
        merge(region, paper)
        body = cast.a_direction_request(cast.a_slot(doctor), doctor.lpu, lpu_from=region)
        answer = cast.Region().http().post("/api/dir/appointments", body, format="json")
        assert answer.status_code == 201, answer.content
        assert Direction.objects.get().lpu_from == paper
        assert not Lpu.objects.filter(guid=region.guid).exists()

    def test_the_journal_says_who_and_what(self, paper, region):
        user = an_employee(last_name="Перова", first_name="Ольга")
        merge(paper, region, by=Actor.of_user(user))
        entries = LogEntry.objects.get_for_object(region).order_by("pk")
        lines = Words([entry for entry in entries if entry.actor == user], shows_people=False).lines()
        told = [change for line in lines for change in line.changes]
        assert {line.who for line in lines} == {"Перова Ольга"}
        assert ("", "Городская больница № 3") in [change[1:] for change in told]
        assert ("", f"Городская больница № 3 {paper.guid}") in [change[1:] for change in told]
        assert LogEntry.objects.filter(object_pk=str(paper.pk), action=LogEntry.Action.DELETE).exists()


class TestRefused:
    def test_ours(self, paper):
        ours = cast.an_lpu()
        before = everything()
        for duplicate, into in ((ours, paper), (paper, ours)):
            with refused(lpu_merging.LpuOurs):
                merge(duplicate, into)
        assert everything() == before

    def test_itself_and_one_that_is_gone(self, paper, region):
        before = everything()
        with refused(lpu_merging.LpuSame):
            merge(paper, paper)
        assert everything() == before
        merge(paper, region)
        before = everything()
        with refused(lpu_merging.LpuSame):
            merge(paper, region)
        assert everything() == before

    @pytest.mark.parametrize("make", [cast.a_doctor, cast.a_patient])
    def test_one_with_doctors_or_cards(self, paper, region, patient, make):
        make(paper)
        a_direction(patient=patient, lpu_from=paper)
        before = everything()
        with refused(lpu_merging.LpuInUse):
            merge(paper, region)
        assert everything() == before

    def test_a_former_guid_stands_once(self, paper, region):
        merge(region, paper)
        with pytest.raises(IntegrityError, match="guid"), transaction.atomic():
            LpuAlias.objects.create(guid=region.guid, lpu=paper, merged_by="x")


class TestPage:
    @pytest.fixture
    def boss(self, client):
        client.force_login(an_employee("administrator"))
        return client

    def test_it_says_what_goes_along_asks_and_merges(self, boss, paper, region, patient):
        a_direction(patient=patient, lpu_from=paper)
        url = page("lmis.lpu", "merge", paper.pk)
        assert url in boss.get(page("lmis.lpu", "change", paper.pk)).content.decode()
        asked = boss.get(url)
        assert f"{Direction._meta.verbose_name_plural}: 1".lower() in asked.content.decode().lower()
        assert Lpu.objects.filter(pk=paper.pk).exists()
        done = boss.post(url, {"confirmed": "1", "into": region.pk})
        assert (done.status_code, done["Location"]) == (302, page("lmis.lpu", "change", region.pk))
        assert Direction.objects.get().lpu_from == region

    def test_ours_is_offered_on_neither_side(self, boss, paper):
        ours = cast.an_lpu()
        assert page("lmis.lpu", "merge", ours.pk) not in boss.get(page("lmis.lpu", "change", ours.pk)).content.decode()
        assert boss.post(page("lmis.lpu", "merge", ours.pk), {"confirmed": "1", "into": paper.pk}).status_code == 200
        answer = boss.post(page("lmis.lpu", "merge", paper.pk), {"confirmed": "1", "into": ours.pk})
        assert answer.context["form"].errors
        assert Lpu.objects.filter(pk__in=[ours.pk, paper.pk]).count() == 2

    @pytest.mark.parametrize("group", ["registrar", "doctor", "head", "operator"])
    def test_nobody_else(self, client, paper, region, group):
        client.force_login(an_employee(group))
        answer = client.post(page("lmis.lpu", "merge", paper.pk), {"confirmed": "1", "into": region.pk})
        assert answer.status_code == 403
        assert Lpu.objects.filter(pk=paper.pk).exists()

    def test_a_refusal_is_told_on_the_page(self, boss, paper, region):
        cast.a_doctor(paper)
        answer = boss.post(page("lmis.lpu", "merge", paper.pk), {"confirmed": "1", "into": region.pk})
        assert answer.context["form"].non_field_errors() == [str(lpu_merging.LpuInUse.message)]
        assert reverse("admin:lmis_lpu_merge", args=[paper.pk]) == answer.request["PATH_INFO"]


@pytest.mark.django_db(transaction=True)
def test_two_who_merge_each_into_the_other_leave_one():
    """Each locks both, in one order; the second finds that one is gone."""
    one, other = (cast.an_lpu(own=False) for _ in range(2))
    barrier, outcomes = threading.Barrier(2), []

    def attempt(duplicate, into):
        barrier.wait()
        try:
            outcomes.append(merge(duplicate, into))
        except lpu_merging.LpuSame:
            outcomes.append(None)
        connections.close_all()

    threads = [threading.Thread(target=attempt, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(None) == 1
    assert Lpu.objects.filter(is_own=False).count() == 1
    assert LpuAlias.objects.count() == 1
