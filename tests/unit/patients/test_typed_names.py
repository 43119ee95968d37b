"""What was typed into the box, as the names of a new card."""

import datetime as dt

import pytest

from patients.services.layout import other_layout
from patients.services.typed_names import names_of

TODAY = dt.date(2026, 11, 23)


def told(text):
    """The names, one after the other, with `-` for a blank."""
    names = names_of(text, TODAY)
    return " ".join(names.get(part, "-") for part in ("family", "name", "patronymic"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Фёдоров Пётр Семёнович", "Фёдоров Пётр Семёнович"),
        ("ФЁДОРОВ ПЁТР семёнович", "Фёдоров Пётр Семёнович"),
        ("салтыков-щедрин михаил", "Салтыков-Щедрин Михаил -"),
        ("алиев вагиф мамед оглы", "Алиев Вагиф Мамед оглы"),
        ("Гусейн-заде иса", "Гусейн-заде Иса -"),
        ("о'нил мария", "О'Нил Мария -"),
        ("иванов 05.03.1961 пётр", "Иванов Пётр -"),
        ("иванов пётр 1961", "Иванов Пётр -"),
    ],
)
def test_as_typed_with_capitals(text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("иванов ии 1956", "Иванов - -"),
        ("иванов и.и.", "Иванов - -"),
        ("иванов и и", "Иванов - -"),
        ("иванов и", "Иванов - -"),
        ("иванов и иванович", "Иванов - Иванович"),
        ("иванов иван и", "Иванов Иван -"),
        ("иванова ия петровна", "Иванова Ия Петровна"),
        ("bdfyjd bb 1956", "Иванов - -"),
    ],
)
def test_initials_are_no_names(text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    ["Smith John", "Johnson Mary", "Brown John", "Schmidt Anna", "Peter Weber", "Nguyen Van", "Ivanova Anna", "Müller"],
)
def test_a_foreign_name_stays(text):
    assert told(text).replace(" -", "") == text


@pytest.mark.parametrize(
    "text",
    [
        "Новиков", "Фёдоров Пётр Семёнович", "Любимов Жан", "Юхнев Эдуард", "Мкртчян Ашот", "Бургштейн Яков",
        "Иоаннов Хасан", "Щербаков Иван", "Цой Виктор", "Ли Анна", "Вздорнов Лев", "Ёлкина Анна",
    ],
)  # fmt: skip
def test_the_other_layout_is_meant_where_it_writes_russian_words(text):
    typed = other_layout(text)
    assert typed.isascii()
    assert told(typed).replace(" -", "") == text
