"""Whole numbers that an address or a form names: anybody can write anything there."""

from __future__ import annotations

from django.http import Http404

LONGEST = 18  # digits; the database's numbers end soon after


def number(text: str, *, digits: int = LONGEST) -> int | None:
    """The number; None for anything else, and for one with more digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def number_or_404(text: str) -> int:
    """The number. Raises Http404 for anything else."""
    found = number(text)
    if found is None:
        raise Http404
    return found
