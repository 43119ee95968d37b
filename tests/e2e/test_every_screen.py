"""What each role has in its bar and its lists: all of it opens, reads well for everybody and fits a small window."""

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.e2e.conftest import CONTRAST

# Where the work begins, and a screen of somebody else's.
ROLES = {
    "registrar": ("/admin/desk/", "/admin/exchange/"),
    "doctor": ("/admin/day/", "/admin/desk/"),
    "head": ("/admin/head/", "/admin/exchange/"),
    "operator": ("/admin/exchange/", "/admin/desk/"),
    "administrator": ("/admin/", "/admin/day/"),
}
BAR = ".bar nav a[href^='/admin/']"
LISTS = "#nav-sidebar a[href^='/admin/'], nav a[href^='/admin/']"
# A window of 1366×768 at 200 %.
SMALL, USUAL = {"width": 683, "height": 384}, {"width": 1366, "height": 768}
FORMS = [model._meta for model in admin.site._registry]
# The class is what unfold's pages get in a dark browser (`test_dark_look.py`); ours have no second look.
TURN_DARK = "() => { const site = document.querySelector('html[x-data]'); site?.classList.add('dark'); return !!site }"
SETTLED = "() => !document.getAnimations().some(each => each instanceof CSSTransition)"
LOOK = "() => { const { colorScheme, backgroundColor } = getComputedStyle(document.documentElement);"
LOOK += " return [colorScheme, backgroundColor] }"
LIGHT = ["light", "rgb(255, 255, 255)"]
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


def addresses(page, selector):
    """Where the links lead, each once, in their order."""
    found = page.locator(selector).evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return list(dict.fromkeys(link.partition("#")[0] for link in found))


def faults_of(page, axe, address):
    """What a program finds wrong there: for those who see badly or use no mouse, in the dark, and in a small window."""
    if page.goto(address).status == 403:
        return []
    assert page.locator("main, #content").first.is_visible(), address
    faults = said(address, lambda: axe(page)) + said(f"{address} in the dark", lambda: looked_at_in_the_dark(page, axe))
    page.set_viewport_size(SMALL)
    wide = page.evaluate(TOO_WIDE)
    page.set_viewport_size(USUAL)
    return faults + ([f"{address}: {wide} px too wide"] if wide > 0 else [])


def said(where, check):
    """What the check says that is wrong."""
    try:
        check()
    except AssertionError as error:
        return [f"{where}: {str(error).partition('assert not')[0]}"]
    return []


def looked_at_in_the_dark(page, axe):
    """The same page as it is: turned dark its text can be read, or it has one look and keeps to it."""
    page.emulate_media(color_scheme="dark")
    if page.evaluate(TURN_DARK):
        page.wait_for_function(SETTLED)
        axe(page, options=CONTRAST)
    else:
        assert page.evaluate(LOOK) == LIGHT, page.evaluate(LOOK)
    page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("role", ROLES)
def test_each_screen_of_the_bar(page_as, demo, axe, role):
    page, (start, foreign) = page_as(role), ROLES[role]
    assert page.url == demo.url(start)
    if role == "administrator":  # who begins with the lists
        page.goto(demo.url("/admin/journal/"))
    links = addresses(page, BAR)
    assert start in links
    assert foreign not in links
    assert page.request.get(demo.url(foreign)).status == 403
    faults = [fault for address in links for fault in faults_of(page, axe, demo.url(address))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", ROLES)
def test_each_list(page_as, demo, axe, role):
    page = page_as(role)
    page.goto(demo.url("/admin/"))
    links = [link for link in addresses(page, LISTS) if link.count("/") == 4]
    assert links
    faults = [fault for address in links for fault in faults_of(page, axe, demo.url(address))]
    assert not faults, "\n".join(faults)


MOST_ON_IT = """
    SELECT p.id FROM patients_patient p JOIN appointments_appointment a ON a.patient_id = p.id
     WHERE p.state = 'active' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"""


def pages_of(demo, meta):
    """Where one of the model is added, and where the first of its rows is changed, if there is one."""
    name = f"{meta.app_label}_{meta.model_name}"
    rows = demo.rows(f"SELECT {meta.pk.column} FROM {meta.db_table} ORDER BY 1 LIMIT 1")
    change = [reverse(f"admin:{name}_change", args=[pk]) for (pk,) in rows]
    return [reverse(f"admin:{name}_add"), *change]


def test_each_form(page_as, demo, axe):
    page, faults = page_as("administrator"), []
    for meta in FORMS:
        for address in pages_of(demo, meta):
            faults += faults_of(page, axe, demo.url(address))
    assert not faults, "\n".join(faults)


def test_the_card_with_most_on_it(page_as, demo, axe):
    page, card = page_as("registrar"), demo.value(MOST_ON_IT)
    faults = faults_of(page, axe, demo.url(reverse("admin:patients_patient_change", args=[card])))
    assert page.locator("a.lmis-line").count() > 1
    assert not faults, "\n".join(faults)
