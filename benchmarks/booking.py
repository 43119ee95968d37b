"""`python -m benchmarks.booking`: bookings over HTTP, clients, database and web server on one machine.

Prints bookings a second and the distribution of their time; every answer must be 201.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import http.client
import multiprocessing
import threading
import time

from benchmarks.system import fill_schedule, free_port, percentile, private_database, web_server


def prepare(count: int) -> tuple[str, list[tuple[str, str]]]:
    """The Authorization header, and (slot, token) pairs for as many bookings."""
    import jwt
    from django.conf import settings

    from appointments.models import Slot
    from lmis.models import Lpu
    from lmis.services import clients
    from patients.models import Patient

    lpu = Lpu.objects.own().get()
    patients = Patient.objects.bulk_create(
        Patient(lpu=lpu, family=f"Пациент{n}", polis_number=f"{n:016d}", card_number=str(n)) for n in range(1, 2001)
    )
    client, secret = clients.create(
        login="bench", name="benchmark", source="Internet", scopes=["appointments"], networks=[], by="benchmark"
    )
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    key = settings.PATIENT_TOKEN["KEY"]
    tokens = [jwt.encode({"mkabs": [str(p.guid)], "exp": until}, key, algorithm="HS256") for p in patients]
    slots = Slot.objects.order_by("?").values_list("guid", flat=True)[:count]
    basic = base64.b64encode(f"{client.login}:{secret}".encode()).decode()
    return f"Basic {basic}", [(str(slot), tokens[n % len(tokens)]) for n, slot in enumerate(slots)]


def load(port: int, basic: str, work: list[tuple[str, str]], clients: int, keys: bool, results: object) -> None:
    """`clients` keep-alive connections book what is in `work`; puts (seconds, statuses, times) into `results`."""
    lock, position, times, statuses = threading.Lock(), iter(work), [], []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                item = next(position, None)
            if item is None:
                return
            headers = {"Authorization": basic, "X-Patient-Token": item[1], "Content-Type": "application/json"}
            if keys:
                headers["Idempotency-Key"] = item[0]
            begun = time.perf_counter()
            connection.request("POST", "/api/appointments", f'{{"slot":"{item[0]}"}}', headers)
            response = connection.getresponse()
            response.read()
            times.append(time.perf_counter() - begun)
            statuses.append(response.status)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((time.perf_counter() - begun, statuses, times))


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
        with web_server(port):
            results: multiprocessing.Queue = multiprocessing.Queue()
            arguments = (port, basic, work[:400], options.clients, options.keys, results)
            for batch in (work[:400], work[400:]):
                arguments = (port, basic, batch, options.clients, options.keys, results)
                process = multiprocessing.Process(target=load, args=arguments)
                process.start()
                seconds, statuses, times = results.get()
                process.join()
        from appointments.services import integrity

        print(f"bookings {len(times)}, clients {options.clients}, not 201: {sum(s != 201 for s in statuses)}")
        print(f"{len(times) / seconds:.0f} bookings/s")
        shares = (0.5, 0.95, 0.99)
        print(", ".join(f"p{share * 100:.0f} {percentile(times, share) * 1000:.1f} ms" for share in shares))
        print(f"integrity findings: {len(integrity.report())}")


if __name__ == "__main__":
    main()
