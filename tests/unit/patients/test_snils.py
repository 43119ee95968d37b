"""СНИЛС: weights 9 to 1, modulo 101, where 100 and 101 count as 00."""

import pytest
from django.core.exceptions import ValidationError

from patients.validators import snils_check_digits, validate_snils


@pytest.mark.parametrize(
    "snils",
    [
        "112-233-445 95",
        "11223344595",
        "087-654-303 00",  # the sum is 2 × 101
        "087-654-302 00",  # the sum modulo 101 is 100
        "001-001-998 00",  # numbers up to this one were issued without a check
        "000-000-001 99",
        "",
        "  ",
    ],
)
def test_good(snils):
    validate_snils(snils)


@pytest.mark.parametrize(
    "snils", ["112-233-445 96", "1122334459", "112233445950", "1122334459a", "١١٢٢٣٣٤٤٥٩٥", "001-001-999 00"]
)
def test_bad(snils):
    with pytest.raises(ValidationError):
        validate_snils(snils)


@pytest.mark.parametrize(("number", "digits"), [("112233445", "95"), ("087654303", "00"), ("087654302", "00")])
def test_check_digits(number, digits):
    assert snils_check_digits(number) == digits
