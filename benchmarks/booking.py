"""`python -m benchmarks.booking`: bookings over HTTP, clients, database and web server on one machine.

Prints bookings a second and the distribution of their time; every answer must be 201. With `--redis stopped` as many
again while Redis is frozen (a connection to it hangs), and how the two compare.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime as dt
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.system import fill_schedule, free_port, percentile, private_database, spent, web_server

WARM_UP = 400  # bookings


def prepare(count: int) -> tuple[str, list[tuple[str, str]]]:
    """The Authorization header, and (slot, token) pairs for as many bookings."""
    import jwt
    from django.conf import settings

    from appointments.models import Slot
    from lmis.actors import Actor
    from lmis.models import Lpu
    from lmis.services import clients
    from patients.models import Patient

    lpu = Lpu.objects.own().get()
    patients = Patient.objects.bulk_create(
        Patient(lpu=lpu, family=f"Пациент{n}", polis_number=f"{n:016d}", card_number=str(n)) for n in range(1, 2001)
    )
    client, secret = clients.create(
        login="bench", name="benchmark", source="Internet", scopes=["appointments"], networks=[], by=Actor("benchmark")
    )
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    key = settings.PATIENT_TOKEN["KEY"]
    tokens = [jwt.encode({"mkabs": [str(p.guid)], "exp": until}, key, algorithm="HS256") for p in patients]
    slots = Slot.objects.order_by("?").values_list("guid", flat=True)[:count]
    basic = base64.b64encode(f"{client.login}:{secret}".encode()).decode()
    return f"Basic {basic}", [(str(slot), tokens[n % len(tokens)]) for n, slot in enumerate(slots)]


def request(basic: str, slot: str, token: str, keys: bool) -> bytes:
    """One booking as bytes."""
    body = f'{{"slot":"{slot}"}}'
    lines = [
        "POST /api/appointments HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: {basic}",
        f"X-Patient-Token: {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"Idempotency-Key: {slot}"] if keys else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def answer(connection: socket.socket) -> int:
    """Read one answer to its end; its status. Plain sockets: `http.client` costs as much as a fifth of a booking."""
    data = connection.recv(65536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(65536))
    return int(head.split(b" ", 2)[1])


def load(port: int, work: list[bytes], clients: int, results: multiprocessing.Queue) -> None:
    """`clients` keep-alive connections send what is in `work`; puts (seconds, statuses, times, CPU) into `results`."""
    lock, position, times, statuses = threading.Lock(), iter(work), [], []

    def client() -> None:
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        while True:
            with lock:
                item = next(position, None)
            if item is None:
                return connection.close()
            begun = time.perf_counter()
            connection.sendall(item)
            statuses.append(answer(connection))
            times.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((time.perf_counter() - begun, statuses, times, time.process_time()))


@dataclass(frozen=True, slots=True)
class Measured:
    """What one load came to; `spent` is processor time by process, in seconds."""

    seconds: float
    statuses: list[int]
    times: list[float]
    spent: dict[str, float]

    @property
    def rate(self) -> float:
        """Bookings a second."""
        return len(self.times) / self.seconds

    def show(self, clients: int) -> None:
        """Print it."""
        count = len(self.times)
        print(f"bookings {count}, clients {clients}, not 201: {sum(status != 201 for status in self.statuses)}")
        print(f"{self.rate:.0f} bookings/s")
        shares = (0.5, 0.95, 0.99)
        print(", ".join(f"p{share * 100:.0f} {percentile(self.times, share) * 1000:.1f} ms" for share in shares))
        each = ", ".join(f"{name} {value / count * 1000:.2f} ms" for name, value in self.spent.items())
        print(f"processor time a booking: {each}")


def measure(server_pid: int, port: int, bodies: list[bytes], clients: int) -> Measured:
    """Send these from a process of its own."""
    results: multiprocessing.Queue = multiprocessing.Queue()
    before = spent(server_pid)
    process = multiprocessing.Process(target=load, args=(port, bodies, clients, results))
    process.start()
    seconds, statuses, times, generator = results.get()
    after = spent(server_pid)
    process.join()
    used = {name: after[name] - before[name] for name in after} | {"load generator": generator}
    return Measured(seconds, statuses, times, used)


@contextlib.contextmanager
def frozen_redis(data_dir: Path) -> Iterator[None]:
    """Redis answers nobody meanwhile."""
    from lmis.embedded import redis_server
    from lmis.embedded.layout import Layout

    redis = redis_server.running(Layout.of(data_dir))
    assert redis
    redis.suspend()
    try:
        yield
    finally:
        redis.resume()


def compare(usual: Measured, without: Measured) -> None:
    """Print how bookings without Redis stand to those with it."""
    ratio = percentile(without.times, 0.95) / percentile(usual.times, 0.95)
    print(f"without Redis to with it: {without.rate / usual.rate:.2f} of the bookings/s, {ratio:.2f} of the p95")


def main() -> None:
    """Fill, serve, load, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bookings", type=int, default=4000, help=f"after {WARM_UP} that do not count")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--keys", action="store_true", help="send an Idempotency-Key with each")
    parser.add_argument("--redis", choices=["running", "stopped"], default="running", help="stopped: measure both")
    options = parser.parse_args()
    both = options.redis == "stopped"
    with private_database() as data_dir:
        fill_schedule(doctors=100, days=14, per_day=28)
        basic, work = prepare(WARM_UP + options.bookings * (2 if both else 1))
        port = free_port()
        bodies = [request(basic, slot, token, options.keys) for slot, token in work]
        with web_server(port) as server:
            measure(server.pid, port, bodies[:WARM_UP], options.clients)
            usual = measure(server.pid, port, bodies[WARM_UP : WARM_UP + options.bookings], options.clients)
            usual.show(options.clients)
            if both:
                with frozen_redis(data_dir):
                    without = measure(server.pid, port, bodies[WARM_UP + options.bookings :], options.clients)
                without.show(options.clients)
                compare(usual, without)
        from appointments.services import integrity

        print(f"integrity findings: {len(integrity.report())}")


if __name__ == "__main__":
    main()
