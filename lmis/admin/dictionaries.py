"""Reference data: the clinic's own directories, the dictionaries that were loaded, what a region calls their codes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from lmis import nsi
from lmis.admin.base import LmisModelAdmin, ReadOnlyAdmin, actor
from lmis.models import BusyType, CodeMapping, Dictionary, DictionaryCode, Position, Speciality
from lmis.services import nsi_directories
from lmis.services.transactions import run_write


class DictionaryAdmin(LmisModelAdmin):
    """Entries with the dictionary they come from."""

    list_display = ["name", "code", "oid", "version"]
    list_filter = ["oid"]
    search_fields = ["name", "code"]
    fields = ["name", "code", ("oid", "version")]


@admin.register(BusyType)
class BusyTypeAdmin(DictionaryAdmin):
    """The clinic's own words: no dictionary has them."""


@admin.register(Speciality, Position)
class CodedAdmin(DictionaryAdmin):
    """Those with a dictionary that may have been loaded."""

    actions = ["take_codes"]

    @action(description=_("Take the codes from the loaded dictionary"), permissions=["change"])
    def take_codes(self, request: HttpRequest, queryset: Any) -> None:
        """Of the entries that are ticked; by their names, letter by letter."""
        taken = run_write(lambda: nsi_directories.take_codes(entries=queryset, by=actor(request)))
        text = ngettext("%(count)d entry has its code now.", "%(count)d entries have their codes now.", taken.given)
        messages.success(request, text % {"count": taken.given})
        if taken.unknown:
            unknown = _("Not in the dictionary by these names: %(names)s. Correct the name, or enter the code by hand.")
            messages.warning(request, unknown % {"names": ", ".join(taken.unknown)})


@admin.register(Dictionary)
class LoadedAdmin(ReadOnlyAdmin):
    """What `manage.py load_nsi` has brought."""

    list_display = ["oid", "what", "version", "in_force", "as_of"]
    fields = ["oid", "version", "source", "checked_on", "loaded_at", "loaded_by"]
    search_fields = ["oid"]
    search_help_text = _("OID")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the number of codes."""
        return super().get_queryset(request).annotate(count=Count("codes", filter=Q(codes__is_current=True)))

    @display(description=_("what it lists"))
    def what(self, dictionary: Any) -> str:
        """In words, where we know."""
        return str(nsi.TITLES.get(dictionary.oid, "—"))

    @display(description=pgettext_lazy("dictionary", "as of"), ordering="checked_on")
    def as_of(self, dictionary: Dictionary) -> str:
        """The day, short."""
        return date_format(dictionary.checked_on, "SHORT_DATE_FORMAT")

    @display(description=_("codes in force"))
    def in_force(self, dictionary: Any) -> int:
        """How many."""
        return int(dictionary.count)


@admin.register(DictionaryCode)
class DictionaryCodeAdmin(ReadOnlyAdmin):
    """The codes themselves."""

    list_display = ["code", "name", "dictionary", "version", "is_current"]
    list_filter = [("dictionary", AutocompleteSelectFilter), "is_current"]
    list_select_related = ["dictionary"]
    search_fields = ["code__startswith", "name_key"]
    search_help_text = _("Code, or part of the name")
    fields = ["dictionary", "version", "code", "name", "is_current"]


@admin.register(CodeMapping)
class CodeMappingAdmin(LmisModelAdmin):
    """What a region writes for a code of a dictionary."""

    list_display = ["region", "kind", "region_code", "oid", "code", "source"]
    list_filter = ["region", "kind"]
    search_fields = ["region_code", "code"]
    search_help_text = _("Code, of the region or of the dictionary")
    fields = [("region", "kind", "region_code"), ("oid", "code"), "source"]
