"""The doctor's day in the browser: came → seen, the next patient, a repeat visit, the end of the day."""

import uuid

import psycopg
import pytest

from lmis import embedded
from tests.demo import morning

OWN = """
    SELECT d.id, d.guid FROM lmis_doctor d JOIN auth_user u ON u.id = d.user_id
     WHERE u.username = 'doctor' ORDER BY d.id"""
# Places of the first minutes of today: nobody works then, and they are over whenever the test runs.
A_VISIT = """
    WITH place AS (
        INSERT INTO appointments_slot (guid, doctor_id, begin, "end", day, ordinal, capacity, channels, is_blocked,
                                       block_reason, withdrawn)
        SELECT %(guid)s, %(doctor)s, t.begin, t.begin + interval '1 minute', %(day)s,
               (SELECT 1 + coalesce(max(ordinal + numbers), 0) FROM appointments_slot
                 WHERE doctor_id = %(doctor)s AND day = %(day)s), 1,
               ARRAY['Registry'], false, '', ''
          FROM (SELECT %(day)s::timestamp AT TIME ZONE %(zone)s + %(minute)s * interval '1 minute' AS begin) t
        RETURNING id)
    INSERT INTO appointments_appointment (guid, slot_id, patient_id, state, seat, number, source, over_plan,
                                          over_reason, booked_by, cancelled_by, cancel_reason)
    SELECT gen_random_uuid(), place.id, %(patient)s, 'booked', 1, %(minute)s, 'Registry', false, '', '', '', ''
      FROM place RETURNING id"""
TODAY = "SELECT (now() AT TIME ZONE %s)::date"
STATE = "SELECT state FROM appointments_appointment WHERE id = %s"


def own_day(demo):
    """The address of the first own position's day."""
    return demo.url(f"/admin/day/?doctor={demo.rows(OWN)[0][1]}")


@pytest.fixture
def day(demo):
    """Ids of three appointments of today, made for this test alone, and gone after it."""
    doctor, _guid = demo.rows(OWN)[0]
    patients = [row[0] for row in demo.rows("SELECT id FROM patients_patient ORDER BY id DESC LIMIT 3")]
    on = {"doctor": doctor, "day": demo.value(TODAY, morning()), "zone": morning()}
    with psycopg.connect(embedded.database_url(demo.running.data_dir)) as connection:
        made = [
            connection.execute(A_VISIT, on | {"guid": uuid.uuid4(), "minute": minute, "patient": who}).fetchone()[0]
            for minute, who in enumerate(patients)
        ]
    yield made
    with psycopg.connect(embedded.database_url(demo.running.data_dir)) as connection:
        connection.execute(
            "UPDATE appointments_slot SET withdrawn = 'staff' WHERE id IN"
            " (SELECT slot_id FROM appointments_appointment WHERE id = ANY(%s))",
            [made],
        )
        connection.execute(
            "UPDATE appointments_appointment SET state = 'cancelled', cancelled_at = now(), arrived_at = NULL"
            " WHERE id = ANY(%s)",
            [made],
        )


def test_came_at_the_desk_is_seen_by_the_doctor_without_reloading(page_as, demo, day, axe):
    first, second, _third = day
    page = page_as("doctor")
    page.goto(own_day(demo))
    axe(page)
    page.locator(f"#row-arrive-{second}").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#v{second}.here")
    page.wait_for_selector(f"#next-visited-{second}")
    page.keyboard.press("Alt+KeyS")
    page.wait_for_selector(f"#v{second}.visited")
    assert demo.value(STATE, second) == "visited"
    assert demo.value(STATE, first) == "booked"
    page.locator(f"#row-undo-{second}").click()
    page.wait_for_selector(f"#v{second}:not(.visited)")
    assert demo.value(STATE, second) == "booked"


def test_what_another_marks_comes_by_itself_and_the_focus_stays(page_as, demo, day):
    first, second, _third = day
    mine, other = page_as("doctor"), page_as("doctor")
    for page in (mine, other):
        page.goto(own_day(demo))
    mine.locator(f"#row-missed-{first}").focus()
    other.locator(f"#row-visited-{second}").click()
    mine.wait_for_selector(f"#v{second}.visited")
    assert mine.evaluate("document.activeElement.id") == f"row-missed-{first}"


def test_a_repeat_visit_in_two_presses(page_as, demo, day):
    page = page_as("doctor")
    page.goto(own_day(demo))
    page.locator(f"#row-repeat-{day[0]}").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".repeat button:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("#dialog .note.good")
    patient = demo.value("SELECT patient_id FROM appointments_appointment WHERE id = %s", day[0])
    newest = demo.rows("SELECT patient_id, source, state FROM appointments_appointment ORDER BY id DESC LIMIT 1")[0]
    assert newest == (patient, "Doctor", "booked")


def test_a_direction_with_the_patient_filled_in(page_as, demo, day):
    page = page_as("doctor")
    page.goto(own_day(demo))
    family = demo.value(
        "SELECT family FROM patients_patient p JOIN appointments_appointment a ON a.patient_id = p.id WHERE a.id = %s",
        day[0],
    )
    page.locator(f"#row-direct-{day[0]}").click()
    page.wait_for_url("**appointment=**")
    assert family in page.locator("main").inner_text()


def test_those_left_are_marked_in_one_act(page_as, demo, day, axe):
    """Only when the places of the day are over: else the page rightly offers nothing, and the part is asked for."""
    first, second, third = day
    page = page_as("doctor")
    page.goto(own_day(demo))
    page.locator(f"#row-arrive-{third}").click()
    page.wait_for_selector(f"#v{third}.here")
    if page.locator("#close-day").count() == 0:
        page.evaluate(
            "() => htmx.ajax('GET', document.getElementById('day').dataset.live.replace('changes', 'close'),"
            " { target: '#dialog-body' })"
        )
    else:
        page.locator("#close-day").click()
    page.wait_for_selector("#dialog form")
    axe(page)
    ours = {str(demo.value("SELECT guid FROM appointments_appointment WHERE id = %s", one)) for one in day}
    for box in page.locator("#dialog input[type=checkbox]:not(:disabled)").all():
        if box.get_attribute("value") not in ours:
            box.uncheck()
    page.locator("#dialog button.primary").click()
    # Whoever was left out is asked about again, nobody of those marked is.
    ours = ", ".join(f"#dialog[open] input[value='{guid}']" for guid in ours)
    page.wait_for_selector(ours, state="detached")
    assert [demo.value(STATE, one) for one in (first, second, third)] == ["missed", "missed", "visited"]


def test_in_english(page_as, demo, day, axe):
    page = page_as("doctor", language="en")
    page.goto(own_day(demo))
    page.locator(f"#row-arrive-{day[0]}").click()
    page.locator("#next", has_text="Next patient").wait_for()
    axe(page)
