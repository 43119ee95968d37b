"""Reference data."""

from __future__ import annotations

from django.contrib import admin

from lmis.admin.base import LmisModelAdmin
from lmis.models import BusyType, Position, Speciality


@admin.register(Speciality, Position, BusyType)
class DictionaryAdmin(LmisModelAdmin):
    """Entries with the dictionary they come from."""

    list_display = ["name", "code", "oid", "version"]
    list_filter = ["oid"]
    search_fields = ["name", "code"]
    fields = ["name", "code", ("oid", "version")]
