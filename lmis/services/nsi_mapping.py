"""Comparing codes of which each has a dictionary, or is a region's own."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from lmis.models import CodeMapping


class Told(NamedTuple):
    """A code as somebody told it; without an OID it is what the region writes."""

    oid: str
    code: str


def differ(*, kind: str, told: Told, ours: Told) -> bool:
    """Whether two codes are known to mean different things; what cannot be compared is not known to differ.

    In: `kind` is the field of the exchange (`CodeMapping.Kind`). Both of one dictionary, or both without any: their
    codes decide. One without: what the table of the region (setting `REGION`) says of it; one statement.
    """
    if not told.code or not ours.code:
        return False
    if told.oid == ours.oid:
        return told.code != ours.code
    if told.oid and ours.oid:
        return False
    bare, known = (told, ours) if not told.oid else (ours, told)
    rows = CodeMapping.objects.filter(region=settings.REGION, kind=kind, region_code=bare.code, oid=known.oid)
    meant = rows.values_list("code", flat=True).first()
    return meant is not None and meant != known.code
