"""Keys from the issuer's URL: cached, rotated, and kept through its outages."""

import contextlib
import json
import socket
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm

from lmis.api import jwks, tokens
from lmis.exceptions import TokenInvalid, Unavailable
from tests.unit.lmis.api.conftest import LONG_SECRET, token

KEYS = {
    "RS256": [rsa.generate_private_key(65537, 2048) for _ in range(2)],
    "ES256": [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)],
    "EdDSA": [ed25519.Ed25519PrivateKey.generate() for _ in range(2)],
}
WRITERS = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def document(*entries, **more):
    """A JWKS of (algorithm, which of its keys, kid)."""
    keys = []
    for algorithm, which, kid in entries:
        key = json.loads(WRITERS[algorithm].to_jwk(KEYS[algorithm][which].public_key()))
        keys.append({**key, **({"kid": kid} if kid else {}), **more})
    return json.dumps({"keys": keys}).encode()


def signed(algorithm="RS256", which=0, kid="one", **claims):
    return token(KEYS[algorithm][which], algorithm, headers={"kid": kid} if kid else None, **claims)


class Clock:
    """The module's clock, which only a test moves."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(jwks, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def configured(token_settings, issuer):
    token_settings |= {"ALGORITHMS": ["RS256", "ES256", "EdDSA", "HS256"], "KEY": "", "JWKS_URL": issuer.url}
    issuer.document = document(("RS256", 0, "one"))


@pytest.mark.parametrize("algorithm", KEYS)
def test_each_kind_of_key(issuer, algorithm):
    issuer.document = document((algorithm, 0, "one"))
    tokens.check(signed(algorithm))
    with pytest.raises(TokenInvalid):
        tokens.check(signed(algorithm, which=1))


def test_fetched_once(issuer):
    for _ in range(5):
        tokens.check(signed())
    assert issuer.asked == 1


def test_a_token_without_kid_is_tried_with_every_key_of_its_type(issuer):
    issuer.document = document(("ES256", 0, "e"), ("RS256", 0, "one"), ("RS256", 1, "two"))
    tokens.check(signed(which=1, kid=None))
    tokens.check(signed("ES256", kid=None))
    with pytest.raises(TokenInvalid):
        tokens.check(signed("EdDSA", kid=None))


def test_a_rotated_key_is_fetched_but_not_more_often_than_every_ten_seconds(issuer, clock):
    tokens.check(signed())
    issuer.document = document(("RS256", 1, "two"))
    for _ in range(3):
        with pytest.raises(TokenInvalid):
            tokens.check(signed(which=1, kid="two"))
    assert issuer.asked == 1
    clock.now += 10
    tokens.check(signed(which=1, kid="two"))
    assert issuer.asked == 2
    with pytest.raises(TokenInvalid):
        tokens.check(signed())  # the old one is gone


def test_made_up_kids_do_not_reach_the_issuer(issuer, clock):
    tokens.check(signed())
    for number in range(20):
        clock.now += 1
        with pytest.raises(TokenInvalid):
            tokens.check(signed(kid=f"made up {number}"))
    assert issuer.asked == 3


def test_known_keys_outlive_the_issuers_outage(issuer, clock):
    tokens.check(signed())
    issuer.server.shutdown()
    issuer.server.server_close()
    clock.now += jwks.FRESH + 1
    for _ in range(3):
        clock.now += jwks.COOLDOWN
        tokens.check(signed())
        with pytest.raises(Unavailable):
            tokens.check(signed(kid="new"))
    tokens.check(signed())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"oops"),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": 5}'),
        (200, b'{"keys": [5, null, {"kty": "RSA"}]}'),
        (200, b" " * (jwks.MAX_BYTES + 1)),
    ],
)
def test_an_answer_that_is_no_key_set_changes_nothing(issuer, clock, status, body):
    tokens.check(signed())
    issuer.status, issuer.document = status, body
    clock.now += 10
    with pytest.raises(Unavailable):
        tokens.check(signed(kid="new"))
    tokens.check(signed())


def test_never_reached_is_unavailable_and_tried_again(issuer, clock):
    issuer.status = 503
    with pytest.raises(Unavailable):
        tokens.check(signed())
    issuer.status = 200
    with pytest.raises(Unavailable):
        tokens.check(signed())
    clock.now += 10
    tokens.check(signed())


def test_stale_keys_are_renewed_beside_the_request(issuer, clock):
    tokens.check(signed())
    issuer.document = document(("RS256", 1, "two"))
    clock.now += jwks.FRESH + 1
    tokens.check(signed())
    for thread in threading.enumerate():
        if "_renew" in thread.name:
            thread.join()
    tokens.check(signed(which=1, kid="two"))
    assert issuer.asked == 2


def test_many_at_once_ask_once(issuer):
    good = signed()
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(tokens.check(good))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(outcomes), issuer.asked) == (10, 1)


class Silent:
    """An issuer that hangs up at once on the first caller; it accepts the later ones and says nothing to them."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/jwks"
        self.held, self.holds = [], threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            self.socket.accept()[0].close()
            while True:
                self.held.append(self.socket.accept()[0])
                self.holds.set()

    def close(self):
        """Hang up on everybody."""
        for connection in (self.socket, *self.held):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


