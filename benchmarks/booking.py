"""`python -m benchmarks.booking`: bookings over HTTP, clients, database and web server on one machine.

Prints bookings a second and the distribution of their time; every answer must be 201.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import multiprocessing
import socket
import threading
import time

from benchmarks.system import fill_schedule, free_port, percentile, private_database, spent, web_server


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


def main() -> None:
    """Fill, serve, load, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bookings", type=int, default=4000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--keys", action="store_true", help="send an Idempotency-Key with each")
    options = parser.parse_args()
    with private_database():
        fill_schedule(doctors=100, days=14, per_day=28)
        basic, work = prepare(options.bookings)
        port = free_port()
        bodies = [request(basic, slot, token, options.keys) for slot, token in work]
        with web_server(port) as server:
            results: multiprocessing.Queue = multiprocessing.Queue()
            for batch in (bodies[:400], bodies[400:]):  # the first ones warm it up
                before = spent(server.pid)
                process = multiprocessing.Process(target=load, args=(port, batch, options.clients, results))
                process.start()
                seconds, statuses, times, generator = results.get()
                after = spent(server.pid)
                process.join()
        from appointments.services import integrity

        print(f"bookings {len(times)}, clients {options.clients}, not 201: {sum(s != 201 for s in statuses)}")
        print(f"{len(times) / seconds:.0f} bookings/s")
        shares = (0.5, 0.95, 0.99)
        print(", ".join(f"p{share * 100:.0f} {percentile(times, share) * 1000:.1f} ms" for share in shares))
        each = {name: (after[name] - before[name]) / len(times) * 1000 for name in after}
        each["load generator"] = generator / len(times) * 1000
        print("processor time a booking: " + ", ".join(f"{name} {value:.2f} ms" for name, value in each.items()))
        print(f"integrity findings: {len(integrity.report())}")


if __name__ == "__main__":
    main()
