"""`python -m benchmarks.schedule`: the schedule of 100 doctors × 14 days × 28 slots, over HTTP and beside a serializer.

Prints the times of the full schedule, of a difference, of a 304 and of the resources, and how many times faster the
full schedule is than the same slots through a DRF `ModelSerializer`, both measured in turns within this process.
"""

from __future__ import annotations

import argparse
import base64
import gc
import http.client
import json
import random
import statistics
import time
from collections.abc import Callable

from benchmarks.system import fill_schedule, free_port, percentile, private_database, web_server

Ask = Callable[..., tuple[int, dict[str, str], bytes]]


def main() -> None:
    """Fill, measure in this process, serve, measure over HTTP, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--doctors", type=int, default=100)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--per-day", type=int, default=28)
    parser.add_argument("--turns", type=int, default=9, help="of the full schedule; everything else 30 times as often")
    options = parser.parse_args()
    with private_database():
        fill_schedule(doctors=options.doctors, days=options.days, per_day=options.per_day)
        dress_up()
        print(f"{options.doctors * options.days * options.per_day} slots")
        compare(options.turns)
        port = free_port()
        with web_server(port):
            over_http(port, options.turns)


def dress_up() -> None:
    """A busy type with a name in Cyrillic, and three places of four taken, as on a busy day."""
    from django.db import connection

    from appointments.models import Slot
    from lmis.models import BusyType

    Slot.objects.update(busy_type=BusyType.objects.create(code="1", name="Первичный приём"))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE appointments_slot SET booked = 1 WHERE id % 4 > 0")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM FULL ANALYZE appointments_slot")


def compare(turns: int) -> None:
    """The full schedule by the service and by a serializer, in turns, so that both meet the same machine."""
    from django.utils import timezone

    from appointments.services import schedule

    ours, serializers = [], []
    for _turn in range(max(3, turns // 3)):
        ours += [timed(lambda: schedule.read(question=schedule.Question(), now=timezone.now())) for _ in range(3)]
        serializers.append(timed(through_a_serializer))
    mine, theirs = statistics.median(ours), statistics.median(serializers)
    print(
        f"in process: {mine * 1000:.0f} ms, through a ModelSerializer {theirs * 1000:.0f} ms: {theirs / mine:.1f} times"
    )


def through_a_serializer() -> bytes:
    """The same slots the usual way."""
    from django.utils import timezone
    from rest_framework import serializers
    from rest_framework.renderers import JSONRenderer

    from appointments.models import Slot

    now = timezone.now()

    class SlotSerializer(serializers.ModelSerializer):
        resource = serializers.UUIDField(source="doctor.guid")
        begin = serializers.SerializerMethodField()
        end = serializers.SerializerMethodField()
        status = serializers.SerializerMethodField()
        busyType = serializers.SerializerMethodField()
        free = serializers.SerializerMethodField()
        room = serializers.CharField(source="room_label")

        class Meta:
            model = Slot
            fields = ["guid", "resource", "begin", "end", "status", "busyType", "channels", "capacity", "free", "room"]

        def get_begin(self, slot: Slot) -> str:
            return slot.begin.astimezone(slot.doctor.lpu.tz).isoformat()

        def get_end(self, slot: Slot) -> str:
            return slot.end.astimezone(slot.doctor.lpu.tz).isoformat()

        def get_status(self, slot: Slot) -> str:
            if slot.begin <= now:
                return "Expired"
            if not slot.is_bookable_by_clinic:
                return "Unavailable"
            return "Available" if slot.places_left > 0 else "Booked"

        def get_busyType(self, slot: Slot) -> dict[str, str] | None:
            return None if slot.busy_name is None else {"code": slot.busy_code, "name": slot.busy_name}

        def get_free(self, slot: Slot) -> int:
            return slot.places_left if self.get_status(slot) == "Available" else 0

    slots = Slot.objects.select_related("doctor__lpu").order_by("doctor__guid", "begin")
    return JSONRenderer().render({"items": SlotSerializer(slots, many=True).data})


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def over_http(port: int, turns: int) -> None:
    """Each kind of question, one after the other from one client."""
    from lmis.models import Doctor

    ask, many = caller(port), turns * 30
    _status, headers, body = ask("/schedule")
    tag, revision = headers["etag"], json.loads(body)["revision"]
    print(f"full answer: {len(body) / 2**20:.1f} MiB, {len(ask('/schedule', gzip=True)[2]) / 2**20:.1f} MiB with gzip")
    report("full", repeat(turns, lambda: ask("/schedule"), 200))
    report("full with gzip", repeat(turns, lambda: ask("/schedule", gzip=True), 200))
    report("304", repeat(many, lambda: ask("/schedule", tag=tag), 304))
    report("difference, nothing new", repeat(many, lambda: ask(f"/schedule?changedSince={revision}"), 200))
    report("difference of 20", differences(many, ask, revision))
    guids = list(Doctor.objects.values_list("guid", flat=True))
    report("one resource", repeat(many, lambda: ask(f"/resources/{random.choice(guids)}/schedule"), 200))
    report("resources", repeat(many, lambda: ask("/resources"), 200))
    take_all()
    report("resources, all booked out", repeat(many, lambda: ask("/resources"), 200))


def differences(times: int, ask: Ask, revision: str) -> list[float]:
    """Seconds of each poll, after 20 slots were changed."""
    from appointments.models import Slot

    ids = list(Slot.objects.values_list("pk", flat=True))
    found = []
    for _time in range(times):
        Slot.objects.filter(pk__in=random.sample(ids, 20)).update(capacity=3)
        begun = time.perf_counter()
        _status, _headers, body = ask(f"/schedule?changedSince={revision}")
        found.append(time.perf_counter() - begun)
        told = json.loads(body)
        assert not told["full"]
        assert len(told["items"]) == 20
        revision = told["revision"]
    return found


def caller(port: int) -> Ask:
    """A client with its scope, on one connection."""
    from lmis.actors import Actor
    from lmis.services import clients

    _client, secret = clients.create(login="bench", name="benchmark", scopes=["schedule"], by=Actor("benchmark"))
    basic = "Basic " + base64.b64encode(f"bench:{secret}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(path: str, *, tag: str = "", gzip: bool = False) -> tuple[int, dict[str, str], bytes]:
        headers = {"Authorization": basic, "Accept-Encoding": "gzip" if gzip else "identity"}
        headers |= {"If-None-Match": tag} if tag else {}
        try:
            connection.request("GET", "/api" + path, headers=headers)
            response = connection.getresponse()
        except ConnectionError:  # the server lets go of those who are silent for long
            connection.close()
            return ask(path, tag=tag, gzip=gzip)
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    return ask


def take_all() -> None:
    """The worst case for the next free place: there is none."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE appointments_slot SET booked = capacity")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE appointments_slot")


def repeat(times: int, ask: Callable[[], tuple[int, dict[str, str], bytes]], status: int) -> list[float]:
    """Seconds of each; any other status ends it all."""
    found = []
    for _time in range(times):
        begun = time.perf_counter()
        got = ask()[0]
        found.append(time.perf_counter() - begun)
        assert got == status, got
    return found


def report(name: str, seconds: list[float]) -> None:
    """One line."""
    shown = ", ".join(f"{label} {value * 1000:.1f} ms" for label, value in _summary(seconds).items())
    print(f"{name}: {shown}")


def _summary(seconds: list[float]) -> dict[str, float]:
    return {"median": statistics.median(seconds), "p95": percentile(seconds, 0.95), "least": min(seconds)}


if __name__ == "__main__":
    main()
