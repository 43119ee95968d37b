"""What the pictures of `screenshots.py` show: each function brings a fresh page of an employee to it.

They go through the screens, as the tests do; what a picture needs and only time would bring is put past the services.
"""

import datetime as dt

import httpx
import psycopg

from lmis import embedded
from tests.demo import morning, today, until
from tests.e2e import test_desk, test_patients

OPEN_DIRECTION = """
    SELECT p.polis_number FROM directions_direction d JOIN patients_patient p ON p.id = d.patient_id
     WHERE d.lpu_to_id = p.lpu_id AND d.cancelled_at IS NULL AND d.speciality_name IN (
         SELECT s.name FROM lmis_speciality s JOIN lmis_doctor o ON o.speciality_id = s.id)
       AND (d.valid_until IS NULL OR d.valid_until > now()) AND p.polis_number <> ''
       AND NOT EXISTS (SELECT FROM appointments_appointment a WHERE a.direction_id = d.id) ORDER BY d.id"""
THERAPY = """
    SELECT d.speciality_id, s.day FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id
      JOIN lmis_speciality f ON f.id = d.speciality_id
     WHERE f.name = 'Терапия' AND s.day >= %s AND s.withdrawn = ''
     GROUP BY 1, 2 ORDER BY sum(s.booked) DESC, 2 LIMIT 1"""
OWN_VISIT = """
    SELECT a.guid, d.guid, s.day FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id
      JOIN lmis_doctor d ON d.id = s.doctor_id JOIN auth_user u ON u.id = d.user_id
     WHERE u.username = 'doctor' AND a.state <> 'cancelled' ORDER BY s.day = %s DESC, s.begin LIMIT 1"""
FALLS_ILL = """
    SELECT d.id FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id
      JOIN lmis_doctor d ON d.id = s.doctor_id JOIN lmis_speciality f ON f.id = d.speciality_id
     WHERE a.state = 'booked' AND f.name = 'Терапия' AND s.day > %s AND NOT EXISTS (
         SELECT FROM appointments_scheduleexception e WHERE e.doctor_id = d.id AND e.kind = 'absence')
     GROUP BY d.id ORDER BY count(*) DESC LIMIT 1"""
A_BOOKED = """
    SELECT a.guid FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id
     WHERE a.state = 'booked' AND s.begin > now() AND s.capacity = 1 ORDER BY s.begin LIMIT 1"""
# As many cards a minute as a clinic changes, fewer at night. The first minute, with all cards at once, would hide them.
AN_ORDINARY_DAY = (
    "DELETE FROM patients_uploadminute WHERE count > 50",
    "INSERT INTO patients_uploadminute (minute, outcome, code, count, milliseconds)"
    " SELECT m, 'accepted', '', 1 + (random() * CASE WHEN extract(hour FROM m AT TIME ZONE '{zone}') BETWEEN 8 AND 18"
    " THEN 6 ELSE 1 END)::int, 180 FROM ("
    " SELECT date_trunc('minute', now()) - n * interval '1 minute' AS m FROM generate_series(1, 1438) n) minutes"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO patients_uploadminute (minute, outcome, code, count, milliseconds)"
    " SELECT date_trunc('minute', now()) - n * interval '1 minute', 'temporary', 'timeout', 1 + n % 3, 10000"
    " FROM generate_series(610, 640) n",
)


def past_the_services(demo, *statements):
    """Written straight into the demo's database."""
    with psycopg.connect(embedded.database_url(demo.running.data_dir)) as connection:
        for statement in statements:
            connection.execute(statement)


# --- the desk ------------------------------------------------------------------------------------------------------


def a_stranger(demo):
    """The surname of somebody without an appointment whom nobody shares it with."""
    return demo.value(test_desk.STRANGERS)


def a_patient_found(page, demo):
    """With an open direction, and an appointment made just before."""
    desk, polis = test_desk.AtTheDesk(page), demo.value(OPEN_DIRECTION)
    desk.finds(polis)
    desk.goes_to("терапия")
    desk.press("Enter")
    desk.is_done()
    test_desk.AtTheDesk(page).finds(polis)


