"""`make screenshots` writes a picture of each of these to `docs/images/`; each screen's tests say what to show.

`show` brings a fresh page of the role to what is to be seen. A picture is 1366 × 768, as the desk's screens are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from lmis import embedded
from tests.demo import until
from tests.e2e import test_patients

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"


def _nothing(_page, _demo):
    """The page as it opens."""


def _an_import(page, demo):
    """Checked, with the two bad rows shown."""
    test_patients.imported(page, demo, test_patients.BAD)
    page.locator("tr:has(.chip.bad) button").click()
    page.locator("#rows table").wait_for()


@dataclass(frozen=True)
class Shot:
    """One picture: file name without ending, who looks, where (blank: the start page), what is done there."""

    name: str
    role: str
    path: str = ""
    show: Callable = _nothing


def _a_direction_half_written(page, demo):
    """For the first patient of the doctor's own."""
    visit = demo.value(
        "SELECT a.guid FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id"
        " JOIN lmis_doctor d ON d.id = s.doctor_id JOIN auth_user u ON u.id = d.user_id"
        " WHERE u.username = 'doctor' AND a.state <> 'cancelled' ORDER BY s.begin LIMIT 1"
    )
    page.goto(demo.url(f"/admin/directions/issue/?appointment={visit}"))
    page.select_option("#id_lpu_to", label="Областная больница")
    page.select_option("#id_speciality", label="Кардиология")
    page.fill("#id_diagnosis_name", "Артериальная гипертензия")
    page.fill("#id_reason", "Подбор терапии: лечение в течение месяца без достаточного эффекта")


def _a_patient_found(page, demo):
    """With a coming appointment, at the desk."""
    family = demo.value(
        "SELECT p.family FROM patients_patient p JOIN appointments_appointment a ON a.patient_id = p.id"
        " JOIN appointments_slot s ON s.id = a.slot_id"
        " WHERE a.state = 'booked' AND s.begin > now() AND p.state = 'active' ORDER BY s.begin LIMIT 1"
    )
    page.fill("#box", family)
    with page.expect_response("**/admin/desk/find/"):
        page.press("#box", "Enter")
    page.wait_for_timeout(1000)  # what was found is swapped in; one alone opens by itself
    page.keyboard.press("Enter")
    page.wait_for_timeout(1000)


def _a_ticket(page, demo):
    """Of the first to come tomorrow."""
    guid = demo.value(
        "SELECT a.guid FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id"
        " WHERE a.state = 'booked' AND s.begin > now() ORDER BY s.begin LIMIT 1"
    )
    page.goto(demo.url(f"/admin/tickets/{guid}/"))


def _the_day_of_therapy(page, demo):
    """Tomorrow or the first day after that is no weekend."""
    speciality, day = demo.rows(
        "SELECT d.speciality_id, s.day FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id"
        " WHERE s.begin > now() + interval '12 hours' GROUP BY 1, 2 ORDER BY 2, count(*) DESC LIMIT 1"
    )[0]
    page.goto(demo.url(f"/admin/grid/?speciality={speciality}&day={day}"))


def _locked(page, _demo):
    """As it is left when one goes away."""
    page.locator("[data-lock-now]").click()
    page.locator("#lock-title, #lock-password").first.wait_for()


def _the_exchange_at_work(page, demo):
    """Once the demo's cards have gone out, and everybody has given a sign of life."""
    left = "SELECT count(*) FROM patients_cardupload WHERE state IN ('waiting', 'in_flight')"
    signs = "SELECT count(DISTINCT kind) FROM lmis_heartbeat"
    until(lambda: demo.value(left) == 0 and demo.value(signs) == 3, "an exchange at work")
    page.wait_for_timeout(10_000)  # until it is counted
    page.reload()


def _a_card_refused(page, demo):
    """As the region refuses it: put there past the services, for a picture."""
    _the_exchange_at_work(page, demo)
    with psycopg.connect(embedded.database_url(demo.running.data_dir)) as connection:
        connection.execute(
            "UPDATE patients_cardupload SET state = 'rejected', error_code = 'validation_error',"
            " error_field = 'polis.number', error_text = 'Полис с таким номером не найден', last_attempt_at = now()"
            " WHERE patient_id IN (SELECT patient_id FROM patients_cardupload WHERE state = 'accepted'"
            " ORDER BY patient_id LIMIT 3)"
        )
    page.reload()


SHOTS = [
    Shot("desk", "registrar", "", _a_patient_found),
    Shot("paper-direction", "registrar", "", _a_patient_found),
    Shot("grid", "registrar", "", _the_day_of_therapy),
    Shot("overbooking", "head", "", _the_day_of_therapy),
    Shot("day", "doctor"),
    Shot("absence", "head", "/admin/absence/"),
    Shot("waiting", "registrar", "/admin/waiting/"),
    Shot("templates", "head", "/admin/templates/"),
    Shot("ticket", "registrar", "", _a_ticket),
    Shot("lock", "registrar", "", _locked),
    Shot("exchange", "operator", "", _the_exchange_at_work),
    Shot("mend", "registrar", "/admin/mend/", _a_card_refused),
    Shot("head", "head", "/admin/head/"),
    Shot("journal", "administrator", "/admin/journal/"),
    Shot("employee", "administrator", "/admin/auth/user/add/"),
    Shot("rights", "administrator", "/admin/rights/"),
    Shot("connection-request", "administrator", "/admin/connections/"),
    Shot("dictionaries", "administrator", "/admin/lmis/speciality/"),
    Shot("admin", "admin", "/admin/appointments/slot/"),
    Shot("patients", "registrar", "/admin/patients/patient/"),
    Shot("patient", "registrar", "/admin/patients/patient/3/change/"),
    Shot("duplicates", "administrator", "/admin/merge/pair/?cards=3&cards=4"),
    Shot("import", "administrator", show=_an_import),
    Shot("directions", "registrar", "/admin/directions/?kind=in"),
    Shot("issue-direction", "doctor", "", _a_direction_half_written),
]


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_picture(page_as, demo, shot):
    page = page_as(shot.role)
    if shot.path:
        page.goto(demo.url(shot.path))
    shot.show(page, demo)
    page.wait_for_load_state("networkidle")
    IMAGES.mkdir(exist_ok=True)
    page.screenshot(path=IMAGES / f"{shot.name}.png")
