"""The journal has a screen of its own (`screens:journal`), which also knows who saw which card: no list beside it."""

from __future__ import annotations

from auditlog.models import LogEntry
from django.contrib import admin

admin.site.unregister(LogEntry)
