"""Fields of staff's forms for what stands on a patient's papers."""

from __future__ import annotations

from typing import Any

from django import forms

from lmis.text import plain_number, polis_number


class NumberField(forms.CharField):
    """A series or a number; pasted from elsewhere it may look the same and not be."""

    def to_python(self, value: Any) -> str:
        """Give the text in characters that can be seen and told apart."""
        return plain_number(super().to_python(value) or "")


class PolisField(NumberField):
    """The same of a polis, which nobody writes in groups but people."""

    def to_python(self, value: Any) -> str:
        """Give it without spaces."""
        return polis_number(super().to_python(value))
