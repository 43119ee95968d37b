"""A clinic that answers contract D and F from memory on real HTTP, and can be told what to answer."""

import base64
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

KEY = "Basic " + base64.b64encode(b"central:secret").decode()


def resource(guid, family="Орлова"):
    return {"guid": guid, "type": "doctor", "family": family, "lpuGuid": "l"}


def slot(guid, of, *, hours=1, free=1):
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    return {"guid": guid, "resource": of, "begin": begin.isoformat(), "free": free, "status": "Available"}


class Clinic:
    """`resources` and `slots` by guid; each change through `put` gets a number, which is the revision."""

    def __init__(self):
        self.resources, self.slots, self.changed = {}, {}, {}
        self.revision = 0
        self.epoch = "a"
        self.asked = []  # (path, query, If-None-Match) of every request
        self.forced = {}  # path → (status, body) to answer instead

    def put(self, *slots):
        self.revision += 1
        for item in slots:
            self.slots[item["guid"]] = item
            self.changed[item["guid"]] = self.revision

    def answer(self, path, query, tag):
        self.asked.append((path, query, tag))
        if path in self.forced:
            return (*self.forced[path], None)
        if path == "/api/resources":
            body = {"items": list(self.resources.values())}
            return self._tagged(body, f'"r{hash(json.dumps(body))}"', tag)
        if path == "/api/schedule":
            return self._schedule(query, tag)
        return 404, {}, None

    def _schedule(self, query, tag):
        epoch, _, since = query.get("changedSince", "").partition("-")
        full = epoch != self.epoch
        items = [s for guid, s in self.slots.items() if full or self.changed[guid] > int(since)]
        body = {"revision": f"{self.epoch}-{self.revision}", "full": full, "items": items}
        return self._tagged(body, f'"{self.epoch}-{self.revision}"', tag)

    def _tagged(self, body, now, tag):
        return (304, None, now) if tag == now else (200, body, now)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    clinic: Clinic

    def do_GET(self):
        if self.headers["Authorization"] != KEY:
            return self.reply(401, {"message_code": "unauthorized"}, None)
        url = urlsplit(self.path)
        return self.reply(*self.clinic.answer(url.path, dict(parse_qsl(url.query)), self.headers["If-None-Match"]))

    def reply(self, status, body, tag):
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


@contextmanager
def open_clinic():
    """(clinic, its base URL)."""
    clinic = Clinic()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"clinic": clinic}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield clinic, f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()
