"""Which dictionary is which (НСИ), and reads of what has been loaded of them.

The OIDs are known; what stands in the dictionaries is not: it comes from files (`lmis.services.nsi_loading`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lmis.text import name_key

if TYPE_CHECKING:
    from lmis.models import DictionaryCode  # noqa: F401

SPECIALITIES = "1.2.643.5.1.13.13.11.1066"
POSITIONS = "1.2.643.5.1.13.13.11.1002"
POSITIONS_OF_STAFF = "1.2.643.5.1.13.13.11.1102"
POLIS_KINDS = "1.2.643.5.1.13.13.99.2.245"
DOCUMENT_KINDS = "1.2.643.5.1.13.13.99.2.48"
DOCUMENT_KINDS_OF_FOMS = "F011"
ICD10 = "1.2.643.5.1.13.13.11.1005"

# A code of ICD-10 for a diagnosis: a letter, two digits and, behind a point, what is more exact. Its marks for a cause
# (+) and for what that shows in (*) are no part of it; chapters and blocks (A00-A09) are headings and no diagnoses.
DIAGNOSIS = re.compile(r"[A-Z][0-9]{2}(\.[0-9]{1,3})?")

TITLES = {
    SPECIALITIES: _("Specialities"),
    POSITIONS: _("Positions"),
    POSITIONS_OF_STAFF: _("Positions, second list"),
    POLIS_KINDS: _("Kinds of polis"),
    DOCUMENT_KINDS: _("Identity documents"),
    DOCUMENT_KINDS_OF_FOMS: _("Identity documents of the insurance fund (F011)"),
    ICD10: _("Diseases, ICD-10"),
}


class DictionaryCodeQuerySet(models.QuerySet["DictionaryCode"]):
    """Codes of the dictionaries that have been loaded."""

    def of(self, oid: str) -> Self:
        """Those of one dictionary."""
        return self.filter(dictionary__oid=oid)

    def in_force(self) -> Self:
        """Those that the loaded version has."""
        return self.filter(is_current=True)

    def offered_for(self, text: str, spellings: list[str]) -> Self:
        """For a field to choose in: codes that begin with one of `spellings`, or names with every word of `text`."""
        begins, words = Q(), Q(pk__isnull=False)
        for spelling in spellings:
            begins |= Q(code__startswith=spelling)
        for word in name_key(text).split():
            words &= Q(name_key__contains=word)
        return self.filter(begins | words).order_by("code", "name")
