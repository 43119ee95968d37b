"""`python -m benchmarks.switching`: how long it takes until another employee works at a locked desk, in chromium.

Two registrars by turns, by keyboard alone: Ctrl+Alt+L, Alt+1 for the other one, who worked here lately, password,
Enter, until the other's booking desk can be typed into, which typing into it shows. Then the same with the login typed,
as somebody new to the workplace has to. A person is counted at `--keys` keys a second: the program waits as long after
each key, so what is printed is time that passed, the typing included. The budget is 5 s.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.grid import book_three_of_four
from benchmarks.system import fill_schedule, free_port, percentile, private_database, web_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

BUDGET = 5.0  # s
PASSWORD = "zarechye-7"  # ten characters, as few as an account may have
PEOPLE = ("kuzmina", "vetrova")  # logins as they are made of surnames
MARK = "и"
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


class Hands:
    """Press keys at a person's pace, and count them; a chord is one."""

    def __init__(self, page: Page, keys_a_second: float) -> None:
        self._page, self._pause = page, 1000 / keys_a_second
        self.pressed = 0

    def at(self) -> str:
        """The id of what has the focus."""
        return str(self._page.evaluate("document.activeElement.id"))

    def press(self, *keys: str) -> None:
        """One after the other; the hand has moved on when the pause is over."""
        for key in keys:
            self._page.keyboard.press(key)
            self._page.wait_for_timeout(self._pause)
            self.pressed += 1


def main() -> None:
    """Fill, log in, change the employee in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--keys", type=float, default=5, help="that a person presses in a second (5)")
    parser.add_argument("--doctors", type=int, default=100)
    options = parser.parse_args()
    os.environ |= {"COOKIES_SECURE": "0", "WHITENOISE_USE_FINDERS": "1", "LANGUAGE": "ru"}
    with private_database():
        fill_schedule(doctors=options.doctors, days=14, per_day=28)
        book_three_of_four()
        employ()
        port = free_port()
        with web_server(port):
            in_a_browser(f"http://127.0.0.1:{port}/admin/", lambda page: measure(page, options.turns, options.keys))


def employ() -> None:
    """Two registrars."""
    from django.contrib.auth.models import Group, User

    for login in PEOPLE:
        user = User.objects.create_user(login, password=PASSWORD, is_staff=True, first_name="Алла", last_name=login)
        user.groups.add(Group.objects.get(name="registrar"))


def in_a_browser(address: str, work: Callable[[Page], None]) -> None:
    """Debian's chromium with that page in it."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or sys.exit("No chromium here: on Debian, apt install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="ru-RU")
        page.goto(address)
        work(page)
        browser.close()


def measure(page: Page, turns: int, keys_a_second: float) -> None:
    """All of it, and what of it is not the person."""
    page.fill("input[name=username]", PEOPLE[0])
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    ready(page, PEOPLE[0])
    switch(page, PEOPLE[1], keys_a_second, typed)  # what the server does but once
    print(f"{keys_a_second:g} keys a second, a chord counted as one")
    for name, way in (("chosen among those who worked here lately", chosen), ("login typed", typed)):
        made = [switch(page, PEOPLE[turn % 2], keys_a_second, way) for turn in range(turns + turns % 2)]
        took, pressed, waited = ([one[column] for one in made] for column in range(3))
        kept = "kept" if max(took) < BUDGET else "BROKEN"
        print(f"{name}: {max(pressed):.0f} keys")
        print(f"  all of it: p50 {percentile(took, 0.5):.2f} s, max {max(took):.2f} s, budget {BUDGET:.0f} s: {kept}")
        print(f"  of it after the last key: p50 {percentile(waited, 0.5):.2f} s, max {max(waited):.2f} s")


def chosen(hands: Hands, _login: str) -> None:
    """The only other one."""
    hands.press("Alt+Digit1")


def typed(hands: Hands, login: str) -> None:
    """Behind one's own field and button, and those of whoever worked here lately."""
    while hands.at() != "lock-username":
        hands.press("Tab")
    hands.press(*login, "Tab")


def switch(page: Page, login: str, keys_a_second: float, way: Callable[[Hands, str], None]) -> tuple[float, ...]:
    """Another employee takes over. Out: seconds, keys, seconds of them after the last key."""
    hands = Hands(page, keys_a_second)
    begun = time.perf_counter()
    hands.press("Control+Alt+KeyL")
    page.wait_for_selector("#lock-password:focus")
    way(hands, login)
    hands.press(*PASSWORD)
    page.keyboard.press("Enter")
    last = time.perf_counter()
    ready(page, login)
    ended = time.perf_counter()
    page.press("#box", "Backspace")
    return ended - begun, hands.pressed + 1, ended - last


def ready(page: Page, login: str) -> None:
    """That employee's desk, and what is typed gets into its box without going there."""
    page.wait_for_selector(f".bar [title={login}]", state="attached")
    page.wait_for_selector("#box:focus")
    page.keyboard.type(MARK)
    page.wait_for_function("mark => document.getElementById('box').value === mark", arg=MARK)


if __name__ == "__main__":
    main()
