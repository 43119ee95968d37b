"""The screen lock in a browser: it covers, keeps what was typed, and lets somebody else take over."""

from playwright.sync_api import expect

from tests.e2e import test_grid
from tests.e2e.conftest import PASSWORD, log_in

FORM = "/admin/patients/patient/add/"
LOG_OUT = """() => fetch("/admin/logout/", { method: "POST", headers: {
    "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)[1] } })"""


def lock(page):
    """By the button, or on the lists as the clock would."""
    page.evaluate("lmisLock()")
    page.wait_for_selector("#lock input[name=password]")


def test_the_form_is_kept_and_nothing_of_it_can_be_reached(page_as, demo, axe):
    page = page_as("registrar")
    page.goto(demo.url(FORM))
    page.fill("[name=family]", "Недописанная")
    lock(page)
    axe(page, "#lock")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator("#lock").is_visible()
    assert page.request.get(demo.url("/admin/")).status == 423
    assert page.evaluate("document.activeElement.id") == "lock-password"
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lock [role=alert]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#lock", state="hidden")
    assert page.input_value("[name=family]") == "Недописанная"
    assert page.request.get(demo.url("/admin/")).status == 200


def test_the_other_tabs_are_covered_and_opened_with_it(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url(FORM))
    other = page.context.new_page()
    other.goto(demo.url(FORM))
    lock(page)
    other.wait_for_selector("#lock-password")
    other.fill("#lock-password", PASSWORD)
    other.press("#lock-password", "Enter")
    page.wait_for_selector("#lock", state="hidden")
    other.wait_for_selector("#lock", state="hidden")


def test_another_employee_takes_over_by_keyboard(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url(FORM))
    page.fill("[name=family]", "Чужая")
    lock(page)
    page.focus("#lock-username")
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(demo.url("/admin/exchange/"))  # where an operator begins
    assert "Лосев" in page.content()
    assert "Чужая" not in page.content()


def test_who_worked_here_lately_comes_back_with_one_key_and_the_password(page_as, demo, axe):
    page = page_as("registrar")
    lock(page)
    page.fill("#lock-username", "head")
    page.fill("#lock-other", PASSWORD)
    page.press("#lock-other", "Enter")
    page.wait_for_url(demo.url("/admin/head/"))
    page.keyboard.press("Control+Alt+KeyL")
    page.wait_for_selector("#lock-password:focus")
    axe(page, "#lock")
    page.keyboard.press("Alt+Digit1")
    assert page.evaluate("document.activeElement.id") == "lock-other"
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(demo.url("/admin/desk/"))
    page.wait_for_selector("#box:focus")
    assert page.locator(".who").get_attribute("title") == "registrar"


def test_a_page_asked_for_while_locked_is_there_after_unlocking(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url(FORM))
    lock(page)
    page.reload()
    page.wait_for_selector("#lock-password")
    page.fill("#lock-password", PASSWORD)
    page.press("#lock-password", "Enter")
    page.wait_for_selector("[name=family]")


def test_it_locks_by_itself(page_as, demo):
    page = page_as("registrar")
    page.clock.install()
    page.goto(demo.url(FORM))
    page.clock.fast_forward("08:00")
    page.mouse.move(200, 200)
    page.clock.fast_forward("09:00")
    assert not page.locator("#lock").is_visible()
    page.clock.fast_forward("01:05")
    page.wait_for_selector("#lock-password")


def in_another_tab(page, demo, login):
    """The employee logs out there, and another logs in."""
    other = page.context.new_page()
    other.goto(demo.url("/admin/patients/patient/"))
    other.evaluate(LOG_OUT)
    other.goto(demo.url())
    log_in(other, login)


def test_another_employee_in_another_tab_is_who_works_in_this_one(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url("/admin/desk/"))
    in_another_tab(page, demo, "administrator")
    expect(page.locator(".who")).to_have_attribute("title", "administrator")


def test_a_tab_that_did_not_hear_of_it_acts_under_nobodys_name(page_as, demo):
    page = page_as("registrar")
    page.add_init_script("window.BroadcastChannel = class extends EventTarget { postMessage() {} }")
    page.goto(demo.url("/admin/desk/"))
    in_another_tab(page, demo, "administrator")
    assert page.locator(".who").get_attribute("title") == "registrar"
    page.fill("#box", "иванов")
    expect(page.locator(".who")).to_have_attribute("title", "administrator")
    page.wait_for_selector("#toasts .toast.error")


def end_session(page):
    """As after its twelve hours: the browser has a key of nothing."""
    page.context.clear_cookies(name="sessionid")


def log_in_again(page):
    """At the lock's box, which knows whose page it covers."""
    page.wait_for_selector("#lock-other:focus")
    assert page.input_value("#lock-username") == "registrar"
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#lock", state="hidden")


def test_a_form_outlives_the_session(page_as, demo, axe):
    page = page_as("registrar")
    page.fill("#box", "Новосельцев")
    page.wait_for_selector("[data-key=F4]")
    page.press("#box", "F4")
    # Its check comes a moment after the typing: else the lock is there before the patronymic is typed.
    with page.expect_response("**/desk/card/check/"):
        page.fill("#card-name", "Кирилл")
    with page.expect_response("**/desk/card/check/"):  # and another as the field is left
        page.focus("#card-patronymic")
    end_session(page)
    page.fill("#card-patronymic", "Андреевич")
    page.wait_for_selector("#lock-other:focus")
    axe(page, "#lock")
    log_in_again(page)
    assert [page.input_value(f"#card-{part}") for part in ("family", "name", "patronymic")] == [
        "Новосельцев", "Кирилл", "Андреевич",
    ]  # fmt: skip
    with page.expect_response("**/desk/card/check/") as checked:
        page.fill("#card-birth_date", "12.03.1999")
    assert checked.value.status == 200


def test_the_grids_poll_keeps_the_open_dialog(page_as, demo):
    page = page_as("registrar")
    _doctor, day, speciality, _count = demo.rows(test_grid.FREE)[0]  # this day's may be over
    page.goto(demo.url(f"/admin/grid/?speciality={speciality}&day={day}"))
    page.locator(".cell.free").first.click()
    page.fill("#card-text", "новосел")
    end_session(page)
    page.evaluate("document.dispatchEvent(new Event('grid-changed'))")  # as every few seconds
    page.wait_for_selector("#lock-other:focus")
    page.keyboard.type(PASSWORD[:5])
    with page.expect_response("**/grid/changes/**"):
        page.evaluate("document.dispatchEvent(new Event('grid-changed'))")
    assert page.input_value("#lock-other") == PASSWORD[:5]  # the next poll leaves the box alone
    page.fill("#lock-other", "")
    log_in_again(page)
    assert page.input_value("#card-text") == "новосел"
