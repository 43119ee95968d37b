"""The screens in the order of the top bar, and which of them an employee starts with.

Screens are named by URL and not imported: the apps above this one stay unknown. One that is not there is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """A screen in the menu: URL name, the right that opens it, what it is called, icon of Material Symbols."""

    name: str
    right: str
    title: Any
    icon: str


SCREENS = [
    Entry("screens:desk", "lmis.use_desk", _("Booking desk"), "person_search"),
    Entry("screens:day", "lmis.use_day", _("My day"), "today"),
    Entry("screens:head", "lmis.view_head_page", _("Department today"), "monitoring"),
    Entry("screens:grid", "lmis.use_grid", _("Schedule grid"), "calendar_view_week"),
    Entry("screens:directions", "directions.view_direction", _("Directions"), "outgoing_mail"),
    Entry("screens:waiting", "lmis.use_waiting_list", _("Waiting list"), "hourglass_top"),
    Entry("screens:calls", "lmis.use_calls", _("Call list"), "call"),
    Entry("screens:absence", "lmis.edit_absences", _("Absences"), "event_busy"),
    Entry("screens:templates", "lmis.edit_templates", _("Schedule templates"), "calendar_month"),
    Entry("screens:calendar", "lmis.edit_calendar", _("Holidays"), "celebration"),
    Entry("screens:mend", "lmis.mend_cards", _("Cards to mend"), "healing"),
    Entry("screens:exchange", "lmis.watch_exchange", _("Exchange with the MIP"), "cloud_sync"),
    Entry("screens:merge", "lmis.merge_cards", _("Duplicate cards"), "join"),
    Entry("screens:imports", "lmis.import_cards", _("Import of cards"), "upload_file"),
    Entry("screens:journal", "lmis.view_journal", _("Journal"), "history"),
    Entry("screens:rights", "auth.view_group", _("Who may do what"), "rule"),
    Entry("screens:connections", "lmis.manage_connections", _("Connection requests"), "cable"),
]
# The first of these that somebody may open is where the work begins; administrators begin with the lists.
START = ["screens:desk", "screens:day", "screens:head", "screens:exchange"]
BEGINS_WITH_LISTS = "lmis.manage_connections"


def screens_of(user: User | AnonymousUser) -> list[dict[str, Any]]:
    """`title`, `icon` and `link` of each screen that this employee may open."""
    return [
        {"title": entry.title, "icon": entry.icon, "link": link}
        for entry in SCREENS
        if user.has_perm(entry.right) and (link := address_of(entry.name))
    ]


def start_of(user: User | AnonymousUser) -> str:
    """Where this employee's work begins: an address."""
    if not user.has_perm(BEGINS_WITH_LISTS):
        rights = {entry.name: entry.right for entry in SCREENS}
        for name in START:
            if user.has_perm(rights[name]) and (link := address_of(name)):
                return link
    return reverse("admin:index")


def address_of(name: str, *args: Any) -> str:
    """The screen's address; blank when there is no such screen."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
