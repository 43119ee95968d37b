"""What the pattern says, without a database: weekdays, parity, validity, clocks that change, exceptions."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from appointments.services.timetable import Periods, plan
from lmis.models import Doctor, Lpu
from tests.factories.schedule import MONDAY, a_template, an_exception, at

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
DAY = dt.timedelta(days=1)
NOBODY = Doctor(lpu=Lpu(time_zone="Europe/Moscow"))


def template(**fields):
    return a_template(NOBODY, **fields)


def exception(kind, begin, end, **fields):
    return an_exception(kind, begin, end, doctor=NOBODY, **fields)


def planned(*templates, tz=MOSCOW, exceptions=(), first=MONDAY, days=7):
    return plan(tz=tz, templates=templates, exceptions=exceptions, first=first, last=first + (days - 1) * DAY)


def begins(places, tz=MOSCOW, form="%d %H:%M"):
    return [place.begin.astimezone(tz).strftime(form) for place in places]


def moment(day, time, tz=MOSCOW):
    return at(Lpu(time_zone=tz.key), day, time)


def test_an_interval_is_cut_into_slots_of_its_length_and_a_rest_too_short_is_left():
    places = planned(template(begin="09:00", end="09:50", slot_minutes=20))

    assert begins(places) == ["01 09:00", "01 09:20"]
    assert [place.end - place.begin for place in places] == [dt.timedelta(minutes=20)] * 2


def test_lunch_is_the_gap_between_two_intervals():
    places = planned(template(begin="13:00", end="13:30"), template(begin="11:30", end="12:00"))

    assert begins(places) == ["01 11:30", "01 11:45", "01 13:00", "01 13:15"]


def test_only_its_weekday():
    assert {place.begin.astimezone(MOSCOW).isoweekday() for place in planned(template(weekday=7), days=28)} == {7}


@pytest.mark.parametrize(("parity", "days"), [("any", ["01", "08", "15"]), ("odd", ["01", "15"]), ("even", ["08"])])
def test_parity_is_that_of_the_day_of_the_month(parity, days):
    places = planned(template(end="09:15", parity=parity), days=15)

    assert begins(places, form="%d") == days


def test_odd_follows_odd_over_the_end_of_a_month():
    everyday = [template(weekday=n, end="09:15", parity="odd") for n in range(1, 8)]

    places = planned(*everyday, first=dt.date(2026, 5, 30), days=4)

    assert begins(places, form="%d") == ["31", "01"]


def test_validity_includes_both_of_its_days():
    one = template(end="09:15", valid_from=MONDAY, valid_to=MONDAY + 7 * DAY)

    assert begins(planned(one, first=MONDAY - 7 * DAY, days=28), form="%d") == ["01", "08"]


def test_moscow_has_the_same_hour_all_year():
    winter = planned(template(end="09:15"), first=dt.date(2026, 1, 5))
    summer = planned(template(end="09:15"), first=dt.date(2026, 7, 6))

    assert [place.begin.hour for place in winter + summer] == [6, 6]


def test_berlin_keeps_the_wall_clock_when_the_clocks_change():
    sundays = planned(template(weekday=7, end="09:15"), tz=BERLIN, first=dt.date(2026, 3, 22), days=8)

    assert begins(sundays, BERLIN) == ["22 09:00", "29 09:00"]
    assert [place.begin.hour for place in sundays] == [8, 7]


def test_times_that_the_clocks_skip_have_no_slots():
    night = template(weekday=7, begin="01:00", end="04:00", slot_minutes=30)

    places = planned(night, tz=BERLIN, first=dt.date(2026, 3, 29), days=1)

    assert begins(places, BERLIN) == ["29 01:00", "29 01:30", "29 03:00", "29 03:30"]
    assert places[1].end == places[2].begin


def test_a_slot_over_the_skipped_hour_still_lasts_what_it_should_and_what_it_covers_is_left_out():
    night = template(weekday=7, begin="01:30", end="05:30", slot_minutes=60)

    places = planned(night, tz=BERLIN, first=dt.date(2026, 3, 29), days=1)

    assert begins(places, BERLIN) == ["29 01:30", "29 03:30", "29 04:30"]
    assert {place.end - place.begin for place in places} == {dt.timedelta(hours=1)}


def test_times_that_the_clocks_show_twice_are_worked_once():
    night = template(weekday=7, begin="01:30", end="03:30", slot_minutes=30)

    places = planned(night, tz=BERLIN, first=dt.date(2026, 10, 25), days=1)

    assert begins(places, BERLIN) == ["25 01:30", "25 02:00", "25 02:30", "25 03:00"]
    assert [place.begin.strftime("%d %H:%M") for place in places] == ["24 23:30", "25 00:00", "25 00:30", "25 02:00"]


def test_the_last_minutes_of_a_day_and_the_first_of_the_next():
    late, early = template(begin="23:30", end="23:59", slot_minutes=29), template(begin="00:00", end="00:15", weekday=2)

    assert begins(planned(late, early)) == ["01 23:30", "02 00:00"]


def test_an_absence_takes_every_slot_that_it_touches():
    away = exception("absence", moment(MONDAY, "09:20"), moment(MONDAY, "09:31"))

    assert begins(planned(template(), exceptions=[away])) == ["01 09:00", "01 09:45"]


def test_an_absence_is_half_open():
    away = exception("absence", moment(MONDAY, "09:15"), moment(MONDAY, "09:30"))

    assert begins(planned(template(), exceptions=[away])) == ["01 09:00", "01 09:30", "01 09:45"]


def test_overlapping_absences_of_different_lengths():
    long = exception("absence", moment(MONDAY, "09:00"), moment(MONDAY, "09:45"))
    short = exception("absence", moment(MONDAY, "09:05"), moment(MONDAY, "09:10"))

    assert begins(planned(template(), exceptions=[short, long])) == ["01 09:45"]


def test_extra_hours_work_on_a_holiday_but_not_during_an_absence():
    holiday = exception("holiday", moment(MONDAY, "00:00"), moment(MONDAY + DAY, "00:00"))
    extra = exception("extra", moment(MONDAY, "12:00"), moment(MONDAY, "12:45"))
    away = exception("absence", moment(MONDAY, "12:30"), moment(MONDAY, "13:00"))

    assert begins(planned(template(), exceptions=[holiday, extra, away])) == ["01 12:00", "01 12:15"]


def test_extra_hours_bring_their_own_offer_and_give_way_to_the_pattern():
    extra = exception("extra", moment(MONDAY, "09:40"), moment(MONDAY, "10:20"), slot_minutes=10, capacity=3)

    places = planned(template(), exceptions=[extra])

    assert begins(places)[-2:] == ["01 10:00", "01 10:10"]
    assert [place.offer.capacity for place in places] == [1, 1, 1, 1, 3, 3]


def test_extra_hours_over_midnight_belong_to_the_window_of_their_begin():
    extra = exception("extra", moment(MONDAY, "23:30"), moment(MONDAY + DAY, "00:30"), slot_minutes=30)

    assert begins(planned(exceptions=[extra], days=1)) == ["01 23:30"]
    assert begins(planned(exceptions=[extra], first=MONDAY + DAY, days=1)) == ["02 00:00"]


def test_of_two_intervals_that_overlap_the_earlier_wins():
    places = planned(template(begin="09:10", end="09:40"), template(begin="09:00", end="09:30"))

    assert begins(places) == ["01 09:00", "01 09:15"]


def test_periods_know_what_lies_in_a_long_one_behind_short_ones():
    hour = [moment(MONDAY, f"{n:02d}:00") for n in range(10)]
    periods = Periods([(hour[0], hour[6]), (hour[1], hour[2]), (hour[8], hour[9])])

    assert periods.overlap(hour[5], hour[7])
    assert not periods.overlap(hour[6], hour[8])
    assert not Periods([]).overlap(hour[0], hour[9])
