"""The table of a doctor's weekly pattern: one row an interval of several weekdays."""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from appointments.models import ScheduleTemplate
from appointments.models.fields import default_channels
from appointments.models.schedule import Weekday
from appointments.services import patterns
from lmis.models import BusyType, Doctor, Room, Source

PREFIX = "rows"
_FIELD = re.compile(rf"{PREFIX}-(\d+)-(\w+)")
MAX_ROWS = 60
CLOSED, OPEN, LATER = "", "open", "later"
_ACCESS = [(CLOSED, _("no")), (OPEN, _("yes")), (LATER, _("later"))]
_SHORT = [(1, _("Mo")), (2, _("Tu")), (3, _("We")), (4, _("Th")), (5, _("Fr")), (6, _("Sa")), (7, _("Su"))]
_DAY = {"type": "date"}
_TIME = {"inputmode": "numeric", "placeholder": "00:00", "maxlength": "5"}
_CLOCK = re.compile(r"(\d{1,2})[:.\- ]?(\d{2})?")
_TIMES = ("begin", "end", "lunch_begin", "lunch_end")


class ClockField(forms.TimeField):
    """A time as people type it: `9`, `930`, `9.30`, `09:30`; the browser's own field asks some for AM or PM."""

    def to_python(self, value: Any) -> dt.time | None:
        """The time; raises ValidationError."""
        typed = _CLOCK.fullmatch(str(value or "").strip())
        return super().to_python(f"{typed[1]}:{typed[2] or '00'}" if typed else value)


class RowForm(forms.ModelForm):
    """An interval on one or more weekdays; who may book is one choice for each channel."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("weekdays"),
        coerce=int,
        choices=_SHORT,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one weekday.")},
    )
    channels = forms.CharField(required=False, widget=forms.HiddenInput)  # where the model's errors about them go

    class Meta:
        model = ScheduleTemplate
        fields = [
            "parity",
            "valid_from",
            "valid_to",
            "begin",
            "end",
            "lunch_begin",
            "lunch_end",
            "slot_minutes",
            "repeat_minutes",
            "repeat_after",
            "capacity",
            "is_queue",
            "release_hours",
            "busy_type",
            "repeat_busy_type",
            "room",
        ]
        widgets = {
            **{name: forms.DateInput(_DAY, format="%Y-%m-%d") for name in ("valid_from", "valid_to")},
            **{name: forms.TimeInput(_TIME, format="%H:%M") for name in ("begin", "end", "lunch_begin", "lunch_end")},
        }
        field_classes = dict.fromkeys(_TIMES, ClockField)

    def __init__(self, *args: Any, doctor: Doctor, choices: dict[str, list[Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.doctor = doctor
        for source, label in Source.choices:
            self.fields[f"to_{source}"] = forms.ChoiceField(label=label, choices=_ACCESS, required=False)
        for name, options in choices.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]
        for name in ("slot_minutes", "capacity", "repeat_after"):
            self.fields[name].required = False
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")
        for name in self.Meta.fields:  # the label beside it is short: "from" is from when in the column's head alone
            if name != "is_queue":
                self.fields[name].widget.attrs["aria-label"] = capfirst(self.fields[name].label)

    @property
    def access(self) -> list[Any]:
        """The choices of the channels."""
        return [self[f"to_{source}"] for source in Source.values]

    def clean(self) -> dict[str, Any]:
        """Blank numbers are the usual ones; the channels go to the instance."""
        data = super().clean() or self.cleaned_data
        for name, usual in (("slot_minutes", 15), ("capacity", 1), ("repeat_after", 1)):
            if name in data and data[name] is None:
                data[name] = usual
        self.instance.channels = [str(each) for each in Source.values if data.get(f"to_{each}") == OPEN]
        self.instance.release_channels = [str(each) for each in Source.values if data.get(f"to_{each}") == LATER]
        return data

    def validate_constraints(self) -> None:
        """The model has said the same in words."""
        if not self.errors:
            super().validate_constraints()

    def intervals(self) -> list[ScheduleTemplate]:
        """One for each weekday, not saved; of a valid row."""
        made = []
        for weekday in self.cleaned_data["weekdays"]:
            interval = copy.copy(self.instance)
            interval.weekday = weekday
            made.append(interval)
        return made


class Table:
    """All rows, as read from the database or as sent."""

    def __init__(self, doctor: Doctor, forms_: list[RowForm]) -> None:
        self.doctor, self.rows = doctor, forms_

    @classmethod
    def of(cls, doctor: Doctor, pattern: Sequence[ScheduleTemplate]) -> Table:
        """What is saved; intervals that differ in their weekday alone are one row. Two statements."""
        choices = _choices(doctor)

        def order(each: ScheduleTemplate) -> Any:
            return each.valid_from, each.parity, each.begin, repr(patterns.said(each))

        rows: list[RowForm] = []
        for _said, same in groupby(sorted(pattern, key=order), key=patterns.said):
            intervals = list(same)
            rows.append(
                RowForm(
                    doctor=doctor,
                    choices=choices,
                    instance=copy.copy(intervals[0]),
                    prefix=f"{PREFIX}-{len(rows)}",
                    initial={"weekdays": sorted(each.weekday for each in intervals), **_access_of(intervals[0])},
                )
            )
        return cls(doctor, rows)

    @classmethod
    def sent(cls, doctor: Doctor, data: QueryDict, *, silent: bool = False) -> Table:
        """What the page sent; `silent`: nothing is checked, for somebody is still typing. Two statements."""
        choices = _choices(doctor)
        count = min(len(numbers_in(data)), MAX_ROWS)
        rows = [RowForm(data, doctor=doctor, choices=choices, prefix=f"{PREFIX}-{n}") for n in range(count)]
        for row in rows if silent else ():
            row._errors = ErrorDict()  # type: ignore[attr-defined]
        return cls(doctor, rows)

    def pattern(self) -> list[ScheduleTemplate] | None:
        """The intervals, not saved; None when something is wrong, which then stands at its field."""
        valid = [row.is_valid() for row in self.rows]
        if not all(valid):
            return None
        owners = [(row, interval) for row in self.rows for interval in row.intervals()]
        pattern = [interval for _row, interval in owners]
        clashing = set()
        for first, second in patterns.clashes(pattern):
            row, interval = owners[second]
            weekday = Weekday(interval.weekday).label
            if row not in clashing:
                row.add_error("begin", _clash(weekday, pattern[first]))
            clashing.add(row)
        return None if clashing else pattern


def _clash(weekday: Any, other: ScheduleTemplate) -> forms.ValidationError:
    return forms.ValidationError(
        _("%(weekday)s: at the same time as another row (%(begin)s–%(end)s)."),
        params={"weekday": weekday, "begin": f"{other.begin:%H:%M}", "end": f"{other.end:%H:%M}"},
        code="clash",
    )


def numbers_in(data: QueryDict) -> list[int]:
    """The rows' numbers in what the page sent, in order."""
    return sorted({int(found[1]) for name in data if (found := _FIELD.fullmatch(name)) and len(found[1]) < 4})


