"""How many uploads the MIP takes: `python -m sandbox.bench --cards 20000` starts one and measures it.

Cards are new, each of a person of its own. The load generator speaks HTTP by hand over kept connections, since a
full client would be slower than what it measures; it runs in a process of its own.
"""

import argparse
import asyncio
import base64
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import orjson

LPU = UUID("1dadf64c-f34a-4023-98a6-3e7b7be4f243")
LOGIN = PASSWORD = "bench"  # noqa: S105 - of a server that lives as long as the measurement


@dataclass(frozen=True)
class Sending:
    """Where to and with which key."""

    host: str
    port: int
    key: str


def request(number: int, to: Sending, version: int) -> bytes:
    """The bytes of one upload; `number` makes the person."""
    body = orjson.dumps(
        {
            "lpuGuid": str(LPU),
            "version": version,
            "state": "active",
            "cardNumber": str(number),
            "family": f"Иванов{number % 5000}",
            "name": f"Пётр{number % 97}",
            "patronymic": "Ильич",
            "birthDate": f"{1930 + number % 80}-{1 + number % 12:02}-{1 + number % 28:02}",
            "sex": "M",
            "snils": "",
            "polis": {"series": "", "number": f"{7700000000000000 + number}", "type": {"code": "3"}},
            "identityDocument": {"series": f"{4500 + number % 20}", "number": f"{number:06}", "type": {"code": "1"}},
            "phone": "79000000000",
            "address": "Город, улица, дом",
        }
    )
    head = (
        f"PUT /mip/mkab/{uuid5(LPU, str(number))} HTTP/1.1\r\nHost: {to.host}\r\nAuthorization: Basic {to.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def worker(to: Sending, queue: list[bytes], delays: list[float]) -> int:
    """Send from `queue` until it is empty, noting seconds per answer; gives back how many were refused."""
    reader, writer = await asyncio.open_connection(to.host, to.port)
    refused = 0
    while queue:
        raw = queue.pop()
        begun = time.perf_counter()
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        delays.append(time.perf_counter() - begun)
        refused += not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201"))
    writer.close()
    return refused


async def measure(title: str, to: Sending, queue: list[bytes], connections: int) -> None:
    """Send all of `queue` over so many connections and print the rate."""
    delays: list[float] = []
    count, begun = len(queue), time.perf_counter()
    refused = sum(await asyncio.gather(*(worker(to, queue, delays) for _ in range(connections))))
    rate, delays = count / (time.perf_counter() - begun), sorted(delays)
    p50, p95 = delays[len(delays) // 2] * 1000, delays[len(delays) * 95 // 100] * 1000
    sys.stdout.write(f"{title}: {rate:.0f} PUT/s, p50 {p50:.1f} ms, p95 {p95:.1f} ms, refused {refused}\n")


async def rounds(to: Sending, cards: int, connections: int) -> None:
    """New cards, the same again, and a new version of each."""
    for title, version in (("new cards", 1), ("the same again", 1), ("new versions", 2)):
        queue = [request(number, to, version) for number in range(cards)]
        await measure(title, to, queue, connections)


def main() -> None:
    """Start a sandbox on a free port, measure, end it."""
    parser = argparse.ArgumentParser(prog="sandbox.bench")
    parser.add_argument("--cards", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    key = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
    names = {"MIP_LOGIN": LOGIN, "MIP_PASSWORD": PASSWORD, "TOKEN_SECRET": "bench" * 8, "PORT": "0"}
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, **{f"SANDBOX_{name}": value for name, value in names.items()}}
        environ["SANDBOX_DB"] = str(Path(folder) / "bench.sqlite3")
        command = [sys.executable, "-m", "sandbox"]
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            assert process.stdout is not None
            port = int(process.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])
            try:
                asyncio.run(rounds(Sending("127.0.0.1", port, key), options.cards, options.connections))
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait()
    # What one core could take: the rates above share the machine with the generator and whatever else runs.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    each = (used.ru_utime + used.ru_stime) / (3 * options.cards)
    sys.stdout.write(f"over all three: {each * 1e6:.0f} µs of CPU each, so {1 / each:.0f} PUT/s on one core\n")


if __name__ == "__main__":
    main()
