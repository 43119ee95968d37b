"""What a clinic tells by e-mail, as a real mail server takes it; and that nobody waits for one."""

import itertools
import re

import httpx
import pytest

from tests.demo import until
from tests.integration.bookings import free_slots, new_patient, states_of
from tests.integration.leaks import leaks, of_patients

MIP = "МИП не принимает наш вход"
SECRET = "Заканчивается секрет клиента API"


def due(clinic):
    """The minute between two rounds is over, and so is every wait to tell again, and to ask the MIP again."""
    clinic.execute("UPDATE lmis_alarmround SET at = least(at, now() - interval '1 minute')")
    clinic.execute("UPDATE lmis_alarmnotice SET due_at = now() WHERE sent_at IS NULL AND due_at > now()")
    clinic.execute("UPDATE patients_mipgate SET closed_until = now() WHERE closed_until > now() AND probe IS NULL")


def comes(clinic, mail, subject):
    """The letter with this subject, which must come, and once."""

    def here():
        due(clinic)
        return mail.letter(subject)

    return until(here, lambda: f"no letter {subject}, only {[one['Subject'] for one in mail.taken]}")


@pytest.fixture
def refused(watched, mail):
    """The MIP does not let us in, and a card is to be sent; a trouble of an earlier test is over and told."""
    watched.sandbox("POST", "/faults", json={"mode": "ok"})

    def quiet():
        due(watched)
        return not watched.rows("SELECT 1 FROM lmis_alarm WHERE ended_at IS NULL AND name = 'mip_credentials'")

    until(quiet, "the alarm of an earlier test lasts")
    until(lambda: not watched.rows("SELECT 1 FROM lmis_alarmnotice WHERE sent_at IS NULL"), "old news")
    mail.taken.clear()
    watched.sandbox("POST", "/faults", json={"mode": "unauthorized"})
    polis = watched.demo["sample"]["polis"]
    watched.execute("UPDATE patients_patient SET phone = phone || '1' WHERE polis_number = %s", polis)
    yield
    watched.sandbox("POST", "/faults", json={"mode": "ok"})


def opened(clinic, address):
    """The page at an address out of a letter, as the operator sees it who follows it: logs in, and is there."""
    with httpx.Client(follow_redirects=True, timeout=30) as browser:
        login = browser.get(address)
        given = {"username": clinic.demo["admin_user"], "password": clinic.demo["admin_password"]}
        given["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        page = browser.post(login.url, data=given, headers={"Referer": str(login.url)})
    assert (page.status_code, str(page.url)) == (200, address)
    return page.text


def test_an_alarm_is_told_when_it_begins_and_when_it_is_over(watched, mail, refused):
    """With the settings from the environment, login included; in plain words, with the way to the page."""
    personal = of_patients(watched.running)
    begun = comes(watched, mail, f"[LMIS] Тревога: {MIP}")
    assert (begun["From"], begun["To"]) == ("clinic@lmis.test", "head@lmis.test, duty@lmis.test")
    assert begun.get_content_type() == "text/plain"
    title, text, blank, end, *rest = begun.get_content().splitlines()
    assert (title, blank, rest) == (f"Тревога: {MIP}", "", [])
    words = "карты не отправляются. Исправьте MIP_LOGIN и MIP_PASSWORD и попробуйте снова."
    assert text == f"Не принимает наш вход (unauthorized); {words}"
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d http://\S+/admin/exchange/", end)
    page = opened(watched, end.split()[-1])
    assert f"<strong>{MIP}</strong>" in page

    watched.sandbox("POST", "/faults", json={"mode": "ok"})
    over = comes(watched, mail, f"[LMIS] Закончилось: {MIP}")
    assert over.get_content().splitlines() == [f"Закончилось: {MIP}", "", "", end]
    assert over["Message-ID"] != begun["Message-ID"]
    secrets = {watched.demo["secret"], "mip-demo-password", mail.settings["EMAIL_HOST_PASSWORD"]}
    for letter in mail.taken:
        assert leaks(f"{letter}\n{letter['Subject']}\n{letter.get_content()}", personal | secrets) == set()


@pytest.fixture
def secret_ends(watched):
    """An alarm of its own that does not concern the exchange."""
    watched.execute("UPDATE lmis_apisecret SET expires_at = now() + interval '3 days'")
    yield
    watched.execute("UPDATE lmis_apisecret SET expires_at = NULL")


def hangs(call):
    """Whether who called is still waiting for the first word; smtplib gives up after 10 s."""
    call.setblocking(False)
    try:
        return call.recv(1) != b""
    except BlockingIOError:
        return True


def test_nothing_waits_for_a_mail_server(watched, mail, secret_ends):
    """It takes the call and never says a word: meanwhile bookings are answered and their cards reach the MIP.

    Tried until both happened while the same caller hung from the first to the last moment: whoever waited for the
    caller would always come too late.
    """
    numbers = itertools.count(700)

    def goes_on():
        due(watched)
        call, _ = door.accept()  # of one of web, worker and beat
        with call:
            places = free_slots(watched, "DoctorOtherLPU")[:10]
            bodies = [new_patient(watched, slot, next(numbers)) for slot in places]
            made = [watched.call("POST", "/dir/appointments", json=body) for body in bodies]
            assert [answer.status_code for answer in made] == [201] * 10
            until(lambda: states_of(watched, bodies) == {"accepted": 10}, lambda: f"{states_of(watched, bodies)}")
            return hangs(call)

    with mail.silent() as door:
        until(goes_on, "bookings and cards went on only when nobody hung")
    assert mail.letter(f"[LMIS] Тревога: {SECRET}") is None
    letter = comes(watched, mail, f"[LMIS] Тревога: {SECRET}")
    assert "demo" in letter.get_content()
    (attempts, error) = watched.rows(
        "SELECT n.attempts, n.error FROM lmis_alarmnotice n JOIN lmis_alarm a ON a.id = n.alarm_id"
        " WHERE a.name = 'secrets_end' AND n.event = 'begins'"
    )[0]
    assert attempts > 1, error
