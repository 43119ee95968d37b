"""Refusals and codes in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from lmis import actors
from lmis.exceptions import Refusal

# For `readonly_preprocess_fields`: columns that keep the label of who did something.
WHO: dict[str, Any] = dict.fromkeys(
    ("booked_by", "by", "cancelled_by", "changed_by", "closed_by", "created_by", "revoked_by"), actors.in_words
)


def who_column(name: str, description: Any) -> Any:
    """The same for a list: a method that shows the column `name`."""

    @display(description=description, ordering=name)
    def shown(self: Any, obj: Any) -> str:
        return actors.in_words(getattr(obj, name))

    return shown


class RefusedMixin:
    """A form that is not valid, because a service or the database has just refused what is in it."""

    refusal: ValidationError

    def clean(self) -> Any:
        """Add what was said to whatever the form finds."""
        super().clean()  # type: ignore[misc]
        raise self.refusal


def in_words(error: Refusal | ValidationError | IntegrityError) -> ValidationError:
    """For people: what a service said, or that the database kept one of its promises."""
    if isinstance(error, Refusal):
        return ValidationError(_with_link(error), code=error.code)
    if isinstance(error, ValidationError):
        return ValidationError(error.messages)
    diagnosis = getattr(error.__cause__, "diag", None)
    return ValidationError(
        _("Somebody else may just have changed the same thing: look and try again. (%(constraint)s)"),
        params={"constraint": getattr(diagnosis, "constraint_name", None) or "?"},
        code="conflict",
    )


def _with_link(refusal: Refusal) -> str:
    """What a service said, and a way to the page on which to do what it asks for."""
    if not refusal.page:
        return refusal.said
    return format_html('{} <a class="underline" href="{}">{}</a>', refusal.said, reverse(refusal.page), _("Open it"))


def labels(choices: type[models.TextChoices]) -> Callable[[str], str]:
    """For `readonly_preprocess_fields`: codes joined by commas, in words."""
    words = dict(choices.choices)

    def in_words(codes: str) -> str:
        return ", ".join(str(words.get(code, code)) for code in codes.split(", "))

    return in_words


def words_of(values: list[str], choices: type[models.TextChoices]) -> str:
    """A list of codes in words, for a column."""
    return labels(choices)(", ".join(values)) if values else ""
