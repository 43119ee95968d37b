"""A doctor's templates: changed in the table, looked at, saved and generated; copied to another doctor."""

import pytest

DOCTOR = "Щукина"  # an ophthalmologist of the demo, visits of 14 minutes
SLOTS = """
    SELECT count(*) FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id
     WHERE d.family = %s AND s.withdrawn = '' AND s.begin > now() AND extract(epoch FROM s."end" - s.begin) = %s"""


@pytest.fixture
def screen(page_as):
    """The page of the ophthalmologist's templates, as the head of department sees it."""

    def enter(family=DOCTOR, **options):
        page = page_as("head", **options)
        page.goto(page.url.split("/admin/")[0] + "/admin/templates/")
        page.get_by_role("link", name=family).click()
        page.wait_for_selector(".tpl-table")
        return page

    return enter


def field(page, row, name):
    return page.locator(f"#id_rows-{row}-{name}")


def test_a_template_is_changed_previewed_and_generated(screen, demo, axe):
    page = screen()
    axe(page)
    before = demo.value(SLOTS, DOCTOR, 14 * 60)
    assert before > 0

    # By keyboard alone: the length, then the preview; nothing is written yet.
    field(page, 0, "slot_minutes").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("20")
    page.keyboard.press("Alt+KeyP")
    page.wait_for_selector(".tpl-week .created")
    assert page.locator(".tpl-week .withdrawn").count()
    assert page.locator("#preview-title").evaluate("each => each === document.activeElement")
    assert demo.value(SLOTS, DOCTOR, 14 * 60) == before
    axe(page)

    page.keyboard.press("Alt+KeyS")
    page.wait_for_selector("#progress.good")
    assert demo.value(SLOTS, DOCTOR, 20 * 60) > 0
    assert field(page, 0, "slot_minutes").input_value() == "20"
    assert not page.locator(".tpl-week").count()

    # And it says so: another look finds nothing to do.
    page.keyboard.press("Alt+KeyP")
    page.wait_for_selector(".tpl-week")
    assert not page.locator(".tpl-legend .created").count()


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(screen, demo, axe):
    page = screen("Филиппова")
    rows = page.locator(".tpl-table tbody tr").count()
    before = demo.value("SELECT count(*) FROM appointments_scheduletemplate")
    page.keyboard.press("Alt+KeyN")
    page.wait_for_selector(f"#id_rows-{rows}-begin")
    field(page, rows, "begin").fill("9")
    field(page, rows, "end").fill("10:30")
    field(page, rows, "lunch_begin").fill("930")
    page.keyboard.press("Alt+KeyS")

    wrong = page.locator("tr.tpl-wrong .errorlist")
    wrong.first.wait_for()
    assert field(page, rows, "lunch_end").get_attribute("aria-invalid") == "true"
    axe(page)
    assert demo.value("SELECT count(*) FROM appointments_scheduletemplate") == before


def test_copied_to_another_doctor_the_rooms_conflict_and_nothing_is_saved_by_looking(screen, demo, axe):
    page = screen("Агеева")
    before = demo.value("SELECT count(*) FROM appointments_scheduletemplate")
    page.get_by_label("другому врачу").or_(page.get_by_label("another doctor")).select_option(label="Мироненко П. И.")
    page.locator("#copy-to ~ button, form:has(#copy-to) button").click()
    page.wait_for_selector(".tpl-preview .note.bad li")
    assert "303" in page.locator(".tpl-preview .note.bad").inner_text()
    assert page.locator(".tpl-week .withdrawn").count() or page.locator(".tpl-week .created").count()
    axe(page)
    assert demo.value("SELECT count(*) FROM appointments_scheduletemplate") == before


def test_a_long_horizon_shows_its_progress(screen, demo):
    page = screen("Дорохов")
    page.locator("#until").evaluate(
        "each => { each.value = new Date(Date.now() + 100 * 864e5).toISOString().slice(0, 10) }"
    )
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/generate/" in request.url else None)
    page.keyboard.press("Alt+KeyS")
    page.wait_for_selector("#progress.good", timeout=60_000)
    assert len(asked) >= 3
    far = "SELECT max(day) - current_date FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id"
    assert demo.value(far + " WHERE d.family = %s", "Дорохов") > 90


@pytest.mark.parametrize("role", ["registrar", "doctor"])
def test_without_the_right_there_is_no_such_screen(page_as, role):
    page = page_as(role)
    assert not page.locator("a[href$='/admin/templates/']").count()
    answer = page.goto(page.url.split("/admin/")[0] + "/admin/templates/")
    assert answer.status == 403


def test_in_english_and_at_twice_the_size(screen, axe):
    page = screen(language="en", viewport={"width": 683, "height": 384})
    assert page.get_by_role("columnheader", name="Weekdays").is_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    axe(page)