def rearranged(data: QueryDict, order: Sequence[int]) -> QueryDict:
    """The same data with the rows in this order, numbered from 0; a number may stand there twice, or not at all."""
    made = QueryDict(mutable=True)
    for name, values in data.lists():
        found = _FIELD.fullmatch(name)
        if not found:
            made.setlist(name, values)
            continue
        for place, number in enumerate(order):
            if int(found[1]) == number:
                made.setlist(f"{PREFIX}-{place}-{found[2]}", values)
    return made


def blank_row(today: dt.date, place: int) -> dict[str, list[str]]:
    """What a new row begins with, as the page would send it."""
    channels = {f"to_{source}": [OPEN] for source in default_channels()}
    fields = {"valid_from": [today.isoformat()], "slot_minutes": ["15"], "capacity": ["1"], "repeat_after": ["1"]}
    fields |= {"weekdays": ["1", "2", "3", "4", "5"], "parity": ["any"], **channels}
    return {f"{PREFIX}-{place}-{name}": values for name, values in fields.items()}


def _access_of(template: ScheduleTemplate) -> dict[str, str]:
    opened = {f"to_{source}": OPEN for source in template.channels}
    return {f"to_{source}": LATER for source in template.release_channels} | opened


def _choices(doctor: Doctor) -> dict[str, list[Any]]:
    busy = [("", "—"), *BusyType.objects.order_by("name").values_list("pk", "name")]
    rooms = Room.objects.filter(lpu=doctor.lpu_id).order_by("number").values_list("pk", "number")
    own = doctor.room.number if doctor.room else "—"
    return {"busy_type": busy, "repeat_busy_type": busy, "room": [("", _("own (%(room)s)") % {"room": own}), *rooms]}
