"""The web server as the demo starts it, on the tests' own database, and callers who write each byte themselves."""

import argparse
import contextlib
import http.client
import json
import socket
import subprocess
import urllib.request
from dataclasses import dataclass

import psutil

from lmis.demo import options, programs
from tests.demo import PATIENCE, ROOT, free_ports, until


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """Status and `message_code`."""
        return self.status, self.json["message_code"]


class Wire:
    """A way to the web server at this port."""

    def __init__(self, port):
        self.port = port

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def send(self, method, path, *headers, body=b""):
        """Send this, each header a line as bytes, and read the answer."""
        with self.connect() as caller:
            caller.sendall(head(method, path, *headers) + body)
            answer = http.client.HTTPResponse(caller, method=method)
            answer.begin()
            return Answer(answer.status, answer.headers, answer.read())


def head(method, path, *headers):
    """The beginning of a request, up to its body."""
    first = f"{method} {path} HTTP/1.1".encode()
    return b"\r\n".join([first, b"Host: 127.0.0.1", b"Connection: close", *headers, b"", b""])


@contextlib.contextmanager
def web_server(folder, env):
    """A `Wire` to the web server, which is killed in the end."""
    port = free_ports(1)[0]
    parser = argparse.ArgumentParser()
    options.add_arguments(parser, data_dir=folder)
    given = options.Options.of(vars(parser.parse_args(["--port", str(port), "--workers", "1"])))
    with (folder / "web.log").open("w") as output:
        process = subprocess.Popen(programs.web(given), cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
        try:
            until(lambda: ready(port), lambda: (folder / "web.log").read_text())
            yield Wire(port)
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                main = psutil.Process(process.pid)
                for one in [*main.children(recursive=True), main]:
                    one.kill()
            process.wait(PATIENCE)


def ready(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status == 200
