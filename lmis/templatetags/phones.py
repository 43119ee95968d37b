"""How a phone is written on screens and papers."""

from __future__ import annotations

from django import template

register = template.Library()
_RUSSIAN = 11  # digits


@register.filter
def phone(number: str) -> str:
    """In groups, as one reads it aloud: `+7 900 111-22-33`; what is no such number stays as it is."""
    digits = "".join(filter(str.isdigit, number))
    if len(digits) != _RUSSIAN or digits[0] not in "78":
        return number
    return f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
