"""What the region sees of us, on the operators' page: who asks, what is booked, what there is to book."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.http import HttpRequest, HttpResponse

from lmis.services import outside, traffic
from patients.screens.exchange import ExchangeScreen

DAY = dt.timedelta(days=1)
TOO_LATE = "slot_taken"  # of the refusals the one that tells of too few polls


class Outside(ExchangeScreen):
    """A part that the page asks for by itself, each minute."""

    template = "screens/exchange/_outside.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The last day of the central service, and the schedule from outside."""
        since = self.now - DAY
        return self.render(
            {
                "seen": outside.seen(now=self.now),
                "calls": traffic.last_calls(),
                "shares": traffic.share_of_304(since=since),
                "hours": by_hour(traffic.bookings_by_hour(since=since)),
                "failed": traffic.failed_logins(since=since),
            }
        )


def by_hour(rows: list[traffic.ByHour]) -> list[tuple[dt.datetime, list[tuple[str, int]]]]:
    """Hours, the newest first; of each what was booked, then `TOO_LATE`, then other codes, the commonest first."""
    found: defaultdict[dt.datetime, list[tuple[str, int]]] = defaultdict(list)
    for row in rows:
        found[row.hour].append((row.code, row.count))
    return [(hour, sorted(codes, key=_place)) for hour, codes in sorted(found.items(), reverse=True)]


def _place(one: tuple[str, int]) -> tuple[bool, bool, int]:
    code, count = one
    return code != traffic.BOOKED, code != TOO_LATE, -count
