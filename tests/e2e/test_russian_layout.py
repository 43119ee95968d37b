"""Shortcut keys as a Russian layout sends them: the key by its Cyrillic letter, and where it is on the keyboard."""

import pytest
from playwright.sync_api import expect

from tests.e2e import test_desk, test_grid
from tests.e2e.test_day import STATE, day, own_day  # noqa: F401 — a fixture

PRESSED = """([code, key, altKey]) => {
    const at = document.activeElement, made = { code, key, altKey, bubbles: true, cancelable: true };
    at.dispatchEvent(new KeyboardEvent("keydown", made));
    at.dispatchEvent(new KeyboardEvent("keyup", made));
}"""


def press(page, code, key, *, alt=False):
    """One key of which the page hears no Latin letter."""
    page.evaluate(PRESSED, [code, key, alt])


def test_at_the_desk_a_visit_is_printed_and_moved(page_as, demo):
    desk, family = test_desk.AtTheDesk(page_as("registrar")), demo.value(test_desk.STRANGERS)
    desk.finds(family.lower())
    desk.goes_to("невро")
    desk.press("Enter")
    desk.is_done()
    desk.page.wait_for_function("() => window.printed === 1")
    desk.finds(family.lower())
    desk.press("F7")
    press(desk.page, "KeyP", "з")
    desk.page.wait_for_function("() => window.printed === 2")
    press(desk.page, "KeyM", "ь")
    desk.waits_for_focus("'place' in at.dataset")


def test_on_the_grid_a_doctor_is_chosen(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url(f"/admin/grid/?doctor={demo.rows(test_grid.FREE)[0][0]}"))
    page.wait_for_selector(".cell")
    press(page, "KeyD", "в")
    page.wait_for_selector("#choose-text:focus")


def test_on_the_day_the_next_patient_is_seen(page_as, demo, day):  # noqa: F811
    page = page_as("doctor")
    page.goto(own_day(demo))
    page.locator(f"#row-arrive-{day[1]}").click()
    page.wait_for_selector(f"#next-visited-{day[1]}")
    press(page, "KeyS", "ы", alt=True)
    page.wait_for_selector(f"#v{day[1]}.visited")
    assert demo.value(STATE, day[1]) == "visited"


@pytest.mark.parametrize("name", ["appointments/slot", "appointments/appointment"])
def test_on_a_list_the_search_is_gone_to(page_as, demo, name):
    page = page_as("registrar")
    page.goto(demo.url(f"/admin/{name}/"))
    page.wait_for_load_state()
    expect(page.locator("#searchbar")).not_to_be_focused()
    press(page, "Slash", ".")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.type("/.")
    expect(page.locator("#searchbar")).to_have_value("/.")
