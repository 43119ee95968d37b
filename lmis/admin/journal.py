"""The journal: who changed what. Nobody changes the journal."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from lmis.admin.base import ReadOnlyAdmin
from lmis.admin.filters import DaysFilter
from lmis.admin.history import ACTIONS, describe, who_did

admin.site.unregister(LogEntry)


class OfModelFilter(admin.SimpleListFilter):
    """By the kind of thing that was changed."""

    title = _("what was changed")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The models of the journal; content types are cached by Django."""
        from auditlog.registry import auditlog

        found = ContentType.objects.get_for_models(*auditlog.get_models()).items()
        return sorted(((str(kind.pk), str(model._meta.verbose_name)) for model, kind in found), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """That kind alone."""
        chosen = self.value()
        return queryset.filter(content_type_id=chosen) if chosen and chosen.isdecimal() else queryset


@admin.register(LogEntry)
class JournalAdmin(ReadOnlyAdmin):
    """No search by words: an entry's text may be a patient's name, and what is searched for stands in the URL."""

    list_display = ["timestamp", "who", "what", "kind", "object_repr", "fields_changed"]
    list_display_links = ["timestamp"]
    list_select_related = ["actor", "content_type"]
    list_filter = [
        ("timestamp", DaysFilter),
        ("actor", AutocompleteSelectFilter),
        "action",
        OfModelFilter,
    ]
    fields = ["timestamp", "who", "remote_addr", "what", "kind", "object_repr", "changes_in_words"]
    ordering = ["-timestamp", "-pk"]

    @display(description=_("who"))
    def who(self, entry: LogEntry) -> str:
        """The employee's login, an API client's, or the system's name."""
        return who_did(entry)

    @display(description=_("action"))
    def what(self, entry: LogEntry) -> str:
        """Created, changed, deleted, opened."""
        return str(ACTIONS[entry.action])

    @display(description=_("kind"))
    def kind(self, entry: LogEntry) -> str:
        """The kind of thing."""
        return str(entry.content_type.name)

    @display(description=_("fields"))
    def fields_changed(self, entry: LogEntry) -> str:
        """Names of the changed fields, without their values."""
        if entry.action != LogEntry.Action.UPDATE:
            return ""
        model = entry.content_type.model_class()
        known = {field.name: field.verbose_name for field in model._meta.fields} if model else {}
        return ", ".join(str(known.get(name, name)) for name in entry.changes_dict)

    @display(description=_("changes"))
    def changes_in_words(self, entry: LogEntry) -> str:
        """One line a field: before → after."""
        return "\n".join(f"{field}: {old or '—'} → {new or '—'}" for field, old, new in describe(entry)["changes"])
