"""The operators' page with trouble on the region's side: seen without reloading, paused, sent again, mended."""

import itertools
import re
import uuid

import httpx
import pytest
from playwright.sync_api import expect

from lmis.demo.environment import MIP_LOGIN, MIP_PASSWORD
from tests.demo import until

URL = "/admin/exchange/"
HOUSES = itertools.count(1)  # another address each time: what does not change is not sent


@pytest.fixture
def region(demo):
    """`region(mode="reject")` sets what the sandbox does wrong; all is well again afterwards."""
    faults = f"{demo.running.json()['sandbox_url']}/faults"

    def does(**switch):
        httpx.post(faults, json=switch).raise_for_status()

    yield does
    does(mode="ok")


def state(demo, card):
    return demo.value("SELECT state FROM patients_cardupload WHERE patient_id = %s", card)


def a_rejected_card(page_as, demo, region):
    """A registrar's change that the region refuses: the card's number in the database."""
    region(mode="reject")
    card = demo.value("SELECT patient_id FROM patients_cardupload WHERE state = 'accepted' ORDER BY 1 DESC LIMIT 1")
    page = page_as("registrar")
    page.goto(demo.url(f"/admin/patients/patient/{card}/change/"))
    page.fill("#id_address", f"ул. Новая, {next(HOUSES)}")
    page.click("button[name=_save], input[name=_save]")
    until(lambda: state(demo, card) == "rejected", lambda: state(demo, card))
    return card


def toast(page, level):
    expect(page.locator(f"#toasts .toast.{level}").last).to_be_visible()


def test_pause_and_resume(page_as, demo, axe):
    page = page_as("operator")
    expect(page).to_have_url(re.compile(rf"{URL}$"))  # the operator's start page
    axe(page)
    page.keyboard.press("Alt+KeyP")
    page.fill("#pause-reason", "Работы в регионе")
    axe(page, "#pause-dialog")
    page.keyboard.press("Enter")
    toast(page, "warning")
    expect(page.locator("#pause-dialog")).to_be_hidden()
    expect(page.locator("#part-lead")).to_contain_text("Работы в регионе")
    assert demo.value("SELECT started_by FROM patients_exchangepause WHERE ended_at IS NULL") == "operator"
    axe(page)
    page.click("#resume")
    expect(page.locator("#resume")).to_have_count(0)
    assert demo.value("SELECT count(*) FROM patients_exchangepause WHERE ended_at IS NULL") == 0
    expect(page.locator("#part-charts .mark.pause").first).to_be_attached()


def test_the_pace_counts_at_once_and_is_marked(page_as, demo):
    page = page_as("operator")
    page.click("button[data-open='#pace-dialog']")
    page.fill("#pace-rate", "50")
    page.fill("#pace-parallel", "4")
    page.keyboard.press("Enter")
    toast(page, "success")
    expect(page.locator("#part-lead")).to_contain_text("50")
    assert demo.rows("SELECT rate, parallel, changed_by FROM patients_exchangesettings") == [(50, 4, "operator")]
    expect(page.locator("#part-charts .mark.settings").first).to_be_attached()


def test_a_rejection_appears_by_itself_and_is_sent_again(page_as, demo, axe, region):
    page = page_as("operator")
    card = a_rejected_card(page_as, demo, region)
    code = demo.value("SELECT error_code FROM patients_cardupload WHERE patient_id = %s", card)
    show = page.locator(f"#show-rejected-{code}")
    expect(show).to_be_visible(timeout=60_000)  # the page was opened before
    show.click()
    number, family = demo.rows("SELECT card_number, family FROM patients_patient WHERE id = %s", card)[0]
    expect(page.locator("#cards")).to_contain_text(number)
    expect(page.locator("#cards")).not_to_contain_text(family)
    axe(page)
    region(mode="ok")
    page.click(f"#one-{card}")
    toast(page, "success")
    until(lambda: state(demo, card) == "accepted", lambda: state(demo, card))


