"""Who does something: an API client, an employee, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from lmis.models import ApiClient


@dataclass(frozen=True, slots=True)
class Actor:
    """The `by` of a service call; `label` is what the journal shows: a login, never a patient's name."""

    label: str
    client: ApiClient | None = None
    user: User | None = None

    def __str__(self) -> str:
        return self.label

    @classmethod
    def of_client(cls, client: ApiClient | None) -> Actor:
        """The API client, or, for a bearer token alone, the patient's own application."""
        return cls(label=client.login if client else PATIENT, client=client)

    @classmethod
    def of_user(cls, user: User) -> Actor:
        """An employee at the admin."""
        return cls(label=user.get_username(), user=user)


SYSTEM = Actor(label="system")
PATIENT = "patient"
IN_WORDS = {SYSTEM.label: _("system"), PATIENT: _("patient's own application")}


def in_words(label: str) -> str:
    """What people read for the label that a record keeps of who did it."""
    return str(IN_WORDS.get(label, label))
