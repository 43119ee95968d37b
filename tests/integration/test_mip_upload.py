"""Cards go to a real MIP (the sandbox, a process of its own), and what can go wrong on the way."""

import threading

import httpx
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from lmis.actors import SYSTEM
from patients.mip import client, exchange
from patients.models import CardUpload, MipGate, Patient
from patients.services import pauses, uploads
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.unit.sandbox.region import LOGIN, PASSWORD, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def one_region(tmp_path_factory):
    with running("--db", str(tmp_path_factory.mktemp("region") / "region.sqlite3")) as region:
        yield region


@pytest.fixture
def region(one_region, settings):
    """The region without faults, and our settings for its MIP."""
    settings.MIP = {
        **settings.MIP,
        "URL": f"{one_region.url}/mip",
        "LOGIN": LOGIN,
        "PASSWORD": PASSWORD,
        "TIMEOUT": 5.0,
    }
    one_region.fault("ok")
    yield one_region
    one_region.fault("ok")


@pytest.fixture
def lpu(db):
    return an_lpu()


def upload(card):
    """Send it if it is due; its row afterwards."""
    uploads.upload(card_id=card.pk)
    return CardUpload.objects.get(pk=card.pk)


def let_it_be_due(card):
    """The time of a retry has come."""
    CardUpload.objects.filter(pk=card.pk).update(due_at=timezone.now())


def test_a_sender_goes_on_as_the_rate_allows(region, lpu):
    """Left to the next sender, which comes after two seconds, the rest of each second would be lost."""
    pauses.change_settings(rate=10, parallel=4, by=SYSTEM, now=timezone.now())
    for _number in range(16):
        a_card(lpu)
    begun = timezone.now()
    assert uploads.send_due(seconds=30) == 16
    assert (timezone.now() - begun).total_seconds() >= 0.6  # ten at once, the others no faster than ten a second
    assert set(CardUpload.objects.values_list("state", flat=True)) == {"accepted"}


def held_by(region, card):
    """The MIP's own idea of the card."""
    return region.client.get(f"/mip/mkab/{card.guid}").json()


def test_a_new_card(region, lpu):
    card = a_card(lpu)
    row = upload(card)
    card.refresh_from_db()
    held = held_by(region, card)
    assert (row.state, row.accepted_version, row.sent_version) == ("accepted", card.version, card.version)
    assert (held["family"], held["version"]) == ("Ёлкина", card.version)
    assert str(card.person_guid) == held["personGuid"]


def test_a_changed_card_replaces_the_earlier_one(region, lpu):
    card = a_card(lpu)
    upload(card)
    Patient.objects.filter(pk=card.pk).update(phone="1")
    assert upload(card).state == "accepted"
    assert held_by(region, card)["phone"] == "1"


def test_an_accepted_card_is_not_sent_again(region, lpu):
    card = a_card(lpu)
    upload(card)
    upload(card)
    assert region.stats(str(lpu.guid))["accepted"] == 1
    assert region.stats(str(lpu.guid))["replays"] == 0


def test_merged_and_withdrawn_cards_are_told_as_such(region, lpu):
    survivor, merged, withdrawn = (a_card(lpu) for _ in range(3))
    assert uploads.send_due(seconds=5) == 3
    Patient.objects.filter(pk=merged.pk).update(state="merged", merged_into=survivor)
    Patient.objects.filter(pk=withdrawn.pk).update(state="withdrawn")
    assert {upload(card).state for card in (survivor, merged, withdrawn)} == {"accepted"}
    assert held_by(region, merged)["mergedInto"] == str(survivor.guid)
    assert held_by(region, withdrawn)["state"] == "withdrawn"


def test_one_person_at_two_of_our_lpus_is_one_person(region, lpu):
    card = a_card(lpu)
    other = a_card(an_lpu(), polis_number=card.polis_number)
    upload(card), upload(other)
    card.refresh_from_db(), other.refresh_from_db()
    assert card.person_guid == other.person_guid is not None


def test_a_lost_answer_is_asked_for_again_and_the_card_is_there_once(region, lpu):
    card = a_card(lpu)
    region.fault("lost_answer")
    row = upload(card)
    assert (row.state, row.error_code) == ("retry", "connection_lost")
    assert held_by(region, card)["version"] == card.version  # the work was done
    region.fault("ok")
    let_it_be_due(card)
    row = upload(card)
    stats = region.stats(str(lpu.guid))
    assert (row.state, row.error_code, row.attempts) == ("accepted", "", 2)
    assert (stats["cards"], stats["replays"], stats["mismatched"]) == (1, 1, 0)


def test_a_mip_that_asks_to_wait_is_waited_for(region, lpu):
    card = a_card(lpu)
    region.fault("throttle", delay=90)
    row = upload(card)
    assert (row.state, row.error_code) == ("retry", "http_429")
    assert (row.due_at - timezone.now()).total_seconds() > 80
    region.fault("ok")
    let_it_be_due(card)
    assert upload(card).state == "retry"  # all wait for as long as it asked
    MipGate.objects.update(closed_until=timezone.now())
    assert upload(card).state == "accepted"


def test_a_mip_that_is_away(region, lpu, settings):
    card = a_card(lpu)
    region.fault("down")
    assert upload(card).error_code == "connection_lost"
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip"}
    let_it_be_due(card)
    assert upload(card).error_code == "no_connection"
    assert CardUpload.objects.get(pk=card.pk).state == "retry"


