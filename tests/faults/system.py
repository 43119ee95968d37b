"""The whole exchange as real processes that can be killed: PostgreSQL, Redis, worker, beat, the region in its box.

Nothing is shared with the test run: servers, data and ports are its own.
"""

import contextlib
import os
import signal
import subprocess
import sys
from uuid import uuid4

import psutil
import psycopg

from lmis import embedded
from lmis.embedded import postgres, redis_server
from lmis.embedded.layout import Layout
from lmis.embedded.postgres import UNSAFE_SPEED
from tests.demo import OURS, ROOT, until
from tests.unit.sandbox.region import LOGIN, PASSWORD, start

CELERY = [sys.executable, "-m", "celery", "--app", "lmis.celery"]
EMPTIED = (
    *("patients_cardupload", "patients_patient", "patients_uploadattempt", "patients_uploadminute"),
    *("patients_mipgate", "patients_exchangemark", "patients_exchangesettings", "patients_backfill"),
    *("patients_mipholding", "patients_reconciliationfinding", "patients_reconciliation", "lmis_lpu"),
)


class System:
    """One clinic's exchange. `region` is its MIP; workers and beats are started and killed by the test."""

    def __init__(self, data_dir, region, *, timeout):
        self.layout = Layout.of(data_dir)
        self.region = region
        self.timeout = timeout
        self.processes = []
        self.lpu = str(uuid4())

    # --- processes -----------------------------------------------------------------------------------------------

    def env(self):
        """Of every process of ours: no setting of the test run's servers."""
        clean = {name: value for name, value in os.environ.items() if name not in OURS}
        mip = {"MIP_URL": f"{self.region.url}/mip", "MIP_LOGIN": LOGIN, "MIP_PASSWORD": PASSWORD}
        pace = {"MIP_TIMEOUT": str(self.timeout), "MIP_SWEEP_SECONDS": "0.5"}
        own = {"LMIS_DATA_DIR": str(self.layout.data), "DJANGO_SETTINGS_MODULE": "lmis.settings"}
        return {**clean, **mip, **pace, **own}

    def start(self, name, *arguments):
        """A process, its output in a file of its own."""
        log = self.layout.logs / f"{name}-{len(self.processes)}.log"
        with log.open("w") as output:
            process = subprocess.Popen(arguments, cwd=ROOT, env=self.env(), stdout=output, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def worker(self):
        """A worker of both queues, with two processes."""
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", f"{uuid4()}@%h"]
        return self.start("worker", *CELERY, "worker", "--queues", "mip,default", "--concurrency", "2", *quiet)

    def beat(self):
        """A clock that remembers nothing."""
        schedule = str(self.layout.run / f"beat-{uuid4()}")
        return self.start("beat", *CELERY, "beat", "--schedule", schedule, "--pidfile", "")

    def run(self, *arguments):
        """A command of `manage.py`, until it ends; what it said."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env(), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kill_redis(self):
        """`kill -9`, and another one with nothing in it."""
        server = redis_server.running(self.layout)
        server.kill()
        server.wait(10)
        redis_server.start(self.layout)

    def restart_postgres(self):
        """Every connection is cut, and for a moment nobody listens."""
        postgres.stop_server(postgres.running(self.layout), patience=0.0)
        postgres.start(self.layout, UNSAFE_SPEED)

    def region_again(self):
        """The MIP where it was, with the data it had."""
        before = self.region
        before.client.close()
        port = before.url.rpartition(":")[2]
        self.region = start("--db", before.process.args[-1], SANDBOX_PORT=port)

    def end(self):
        """Leave nothing running."""
        self.region.client.close()
        self.region.process.kill()
        self.region.process.communicate()
        for process in self.processes:
            kill(process)

    # --- the clinic's tables --------------------------------------------------------------------------------------

    def connect(self):
        """A connection to the clinic's database."""
        return psycopg.connect(embedded.database_url(self.layout.data), autocommit=True)

    def rows(self, sql, *params):
        """All rows of a statement."""
        with self.connect() as connection:
            found = connection.execute(sql, params)
            return found.fetchall() if found.description else []

    def empty(self):
        """A clinic without cards, with one LPU."""
        with self.connect() as connection:
            connection.execute("SET session_replication_role = replica")
            for table in EMPTIED:
                connection.execute(f"DELETE FROM {table}")
            connection.execute("SET session_replication_role = origin")
            insert(connection, "lmis_lpu", guid=self.lpu, is_own=True, name="Clinic", short_name="Clinic")

    def cards(self, count):
        """So many new cards, each of a person of its own."""
        (lpu,) = self.rows("SELECT id FROM lmis_lpu")[0]
        with self.connect() as connection, connection.transaction():
            for _ in range(count):
                number = uuid4().int
                columns = {"family": "Ёлкина", "name": "Анна", "polis_number": f"{number % 10**16:016}"}
                insert(connection, "patients_patient", guid=uuid4(), lpu_id=lpu, state="active", **columns)

    def states(self):
        """How many uploads are in which state."""
        return dict(self.rows("SELECT state, count(*) FROM patients_cardupload GROUP BY state"))

    def time_passes(self):
        """The hour has come: of cards that wait to repeat, of the gate's next probe, of claims whose holder is dead."""
        self.rows("UPDATE patients_cardupload SET due_at = now() WHERE state = 'retry' AND due_at > now()")
        self.rows("UPDATE patients_cardupload SET claimed_until = now() WHERE state = 'in_flight'")
        self.rows("UPDATE patients_mipgate SET closed_until = now() WHERE closed_until > now()")

    def claimed(self):
        """How many cards somebody holds."""
        return self.states().get("in_flight", 0)

    def waits_for(self, sql):
        """Whether a session waits for a lock in such a statement."""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
        return bool(self.rows(waiting, f"%{sql}%"))

    @contextlib.contextmanager
    def cards_locked(self):
        """Nobody can write down what became of a sending meanwhile."""
        with self.connect() as connection, connection.transaction():
            connection.execute(
                "SET LOCAL idle_in_transaction_session_timeout = 0"
            )  # however long a worker takes to start
            connection.execute("SELECT FROM patients_patient FOR UPDATE")
            yield

    # --- what must be true afterwards --------------------------------------------------------------------------------

    def hits(self):
        """How many requests the switch of the sandbox has met."""
        return self.region.client.get("/faults").json()["hits"]

    def settle(self, *, hurry=False):
        """Wait until no card is on its way; in a `hurry` each wait to repeat is over at once."""

        def settled():
            if hurry:
                self.rows("UPDATE patients_cardupload SET due_at = now() WHERE state = 'retry' AND due_at > now()")
                self.rows("UPDATE patients_mipgate SET closed_until = now() WHERE closed_until > now()")
            return not set(self.states()) & {"waiting", "in_flight", "retry"}

        until(settled, lambda: f"{self.states()}\n{self.logs()}")

    def check(self, *, accepted, rejected=0, lost=0):
        """Every card is where it should be, the MIP has our versions, and none was sent twice without need.

        `lost` bounds how many first answers never reached us; an int is exact, a range is a range.
        """
        assert self.states() == {k: n for k, n in {"accepted": accepted, "rejected": rejected}.items() if n}
        assert not self.rows("SELECT 1 FROM patients_cardupload WHERE state = 'rejected' AND error_code = ''")
        assert self.there() == dict(
            self.rows(
                "SELECT guid::text, version FROM patients_patient p JOIN patients_cardupload u ON u.patient_id = p.id"
                " WHERE u.state = 'accepted' AND u.accepted_version = p.version"
            )
        )
        stats = self.region.stats(self.lpu)
        assert (stats["cards"], stats["mismatched"], stats["stale"], stats["duplicates"]) == (accepted, 0, 0, 0)
        assert stats["replays"] in (lost if isinstance(lost, range) else [lost])
        accepted_ones = "SELECT card_id, version FROM patients_uploadattempt WHERE outcome = 'accepted'"
        assert not self.rows(f"SELECT 1 FROM ({accepted_ones}) a GROUP BY card_id, version HAVING count(*) > 1")

    def there(self):
        """What the MIP holds: versions by guid."""
        found, after = {}, None
        while True:
            query = {"lpuGuid": self.lpu} | ({"after": after} if after else {})
            page = self.region.client.get("/mip/mkab", params=query).json()
            found |= {item["guid"]: item["version"] for item in page["items"]}
            if (after := page["next"]) is None:
                return found

    def logs(self):
        """The ends of what the processes have said."""
        files = sorted(self.layout.logs.glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text()[-2000:]}" for file in files)


def insert(connection, table, **columns):
    """A row of which only these columns matter: texts are blank, switches off."""
    blank = {"character varying": "", "text": "", "boolean": False}
    needed = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'NO'"
        " AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'",
        [table],
    ).fetchall()
    values = {name: blank[kind] for name, kind in needed if kind in blank} | columns
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


def kill(process):
    """`kill -9` of a process and its children, all before any of them can notice."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGSTOP)
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    process.wait(30)
