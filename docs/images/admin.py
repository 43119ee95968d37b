"""Takes `admin.png` anew: `python docs/images/admin.py [var/demo.json]` while a demo runs; needs chromium.

A test cannot say whether a picture is still true: take it again when the staff's pages change.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-background-networking"]
QUIET += ["--disable-component-update"]


def take(demo: dict[str, str], picture: Path) -> None:
    """Log in as the demo's administrator and photograph the slots of the coming days."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=QUIET)
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="ru-RU", color_scheme="light")
        page.goto(demo["admin_url"])
        page.fill("input[name=username]", demo["admin_user"])
        page.fill("input[name=password]", demo["admin_password"])
        page.click("button[type=submit]")
        page.goto(demo["admin_url"] + PAGE)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=picture)
        browser.close()


PAGE = "appointments/slot/"

if __name__ == "__main__":
    take(json.loads(Path((sys.argv[1:] or ["var/demo.json"])[0]).read_text()), HERE / "admin.png")
