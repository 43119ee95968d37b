"""The cards behind the numbers of the last comparison with the MIP: what is shown of them, and to whom."""

import datetime as dt
import re
import uuid

import pytest
from django.utils import timezone, translation

from patients.models import CardUpload, Reconciliation, ReconciliationFinding
from patients.services import exchange_words, findings, reconciliation
from tests.factories.patients import a_card
from tests.factories.staff import an_employee
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
URL = "/admin/exchange/"
HOUR = dt.timedelta(hours=1)
KINDS = ("missing", "older", "newer", "unknown")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def run(now):
    return a_run(now - HOUR)


def a_run(started_at, stage="done", **counts):
    """A comparison that came to its end, or was given up."""
    ended = None if stage == "asking" else started_at + HOUR / 2
    return Reconciliation.objects.create(
        stage=stage, started_at=started_at, ended_at=ended, started_by="system", due_at=started_at, **counts
    )


def found(run, kind, card=None, *, lpu=None, here=1000, there=900):
    """One more card of this kind."""
    setattr(run, kind, getattr(run, kind) + 1)
    run.save()
    return ReconciliationFinding.objects.create(
        run=run,
        kind=kind,
        guid=card.guid if card else uuid.uuid4(),
        lpu=card.lpu if card else lpu,
        card_id=card.pk if card else None,
        version_here=here if card else None,
        version_there=None if kind == "missing" else there,
    )


def numbered(card):
    card.refresh_from_db()  # the trigger has numbered it
    return card


def text_of(response):
    return response.content.decode()


def shown(client, kind, **more):
    return text_of(client.get(f"{URL}findings/", {"kind": kind, **more}))


class TestThePage:
    def test_the_numbers_of_the_newest_comparison_lead_to_their_cards(self, client, operator, lpu, now, run):
        a_run(now - 24 * HOUR, missing=7, unknown=2)
        for kind in ("missing", "newer"):
            found(run, kind, a_card(lpu))
        page = text_of(client.get(URL))
        for kind in KINDS:
            assert page.count(f'id="found-{kind}"') == (kind in ("missing", "newer"))
            assert page.count(f"findings/?kind={kind}") == (kind in ("missing", "newer"))

    @pytest.mark.parametrize("stage", ["asking", "failed"])
    def test_one_that_came_to_no_end_leaves_them_where_they_are(self, client, operator, lpu, now, run, stage):
        card = numbered(a_card(lpu))
        found(run, "missing", card)
        a_run(now, stage, missing=5)
        page = text_of(client.get(URL))
        assert page.count('id="found-missing"') == 1
        assert re.search(r'id="found-missing"[^>]*>1<', page)
        assert card.card_number in shown(client, "missing")

    def test_before_the_first_there_is_nothing(self, client, operator):
        assert client.get(f"{URL}findings/", {"kind": "missing"}).status_code == 404
        assert client.get(f"{URL}letter/", {"kind": "unknown"}).status_code == 404


