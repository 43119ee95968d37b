"""The waiting list, served: a place is free, the one who is to be called first gets it."""

import datetime as dt

from django.utils import timezone
from playwright.sync_api import expect

STRANGER = """
    SELECT p.family FROM patients_patient p WHERE p.state = 'active' AND NOT EXISTS (
        SELECT FROM appointments_appointment a WHERE a.patient_id = p.id)
       AND NOT EXISTS (SELECT FROM directions_direction d WHERE d.patient_id = p.id)
       AND NOT EXISTS (SELECT FROM appointments_waitingentry w WHERE w.patient_id = p.id)
       AND (SELECT count(*) FROM patients_patient o WHERE o.family LIKE p.family || '%%') = 1 ORDER BY 1 DESC LIMIT 1"""


def waiting(demo):
    return demo.value("SELECT count(*) FROM appointments_waitingentry WHERE state = 'open'")


def test_the_first_one_is_called_and_booked_by_keyboard(page_as, demo, axe):
    page = page_as("registrar")
    page.goto(demo.url("/admin/waiting/"))
    axe(page)
    before = waiting(demo)
    first = page.locator(".offers tbody tr").first
    who = first.locator("strong").nth(1).inner_text()
    expect(first.locator(".waiting-phone")).not_to_be_empty()
    page.keyboard.press("Alt+Digit1")
    expect(page.locator("#toasts .toast.success")).to_be_visible()
    expect(page.locator("#waiting")).not_to_contain_text(who)
    assert waiting(demo) == before - 1
    made = demo.rows(
        "SELECT a.state, a.source, a.booked_by FROM appointments_appointment a"
        " JOIN appointments_waitingentry w ON w.appointment_id = a.id"
        " WHERE w.state = 'booked' ORDER BY a.id DESC LIMIT 1"
    )
    assert made == [("booked", "Registry", "registrar")]


def test_another_place_in_the_dialog_and_taking_off(page_as, demo, axe):
    page = page_as("registrar")
    page.goto(demo.url("/admin/waiting/"))
    before = waiting(demo)
    rows = page.locator("section[aria-labelledby=list-title] tbody tr")
    rows.first.locator("button").first.click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    axe(page)
    dialog.locator("[data-step]").first.click()
    expect(page.locator("#toasts .toast.success")).to_be_visible()
    expect(dialog).to_be_hidden()
    assert waiting(demo) == before - 1
    rows.first.locator("button").nth(1).click()
    page.fill("#close-reason", "лечится в другой клинике")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(before - 2)
    assert waiting(demo) == before - 2


def test_until_a_day_on_single_weekdays_with_a_note(page_as, demo, axe, norm_of_an_hour):
    """At the desk; no place within the norm of an hour. The quick way stays one key: test_desk."""
    page = page_as("registrar")
    family = demo.value(STRANGER)
    page.fill("#box", family)
    page.wait_for_function("text => document.getElementById('hits')?.dataset.for === text", arg=family)
    page.keyboard.press("Enter")
    expect(page.locator("#whom")).to_be_focused()
    with page.expect_response("**/desk/whom/"):
        page.select_option("#kind", "heart")
    expect(page.locator("#kind:has([value=heart][selected])")).to_be_visible()
    page.locator("#whom").focus()
    page.keyboard.type("кардио")
    page.keyboard.press("Enter")
    expect(page.locator("#to-waiting")).to_be_focused()
    expect(page.locator("#wait-note")).to_be_hidden()
    page.keyboard.press("Shift+KeyL")
    last = (timezone.localdate() + dt.timedelta(days=20)).isoformat()
    page.fill("#wait-last", last)
    page.check("#id_wait_weekdays_1")
    page.check("#id_wait_weekdays_3")
    page.fill("#waiting-phone", "")
    page.fill("#wait-note", "звонить после шести")
    page.keyboard.press("Enter")
    expect(page.locator("#order .note[role=alert]")).to_be_visible()
    expect(page.locator("#wait-note")).to_have_value("звонить после шести")
    axe(page)
    page.fill("#waiting-phone", "79001112233")
    page.locator("#wait-last").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#person")).to_contain_text("звонить после шести")
    made = demo.rows(
        "SELECT w.last_day::text, w.weekdays, w.note, w.phone FROM appointments_waitingentry w"
        " JOIN patients_patient p ON p.id = w.patient_id WHERE p.family = %s", family
    )  # fmt: skip
    assert made == [(last, [2, 4], "звонить после шести", "79001112233")]
    page.goto(demo.url("/admin/waiting/"))
    mine = page.locator("section[aria-labelledby=list-title] tr", has_text=family)
    expect(mine).to_contain_text("звонить после шести")
    expect(mine).to_contain_text("вт, чт", ignore_case=True)


def test_polling_leaves_the_page_alone_while_nothing_is_new(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url("/admin/waiting/"))
    with page.expect_response(
        lambda answer: "/waiting/" in answer.url and "since=" in answer.url, timeout=60_000
    ) as polled:
        pass
    assert polled.value.status == 204


def test_a_head_sees_length_and_the_oldest(page_as, demo, axe):
    page = page_as("head")
    page.goto(demo.url("/admin/waiting/"))
    expect(page.locator(".waiting-summary tbody tr").first).to_be_visible()
    axe(page)
    total = sum(int(cell) for cell in page.locator(".waiting-summary tbody td:nth-child(2)").all_inner_texts())
    assert total == waiting(demo)