@pytest.fixture
def silent(token_settings, monkeypatch):
    issuer = Silent()
    token_settings["JWKS_URL"] = issuer.url
    monkeypatch.setattr(jwks, "TIMEOUT", 20.0)
    yield issuer
    issuer.close()


def unavailable(kid):
    with pytest.raises(Unavailable):
        tokens.check(signed(kid=kid))


def test_a_silent_issuer_holds_up_one_request_and_not_all_of_them(silent, clock):
    unavailable("first")
    clock.now += jwks.COOLDOWN
    asking = threading.Thread(target=unavailable, args=("asking",))
    asking.start()
    silent.holds.wait()
    for number in range(5):
        unavailable(f"made up {number}")
    assert (asking.is_alive(), len(silent.held)) == (True, 1)  # else they have waited until that one gave up
    silent.close()
    asking.join()


def test_keys_at_hand_work_while_a_silent_issuer_is_asked(silent, issuer, clock, monkeypatch):
    keys = jwks.key_set(silent.url)
    monkeypatch.setattr(keys, "url", issuer.url)
    tokens.check(signed())
    monkeypatch.setattr(keys, "url", silent.url)
    clock.now += jwks.COOLDOWN
    unavailable("hung up on")
    clock.now += jwks.COOLDOWN
    asking = threading.Thread(target=unavailable, args=("asking",))
    asking.start()
    silent.holds.wait()
    tokens.check(signed())
    unavailable("made up")
    assert (asking.is_alive(), len(silent.held)) == (True, 1)
    silent.close()
    asking.join()


def test_a_secret_key_in_the_set_is_not_used(issuer):
    secret = json.loads(HMACAlgorithm.to_jwk(LONG_SECRET))
    issuer.document = json.dumps({"keys": [{**secret, "kid": "one"}]}).encode()
    with pytest.raises((TokenInvalid, Unavailable)):
        tokens.check(token(headers={"kid": "one"}))
    with pytest.raises((TokenInvalid, Unavailable)):
        tokens.check(signed())


def test_a_key_for_encryption_or_for_another_algorithm_is_not_used(issuer):
    issuer.document = document(("RS256", 0, "one"), use="enc")
    with pytest.raises(TokenInvalid):
        tokens.check(signed())


def test_a_key_for_another_algorithm_is_not_used(issuer):
    issuer.document = document(("RS256", 0, "one"), alg="RS512")
    with pytest.raises(TokenInvalid):
        tokens.check(signed())


def test_a_configured_key_works_beside_the_set(token_settings, issuer):
    token_settings |= {"KEY": LONG_SECRET}
    tokens.check(token())
    tokens.check(signed())
    assert issuer.asked == 1