def places_to_choose(page, demo):
    """The nearest ones of a speciality."""
    desk = test_desk.AtTheDesk(page)
    desk.finds(a_stranger(demo).lower())
    desk.goes_to("кардио")


def a_patient_of_ones_own(page, demo):
    """Found by surname by the doctor who sees them."""
    family = demo.value(
        "SELECT p.family FROM patients_patient p JOIN appointments_appointment a ON a.patient_id = p.id"
        " JOIN appointments_slot s ON s.id = a.slot_id JOIN lmis_doctor d ON d.id = s.doctor_id"
        " JOIN auth_user u ON u.id = d.user_id WHERE u.username = 'doctor' ORDER BY p.family LIMIT 1"
    )
    page.fill("#text", family.lower())
    page.keyboard.press("Enter")
    page.wait_for_selector(".found li a")


def a_new_card(page, demo):
    """Half filled in, and somebody is like that."""
    family, name, patronymic, born = demo.rows(
        "SELECT family, name, patronymic, birth_date FROM patients_patient"
        " WHERE state = 'active' AND birth_date < '1970-01-01' AND length(family) > 7 ORDER BY id LIMIT 1"
    )[0]
    desk = test_desk.AtTheDesk(page)
    text = f"{family} {name} {patronymic[:-1]}".lower()
    desk.type(text)
    page.wait_for_function("text => document.getElementById('hits')?.dataset.for === text", arg=text)
    desk.press("F4")
    desk.sees("#card-form")
    desk.waits_for_focus("at.id === 'card-birth_date'")
    desk.type(f"{born:%d%m%Y}")
    desk.press("Tab", "Tab")
    desk.type("79001112233")
    desk.sees(".chip.warn")


def a_paper_direction(page, demo):
    """Its row filled in, before a place is chosen."""
    desk = test_desk.AtTheDesk(page)
    desk.finds(a_stranger(demo).lower())
    desk.goes_to("отори")
    desk.press("n")
    desk.waits_for_focus("at.id === 'paper-lpu'")
    page.fill("#paper-lpu", "Приреченская ЦРБ")
    page.fill("#paper-number", "77-К")
    page.fill("#paper-day", f"{today() - dt.timedelta(days=3):%d.%m.%Y}")
    page.fill("#paper-diagnosis", "H66.1")
    page.fill("#paper-doctor", "Сомов А. П.")


def a_direction_chosen(page, demo):
    """The open direction of a patient is to be booked."""
    desk = test_desk.AtTheDesk(page)
    desk.finds(demo.rows(OPEN_DIRECTION)[1][0])
    desk.press("F9")
    desk.waits_for_focus("at.closest('#order')")


def a_visit_moved(page, demo):
    """Another place is to be chosen."""
    desk, family = test_desk.AtTheDesk(page), a_stranger(demo).lower()
    desk.finds(family)
    desk.goes_to("хирургия")
    desk.press("Enter")
    desk.is_done()
    desk = test_desk.AtTheDesk(page)
    desk.finds(family)
    desk.press("F7", "m")
    desk.waits_for_focus("'place' in at.dataset")


# --- the grid ------------------------------------------------------------------------------------------------------


def the_day_of_therapy(page, demo, *, ahead=0):
    """The fullest one that is at least so many days ahead."""
    speciality, day = demo.rows(THERAPY, today() + dt.timedelta(days=ahead))[0]
    page.goto(demo.url(f"/admin/grid/?speciality={speciality}&day={day}"))


def beyond_the_plan(page, demo):
    """One more patient at a taken place: found, and the reason given."""
    the_day_of_therapy(page, demo, ahead=1)
    page.locator(".cell.full").first.click()
    page.fill("#reason-over", "Острая боль")
    page.fill("#card-text", a_stranger(demo))
    page.locator("#cards [data-step]").first.wait_for()


