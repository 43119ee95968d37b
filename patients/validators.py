"""Forms of the patient's numbers."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lmis.text import number_key, plain_number

_FIRST_CHECKED = 1_001_998  # numbers up to 001-001-998 were issued without a check


def snils_digits(value: str) -> str:
    """The 11 digits of a СНИЛС given with or without spaces and dashes."""
    return number_key(plain_number(value))


def snils_check_digits(number: str) -> str:
    """The two check digits of the first nine: weights 9 to 1, modulo 101, 100 counts as 0."""
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(number[:9]))
    return f"{total % 101 % 100:02d}"


def snils_agrees(digits: str) -> bool:
    """Whether the check digits of these 11 digits agree, where there were any."""
    return int(digits[:9]) <= _FIRST_CHECKED or snils_check_digits(digits) == digits[9:]


def enp_agrees(digits: str) -> bool:
    """Whether the last of the 16 digits of a polis agrees with the others: modulo 10, every second one doubled."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def validate_snils(value: str) -> None:
    """Refuse what is not 11 digits or whose check digits do not agree; a blank is fine."""
    digits = snils_digits(value)
    if not digits:
        return
    if len(digits) != 11 or not (digits.isascii() and digits.isdigit()):
        raise ValidationError(_("A SNILS has 11 digits."), code="invalid")
    if not snils_agrees(digits):
        raise ValidationError(_("The check digits of the SNILS do not agree: look for a slip."), code="invalid")
