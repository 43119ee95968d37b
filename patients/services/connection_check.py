"""Is the way to the MIP open? Name, connection, encryption, login, one row; each with its time and nothing personal."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from lmis.models import Lpu
from patients.mip import client
from patients.mip.asking import Answer, ask_one_row
from patients.services import expiry
from patients.services.exchange_words import reason_of
from patients.services.expiry import BAD, GOOD, SKIPPED, SOON, WARN, Step

PATIENCE = 5.0  # seconds a step
TOKENS_ALLOW = timedelta(seconds=60)


@dataclass(slots=True)
class Report:
    """What was found, from the first step to the last that made sense."""

    url: str
    at: datetime
    steps: list[Step] = field(default_factory=list)
    keys: list[Step] = field(default_factory=list)

    @property
    def lines(self) -> tuple[list[Step], list[Step]]:
        """The way, then secrets and keys."""
        return self.steps, self.keys

    @property
    def is_good(self) -> bool:
        """Whether cards could be uploaded now."""
        return all(step.level != BAD for step in self.steps)


@dataclass(frozen=True, slots=True)
class Way:
    """Where the first connection goes: to the MIP, or to the proxy that stands before it."""

    host: str
    port: int
    is_tls: bool
    is_proxy: bool


def check(*, lpu: Lpu | None, now: datetime) -> Report:
    """Try the way to the MIP, step by step; at most about half a minute. Raises RuntimeError inside a transaction."""
    _refuse_in_transaction()
    report = Report(settings.MIP["URL"], now)
    if not client.is_configured():
        report.steps.append(Step(_("Settings"), BAD, _("MIP_URL is not set: there is nowhere to upload to.")))
    else:
        _try_the_way(report, lpu)
    report.keys = expiry.keys(now=now)
    return report


def _refuse_in_transaction() -> None:
    # The transactions of a test case stand around all that it calls; Django marks them.
    blocks = connection.atomic_blocks
    if any(not getattr(block, "_from_testcase", False) for block in blocks):
        raise RuntimeError("the network is not asked inside a transaction")


def _try_the_way(report: Report, lpu: Lpu | None) -> None:
    way = way_to(settings.MIP["URL"])
    if way is None:
        report.steps.append(Step(_("Settings"), BAD, _("MIP_URL is no address of a web service.")))
        return
    steps: list[Callable[[Way], Step]] = [_name, _connect]
    if way.is_tls and not way.is_proxy:
        steps.append(_encrypt)
    for step in steps:
        report.steps.append(step(way))
        if report.steps[-1].level == BAD:
            return
    if not way.is_tls:
        report.steps.append(Step(_("Encryption (TLS)"), WARN, _("none: the address begins with http://")))
    if lpu is None:
        report.steps.append(Step(_("Login"), SKIPPED, _("no institution of ours in the directory")))
        return
    report.steps += _answered(ask_one_row(lpu_guid=lpu.guid, patience=PATIENCE))


def way_to(url: str) -> Way | None:
    """Host and port of the first connection; None for what is no http(s) address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    is_tls = parts.scheme == "https"
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname):
        before = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        return Way(before.hostname or "", before.port or 3128, is_tls, True)
    return Way(parts.hostname, port or (443 if is_tls else 80), is_tls, False)


def _timed(name: str, work: Callable[[], tuple[str, str]]) -> Step:
    begun = time.perf_counter()
    try:
        level, answer = work()
    except TooLate:
        level, answer = BAD, _("no answer within %(seconds)d seconds") % {"seconds": PATIENCE}
    except ssl.SSLCertVerificationError as error:
        level, answer = BAD, _("the certificate is not to be trusted: %(why)s") % {"why": error.verify_message}
    except OSError as error:
        level, answer = BAD, error.strerror or type(error).__name__
    return Step(name, level, answer, round((time.perf_counter() - begun) * 1000))


def _name(way: Way) -> Step:
    def work() -> tuple[str, str]:
        # The resolver knows no timeout of its own: a thread that hangs in it is left behind.
        pool = ThreadPoolExecutor(1, thread_name_prefix="dns")
        try:
            found = pool.submit(socket.getaddrinfo, way.host, way.port, type=socket.SOCK_STREAM).result(PATIENCE)
        finally:
            pool.shutdown(wait=False)
        addresses = sorted({str(one[4][0]) for one in found})
        return GOOD, ", ".join(addresses[:4])

    what = _("Name of the proxy (DNS)") if way.is_proxy else _("Name (DNS)")
    return _timed(f"{what}: {way.host}", work)


def _connect(way: Way) -> Step:
    def work() -> tuple[str, str]:
        with socket.create_connection((way.host, way.port), PATIENCE):
            return GOOD, _("connected")

    what = _("Connection (TCP)")
    return _timed(f"{what}: {way.port}", work)


def _encrypt(way: Way) -> Step:
    def work() -> tuple[str, str]:
        context = ssl.create_default_context()
        with (
            socket.create_connection((way.host, way.port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=way.host) as wrapped,
        ):
            return _certificate(wrapped.getpeercert() or {}, wrapped.version() or "")

    return _timed(_("Encryption (TLS)"), work)


def _certificate(certificate: dict[str, Any], version: str) -> tuple[str, str]:
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).days
    text = _("%(version)s, the certificate is good for %(days)d more days") % {"version": version, "days": days}
    return (WARN if days < SOON.days else GOOD), text


def _answered(answer: Answer) -> list[Step]:
    """Login, one row of what the MIP holds, the clocks."""
    name, took = _("Login"), answer.milliseconds
    if answer.status is None:
        return [Step(name, BAD, _("no answer: %(error)s") % {"error": reason_of(answer.error)}, took)]
    told = _("HTTP %(status)d, request id %(id)s") % {"status": answer.status, "id": answer.request_id}
    if answer.status in (401, 403):
        refused = _("the MIP does not accept our login: mend MIP_LOGIN and MIP_PASSWORD")
        return [Step(name, BAD, f"{refused} ({told})", took), _clock(answer)]
    row = _("One row of reconciliation")
    if answer.status != 200:
        return [Step(name, WARN, told, took), Step(row, BAD, told, took), _clock(answer)]
    if answer.rows is None:
        listed = Step(row, WARN, _("the answer is no list of cards (%(told)s)") % {"told": told}, took)
    else:
        listed = Step(row, GOOD, _("%(rows)d received") % {"rows": answer.rows}, took)
    return [Step(name, GOOD, told, took), listed, _clock(answer)]


def _clock(answer: Answer) -> Step:
    name = _("Clocks")
    if answer.clock is None:
        return Step(name, SKIPPED, _("the MIP does not say what time it is"))
    seconds = round(answer.clock.total_seconds())
    if not seconds:
        return Step(name, GOOD, _("the same time here and there"))
    differ = (
        _("the MIP's clock is ahead of ours by %(seconds)d s")
        if seconds > 0
        else _("our clock is ahead by %(seconds)d s")
    )
    text = differ % {"seconds": abs(seconds)}
    if abs(answer.clock) >= TOKENS_ALLOW:
        return Step(name, BAD, _("%(text)s: patients' tokens are refused beyond 60 s") % {"text": text})
    return Step(name, WARN if abs(seconds) > 5 else GOOD, text)
