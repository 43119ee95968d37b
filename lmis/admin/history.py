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
from django.utils.translation import gettext as _

from lmis.services.journal_words import Words

SHOWN = 50


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
        entries = found.select_related("actor", "content_type")[:SHOWN]
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(object)s") % {"object": obj},
            "opts": self.opts,
            "object": obj,
            # who may open the thing itself may read what was in it
            "entries": Words(entries, shows_people=True).lines(),
            "shown": SHOWN,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/lmis/history.html", context)
