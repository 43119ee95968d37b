"""Logging in: every role begins where its work is, in both languages, and the lists open."""

import pytest

from tests.e2e.conftest import Witness

ROLES = ("registrar", "doctor", "head", "operator", "administrator")


@pytest.mark.parametrize("role", ROLES)
def test_where_the_work_begins(page_as, role):
    page = page_as(role)
    assert "/admin/" in page.url
    assert page.locator("h1, main, #main").first.is_visible()


def test_what_a_page_kept_in_the_browser_would_be_seen(page_as, demo):
    page, witness = page_as("registrar"), Witness(demo.base)
    witness.pages.append(page)
    for store in ("localStorage", "sessionStorage"):
        page.evaluate(f"{store}.setItem('last', 'Иванов')")
        witness.look_into_storage()
        page.evaluate(f"{store}.removeItem('last')")
    assert [fault.partition(":")[0] for fault in witness.faults] == ["kept", "kept"]


def test_the_same_in_english(page_as):
    assert page_as("operator").locator("html").get_attribute("lang") == "ru"
    assert page_as("operator", language="en").locator("html").get_attribute("lang") == "en"


def test_lists_of_the_administrator_open_under_their_policy(page_as, demo):
    page = page_as("admin")
    for name in ("appointments/slot", "patients/patient", "directions/direction", "lmis/doctor", "lmis/apiclient"):
        page.goto(demo.url(f"/admin/{name}/"))
        assert page.locator("#content").is_visible()


def test_a_part_that_is_on_its_way_is_not_asked_for_again(page_as):
    page, sent = page_as("registrar"), []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/tickets/format/") else None)
    twice = "() => { for (const _each of [1, 2]) document.querySelector('#printing button[value=a5]').click(); }"
    for asked in (1, 2):  # when it has come the next one may go
        page.evaluate(twice)
        page.wait_for_timeout(700)
        assert len(sent) == asked
