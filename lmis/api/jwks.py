"""The issuer's public keys from its JWKS URL, cached in the process and renewed as they rotate."""

from __future__ import annotations

import logging
import threading
import time
from functools import lru_cache
from typing import Any

import httpx
import jwt
import orjson

from lmis.exceptions import Unavailable

logger = logging.getLogger(__name__)

FRESH = 300.0  # seconds; older keys are renewed in the background while they go on working
COOLDOWN = 10.0  # seconds between two fetches, successful or not: a flood of made-up kids must not become ours
TIMEOUT = 3.0  # seconds, for the whole of a fetch
MAX_BYTES = 2**20
_TYPES = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}


@lru_cache(maxsize=4)
def key_set(url: str) -> KeySet:
    """The one cache of this URL in this process."""
    return KeySet(url)


class KeySet:
    """Public keys of one issuer. A key that was once seen works until a fetch that succeeded no longer has it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: list[jwt.PyJWK] = []
        self._fetched: float | None = None
        self._tried: float | None = None
        self._failed = False  # how the last fetch came out; the one that is under way does not count yet
        self._fetching = threading.Lock()

    def keys(self, algorithm: str, kid: str | None) -> list[Any]:
        """Keys that may verify the algorithm: of this id, or all of its type when the token names none.

        Raises `Unavailable` when there is none and the issuer could not be asked: then nobody knows
        whether the token is good.
        """
        if not self._find(algorithm, kid):
            self._renew()
        elif _age(self._fetched) > FRESH and _age(self._tried) > COOLDOWN:
            threading.Thread(target=self._renew, kwargs={"wait": False}, daemon=True).start()
        found = self._find(algorithm, kid)
        if not found and self._fetched != self._tried:  # the last fetch failed
            raise Unavailable
        return [key.key for key in found]

    def _find(self, algorithm: str, kid: str | None) -> list[jwt.PyJWK]:
        return [
            key
            for key in self._keys
            if key.key_type == _TYPES[algorithm]
            and key.algorithm_name == algorithm
            and (kid is None or key.key_id == kid)
        ]

    def _renew(self, *, wait: bool = True) -> None:
        """Fetch, unless somebody just did. Who comes while another fetches waits for that one's result, if it has hope.

        An issuer that accepts and stays silent would hold up every thread of the process, with made-up kids for ever:
        after a fetch that failed nobody but the next one who fetches waits for it.
        """
        if not self._fetching.acquire(blocking=wait and not self._failed):
            return
        try:
            if _age(self._tried) < COOLDOWN:
                return
            self._tried = now = time.monotonic()
            self._keys = _fetch(self.url)
            self._fetched, self._failed = now, False
        except (httpx.HTTPError, jwt.PyJWTError, ValueError) as error:
            self._failed = True
            logger.warning("JWKS not fetched: %s", type(error).__name__)
        finally:
            self._fetching.release()


def _age(moment: float | None) -> float:
    return float("inf") if moment is None else time.monotonic() - moment


def _fetch(url: str) -> list[jwt.PyJWK]:
    """The signing keys at the URL; secret (`oct`) ones have no business there and are left out."""
    deadline = time.monotonic() + TIMEOUT
    body = b""
    with httpx.stream("GET", url, timeout=TIMEOUT) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BYTES or time.monotonic() > deadline:
                raise ValueError("too long")
    document = orjson.loads(body)
    if not isinstance(document, dict):
        raise ValueError("no key set")
    return [key for key in jwt.PyJWKSet.from_dict(document).keys if _signs(key)]


def _signs(key: jwt.PyJWK) -> bool:
    return key.key_type in _TYPES.values() and key.public_key_use in (None, "sig")
