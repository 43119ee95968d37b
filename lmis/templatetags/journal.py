"""What the journal's templates need."""

from __future__ import annotations

from django import template

from lmis.screens.menu import SCREENS

register = template.Library()


@register.filter
def screen_title(name: str) -> str:
    """What a screen is called in the menu, by its name in an access record; others by that name itself."""
    titles = {entry.name.partition(":")[2]: str(entry.title) for entry in SCREENS}
    return titles.get(name, name)
