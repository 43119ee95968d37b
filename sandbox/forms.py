"""Reads a JSON object field by field and collects everything that is wrong with it."""

import re
from datetime import date
from typing import Any, Self

import orjson

from sandbox.errors import FieldError, Problem

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
BIGGEST = 2**63 - 1  # what an SQLite integer holds


def is_guid(text: str) -> bool:
    """Whether `text` is a dashed UUID in lower case."""
    return GUID.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Whether `text` is a real day written `YYYY-MM-DD`."""
    if DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def decode(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`; Problem 400 `malformed_json` or `validation_error`."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "malformed_json", "Тело запроса не является JSON") from error
    if not isinstance(body, dict):
        raise Problem(400, "validation_error", "Тело запроса должно быть объектом JSON")
    return body


class Form:
    """A JSON object being read. Null, missing and blank mean the same; a value of a wrong kind is an error."""

    def __init__(self, data: dict[str, Any], prefix: str = "", errors: list[FieldError] | None = None) -> None:
        self.data = data
        self.prefix = prefix
        self.errors: list[FieldError] = [] if errors is None else errors

    def fail(self, name: str, code: str, message: str) -> None:
        """Note that the field `name` is wrong."""
        self.errors.append(FieldError(self.prefix + name, message, code))

    def text(self, name: str) -> str:
        """A trimmed string, "" when blank."""
        value = self.data.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value.strip()
        self.fail(name, "invalid", "Должна быть строка")
        return ""

    def choice(self, name: str, options: tuple[str, ...], default: str = "") -> str:
        """One of `options`; `default` when blank."""
        value = self.text(name)
        if value and value not in options:
            self.fail(name, "invalid_choice", "Допустимо: " + ", ".join(options))
        return value or default

    def guid(self, name: str, *, required: bool) -> str:
        """A UUID in lower case, "" when blank."""
        value = self.text(name).lower()
        if not value and required and not self.failed(name):
            self.fail(name, "required", "Обязательное поле")
        if value and not is_guid(value):
            self.fail(name, "invalid", "Должен быть GUID")
        return value

    def day(self, name: str) -> str:
        """A day as `YYYY-MM-DD`, "" when blank."""
        value = self.text(name)
        if value and not is_date(value):
            self.fail(name, "invalid", "Должна быть дата ГГГГ-ММ-ДД")
        return value

    def positive(self, name: str) -> int:
        """A whole number from 1 to 2⁶³-1, required; 0 when it is wrong."""
        value = self.data.get(name)
        if value is None:
            self.fail(name, "required", "Обязательное поле")
            return 0
        if type(value) is not int or not 1 <= value <= BIGGEST:
            self.fail(name, "invalid", "Должно быть целое положительное число")
            return 0
        return value

    def part(self, name: str) -> Self:
        """The object inside this one; its errors are collected here under `name.…`."""
        value = self.data.get(name)
        if value is not None and not isinstance(value, dict):
            self.fail(name, "invalid", "Должен быть объект")
            value = None
        return type(self)(value or {}, f"{self.prefix}{name}.", self.errors)

    def failed(self, name: str) -> bool:
        """Whether something is already known to be wrong with the field."""
        return any(error.field == self.prefix + name for error in self.errors)
