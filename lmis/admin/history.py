"""The history page of an object: what the journal has about it, to read."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lmis.actors import IN_WORDS

SHOWN = 50
ACTIONS = {
    LogEntry.Action.CREATE: gettext_lazy("created"),
    LogEntry.Action.UPDATE: gettext_lazy("changed"),
    LogEntry.Action.DELETE: gettext_lazy("deleted"),
    LogEntry.Action.ACCESS: gettext_lazy("opened"),
}


class HistoryMixin(ModelAdmin):
    """Instead of Django's own log: the journal also knows what API clients and tasks changed."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The last changes, newest first, fields in words. For a model outside the journal Django's own page."""
        if not auditlog.contains(self.model):  # type: ignore[arg-type]
            return super().history_view(request, object_id, extra_context)
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        found: QuerySet[LogEntry] = LogEntry.objects.get_for_object(obj)  # type: ignore[no-untyped-call]
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(object)s") % {"object": obj},
            "opts": self.opts,
            "object": obj,
            "entries": [describe(entry) for entry in found.select_related("actor", "content_type")[:SHOWN]],
            "shown": SHOWN,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/lmis/history.html", context)


def describe(entry: LogEntry) -> dict[str, Any]:
    """An entry for a template: `when`, `who`, `action`, and `changes` as (field, before, after)."""
    return {
        "when": entry.timestamp,
        "who": who_did(entry),
        "action": ACTIONS[entry.action],
        "changes": _changes(entry),
    }


def _changes(entry: LogEntry) -> list[tuple[str, str, str]]:
    """In words. Of a thing just made the journal also has its key and what points to it: these are left out."""
    model = entry.content_type.model_class()
    if model is None or not entry.changes:
        return []
    columns = {name for field in model._meta.concrete_fields for name in (field.name, field.attname)} - {"id"}
    lists = {field.name: field.verbose_name for field in model._meta.many_to_many}
    everything = entry.changes
    entry.changes = {name: values for name, values in everything.items() if name in columns}
    told = [
        (capfirst(str(field)), _plain(before), _plain(after))
        for field, (before, after) in entry.changes_display_dict.items()
    ]
    for name, change in everything.items():
        if name in lists:
            objects = ", ".join(change["objects"])
            before, after = (objects, "") if change["operation"] == "delete" else ("", objects)
            told.append((capfirst(str(lists[name])), before, after))
    return told


def who_did(entry: LogEntry) -> str:
    """The employee's login, else what the service noted; blank for what came by neither way."""
    if entry.actor:
        return entry.actor.get_username()
    by = (entry.additional_data or {}).get("by", "")
    return str(IN_WORDS.get(by, by))


def _plain(value: str) -> str:
    """What Python calls nothing, true and false, in words."""
    return {"None": "", "True": _("yes"), "False": _("no")}.get(value, value)