# --- the head of department ----------------------------------------------------------------------------------------


def an_illness(page, demo):
    """A week to be closed: who is concerned."""
    page.goto(demo.url("/admin/absence/"))
    page.select_option("#id_absence-doctor", str(demo.value(FALLS_ILL, today())))
    page.fill("#id_absence-reason", "Болезнь")
    page.fill("#id_absence-first", (today() + dt.timedelta(days=1)).isoformat())
    page.fill("#id_absence-last", (today() + dt.timedelta(days=6)).isoformat())
    page.keyboard.press("Enter")
    page.locator("#absence-close:focus").wait_for()


def a_substitution(page, demo):
    """The time is closed; who could take the patients over."""
    an_illness(page, demo)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/absence/*/")
    page.locator(".substitutes button").first.click()
    page.locator("#hand-over").wait_for()


def a_template_changed(page, demo):
    """Saturdays from now on: what that would do."""
    page.goto(demo.url("/admin/templates/"))
    page.get_by_role("link", name="Щукина").click()
    page.check("input[name=rows-0-weekdays][value='6']")
    page.keyboard.press("Alt+KeyP")
    page.locator(".tpl-week .created").first.wait_for()


# --- prints --------------------------------------------------------------------------------------------------------


def _a_ticket(page, demo, form):
    page.goto(demo.url(f"/admin/tickets/{demo.value(A_BOOKED)}/"))
    page.click(f"button[value={form}]")
    page.locator(f"body.{form}").wait_for()


def a_ticket(page, demo):
    """On a sheet."""
    _a_ticket(page, demo, "a5")


def a_ticket_of_the_roll(page, demo):
    """The same on a narrow one."""
    _a_ticket(page, demo, "roll")


def the_days_sheet(page, demo):
    """Of the doctor who has an account."""
    _visit, doctor, day = demo.rows(OWN_VISIT, today())[0]
    page.goto(demo.url(f"/admin/day-sheet/{doctor}/{day}/"))


def a_direction_half_written(page, demo):
    """For the first patient of the doctor's own."""
    page.goto(demo.url(f"/admin/directions/issue/?appointment={demo.rows(OWN_VISIT, today())[0][0]}"))
    page.select_option("#id_lpu_to", label="Областная больница")
    page.select_option("#id_speciality", label="Кардиология")
    page.fill("#id_diagnosis_code", "I10")
    page.fill("#id_diagnosis_name", "Артериальная гипертензия")
    page.fill("#id_reason", "Подбор терапии: лечение в течение месяца без достаточного эффекта")


def a_direction_issued(page, demo):
    """Its own page."""
    a_direction_half_written(page, demo)
    page.press("#id_reason", "Control+Enter")
    page.locator(".toast.success").wait_for()


def a_direction_printed(page, demo):
    """Form 057/у of the one issued last."""
    guid = demo.value("SELECT guid FROM directions_direction WHERE created_by = 'doctor' ORDER BY id DESC LIMIT 1")
    page.goto(demo.url(f"/admin/directions/{guid}/print/"))


# --- the exchange --------------------------------------------------------------------------------------------------


def _settled(demo):
    left = "SELECT count(*) FROM patients_cardupload WHERE state IN ('waiting', 'in_flight')"
    signs = "SELECT count(DISTINCT kind) FROM lmis_heartbeat"
    until(lambda: demo.value(left) == 0 and demo.value(signs) == 3, "an exchange at work")


def a_card_refused(page, demo):
    """The region wants a polis or a document: the registrar has written down neither."""
    refused = "SELECT count(*) FROM patients_cardupload WHERE state = 'rejected'"
    page.goto(demo.url("/admin/patients/patient/7/change/"))
    for name in ("polis_number", "document_number"):
        page.fill(f"#id_{name}", "")
    page.click("button[name=_save], input[name=_save]")
    until(lambda: demo.value(refused), "a card refused")
    page.goto(demo.url("/admin/mend/"))


def the_exchange_at_work(page, demo):
    """A day old, with a card refused, a night's reconciliation, and the central service polling."""
    _settled(demo)
    told = demo.running.json()
    for _poll in range(3):
        httpx.get(f"{told['base_url']}/schedule", auth=(told["login"], told["secret"])).raise_for_status()
    past_the_services(demo, *(statement.format(zone=morning()) for statement in AN_ORDINARY_DAY))
    page.click("#reconcile")
    until(lambda: demo.value("SELECT count(*) FROM patients_reconciliation WHERE stage = 'done'"), "a reconciliation")
    page.wait_for_timeout(12_000)  # until beat has counted
    page.reload()


# --- the administrator ---------------------------------------------------------------------------------------------


def an_import(page, demo):
    """Checked, with the two bad rows shown."""
    test_patients.imported(page, demo, test_patients.BAD)
    page.locator("tr:has(.chip.bad) button").click()
    page.locator("#rows table").wait_for()


def two_cards_of_one(page, demo):
    """One person, carried in twice, once with a slip of the pen."""
    head = "Фамилия;Имя;Отчество;Дата рождения;Пол;Номер карты;Телефон;Адрес\r\n"
    rows = (
        "Двойнишникова;Анна;Ильинична;05.06.1977;ж;Д-1001;;г. Заречинск, ул. Мира, д. 3\r\n",
        "Двойнишникова;Анна;Ильинишна;05.06.1977;ж;Д-2002;+7 900 5556677;\r\n",
    )
    for row in rows:
        test_patients.imported(page, demo, head + row)
        page.locator("button.primary[type=submit]").click()
        page.locator("#import[data-state=done]").wait_for(timeout=60_000)
    cards = [
        demo.value("SELECT id FROM patients_patient WHERE card_number = %s", number) for number in ("Д-1001", "Д-2002")
    ]
    page.goto(demo.url("/admin/merge/pair/?cards={}&cards={}".format(*cards)))


def a_request(page, demo):
    """To the region, of a clinic where clinics are."""
    past_the_services(demo, "UPDATE lmis_lpu SET time_zone = 'Europe/Moscow'")
    page.goto(demo.url("/admin/connections/"))


def the_journal_of_a_card(page, demo):
    """Who booked whom the registrar booked last, and who has seen the card."""
    family = demo.value(
        "SELECT p.family FROM patients_patient p JOIN appointments_appointment a ON a.patient_id = p.id"
        " JOIN auth_user u ON u.id = a.user_id WHERE u.username = 'registrar' ORDER BY a.id DESC LIMIT 1"
    )
    page.goto(demo.url("/admin/journal/"))
    page.fill("#journal-text", family)
    page.press("#journal-text", "Enter")
    page.locator("#patients button").first.click()
    page.locator("#chosen button").first.wait_for()


def a_new_client(page, demo):
    """Its secret, shown this once."""
    page.goto(demo.url("/admin/lmis/apiclient/add/"))
    page.fill("#id_login", "portal")
    page.fill("#id_name", "Портал записи на приём")
    page.locator("input[name=scopes]").first.check()
    page.click("button[name=_save], input[name=_save]")
    page.locator("#secret").wait_for()


def an_employee(page, demo):
    """Written down, not yet saved."""
    page.goto(demo.url("/admin/auth/user/add/"))
    page.fill("#id_last_name", "Морозова")
    page.fill("#id_first_name", "Инна")
    page.fill("#id_phone", "+7 900 111-22-33")
    page.get_by_label("Регистратор").check()


def a_new_employee(page, demo):
    """The temporary password, shown this once."""
    an_employee(page, demo)
    page.click("button[name=_save], input[name=_save]")
    page.locator("#secret").wait_for()


def locked(page, _demo):
    """As it is left when one goes away."""
    page.locator("[data-lock-now]").click()
    page.locator("#lock-title, #lock-password").first.wait_for()
