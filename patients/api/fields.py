"""Serializer fields for what people type: null, missing and blank mean the same, texts are trimmed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from lmis.api.fields import DayField
from lmis.text import clean_text, number_key, plain_number
from patients.info import Coded
from patients.validators import snils_digits, validate_snils


class TextField(serializers.CharField):
    """A trimmed text without control characters, "" when it is not sent; of several lines only with `lines`."""

    def __init__(self, *, max_length: int, lines: bool = False, **kwargs: Any) -> None:
        self.lines = lines
        super().__init__(max_length=max_length, required=False, allow_null=True, allow_blank=True, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        """Give the text; fails with `invalid`, `max_length`."""
        return super().run_validation("" if data is None or data is empty else data)

    def to_internal_value(self, data: Any) -> str:
        """Refuse a fraction: a long number that lost its quotes comes as one, its last digits gone."""
        if isinstance(data, float):
            self.fail("invalid")
        return clean_text(super().to_internal_value(data), lines=self.lines).strip()


class NumberField(TextField):
    """A series or a number; one of nothing but dashes and spaces is blank, else all such people would be one."""

    def to_internal_value(self, data: Any) -> str:
        """Give the text as it was written, in characters that can be seen and told apart."""
        text = plain_number(super().to_internal_value(data))
        return text if number_key(text) else ""


class SnilsField(TextField):
    """A СНИЛС, with or without spaces and dashes; its check digits must agree."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Give 11 digits or a blank."""
        digits = snils_digits(super().to_internal_value(data))
        try:
            validate_snils(digits)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages, code="invalid") from error
        return digits


class BlankableDateField(DayField):
    """`YYYY-MM-DD`; None when it is not sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        """Give the date; fails with `invalid`."""
        blank = data is None or data is empty or (isinstance(data, str) and not data.strip())
        return super().run_validation(None if blank else data)


class BlankableChoiceField(serializers.ChoiceField):
    """One of a few values, "" when it is not sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        """Give the value; fails with `invalid_choice`."""
        blank = data is None or data is empty
        return super().run_validation("" if blank else data.strip() if isinstance(data, str) else data)


class InfoSerializer(serializers.Serializer[Any]):
    """An object whose validated value is the frozen dataclass `info`; keys that are not known are ignored."""

    info: ClassVar[type]

    def to_internal_value(self, data: Any) -> Any:
        """Give the dataclass."""
        return self.info(**super().to_internal_value(data))


class BlankableSerializer(InfoSerializer):
    """Like its base; not sent, null or blank, it is an empty object."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"required": False, "allow_null": True, **kwargs})

    def run_validation(self, data: Any = empty) -> Any:
        """Give the dataclass; fails with `invalid` when it is no object."""
        blank = data is None or data is empty or (isinstance(data, str) and not data.strip())
        return super().run_validation({} if blank else data)


class CodedSerializer(BlankableSerializer):
    """A code with its name."""

    info = Coded
    default_error_messages = {"invalid": _("Must be an object with code and name.")}

    code = TextField(max_length=32)
    name = TextField(max_length=255)