class TestTheList:
    @pytest.mark.parametrize("kind", ["missing", "older", "newer"])
    def test_card_versions_and_what_is_done(self, client, operator, lpu, run, kind):
        card, other = numbered(a_card(lpu)), numbered(a_card(lpu))
        found(run, kind, card, here=777001, there=777002)
        text = shown(client, kind)
        assert card.card_number in text
        assert str(card.guid) in text
        assert str(lpu) in text
        assert "777001" in text
        assert ("777002" in text) == (kind != "missing")
        assert str(findings.ACTIONS[kind]) in text
        assert other.card_number not in text

    def test_names_are_on_none_of_them(self, client, lpu, run):
        card = a_card(lpu, family="Показательный", name="Ипполит")
        for kind in ("missing", "older", "newer"):
            found(run, kind, card)
        for group in ("operator", "administrator"):
            client.force_login(an_employee(group))
            for kind in KINDS:
                text = shown(client, kind)
                assert "Показательный" not in text
                assert "Ипполит" not in text

    def test_whether_it_has_arrived_since(self, client, operator, lpu, now, run):
        arrived, waits, refused, as_before = (a_card(lpu) for _number in range(4))
        for card in (arrived, waits, refused, as_before):
            found(run, "missing", card)
        set_upload(arrived, state="accepted", accepted_at=now, accepted_version=777003)
        set_upload(refused, state="rejected", error_code="lpu_mismatch")
        set_upload(as_before, state="accepted", accepted_at=now - 24 * HOUR, accepted_version=777004)
        listed_now = {one.finding.guid: one for one in findings.page(run=run, kind="missing", after=None, limit=9)}
        assert [listed_now[card.guid].has_arrived for card in (arrived, waits, refused, as_before)] == [True] + [
            False
        ] * 3
        text = shown(client, "missing")
        assert "777003" in text
        assert "777004" not in text
        for state in ("waiting", "rejected", "accepted"):
            assert str(exchange_words.name_of(state)) in text
        assert exchange_words.reason_of("lpu_mismatch") in text

    def test_unknown_ones_by_guid_alone_until_they_are_here(self, client, operator, lpu, run):
        stranger = found(run, "unknown", lpu=lpu, there=777005)
        text = shown(client, "unknown")
        assert str(stranger.guid) in text
        assert "777005" in text
        card = numbered(a_card(lpu, guid=stranger.guid))
        assert card.card_number not in text
        assert card.card_number in shown(client, "unknown")

    def test_page_by_page(self, client, operator, lpu, run, monkeypatch):
        monkeypatch.setattr("patients.screens.exchange_findings.SHOWN", 2)
        guids = sorted(str(found(run, "unknown", lpu=lpu).guid) for _number in range(5))
        seen, after = [], {}
        while after is not None:
            text = shown(client, "unknown", **after)
            seen.append([guid for guid in guids if f"<code>{guid}" in text])
            more = re.search(r"after=([\w-]+)", text)
            after = {"after": more[1]} if more else None
        assert seen == [guids[:2], guids[2:4], guids[4:]]

    @pytest.mark.parametrize("query", [{"kind": "nonsense"}, {}, {"kind": "missing", "after": "Иванов"}])
    def test_what_there_is_not(self, client, operator, run, query):
        assert client.get(f"{URL}findings/", query).status_code == 404

    def test_the_same_statements_however_long(self, client, operator, lpu, run):
        counts = []
        for _turn in range(2):
            for _number in range(3):
                found(run, "older", a_card(lpu))
            with statements() as found_now:
                client.get(f"{URL}findings/", {"kind": "older"}, headers={"HX-Request": "true"})
            # session, user, rights of the user and of the groups; run, findings, uploads
            counts.append(len(found_now))
        assert counts == [7, 7], listed(found_now)


class TestTheLetter:
    def test_it_names_guids_and_versions_and_nobody(self, client, operator, lpu, run):
        stranger = found(run, "unknown", lpu=lpu, there=777006)
        missing = found(run, "missing", a_card(lpu))
        text = text_of(client.get(f"{URL}letter/", {"kind": "unknown"}))
        assert f"{lpu.guid}; {stranger.guid}; 777006" in text
        assert str(missing.guid) not in text
        assert "letter/?kind=unknown" in shown(client, "unknown")
        assert "letter/" not in shown(client, "missing")

    def test_of_many_it_names_some_and_says_so(self, client, operator, lpu, run, monkeypatch):
        monkeypatch.setattr("patients.services.letters.NAMED", 2)
        guids = [str(found(run, "unknown", lpu=lpu).guid) for _number in range(3)]
        with translation.override("en"):
            text = text_of(client.get(f"{URL}letter/", {"kind": "unknown"}, headers={"accept-language": "en"}))
        assert sum(guid in text for guid in guids) == 2
        assert "first 2" in text

    def test_only_of_those(self, client, operator, run):
        assert client.get(f"{URL}letter/", {"kind": "missing"}).status_code == 404


def test_the_newest_that_came_to_its_end(now):
    older = a_run(now - 48 * HOUR)
    assert findings.newest() == older
    newer = a_run(now - 24 * HOUR)
    a_run(now, "failed")
    assert findings.newest() == newer
    assert reconciliation.last(now) != newer


def test_every_kind_has_its_words():
    assert set(findings.ACTIONS) == set(ReconciliationFinding.Kind.values)


def set_upload(card, **columns):
    CardUpload.objects.filter(pk=card.pk).update(**columns)
