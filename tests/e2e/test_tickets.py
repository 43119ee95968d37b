"""Tickets in a browser: printed through a frame, chosen by format, opened by a scanner."""

import re
import time

import pytest
from playwright.sync_api import expect

from appointments.tickets import code_of

BOOKED = "SELECT guid, id FROM appointments_appointment WHERE state = 'booked' ORDER BY id DESC LIMIT 1"

NOBODYS = 99_999_999_999
STRANGER = """
    SELECT p.family FROM patients_patient p WHERE p.state = 'active' AND NOT EXISTS (
        SELECT FROM appointments_appointment a WHERE a.patient_id = p.id)
       AND NOT EXISTS (SELECT FROM directions_direction d WHERE d.patient_id = p.id)
       AND (SELECT count(*) FROM patients_patient o WHERE o.family LIKE p.family || '%%') = 1 ORDER BY 1 LIMIT 1"""
OF_FAMILY = (
    "FROM appointments_appointment a JOIN patients_patient p ON p.id = a.patient_id"
    " WHERE p.family = %s AND a.state = 'booked'"
)
SHEET = re.compile(rb"/MediaBox\s*\[([^]]*)\]")
AT_ONCE = """digits => {
    for (const key of [...digits, "Enter"]) {
        const code = key === "Enter" ? key : "Digit" + key;
        const event = new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true });
        document.activeElement.dispatchEvent(event);
    }
}"""


class Numbered:
    """Stands for an appointment whose key is all that is asked of it."""

    def __init__(self, pk):
        self.pk = pk


def scan(page, code):
    """As a keyboard scanner does it, whatever the layout, and at its pace, however busy this machine is."""
    page.evaluate(AT_ONCE, code)


def type_apart(page, code, seconds):
    """Types it, then Enter, with keys that say they came this far apart, however busy this machine is."""
    session = page.context.new_cdp_session(page)
    begun = time.time() - 20 * seconds
    keys = [(f"Digit{digit}", digit, digit, ord(digit)) for digit in code] + [("Enter", "Enter", "\r", 13)]
    for place, (name, key, text, number) in enumerate(keys):
        same = {"code": name, "key": key, "windowsVirtualKeyCode": number, "timestamp": begun + place * seconds}
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **same})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **same})


def scan_in_field(page, code):
    """A scanner, while a field has the focus."""
    type_apart(page, code, 0.01)


def choose(page, family):
    """At the desk: the person, then whom to see has the focus."""
    page.fill("#box", family)
    page.wait_for_function("text => document.getElementById('hits')?.dataset.for === text", arg=family)
    page.keyboard.press("Enter")
    expect(page.locator("#whom")).to_be_focused()


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


@pytest.mark.parametrize(("chosen", "width", "height"), [("a5", 420, 595), ("roll", 227, 425)])
def test_the_printed_page_has_the_size_of_the_paper(page_as, demo, chosen, width, height):
    page = page_as("registrar")
    page.goto(demo.url(f"/admin/tickets/{demo.value(BOOKED)}/"))
    page.click(f"button[value={chosen}]")
    page.wait_for_selector(f"body.{chosen}")
    [sheet] = SHEET.findall(page.pdf(prefer_css_page_size=True))  # one page, in points
    assert [float(edge) for edge in sheet.split()] == pytest.approx([0, 0, width, height], abs=1)


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
    _guid, pk = demo.rows(BOOKED)[0]
    number = demo.value("SELECT number FROM appointments_appointment WHERE id = %s", pk)
    for start in ("/admin/grid/", "/admin/appointments/appointment/"):
        page.goto(demo.url(start))
        page.wait_for_load_state("networkidle")
        page.evaluate("document.activeElement.blur()")
        scan(page, code_of(Numbered(pk)))
        expect(page.locator("#dialog")).to_be_visible()
        expect(page.locator("#dialog")).to_contain_text(number)
        assert str(pk) not in page.url.partition("?")[2]


