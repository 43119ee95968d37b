"""Whole clinics as real processes: what `make demo` starts, and what the region sees of them."""

import contextlib
import tempfile

import httpx
import psycopg
import pytest

from lmis import embedded
from tests.demo import Demo, free_ports, until
from tests.integration.leaks import ALL_THERE_IS, LOGGING, discreet
from tests.integration.mail import MailServer


class Clinic:
    """A running demo: its API as the central service sees it, and its database."""

    def __init__(self, running):
        self.running = running
        self.http = httpx.Client(timeout=30)

    @property
    def demo(self):
        """What `demo.json` says now."""
        return self.running.json()

    def call(self, method, path, *, token=None, headers=(), **kwargs):
        """An API call with the client's credentials, and the patient's token when there is one."""
        demo = self.demo
        headers = {**dict(headers), **({"X-Patient-Token": token} if token else {})}
        url, auth = demo["base_url"] + path, (demo["login"], demo["secret"])
        return self.http.request(method, url, auth=auth, headers=headers, **kwargs)

    def sandbox(self, method, path, **kwargs):
        """A call to the region in its box."""
        return self.http.request(method, self.demo["sandbox_url"] + path, **kwargs)

    def token(self, polis):
        """The region's token for the patient with this polis, as soon as a card of theirs was uploaded."""

        def ask():
            answer = self.sandbox("GET", "/auth/cod/token", params={"n_pol": polis})
            return answer.json()["token"] if answer.status_code == 200 else None

        return until(ask, "no card of the patient reached the MIP")

    def rows(self, sql, *params):
        """Rows of the clinic's own database."""
        with psycopg.connect(embedded.database_url(self.running.data_dir)) as connection:
            return connection.execute(sql, params).fetchall()

    def execute(self, sql, *params):
        """Change the clinic's own database behind its back."""
        with psycopg.connect(embedded.database_url(self.running.data_dir)) as connection:
            connection.execute(sql, params)


@contextlib.contextmanager
def clinic(*options, env=()):
    """`manage.py demo` with these options and settings, ended afterwards; its logs must have named nobody.

    Not in pytest's own folder: another run of pytest takes away what PostgreSQL's system user needs there.
    """
    env = {**ALL_THERE_IS, **dict(env)}
    with (
        tempfile.TemporaryDirectory(prefix="lmis-clinic-", ignore_cleanup_errors=True) as folder,
        discreet(Demo(folder, "--workers", "1", *options, env=env)) as running,
    ):
        yield Clinic(running)


@pytest.fixture(scope="module")
def referring():
    """The first clinic, with the region in its box."""
    with clinic(env=LOGGING) as running:
        yield running


@pytest.fixture(scope="module")
def receiving(referring):
    """The second clinic: one of the LPUs to which the first one refers, uploading to the same MIP."""
    guid = referring.rows(
        "SELECT l.guid FROM directions_direction d JOIN lmis_lpu l ON l.id = d.lpu_to_id"
        " WHERE d.origin = 'issued' AND NOT l.is_own AND d.cancelled_at IS NULL LIMIT 1"
    )[0][0]
    mip = referring.demo["sandbox_url"] + "/mip"
    options = ("--lpu-guid", str(guid), "--mip-url", mip, "--no-sandbox", "--workers", "4")
    with clinic(*options, env=LOGGING) as running:
        yield running


@pytest.fixture(scope="package")
def mail():
    """Where the alarms of `watched` go."""
    with MailServer().running() as server:
        yield server


@pytest.fixture(scope="package")
def watched(mail):
    """A clinic with two web processes that writes everything it has to say as JSON, access log included."""
    (port,) = free_ports(1)
    site = f"http://127.0.0.1:{port}/admin/exchange/"
    alarms = {"ALARM_EMAILS": "head@lmis.test,duty@lmis.test", "ALARM_SITE": site, "EMAIL_FROM": "clinic@lmis.test"}
    env = {**LOGGING, "MIP_TIMEOUT": "2", **mail.settings, **alarms}
    with clinic("--workers", "2", "--port", str(port), env=env) as running:
        yield running
