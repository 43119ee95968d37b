"""A doctor falls ill: a colleague takes a part of the list, three patients are moved, and all of them are called."""

import datetime as dt

from playwright.sync_api import expect

from tests.demo import today

BUSY = """
    SELECT d.id FROM lmis_doctor d JOIN lmis_speciality s ON s.id = d.speciality_id
      JOIN appointments_slot p ON p.doctor_id = d.id JOIN appointments_appointment a ON a.slot_id = p.id
     WHERE a.state = 'booked' AND p.begin > now() + interval '1 day' AND p.day <= current_date + 6
       AND s.name = 'Терапия'
       AND NOT EXISTS (SELECT FROM appointments_scheduleexception e WHERE e.doctor_id = d.id AND e.kind = 'absence')
     GROUP BY d.id HAVING count(*) >= 4 ORDER BY count(*) DESC LIMIT 1"""

CARDIOLOGIST = """
    SELECT d.id FROM lmis_doctor d JOIN lmis_speciality s ON s.id = d.speciality_id
     WHERE s.name = 'Кардиология' LIMIT 1"""


def open_calls(demo):
    return demo.value("SELECT count(*) FROM appointments_calltask WHERE state = 'open'")


def close_the_week(page, demo, axe):
    """Look, then close; how many patients are concerned."""
    doctor = demo.value(BUSY)
    page.goto(demo.url("/admin/absence/"))
    axe(page)
    page.select_option("#id_absence-doctor", str(doctor))
    page.fill("#id_absence-reason", "Болезнь")
    first = today() + dt.timedelta(days=1)
    page.fill("#id_absence-first", first.isoformat())
    page.fill("#id_absence-last", (first + dt.timedelta(days=6)).isoformat())
    page.keyboard.press("Enter")
    expect(page.locator("#absence-close")).to_be_focused()
    axe(page)
    count = page.locator(".absence-concerned tbody tr").count()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/absence/*/")
    expect(page.locator("[data-decisions] tbody tr")).to_have_count(count)
    axe(page)
    return count


def test_absence_with_substitution_and_three_patients_moved_and_called(page_as, demo, axe):
    page = page_as("head")
    before = open_calls(demo)
    count = close_the_week(page, demo, axe)
    assert count >= 4

    # three are moved to the places proposed
    rows = page.locator("[data-decisions] tbody tr")
    proposed = [rows.nth(n).locator(".target select").input_value() for n in range(3)]
    assert len(set(proposed)) == 3
    for number in range(3):
        rows.nth(number).locator("select[name^=choice]").select_option("move")
    page.keyboard.press("Control+Enter")
    expect(rows).to_have_count(count - 3)
    booked = "SELECT count(*) FROM appointments_slot WHERE guid = ANY(%s::uuid[]) AND booked > 0"
    assert demo.value(booked, proposed) == 3

    # the others go to the colleague who can see most of them
    page.locator(".substitutes button").first.click()
    hand_over = page.locator("#hand-over")
    expect(hand_over).to_be_visible()
    axe(page)
    fits = page.locator("#substitution .pieces li:not(.conflict)").count()
    assert fits >= 1
    hand_over.click()
    expect(page.locator("[aria-labelledby=done-title] tbody tr")).to_have_count(3 + fits)
    axe(page)
    assert open_calls(demo) == before + 3 + fits

    # what is left is cancelled
    left = count - 3 - fits
    if left:
        page.locator("[data-all=cancel]").click()
        page.keyboard.press("Control+Enter")
        expect(rows).to_have_count(0)
    assert demo.value("SELECT count(*) FROM appointments_absencedecision WHERE state <> 'done'") == 0

    page = page_as("registrar")
    page.goto(demo.url("/admin/calls/"))
    axe(page)
    for done, key in enumerate("112", 1):
        name = page.locator("#call-who").inner_text()
        page.keyboard.press(f"Digit{key}")
        expect(page.locator("#call-who")).not_to_have_text(name)
        assert demo.value("SELECT count(*) FROM appointments_callattempt") == done
    assert open_calls(demo) == before + count - 2  # who did not answer stays in the list
    name = page.locator("#call-who").inner_text()
    page.keyboard.press("Digit3")
    expect(page.locator("#call-who")).not_to_have_text(name)
    assert demo.value("SELECT count(*) FROM appointments_callattempt WHERE outcome = 'refused'") == 1
    axe(page)


def test_extra_hours_and_the_waiting_list(page_as, demo, axe):
    page = page_as("head")
    page.goto(demo.url("/admin/absence/"))
    heart = demo.value(CARDIOLOGIST)
    page.select_option("#id_extra-doctor", str(heart))
    page.fill("#id_extra-reason", "Дополнительный приём")
    day = today() + dt.timedelta(days=2)
    page.fill("#id_extra-first", day.isoformat())
    page.fill("#id_extra-first_time", "06:00")
    page.fill("#id_extra-last_time", "07:00")
    page.keyboard.press("Enter")
    make = page.locator("#extra-make")
    expect(make).to_be_focused()
    axe(page)
    assert page.locator("#absence-extra .pieces li").count() == 4
    page.keyboard.press("Enter")
    expect(page.locator("#absence-extra .note.good")).to_contain_text("06:00")
    made = "SELECT count(*) FROM appointments_slot WHERE doctor_id = %s AND day = %s"
    assert demo.value(made, heart, day) >= 4
