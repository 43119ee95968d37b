"""What is typed into the search of a list stands in its URL: a surname or a polis stays in the browser."""

from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import expect

from tests.unit.test_admin_lists import is_about_a_patient


def test_no_surname_leaves_by_the_search_of_a_list(page_as, demo):
    page, asked, searched = page_as("registrar"), [], []
    page.on("request", lambda request: asked.append(request.url))
    for model in filter(is_about_a_patient, admin.site._registry):
        if page.goto(demo.url(reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist"))).status == 403:
            continue
        box = page.locator("[role=search] input[name=q]")
        if not box.count():
            continue
        searched.append(model._meta.label)
        for text in ("Иванов", "7700123456789012", "123-456-789 00", "89001112233"):
            box.fill(text)
            box.press("Enter")
            expect(page.locator("[role=search] :invalid")).to_have_count(1)
            assert box.evaluate("box => box.validationMessage && box.title")
        before = len(asked)
        for text in ("07-2", "6f9619ff-8b86-d011-b42d-00c04fc964ff"):
            box.fill(text)
            box.press("Enter")
            page.wait_for_url(f"**q={text}*")
        assert "q=07-2" in asked[before]
        assert not [url for url in asked[:before] if "q=" in url]
    assert searched == ["appointments.Appointment"]


def test_nothing_is_typed_into_a_palette(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url("/admin/appointments/slot/"))
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.keyboard.type("Иванов")
    assert not page.locator("[name=s], [x-data^=searchCommand]").count()
    assert page.evaluate("() => localStorage.getItem('commandHistory')") is None
