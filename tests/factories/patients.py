"""Cards and patients as they are told to us. The heroine is Ёлкина Анна Петровна."""

import datetime as dt

from patients.info import Coded, IdentityDocument, PatientInfo, Polis
from patients.models import Patient
from patients.validators import snils_check_digits
from tests.factories.cast import next_number


def a_polis_number():
    """16 digits that nobody else in the run has."""
    return f"77{next_number():014d}"


def spellings(digits):
    """The same number, as it comes from documents that it was copied out of: nobody sees a difference."""
    wide = digits.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    joined = (white.join((digits[:4], digits[4:])) for white in ("\u00a0", "\u202f", "\u2003", "\u200b", "\u00ad"))
    dashed = (dash.join((digits[:4], digits[4:])) for dash in ("\u2010", "\u2011", "\u2212", "\uff0d"))
    return [wide, *joined, *dashed, f"{digits}\u200b", f"\ufeff{digits}\u2060 ", f"{digits}\ufe0f", f"№\u00a0{digits}"]


def a_snils():
    """A СНИЛС of its own, with check digits that agree."""
    number = f"{100_000_000 + next_number():09d}"
    return number + snils_check_digits(number)


def a_card(lpu, **columns):
    """Anna's card, complete, with papers of its own."""
    number = next_number()
    values = {
        "lpu": lpu,
        "family": "Ёлкина",
        "name": "Анна",
        "patronymic": "Петровна",
        "birth_date": dt.date(1980, 2, 29),
        "sex": "F",
        "snils": a_snils(),
        "polis_number": a_polis_number(),
        "polis_type_code": "3",
        "polis_type_name": "ЕНП",
        "document_series": "4510",
        "document_number": f"{number:06d}",
        "document_type_code": "14",
        "document_type_name": "Паспорт",
        "phone": "79000000000",
        "address": "Город, улица, 1",
    }
    return Patient.objects.create(**values | columns)


def an_info(*, polis=None, document=None, **fields):
    """Anna as the region tells us of her: names, and papers as (series, number)."""
    values = {"family": "Ёлкина", "name": "Анна", "patronymic": "Петровна"} | fields
    series, number = polis or ("", "")
    paper_series, paper_number = document or ("", "")
    kind, passport = Coded("3", "ЕНП"), Coded("14", "Паспорт")
    return PatientInfo(
        polis=Polis(series, number, kind if number else Coded()),
        identity_document=IdentityDocument(paper_series, paper_number, passport if paper_number else Coded()),
        **values,
    )


def polis_of(card):
    """For `an_info(polis=…)`."""
    return card.polis_series, card.polis_number


def document_of(card):
    """For `an_info(document=…)`."""
    return card.document_series, card.document_number
