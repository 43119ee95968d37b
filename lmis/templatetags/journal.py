"""What the journal's templates need."""

from __future__ import annotations

from django import template
from django.contrib import admin
from django.urls import URLPattern
from django.utils.text import capfirst

from lmis.screens.menu import SCREENS

register = template.Library()


@register.filter
def screen_title(name: str) -> str:
    """What a screen is called, by its name in an access record: in the menu, by itself, or as a list of the site."""
    for entry in SCREENS:
        if entry.name.partition(":")[2] == name:
            return str(entry.title)
    lists = (model._meta.verbose_name_plural for model in admin.site._registry if model._meta.model_name == name)
    return capfirst(str(_own_title(name) or next(lists, name)))


def _own_title(name: str) -> str:
    """Of a screen that is in no menu; blank when there is none."""
    for known in _patterns():
        if known.name == name:
            return str(getattr(getattr(known.callback, "view_class", None), "title", ""))
    return ""


def _patterns() -> list[URLPattern]:
    """Imported when they are needed: the addresses import the screens, and those the templates' own tags."""
    from lmis.screens.urls import urlpatterns

    return urlpatterns
