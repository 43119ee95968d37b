"""Cards at the administrator's desk: an import with two bad rows, duplicates merged, a card found and opened."""

import itertools
import re

import pytest
from playwright.sync_api import expect

BAD = (
    "Фамилия;Имя;Отчество;Дата рождения;Пол;Телефон;Участок\r\n"
    "Импортова;Ольга;Ивановна;01.02.1990;ж;+7 900 1112233;12\r\n"
    "Плохая;Анна;Ивановна;31.02.1990;ж;;\r\n"
    "Импортов;Олег;Ильич;03.04.1985;м;+7 900 1112244;12\r\n"
    "Странный;Пётр;Ильич;03.04.1985;да;;\r\n"
)


@pytest.fixture
def page(page_as):
    return page_as("administrator")


def imported(page, demo, rows, name="cards.csv"):
    """Upload, match, check; the page then asks for a confirmation."""
    page.goto(demo.url("/admin/imports/"))
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": rows.encode("cp1251")})
    page.get_by_role("button", name=re.compile("Загрузить|Upload")).click()
    expect(page.locator("#import[data-state=mapping]")).to_be_visible(timeout=60_000)
    page.locator("button.primary[type=submit]").click()
    expect(page.locator("#import[data-state=checked]")).to_be_visible(timeout=60_000)


def test_import_with_two_bad_rows(page, demo, axe):
    imported(page, demo, BAD)
    axe(page)
    assert demo.value("SELECT count(*) FROM patients_patient WHERE starts_with(family, 'Импортов')") == 0
    page.locator("tr:has(.chip.bad) button").click()
    expect(page.locator("#rows")).to_contain_text("31.02.1990")
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    page.locator("button.primary[type=submit]").click()
    expect(page.locator("#import[data-state=done]")).to_be_visible(timeout=60_000)
    found = demo.rows("SELECT family, district FROM patients_patient WHERE starts_with(family, 'Импортов') ORDER BY 1")
    assert found == [("Импортов", "12"), ("Импортова", "12")]


def test_merge_of_two_cards(page, demo, axe):
    twins = "Фамилия;Имя;Отчество;Дата рождения;Номер карты;Телефон\r\n"
    imported(page, demo, twins + "Двойняшкина;Анна;Ильинична;05.06.1977;ДВ-1;\r\n", "one.csv")
    page.locator("button.primary[type=submit]").click()
    expect(page.locator("#import[data-state=done]")).to_be_visible(timeout=60_000)
    imported(page, demo, twins + "Двойняшкино;Анна;Ильинична;05.06.1977;ДВ-2;+7 900 5556677\r\n", "two.csv")
    page.locator("button.primary[type=submit]").click()
    expect(page.locator("#import[data-state=done]")).to_be_visible(timeout=60_000)
    page.goto(demo.url("/admin/merge/"))
    axe(page)
    page.locator("main summary").click()
    page.fill("#text", "ldjqyzirby")
    page.press("#text", "Enter")
    expect(page.locator("input[name=cards]")).to_have_count(2)
    for box in page.locator("input[name=cards]").all():
        box.check()
    page.locator("fieldset + button").click()
    expect(page.locator("table.two")).to_contain_text("ДВ-2")
    axe(page)
    page.keyboard.press("Alt+Enter")
    expect(page.locator("#toasts")).to_contain_text("ДВ-1")
    state = "SELECT state, merged_into_id IS NOT NULL FROM patients_patient WHERE card_number = 'ДВ-2'"
    assert demo.rows(state) == [("merged", True)]
    assert demo.value("SELECT phone FROM patients_patient WHERE card_number = 'ДВ-1'") == "+7 900 5556677"


def test_a_card_is_found_and_opened(page, demo, axe):
    (family,) = demo.rows("SELECT family FROM patients_patient WHERE state = 'active' ORDER BY id LIMIT 1")[0]
    page.goto(demo.url("/admin/find/"))
    axe(page)
    page.keyboard.type(family)
    page.keyboard.press("Enter")
    expect(page.locator(".found a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/patients/patient/*/change/")
    boxes = [
        page.locator(f"#id_{name}").bounding_box() for name in ("family", "name", "patronymic", "birth_date", "sex")
    ]
    assert all(box and box["width"] > 90 for box in boxes)
    for one, other in itertools.pairwise(boxes):
        assert one["y"] + one["height"] <= other["y"] or one["x"] + one["width"] <= other["x"]


@pytest.mark.parametrize("role", ["operator", "doctor", "registrar"])
def test_who_may_not(page_as, demo, role):
    page = page_as(role)
    for path in ("/admin/merge/", "/admin/imports/", "/admin/export/"):
        assert page.goto(demo.url(path)).status == 403
