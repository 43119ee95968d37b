"""`make screenshots` writes a picture of each of these to `docs/images/`; `scenes.py` has what they show.

`show` brings a fresh page of the role to what is to be seen. A picture is 1366 × 768, as the desk's screens are; a
print is pictured alone, the whole sheet.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.demo import Demo, morning
from tests.e2e import scenes
from tests.e2e.conftest import SIZE, Clinic

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
SHEET = "main"


def _nothing(_page, _demo):
    """The page as it opens."""


@dataclass(frozen=True)
class Shot:
    """One picture: file name without ending, who looks, where (blank: the start page), what is done there.

    `part` is the element of the page to picture, for a print; `height` that of a screen which shows what it is about.
    """

    name: str
    role: str
    path: str = ""
    show: Callable = _nothing
    part: str = ""
    height: int = SIZE["height"]


# In this order: the later ones show what the earlier ones have done.
SHOTS = [
    Shot("desk", "registrar", show=scenes.a_patient_found),
    Shot("desk-places", "registrar", show=scenes.places_to_choose),
    Shot("new-card", "registrar", show=scenes.a_new_card),
    Shot("paper-direction", "registrar", show=scenes.a_paper_direction),
    Shot("booking-by-direction", "registrar", show=scenes.a_direction_chosen),
    Shot("moving", "registrar", show=scenes.a_visit_moved),
    Shot("grid", "registrar", show=scenes.the_day_of_therapy),
    Shot("overbooking", "head", show=scenes.beyond_the_plan),
    Shot("day", "doctor"),
    Shot("day-sheet", "doctor", show=scenes.the_days_sheet, part=SHEET),
    Shot("issue-direction", "doctor", show=scenes.a_direction_half_written),
    Shot("direction", "doctor", show=scenes.a_direction_issued),
    Shot("direction-057u", "doctor", show=scenes.a_direction_printed, part=SHEET),
    Shot("directions", "registrar", "/admin/directions/?kind=in"),
    Shot("waiting", "registrar", "/admin/waiting/"),
    Shot("ticket", "registrar", show=scenes.a_ticket, part=SHEET),
    Shot("ticket-roll", "registrar", show=scenes.a_ticket_of_the_roll, part=SHEET),
    Shot("patients", "registrar", "/admin/patients/patient/"),
    Shot("patient", "registrar", "/admin/patients/patient/3/change/"),
    Shot("absence-new", "head", show=scenes.an_illness),
    Shot("absence", "head", show=scenes.a_substitution),
    Shot("calls", "registrar", "/admin/calls/"),
    Shot("journal", "administrator", show=scenes.the_journal_of_a_card),
    Shot("templates", "head", show=scenes.a_template_changed, height=1000),
    Shot("calendar", "head", "/admin/lmis/calendarday/"),
    Shot("norms", "administrator", "/admin/appointments/waitnorm/"),
    Shot("find", "doctor", "/admin/find/", show=scenes.a_patient_of_ones_own),
    Shot("head", "head", "/admin/head/"),
    Shot("mend", "registrar", show=scenes.a_card_refused),
    Shot("exchange", "operator", show=scenes.the_exchange_at_work, height=900),
    Shot("lock", "registrar", show=scenes.locked),
    Shot("import", "administrator", show=scenes.an_import),
    Shot("export", "administrator", "/admin/export/"),
    Shot("duplicates", "administrator", show=scenes.two_cards_of_one),
    Shot("employee", "administrator", show=scenes.an_employee),
    Shot("employee-password", "administrator", show=scenes.a_new_employee),
    Shot("rights", "administrator", "/admin/rights/"),
    Shot("api-client", "administrator", show=scenes.a_new_client),
    Shot("connection-request", "administrator", show=scenes.a_request),
    Shot("dictionaries", "administrator", "/admin/lmis/speciality/"),
    Shot("admin", "admin", "/admin/appointments/slot/"),
]


@pytest.fixture(scope="session")
def demo():
    """A demo of its own, in the middle of a morning."""
    with tempfile.TemporaryDirectory(prefix="lmis-pictures-", ignore_cleanup_errors=True) as folder:
        running = Demo(folder, "--workers", "1", env={"TIME_ZONE": morning()})
        try:
            yield Clinic(running.start())
        finally:
            running.clear_away()


@pytest.fixture(scope="session", autouse=True)
def _in_russian(browser):
    """Dates are typed as the browser's language has them, whatever that of the page is."""
    context = browser.new_context()
    language = context.new_page().evaluate("navigator.language")
    context.close()
    assert language.startswith("ru"), "This chromium knows no Russian: on Debian, apt install chromium-l10n."


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_picture(page_as, demo, shot):
    page = page_as(shot.role, timezone_id=morning(), viewport={**SIZE, "height": shot.height})
    if shot.path:
        page.goto(demo.url(shot.path))
    shot.show(page, demo)
    page.wait_for_load_state("networkidle")
    IMAGES.mkdir(exist_ok=True)
    seen, path = page.locator(shot.part) if shot.part else page, IMAGES / f"{shot.name}.png"
    seen.screenshot(path=path)
    if shrink := shutil.which("pngquant"):  # to less than a half; what would suffer by it stays as it is
        subprocess.run([shrink, "--force", "--ext", ".png", "--strip", "--quality", "80-100", path], check=False)
