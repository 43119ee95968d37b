"""The table of rights: what each group may do, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lmis.models import StaffRight
from lmis.screens.views import Screen
from lmis.services.groups import label_of

VERBS = {"view": _("look at"), "add": _("add"), "change": _("change"), "delete": pgettext_lazy("right", "delete")}


@dataclass(frozen=True, slots=True)
class Row:
    """An action, and for each group what it may of it: blank for nothing."""

    action: Any
    cells: list[str]


class Rights(Screen):
    """Groups side by side; a group is changed on its own page, which its name leads to."""

    right = "auth.view_group"
    template = "screens/administration/rights.html"
    title = _("Who may do what")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The table."""
        groups = sorted(Group.objects.prefetch_related("permissions__content_type"), key=lambda one: label_of(one.name))
        held = [{f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()} for group in groups]
        named = [(group, label_of(group.name)) for group in groups]
        return self.render({"groups": named, "screens_rows": _screens(held), "lists": _lists(held)})


def _screens(held: Iterable[set[str]]) -> list[Row]:
    """What `StaffRight` names: screens, and what they offer."""
    return [
        Row(_(name), ["✓" if f"lmis.{codename}" in rights else "" for rights in held])
        for codename, name in StaffRight._meta.permissions
    ]


def _lists(held: list[set[str]]) -> list[Row]:
    """The lists of the site: which of looking, adding, changing, deleting."""
    rows = []
    for model in admin.site._registry:
        label, name = model._meta.app_label, model._meta.model_name
        cells = [
            ", ".join(str(word) for verb, word in VERBS.items() if f"{label}.{verb}_{name}" in rights)
            for rights in held
        ]
        if any(cells):
            rows.append(Row(capfirst(str(model._meta.verbose_name_plural)), cells))
    return sorted(rows, key=lambda row: str(row.action))
