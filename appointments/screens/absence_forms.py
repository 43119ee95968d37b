"""What is typed on the absence screen."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.models import ScheduleException
from appointments.models.fields import default_channels
from lmis.days import DayField
from lmis.models import BusyType, Doctor, Room, Source
from lmis.querysets import DoctorQuerySet

Kind = ScheduleException.Kind
REASONS = [_("Illness"), _("Vacation"), _("Training"), _("Business trip"), _("Day off")]
_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
_DAY = dt.timedelta(days=1)


class PeriodForm(forms.Form):
    """Whose time, from when to when, and why. Without times whole days are meant; the last day is inclusive."""

    doctor = forms.ModelChoiceField(label=_("Doctor"), queryset=Doctor.objects.none())
    first = DayField(label=_("From the day"), widget=_DATE)
    first_time = forms.TimeField(label=_("time"), required=False, widget=_TIME)
    last = DayField(label=_("to the day, inclusive"), required=False, widget=_DATE)
    last_time = forms.TimeField(label=_("time"), required=False, widget=_TIME)
    reason = forms.CharField(
        label=_("Reason"), max_length=255, widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"})
    )

    def __init__(self, *args: Any, doctors: DoctorQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["doctor"]
        choice.queryset = doctors.select_related("lpu", "speciality", "room").order_by("family", "name", "pk")
        choice.label_from_instance = _name

    def period(self) -> tuple[dt.datetime, dt.datetime]:
        """Two instants, by the wall of the doctor's LPU."""
        given, tz = self.cleaned_data, self.cleaned_data["doctor"].lpu.tz
        last = given["last"] or given["first"]
        begin = dt.datetime.combine(given["first"], given["first_time"] or dt.time(), tzinfo=tz)
        if given["last_time"]:
            return begin, dt.datetime.combine(last, given["last_time"], tzinfo=tz)
        return begin, dt.datetime.combine(last + _DAY, dt.time(), tzinfo=tz)


class ExtraForm(PeriodForm):
    """Extra hours of one day, and what their places are like."""

    first_time = forms.TimeField(label=_("From the time"), widget=_TIME)
    last_time = forms.TimeField(label=_("to the time"), widget=_TIME)
    slot_minutes = forms.IntegerField(label=_("Minutes a visit"), min_value=1, max_value=1440, initial=15)
    capacity = forms.IntegerField(label=_("Patients at a time"), min_value=1, max_value=500, initial=1)
    room = forms.ModelChoiceField(label=_("Room"), queryset=Room.objects.none(), required=False)
    busy_type = forms.ModelChoiceField(label=_("Busy type"), queryset=BusyType.objects.none(), required=False)
    channels = forms.MultipleChoiceField(
        label=_("Channels"), choices=Source.choices, initial=default_channels, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first"].label = _("Day")
        del self.fields["last"]
        room: Any = self.fields["room"]
        room.queryset, room.empty_label = Room.objects.filter(lpu__is_own=True), _("the doctor's own")
        busy: Any = self.fields["busy_type"]
        busy.queryset = BusyType.objects.all()

    def hours(self) -> ScheduleException:
        """The extra hours, not saved."""
        self.cleaned_data["last"] = None
        begin, end = self.period()
        given = self.cleaned_data
        names = ("doctor", "reason", "slot_minutes", "capacity", "room", "busy_type", "channels")
        return ScheduleException(kind=Kind.EXTRA, begin=begin, end=end, **{name: given[name] for name in names})


def _name(doctor: Doctor) -> str:
    return str(doctor) if doctor.is_active else _("%(doctor)s (works here no more)") % {"doctor": doctor}
