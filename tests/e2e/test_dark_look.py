"""A dark browser: unfold's lists and forms turn dark and can be read, whatever is open; our screens stay light."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.e2e.conftest import CONTRAST
from tests.e2e.test_every_screen import LIGHT, LOOK, SETTLED
from tests.e2e.test_lock import lock

DARK = re.compile(r"\bdark\b")
BODY = "() => getComputedStyle(document.body).backgroundColor"
OPEN_FILTERS = "[x-on\\:click='filterOpen = true']"


def readable(page, axe, scheme="dark"):
    """Dark indeed, if it is to be, and with contrast enough."""
    if scheme == "dark":
        expect(page.locator("html")).to_have_class(DARK)
    page.wait_for_function(SETTLED)
    axe(page, options=CONTRAST)


def test_the_lists_follow_the_browser_unless_told_otherwise(page_as, demo):
    grounds = {}
    for scheme in ("light", "dark"):
        page = page_as("administrator", color_scheme=scheme)
        page.goto(demo.url("/admin/lmis/lpu/"))
        page.wait_for_load_state("networkidle")
        grounds[scheme] = page.evaluate(BODY)
        assert bool(DARK.search(page.locator("html").get_attribute("class") or "")) == (scheme == "dark")
    assert grounds["light"] != grounds["dark"]
    page.evaluate("() => Alpine.$data(document.documentElement).switchTheme('light')")
    expect(page.locator("html")).not_to_have_class(DARK)
    assert page.evaluate(BODY) == grounds["light"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_opens_on_a_list(page_as, demo, axe, scheme):
    elsewhere = "Asia/Tokyo"  # none of the zones of `morning`: fields of a day warn of it
    page = page_as("head", color_scheme=scheme, timezone_id=elsewhere)
    page.goto(demo.url("/admin/appointments/slot/"))
    page.wait_for_load_state("networkidle")
    page.locator("#changelist-form [name=_selected_action]").first.check()
    readable(page, axe, scheme)
    page.locator(OPEN_FILTERS).click()
    page.locator(".timezonewarning").first.hover()
    readable(page, axe, scheme)
    page.locator("select[name=doctor__id__exact] + .select2").click()
    expect(page.locator(".select2-results__option").first).to_be_visible()
    readable(page, axe, scheme)


@pytest.mark.parametrize("kind", ["history", "delete", "password"])
def test_dark_pages_beside_the_forms(page_as, demo, axe, kind):
    page = page_as("administrator", color_scheme="dark")
    room = demo.value("SELECT id FROM lmis_room ORDER BY id LIMIT 1")
    address = (
        reverse("admin:password_change") if kind == "password" else reverse(f"admin:lmis_room_{kind}", args=[room])
    )
    assert page.goto(demo.url(address)).ok
    readable(page, axe)


def test_the_dark_login_and_its_error(page_as, demo, axe):
    page = page_as("administrator", color_scheme="dark")
    page.context.clear_cookies()
    page.goto(demo.url("/admin/login/"))
    readable(page, axe)
    page.fill("input[name=username]", "nobody")
    page.fill("input[name=password]", "wrong")
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("networkidle")
    readable(page, axe)


def test_a_form_that_is_refused_in_the_dark(page_as, demo, axe):
    page = page_as("administrator", color_scheme="dark")
    page.goto(demo.url("/admin/lmis/department/add/"))
    page.evaluate("() => document.getElementById('department_form').submit()")
    expect(page.locator(".errorlist, .errornote").first).to_be_visible()
    readable(page, axe)


def test_the_lock_over_a_dark_list_is_light(page_as, demo, axe):
    page = page_as("registrar", color_scheme="dark")
    page.goto(demo.url("/admin/appointments/slot/"))
    page.wait_for_load_state("networkidle")
    lock(page)
    assert page.locator("#lock").evaluate("box => getComputedStyle(box).colorScheme") == "light"
    axe(page, "#lock", options=CONTRAST)


def test_what_tells_of_an_error_is_light(page_as, demo, axe):
    page = page_as("registrar", color_scheme="dark")
    assert page.goto(demo.url("/admin/exchange/")).status == 403
    assert page.evaluate(LOOK) == LIGHT
    axe(page, options=CONTRAST)