def test_a_scanned_code_marks_its_row_in_the_doctors_day(page_as, demo):
    page = page_as("doctor")
    pk = demo.value(
        "SELECT a.id FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id"
        " JOIN lmis_doctor d ON d.id = s.doctor_id JOIN auth_user u ON u.id = d.user_id"
        " WHERE u.username = 'doctor' AND a.state = 'booked' AND s.begin > now() ORDER BY s.begin DESC LIMIT 1"
    )
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement.blur()")
    scan(page, code_of(Numbered(pk)))
    expect(page.locator(".visit-row:target")).to_have_attribute("id", f"v{pk}")


def test_a_scanned_code_is_taken_out_of_the_field_that_has_the_focus(page_as, demo):
    page = page_as("registrar")
    guid, pk = demo.rows(BOOKED)[0]
    choose(page, demo.value(STRANGER))
    page.fill("#whom", "хир")
    scan_in_field(page, code_of(Numbered(NOBODYS)))
    page.wait_for_selector(".toast.error")
    assert page.input_value("#whom") == "хир"
    scan_in_field(page, code_of(Numbered(pk)))
    page.wait_for_url(f"**/admin/desk/?appointment={guid}")
    expect(page.locator(f"#line-{guid}")).to_be_visible()


def test_a_scanned_code_opens_its_appointment_from_a_dialog(page_as, demo):
    page = page_as("registrar")
    guid, pk = demo.rows(BOOKED)[0]
    page.goto(demo.url("/admin/waiting/"))
    page.locator("section[aria-labelledby=list-title] tbody tr").first.locator("button").nth(1).click()
    page.fill("#close-reason", "уехала")
    scan_in_field(page, code_of(Numbered(NOBODYS)))
    page.wait_for_selector(".toast.error")
    assert page.input_value("#close-reason") == "уехала"
    expect(page.locator("#dialog")).to_be_visible()
    scan_in_field(page, code_of(Numbered(pk)))
    page.wait_for_url(f"**/admin/desk/?appointment={guid}")


def test_what_hands_type_stays(page_as, demo):
    """The same digits, but slower, or wrong ones: they are the field's."""
    page = page_as("registrar")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/scan/" in request.url else None)
    choose(page, demo.value(STRANGER))
    code = code_of(Numbered(demo.rows(BOOKED)[0][1]))
    for digits, seconds in ((code, 0.05), (code[:-1] + str((int(code[-1]) + 1) % 10), 0.01), (code[:-1], 0.01)):
        page.fill("#whom", "")
        type_apart(page, digits, seconds)
        assert page.input_value("#whom") == digits
    assert asked == []


def test_the_lock_keeps_what_is_typed(page_as, demo):
    page = page_as("registrar")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/scan/" in request.url else None)
    code = code_of(Numbered(demo.rows(BOOKED)[0][1]))
    page.evaluate("lmisLock()")
    page.locator("#lock-username").fill("")
    page.locator("#lock-username").focus()
    scan_in_field(page, code)
    assert page.input_value("#lock-username") == code
    assert asked == []


def test_a_scan_presses_none_of_the_pages_keys(page_as, demo):
    """Codes begin with 2, and 2 books the second place."""
    page = page_as("registrar")
    guid, pk = demo.rows(BOOKED)[0]
    family = demo.value(STRANGER)
    choose(page, family)
    page.keyboard.type("хирургия")
    page.keyboard.press("Enter")
    expect(page.locator("[data-place]:focus")).to_be_visible()
    page.evaluate(AT_ONCE, [*code_of(Numbered(pk))])
    page.wait_for_url(f"**/admin/desk/?appointment={guid}")
    assert demo.value(f"SELECT count(*) {OF_FAMILY}", family) == 0


def test_a_digit_alone_is_a_key_of_the_page(page_as, demo):
    page = page_as("registrar")
    family = demo.value(STRANGER)
    choose(page, family)
    page.keyboard.type("хирургия")
    page.keyboard.press("Enter")
    expect(page.locator("[data-place]:focus")).to_be_visible()
    page.keyboard.press("Digit2")
    expect(page.locator("#order[data-right=booked]")).to_be_visible()
    assert demo.value(f"SELECT count(*) {OF_FAMILY}", family) == 1


def test_a_code_of_nothing_is_said(page_as, demo):
    page = page_as("head")
    page.goto(demo.url("/admin/grid/"))
    page.evaluate("document.activeElement.blur()")
    scan(page, code_of(Numbered(NOBODYS)))
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
