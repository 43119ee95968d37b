"""A mail server on loopback: it takes letters from whoever knows the login, or accepts calls and never says a word."""

import contextlib
import email
import email.policy
import socket
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.demo import free_ports

LOGIN, PASSWORD = "lmis-alarms", "mail-demo-password"


class MailServer:
    """`taken` are the letters so far; the first one is the oldest."""

    def __init__(self):
        (self.port,) = free_ports(1)
        self.taken = []

    @property
    def settings(self):
        """Of ours, so that alarms go there."""
        place = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self.port)}
        return {**place, "EMAIL_HOST_USER": LOGIN, "EMAIL_HOST_PASSWORD": PASSWORD}

    @contextlib.contextmanager
    def running(self):
        """For the block."""
        self._open()
        try:
            yield self
        finally:
            self.controller.stop()

    @contextlib.contextmanager
    def silent(self):
        """For the block a call is put through and nobody says a word; gives the socket at which the calls arrive."""
        self.controller.stop()
        try:
            with socket.create_server(("127.0.0.1", self.port)) as door:
                door.settimeout(1)
                yield door
        finally:
            self._open()

    def _open(self):
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")  # on loopback
        told = {"authenticator": _knows_us, "auth_required": True, "auth_require_tls": False}
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **told)
        self.controller.start()

    def letter(self, subject):
        """The one with this subject; None while it is not here."""
        found = [one for one in self.taken if one["Subject"].strip() == subject]  # a folded header begins with a space
        assert len(found) <= 1, f"{subject} came twice"
        return found[0] if found else None

    async def handle_DATA(self, server, session, envelope):
        """As `aiosmtpd` calls it."""
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


def _knows_us(server, session, envelope, mechanism, given):
    return AuthResult(success=(given.login, given.password) == (LOGIN.encode(), PASSWORD.encode()))
