"""`make screenshots` writes a picture of each of these to `docs/images/`; each screen's tests say what to show.

`show` brings a fresh page of the role to what is to be seen. A picture is 1366 × 768, as the desk's screens are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"


def _nothing(_page, _demo):
    """The page as it opens."""


@dataclass(frozen=True)
class Shot:
    """One picture: file name without ending, who looks, where (blank: the start page), what is done there."""

    name: str
    role: str
    path: str = ""
    show: Callable = _nothing


SHOTS = [
    Shot("admin", "admin", "/admin/appointments/slot/"),
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