def test_a_registrar_mends_it(page_as, demo, axe, region):
    card = a_rejected_card(page_as, demo, region)
    region(mode="ok")
    page = page_as("registrar")
    expect(page.locator("#mend-count strong")).to_be_visible()
    page.click("#mend-count")
    axe(page)
    page.locator(f"a[href$='/patients/patient/{card}/change/']").click()
    page.click("button[name=_save], input[name=_save]")
    until(lambda: state(demo, card) == "accepted", lambda: state(demo, card))


def test_letter_and_check(page_as, demo, axe, region):
    card = a_rejected_card(page_as, demo, region)
    page = page_as("operator")
    page.goto(demo.url(f"{URL}letter/?card={card}"))
    family = demo.value("SELECT family FROM patients_patient WHERE id = %s", card)
    letter = page.locator("#letter").input_value()
    assert "422" in letter
    assert family not in letter
    page.click("[data-copy]")
    toast(page, "success")
    axe(page)
    page.goto(demo.url(f"{URL}check/"))
    page.click("main button.primary")
    expect(page.locator(".check .level.good").first).to_be_visible()
    axe(page)


def test_what_the_region_holds_and_we_do_not(page_as, demo, axe):
    stranger, told = str(uuid.uuid4()), demo.running.json()
    lpu = demo.value("SELECT guid::text FROM lmis_lpu WHERE is_own ORDER BY id LIMIT 1")
    card = {"lpuGuid": lpu, "version": 5, "polis": {"number": "7799999999999999"}, "state": "active"}
    there = f"{told['sandbox_url']}/mip/mkab/{stranger}"
    httpx.put(there, json=card, auth=(MIP_LOGIN, MIP_PASSWORD)).raise_for_status()
    page = page_as("operator")
    page.click("#reconcile")
    page.click("#found-unknown", timeout=60_000)
    expect(page.locator("#cards")).to_contain_text(stranger)
    expect(page.locator("#findings-title")).to_be_focused()
    expect(page.locator("#cards table")).to_be_in_viewport()
    axe(page, "#cards")
    page.click("#cards a[href*='kind=unknown']")
    assert stranger in page.locator("#letter").input_value()


def test_the_login_is_refused_and_everybody_sees_it(page_as, demo, axe, region):
    region(mode="unauthorized")
    page = page_as("operator")
    demo.rows("SELECT 1")
    registrar = page_as("registrar")
    card = demo.value("SELECT id FROM patients_patient WHERE state = 'active' ORDER BY id LIMIT 1")
    registrar.goto(demo.url(f"/admin/patients/patient/{card}/change/"))
    registrar.fill("#id_address", "ул. Старая, 1")
    registrar.click("button[name=_save], input[name=_save]")
    expect(page.locator("#part-lead .tile.bad")).to_be_visible(timeout=60_000)
    expect(page.locator("#part-alarms .alarm").first).to_be_visible(timeout=150_000)  # the next round of the checks
    axe(page)
    page.locator("[id^=ack-]").first.click()
    expect(page.locator("#part-alarms .alarm").first).to_contain_text("operator")
    region(mode="ok")
    page.click("#try")
    until(lambda: state(demo, card) == "accepted", lambda: state(demo, card))


def test_polling_leaves_the_page_alone_while_nothing_is_new(page_as, demo):
    page = page_as("operator")
    seen = []
    page.on("response", lambda answer: seen.append(answer.status) if "changes/?since=" in answer.url else None)
    until(lambda: page.wait_for_timeout(1000) or 204 in seen, seen)


@pytest.mark.parametrize("size", [{"width": 1366, "height": 768}, {"width": 1920, "height": 1080}])
def test_nothing_is_cut_off(page_as, demo, size):
    page = page_as("operator", viewport=size)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator("#part-lead").bounding_box()["y"] < 200


def test_in_english(page_as, demo):
    page = page_as("operator", language="en")
    expect(page.locator("#part-lead")).to_contain_text("patients of the next 7 days")