def test_a_mip_that_thinks_too_long(region, lpu, settings):
    card = a_card(lpu)
    settings.MIP = {**settings.MIP, "TIMEOUT": 0.2}
    region.fault("slow", delay=2)
    row = upload(card)
    assert (row.state, row.error_code) == ("retry", "timeout")


def test_an_address_that_is_none(region, lpu, settings):
    card = a_card(lpu)
    settings.MIP = {**settings.MIP, "URL": "mip.example"}
    assert upload(card).error_code == "bad_url"


def test_a_rejected_card_waits_for_whoever_mends_it(region, lpu):
    card = a_card(lpu, snils="11223344596")  # by SQL, past the forms: the check digits are wrong
    row = upload(card)
    assert (row.state, row.error_code, row.error_field) == ("rejected", "validation_error", "snils")
    assert row.error_text
    upload(card)
    assert region.stats(str(lpu.guid))["rejected"] == 1
    Patient.objects.filter(pk=card.pk).update(snils="11223344595")
    assert upload(card).state == "accepted"


def test_a_card_without_papers_is_rejected(region, lpu):
    assert upload(Patient.objects.create(lpu=lpu, family="Ёлкина")).state == "rejected"


def test_a_suspected_duplicate_is_the_operators(region, lpu):
    first = a_card(lpu)
    second = a_card(lpu, polis_number=first.polis_number)
    upload(first)
    row = upload(second)
    assert (row.state, row.error_code) == ("duplicate", "duplicate_suspected")


def test_a_bad_card_does_not_delay_a_good_one(region, lpu):
    bad, good = a_card(lpu, snils="11223344596"), a_card(lpu)
    assert uploads.send_due(seconds=5) == 2
    assert CardUpload.objects.get(pk=bad.pk).state == "rejected"
    assert CardUpload.objects.get(pk=good.pk).state == "accepted"


def test_a_wrong_password_stops_everybody_and_a_right_one_lets_all_go_on(region, lpu, settings):
    cards = [a_card(lpu) for _ in range(3)]
    right = settings.MIP
    settings.MIP = {**right, "PASSWORD": "wrong"}
    for card in cards:
        upload(card)
    assert [CardUpload.objects.get(pk=card.pk).attempts for card in cards] == [1, 0, 0]
    assert MipGate.objects.get().reason == "unauthorized"
    settings.MIP = right
    assert upload(cards[1]).state == "waiting"
    MipGate.objects.update(closed_until=timezone.now())
    assert upload(cards[1]).state == "accepted"
    assert [upload(card).state for card in cards] == ["accepted"] * 3
    assert region.stats(str(lpu.guid))["accepted"] == 3


def test_a_change_while_in_flight_is_sent_as_well(region, lpu, monkeypatch):
    card = a_card(lpu)
    changed = []

    def change_then_send(patient, send=client.put, **kwargs):
        if not changed:
            changed.append(Patient.objects.filter(pk=card.pk).update(phone="1"))
        return send(patient, **kwargs)

    monkeypatch.setattr(client, "put", change_then_send)
    assert upload(card).state == "waiting"
    assert held_by(region, card)["phone"] == "79000000000"
    assert upload(card).state == "accepted"
    assert held_by(region, card)["phone"] == "1"


def test_a_sender_killed_in_between_is_replaced(region, lpu):
    card = a_card(lpu)
    lost = uploads.claim(now=timezone.now(), card_id=card.pk)
    exchange.send(lost.cards[0])  # sent, and killed before it could record that
    assert upload(card).state == "in_flight"
    CardUpload.objects.filter(pk=card.pk).update(claimed_until=timezone.now())
    assert uploads.send_due(seconds=5) == 1
    row = CardUpload.objects.get(pk=card.pk)
    assert (row.state, row.attempts) == ("accepted", 2)
    assert region.stats(str(lpu.guid))["cards"] == 1


def test_two_senders_at_once_send_it_once(region, lpu):
    card = a_card(lpu)
    start = threading.Barrier(8)

    def send():
        start.wait()
        uploads.upload(card_id=card.pk)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    stats = region.stats(str(lpu.guid))
    assert (stats["accepted"], stats["replays"]) == (1, 0)
    assert CardUpload.objects.get(pk=card.pk).attempts == 1


def test_after_a_restore_the_version_rises_above_what_the_mip_holds(region, lpu):
    card = a_card(lpu)
    Patient.objects.filter(pk=card.pk).update(version=card.version + 1_000_000)
    upload(card)
    theirs = held_by(region, card)["version"]
    restored(card, phone="restored")
    row = upload(card)
    assert (row.state, row.accepted_version) == ("waiting", theirs)
    assert Patient.objects.get(pk=card.pk).version == theirs + 1
    row = upload(card)
    assert (row.state, row.accepted_version) == ("accepted", theirs + 1)
    assert held_by(region, card)["phone"] == "restored"


def restored(card, **columns):
    """The card's row as an older backup has it: an older version, and an upload that is due."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Patient.objects.filter(pk=card.pk).update(version=card.version, **columns)
        CardUpload.objects.filter(pk=card.pk).update(state="waiting", attempts=0, due_at=timezone.now())


def test_connections_are_kept(region, lpu):
    sockets = set()

    def remember(response):
        sockets.add(response.extensions["network_stream"].get_extra_info("client_addr"))

    http = client._client()
    http.event_hooks["response"].append(remember)
    try:
        for _ in range(3):
            upload(a_card(lpu))
    finally:
        http.event_hooks = {}
    assert isinstance(http, httpx.Client)
    assert len(sockets) == 1
