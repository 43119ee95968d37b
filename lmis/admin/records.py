"""What the system writes down for itself, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lmis.admin.base import ReadOnlyAdmin
from lmis.models import Epoch, FailedLogin, IdempotencyRecord


@admin.register(FailedLogin)
class FailedLoginAdmin(ReadOnlyAdmin):
    """Who could not come in, through the API or as an employee."""

    list_display = ["login", "address", "count", "minute"]
    search_fields = ["login", "address"]
    search_help_text = _("Login or address")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Which answers would be given again. What they say is a patient's business and is not even read here."""

    list_display = ["principal", "key", "status", "created_at"]
    fields = ["principal", "key", "status", "created_at"]
    list_filter = ["status"]
    search_fields = ["principal", "key"]
    search_help_text = _("Caller or key")
    ordering = ["-created_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the answers."""
        return super().get_queryset(request).defer("body", "headers", "fingerprint")


@admin.register(Epoch)
class EpochAdmin(ReadOnlyAdmin):
    """Renewed by `manage.py renew_epoch` after a restore."""

    list_display = ["value", "renewed_at"]
    fields = ["value", "renewed_at"]
