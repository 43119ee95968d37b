"""`python -m benchmarks.authentication`: what Basic costs a call, beside a password hash in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.system import percentile, private_database


def times(work: Callable[[], object], count: int) -> list[float]:
    """Seconds of each of `count` calls, after a tenth of them unmeasured."""
    found = []
    for turn in range(count + count // 10):
        begun = time.perf_counter()
        work()
        if turn >= count // 10:
            found.append(time.perf_counter() - begun)
    return found


def main() -> None:
    """Print both, and the ratio of their medians."""
    with private_database():
        from django.contrib.auth.hashers import check_password, make_password
        from django.utils import timezone

        from lmis.actors import Actor
        from lmis.services import clients, credentials

        client, secret = clients.create(
            login="bench", name="benchmark", source="Internet", scopes=[], networks=[], by=Actor("benchmark")
        )
        given, now = secret.encode(), timezone.now()
        assert credentials.check(login=client.login, secret=given, now=now) == client
        digest = times(lambda: credentials.check(login=client.login, secret=given, now=now), 2000)
        stored = make_password(secret)
        password = times(lambda: check_password(secret, stored), 10)
        for name, found in (("digest, with its statement", digest), ("password hash, without one", password)):
            print(f"{name}: p50 {percentile(found, 0.5) * 1000:.3f} ms, p95 {percentile(found, 0.95) * 1000:.3f} ms")
        print(f"ratio of the medians: {percentile(password, 0.5) / percentile(digest, 0.5):.0f}")


if __name__ == "__main__":
    main()
