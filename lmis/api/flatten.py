"""Nested validation errors as a flat list: dotted field paths and stable codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings

from lmis.exceptions import FieldError

_WHOLE = (NON_FIELD_ERRORS, api_settings.NON_FIELD_ERRORS_KEY)


def of_serializer(detail: Any, path: str = "") -> Iterator[FieldError]:
    """Those of a DRF `ValidationError.detail`: `{"patient": {"polis": {"number": […]}}}` → `patient.polis.number`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from of_serializer(inner, _join(path, name))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            yield from of_serializer(inner, path if isinstance(inner, str) else _join(path, index))
    else:
        yield FieldError(path, str(detail), (isinstance(detail, ErrorDetail) and detail.code) or "invalid")


def of_django(error: ValidationError, path: str = "") -> Iterator[FieldError]:
    """Those of a Django `ValidationError`, from `full_clean()` or from a validator."""
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            for inner in errors:
                yield from of_django(inner, _join(path, name))
    else:
        for inner in error.error_list:
            yield FieldError(path, " ".join(inner.messages), inner.code or "invalid")


def _join(path: str, name: object) -> str:
    if name in _WHOLE:
        return path
    return f"{path}.{name}" if path else str(name)
