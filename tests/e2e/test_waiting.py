"""The waiting list, served: a place is free, the one who is to be called first gets it."""

from playwright.sync_api import expect


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
