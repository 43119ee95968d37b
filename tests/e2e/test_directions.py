"""A doctor directs a patient from the day's list and prints the form; later what came of it is written down."""

import re

import pytest

ISSUE = "/admin/directions/issue/"


@pytest.fixture
def doctor(page_as):
    return page_as("doctor")


def a_visit(demo):
    """The guid of an appointment with the doctor of the account."""
    return demo.value(
        "SELECT a.guid FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id"
        " JOIN lmis_doctor d ON d.id = s.doctor_id JOIN auth_user u ON u.id = d.user_id"
        " WHERE u.username = 'doctor' AND a.state <> 'cancelled' ORDER BY s.begin LIMIT 1"
    )


def fill(page, *, outside=True):
    """Everything but patient, doctor and last day, by keyboard as far as a form goes."""
    label = "Областная больница" if outside else "Поликлиника № 1"
    page.select_option("#id_lpu_to", label=label)
    page.select_option("#id_speciality", label="Кардиология")
    page.fill("#id_diagnosis_code", "i10")
    page.fill("#id_diagnosis_name", "Артериальная гипертензия")
    page.fill("#id_reason", "Подбор терапии")


def test_from_the_day_to_the_outcome(doctor, demo, axe):
    link = doctor.locator(f"a[href*='{ISSUE}?appointment=']")
    if link.count():
        link.first.click()
    else:  # nobody is on today's list: a visit of another day
        doctor.goto(demo.url(f"{ISSUE}?appointment={a_visit(demo)}"))
    doctor.wait_for_selector("#id_reason")
    assert doctor.input_value("#id_valid_until")
    axe(doctor)
    fill(doctor)
    doctor.press("#id_reason", "Control+Enter")
    doctor.wait_for_url(re.compile(r"/admin/directions/[0-9a-f-]{36}/$"))
    assert doctor.locator(".toast.success").count() == 1
    axe(doctor)

    guid = doctor.url.rstrip("/").rsplit("/", 1)[1]
    stored = demo.rows(
        "SELECT diagnosis_code, diagnosis_name, reason, created_by FROM directions_direction WHERE guid = %s", guid
    )
    assert stored == [("I10", "Артериальная гипертензия", "Подбор терапии", "doctor")]

    doctor.select_option("#id_outcome", "done")
    doctor.fill("#id_outcome_note", "терапия подобрана")
    doctor.press("#id_outcome_note", "Enter")
    doctor.wait_for_load_state("networkidle")
    assert "терапия подобрана" in doctor.locator("#main").inner_text()
    assert demo.value("SELECT outcome FROM directions_direction WHERE guid = %s", guid) == "done"


def test_what_is_on_its_way_is_not_sent_again(doctor, demo):
    issued = "SELECT count(*) FROM directions_direction WHERE reason = 'Дважды нажато'"
    doctor.goto(demo.url(f"{ISSUE}?appointment={a_visit(demo)}"))
    fill(doctor)
    doctor.fill("#id_reason", "Дважды нажато")
    sent = []
    doctor.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    doctor.keyboard.press("Control+Enter")
    doctor.wait_for_timeout(20)  # else the browser drops the first by itself
    doctor.keyboard.press("Control+Enter")
    doctor.wait_for_url(re.compile(r"/admin/directions/[0-9a-f-]{36}/$"))
    assert [url for url in sent if url.endswith(ISSUE)] == [demo.url(ISSUE)]
    assert demo.value(issued) == 1


def test_whoever_goes_back_may_send_again(doctor, demo):
    doctor.goto(demo.url(f"{ISSUE}?appointment={a_visit(demo)}"))
    for _each in range(2):
        fill(doctor)
        doctor.press("#id_reason", "Control+Enter")
        doctor.wait_for_url(re.compile(r"/admin/directions/[0-9a-f-]{36}/$"))
        doctor.go_back()
        doctor.wait_for_selector("#id_reason")


def test_the_print(doctor, demo, axe):
    """It is one sheet of A4 with the facts, and printing is asked for in a frame of the page."""
    doctor.goto(demo.url(f"{ISSUE}?appointment={a_visit(demo)}"))
    fill(doctor)
    doctor.click("button[type=submit].primary")
    doctor.wait_for_url(re.compile(r"/admin/directions/[0-9a-f-]{36}/$"))
    doctor.press("body", "Alt+p")
    frame = doctor.wait_for_selector("#print-frame", state="attached").content_frame()
    frame.wait_for_load_state()
    text = frame.inner_text("main")
    for fact in ("057/у", "519н", "1029900001230", "I10", "Артериальная гипертензия", "Подбор терапии"):
        assert fact in text, fact
    doctor.goto(doctor.url + "print/")
    axe(doctor)
    doctor.emulate_media(media="print")
    sheet = doctor.pdf(prefer_css_page_size=True)
    assert sheet.count(b"/Type /Page\n") + sheet.count(b"/Type /Page ") == 1
    assert doctor.locator("#print").is_hidden()


def test_what_is_missing_is_said_and_nothing_is_lost(doctor, demo):
    doctor.goto(demo.url(f"{ISSUE}?appointment={a_visit(demo)}"))
    doctor.fill("#id_reason", "Подбор терапии")
    doctor.fill("#id_diagnosis_code", "10")
    doctor.press("#id_reason", "Control+Enter")
    doctor.wait_for_selector("#refused")
    assert doctor.evaluate("document.activeElement.id") == "refused"
    assert doctor.input_value("#id_reason") == "Подбор терапии"
    fill(doctor)
    doctor.fill("#id_diagnosis_code", "10")
    doctor.press("#id_reason", "Control+Enter")
    doctor.wait_for_selector("#errors-diagnosis_code")
    assert doctor.input_value("#id_diagnosis_name") == "Артериальная гипертензия"


def test_a_patient_is_found_by_keyboard(doctor, demo, axe):
    family = demo.value(
        "SELECT p.family FROM patients_patient p JOIN appointments_appointment a ON a.patient_id = p.id"
        " WHERE a.guid = %s",
        a_visit(demo),
    )
    doctor.goto(demo.url(ISSUE))
    doctor.keyboard.type(family)
    doctor.wait_for_selector("#patients a")
    axe(doctor)
    doctor.keyboard.press("ArrowDown")
    doctor.keyboard.press("Enter")
    doctor.wait_for_selector("#id_reason")
    assert family in doctor.locator("#main").inner_text()


def test_the_desk_sees_what_came_and_cancels_it(page_as, demo, axe):
    page = page_as("registrar")
    page.goto(demo.url("/admin/directions/?kind=in"))
    axe(page)
    before = page.locator("#rows tr").count()
    assert before >= 4
    page.fill("#id_text", "310")
    page.wait_for_function("count => document.querySelectorAll('#rows tr').length < count", arg=before)
    page.click("#rows a")
    page.wait_for_selector("#id_reason")
    page.fill("#id_reason", "Не к нам")
    page.press("#id_reason", "Enter")
    page.wait_for_load_state("networkidle")
    assert demo.value("SELECT cancel_reason FROM directions_direction WHERE number = '310'") == "Не к нам"


def test_in_english(page_as, demo):
    page = page_as("doctor", language="en")
    page.goto(demo.url("/admin/directions/"))
    assert page.locator("h1").inner_text() == "Directions"
