"""Tickets in a browser: printed through a frame, chosen by format, opened by a scanner."""

import pytest

from appointments.tickets import code_of

BOOKED = "SELECT guid, id FROM appointments_appointment WHERE state = 'booked' ORDER BY id DESC LIMIT 1"


class Numbered:
    """Stands for an appointment whose key is all that is asked of it."""

    def __init__(self, pk):
        self.pk = pk


def scan(page, code):
    """As a keyboard scanner does it, whatever the layout."""
    for digit in code:
        page.keyboard.press(f"Digit{digit}")
    page.keyboard.press("Enter")


def prints(page):
    """From now on pages in frames note that they were printed instead of asking the printer."""
    page.context.add_init_script(
        "window.print = () => { top.printed = (top.printed || []).concat(location.pathname); }"
    )


@pytest.mark.parametrize("chosen", ["a5", "roll"])
def test_the_ticket_in_both_formats(page_as, demo, axe, chosen):
    page = page_as("registrar")
    guid, _pk = demo.rows(BOOKED)[0]
    page.goto(demo.url(f"/admin/tickets/{guid}/"))
    page.click(f"button[value={chosen}]")
    page.wait_for_selector(f"body.{chosen}")
    assert page.locator("svg path").get_attribute("d").startswith("M0 0h1")
    axe(page)
    page.reload()
    assert page.locator(f"body.{chosen}").count() == 1


def test_a_print_goes_through_a_frame_and_the_screen_stays(page_as, demo):
    page = page_as("registrar")
    prints(page)
    guid, _pk = demo.rows(BOOKED)[0]
    page.goto(demo.url("/admin/grid/"))
    address = page.url
    page.evaluate("url => lmisPrint(url)", f"/admin/tickets/{guid}/")
    page.wait_for_function("path => (window.printed || []).includes(path)", arg=f"/admin/tickets/{guid}/")
    assert page.url == address


def test_what_cannot_be_printed_is_said_and_not_printed(page_as, demo):
    page = page_as("registrar")
    prints(page)
    guid = demo.value("SELECT guid FROM appointments_appointment WHERE state = 'cancelled' LIMIT 1")
    page.goto(demo.url("/admin/grid/"))
    page.evaluate("url => lmisPrint(url)", f"/admin/tickets/{guid}/")
    page.wait_for_selector(".toast.error")
    assert not page.evaluate("window.printed")


def test_a_scanned_code_opens_its_appointment_from_any_screen(page_as, demo):
    page = page_as("head")
    guid, pk = demo.rows(BOOKED)[0]
    page.goto(demo.url("/admin/grid/"))
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement.blur()")
    with page.expect_request(lambda request: f"?appointment={guid}" in request.url):
        scan(page, code_of(Numbered(pk)))


def test_a_code_of_nothing_is_said(page_as, demo):
    page = page_as("head")
    page.goto(demo.url("/admin/grid/"))
    page.evaluate("document.activeElement.blur()")
    scan(page, code_of(Numbered(99_999_999_999)))
    page.wait_for_selector(".toast.error")


def test_the_days_sheet(page_as, demo, axe):
    page = page_as("doctor")
    guid, day = demo.rows(
        "SELECT d.guid, s.day FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id"
        " JOIN auth_user u ON u.id = d.user_id WHERE s.booked > 0 ORDER BY s.day LIMIT 1"
    )[0]
    page.goto(demo.url(f"/admin/day-sheet/{guid}/{day}/"))
    assert page.locator("tbody tr").count() > 5
    axe(page)
