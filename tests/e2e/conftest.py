"""A browser before a running demo: one demo for the session, a fresh browser session for each page that is asked for.

Whatever a test does, its pages must not log errors, ask an outside host, get a 5xx, carry people in their URLs, or
leave them behind in the browser.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect, sync_playwright

from lmis import embedded
from tests.demo import Demo, morning

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
STATE = """() => ({
    focus: document.activeElement?.outerHTML.slice(0, 200), dialogs: [...document.querySelectorAll("dialog[open]")]
        .map((each) => each.innerText.slice(0, 600)), toasts: document.getElementById("toasts")?.innerText })"""
KEPT = "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"
PASSWORD = "registratura-demo"
# A busy machine may need longer than the browser's five seconds; how fast screens are is for the benchmarks to say.
expect.set_options(timeout=15_000)
SIZE = {"width": 1366, "height": 768}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
# Letters of names, and digits in the length of a polis, a СНИЛС or a phone; the keys of a list are shorter.
PERSONAL = re.compile(r"[А-Яа-яЁё]|(?<![\w-])\d{10,16}(?![\w-])|\d{3}-\d{3}-\d{3}")
# What it was is seen in the response; the second is what htmx says of a refusal.
REVISION = re.compile(r"\bsince=[\w-]+")  # numbers of transactions, what a screen polls by
AN_HTTP_STATUS = ("Failed to load resource", "Response Status Error Code 4")


class Clinic:
    """The running demo: where it is, and its database to look into."""

    def __init__(self, running):
        self.running = running
        self.base = running.json()["admin_url"].removesuffix("/admin/")

    def url(self, path="/admin/"):
        """The whole address of a path."""
        return self.base + path

    def rows(self, sql, *params):
        """Rows of the demo's own database."""
        with psycopg.connect(embedded.database_url(self.running.data_dir)) as connection:
            return connection.execute(sql, params).fetchall()

    def value(self, sql, *params):
        """The first value of the first row."""
        return self.rows(sql, *params)[0][0]


@dataclass
class Witness:
    """Notes what pages do that they must not."""

    host: str
    faults: list[str] = field(default_factory=list)
    pages: list = field(default_factory=list)
    traffic: deque = field(default_factory=lambda: deque(maxlen=25))

    def watch(self, page):
        """From now on."""
        self.pages.append(page)
        page.on(
            "requestfailed", lambda request: self.traffic.append(f"{request.method} {request.url}: {request.failure}")
        )
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", lambda request: self.asked(request.url))
        page.on("response", self.answered)
        page.on("framenavigated", lambda frame: self.personal(frame.url))

    def heard(self, message):
        """An error or a breach of the policy in the console."""
        if message.type == "error" and not message.text.startswith(AN_HTTP_STATUS):
            self.faults.append(f"console: {message.text}")

    def asked(self, url):
        """A request."""
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).netloc != self.host:
            self.faults.append(f"outside: {url}")
        self.personal(url)

    def answered(self, response):
        """A response."""
        self.traffic.append(f"{response.request.method} {response.url}: {response.status}")
        if response.status >= 500:
            self.faults.append(f"{response.status}: {response.url}")

    def tell(self):
        """What was asked last and what the pages say: shown with a test that fails, which may not fail again here."""
        print("\n".join(self.traffic))
        for page in self.pages:
            with contextlib.suppress(Error):  # it may be closed, or on its way elsewhere
                print(page.url, page.evaluate(STATE))

    def look_into_storage(self):
        """What the pages leave for whoever uses the browser next."""
        for page in self.pages:
            with contextlib.suppress(Error):  # as above
                if PERSONAL.search(kept := page.evaluate(KEPT)):
                    self.faults.append(f"kept: {kept}")

    def personal(self, url):
        """Names and numbers of people in an address."""
        if urlsplit(url).scheme.startswith("http") and PERSONAL.search(
            unquote(urlsplit(url).path + url.partition("?")[2])
        ):
            self.faults.append(f"personal: {unquote(url)}")


@pytest.fixture(scope="session")
def demo():
    """A demo of its own, on free ports, in the middle of a morning; what a test changes in it the next test finds."""
    with tempfile.TemporaryDirectory(prefix="lmis-e2e-", ignore_cleanup_errors=True) as folder:
        running = Demo(folder, "--workers", "1", env={"TIME_ZONE": morning()})
        try:
            yield Clinic(running.start())
        finally:
            running.clear_away()


@pytest.fixture
def norm_of_an_hour(demo):
    """Who may have a heart disease is to be seen within an hour; there is no place so soon, whatever time it is."""
    norm = demo.value(
        "INSERT INTO appointments_waitnorm (kind, speciality_id, position_begins, basis, hours)"
        " SELECT 'heart', id, '', '', 1 FROM lmis_speciality WHERE name = 'Кардиология' RETURNING id"
    )
    closed = demo.rows(
        "UPDATE appointments_slot s SET is_blocked = true FROM lmis_doctor d JOIN lmis_speciality f"
        " ON f.id = d.speciality_id WHERE d.id = s.doctor_id AND f.name = 'Кардиология' AND NOT s.is_blocked"
        " AND s.begin BETWEEN now() AND now() + interval '90 minutes' RETURNING s.id"
    )
    yield
    demo.rows("DELETE FROM appointments_waitnorm WHERE id = %s RETURNING id", norm)
    opened = [pk for (pk,) in closed]
    demo.rows("UPDATE appointments_slot SET is_blocked = false WHERE id = ANY(%s) RETURNING id", opened)


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium, or one that goes by its name."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not path:
        pytest.fail("No chromium here: on Debian, apt install chromium.")
    russian = {**os.environ, "LANGUAGE": "ru"}  # as the staff's browsers are: it is what date inputs go by
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, headless=True, args=QUIET, env=russian)
        yield running
        running.close()


@pytest.fixture
def page_as(browser, demo):
    """`page_as("registrar")`: a page of that employee, just logged in, so on the start page of the role.

    `language="en"` turns the site to English; further options go to the browser's context (`viewport`, …). When the
    test ends without an error of its own, what the pages did is judged.
    """
    witness, contexts = Witness(urlsplit(demo.base).netloc), []

    def enter(role, *, language="ru", **options):
        usual = {"viewport": SIZE, "locale": "ru-RU", "color_scheme": "light", "timezone_id": morning()}
        context = browser.new_context(**usual | options)
        contexts.append(context)
        if language != "ru":
            context.add_cookies([{"name": "django_language", "value": language, "url": demo.base}])
        page = context.new_page()
        witness.watch(page)
        page.goto(demo.url())
        log_in(page, role)
        return page

    yield enter
    witness.look_into_storage()
    witness.tell()
    for context in contexts:
        context.close()
    assert not witness.faults, "\n".join(witness.faults)


@pytest.fixture
def axe():
    """`axe(page)`: nothing on the page as it is now breaks WCAG 2.2 A or AA, as far as a program can tell.

    `options` look for something else than all of it.
    """

    def check(page, context=None, options=WCAG):
        found = Axe().run(page, context=context, options=options).response["violations"]
        lines = [
            f"{fault['id']} ({fault['impact']}): {node['target']} {node['html'][:200]}"
            for fault in found
            for node in fault["nodes"]
        ]
        assert not lines, "\n".join(lines)

    return check


def log_in(page, role, password=PASSWORD):
    """Fill in the login page."""
    page.fill("input[name=username]", role)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
