"""The one envelope of everything that goes wrong, shaped like the contract's (§2.2)."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: its dotted path, a text for people, a code for programs."""

    field: str
    message: str
    message_code: str


@dataclass
class Problem(Exception):
    """A refusal. It becomes `{code, message, message_code, errors?, details?}` with HTTP status `code`."""

    code: int
    message_code: str
    message: str
    errors: list[FieldError] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def envelope(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "message_code": self.message_code,
        }
        if self.errors:
            body["errors"] = self.errors
        if self.details:
            body["details"] = self.details
        return body


def invalid(name: str, message: str, message_code: str = "invalid") -> Problem:
    """400 about one field of a request."""
    return Problem(400, "validation_error", "Запрос заполнен неверно", [FieldError(name, message, message_code)])


def unauthorized() -> Problem:
    """401 of the MIP: who calls is not known."""
    challenge = {"WWW-Authenticate": 'Basic realm="MIP"'}
    return Problem(401, "unauthorized", "Неверный логин или пароль", headers=challenge)
