"""Patient tokens: JWTs that say who the patient is (contract §2.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from jwt.utils import base64url_decode

from lmis.api import jwks
from lmis.api.callers import TokenClaims
from lmis.api.guids import parse_guid
from lmis.exceptions import TokenExpired, TokenInvalid
from lmis.models import Source

SUPPORTED = frozenset({"HS256", "RS256", "ES256", "EdDSA"})
MAX_LENGTH = 16 * 2**10
# What a hostile token can make the library or the arithmetic on its dates raise, besides its own errors.
_BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


def check(token: str) -> TokenClaims:
    """Verify signature and dates and give the claims; raises `TokenInvalid`, `TokenExpired`, `Unavailable`."""
    if len(token) > MAX_LENGTH:
        raise TokenInvalid
    try:
        return _claims(_payload(token))
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except _BROKEN as error:
        raise TokenInvalid from error


def check_settings() -> None:
    """Refuse to start with an algorithm or a key that could not verify anything."""
    algorithms: list[str] = settings.PATIENT_TOKEN["ALGORITHMS"]
    if unknown := set(algorithms) - SUPPORTED:
        raise ImproperlyConfigured(f"PATIENT_TOKEN_ALGORITHMS: {', '.join(sorted(unknown))} not supported.")
    key = settings.PATIENT_TOKEN["KEY"]
    if key and not any(_fits(key, algorithm) for algorithm in algorithms):
        raise ImproperlyConfigured("PATIENT_TOKEN_KEY fits none of PATIENT_TOKEN_ALGORITHMS.")


def _payload(token: str) -> Mapping[str, Any]:
    """The payload under a signature that one of the fitting keys made."""
    header = _header(token)
    algorithm = header.get("alg")
    if algorithm not in SUPPORTED.intersection(settings.PATIENT_TOKEN["ALGORITHMS"]):
        raise TokenInvalid
    for key in _keys(algorithm, header.get("kid")):
        try:
            return _verified(token, algorithm, key)
        except jwt.InvalidSignatureError:
            continue
    raise TokenInvalid


def _header(token: str) -> Mapping[str, Any]:
    """What the token says of its key, unverified. The library's own function decodes all three parts for it."""
    header = json.loads(base64url_decode(token.partition(".")[0]))
    if not isinstance(header, dict):
        raise TokenInvalid
    return header


def _verified(token: str, algorithm: str, key: Any) -> Mapping[str, Any]:
    """Only what the contract names is checked: a stranger's `iat`, `sub` or `jti` is none of our business."""
    config = settings.PATIENT_TOKEN
    return jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        issuer=config["ISSUER"] or None,
        audience=config["AUDIENCE"] or None,
        leeway=config["LEEWAY"],
        options={
            "require": ["exp"],
            "verify_aud": bool(config["AUDIENCE"]),
            "verify_iat": False,
            "verify_sub": False,
            "verify_jti": False,
        },
    )


def _keys(algorithm: str, kid: object) -> Iterator[Any]:
    """Keys that may verify this algorithm: the configured one if it is of that kind, then those of the JWKS."""
    config = settings.PATIENT_TOKEN
    if config["KEY"] and (key := _prepared(config["KEY"], algorithm)) is not None:
        yield key
    if config["JWKS_URL"] and algorithm != "HS256":
        yield from jwks.key_set(config["JWKS_URL"]).keys(algorithm, kid if isinstance(kid, str) else None)


def _fits(key: str, algorithm: str) -> bool:
    return _prepared(key, algorithm) is not None


@lru_cache(maxsize=16)
def _prepared(key: str, algorithm: str) -> Any:
    """The key, parsed for the algorithm; None when it is of another kind.

    A public key is known to everybody: taken as an HS256 secret it would let everybody sign.
    """
    is_pem = "-----BEGIN" in key
    if is_pem == (algorithm == "HS256"):
        return None
    try:
        return jwt.get_algorithm_by_name(algorithm).prepare_key(key)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _claims(payload: Mapping[str, Any]) -> TokenClaims:
    """The claims by their configured names; one that is there must be well formed."""
    config = settings.PATIENT_TOKEN
    person = payload.get(config["CLAIM_PERSON"])
    mkabs = payload.get(config["CLAIM_MKABS"])
    source = payload.get(config["CLAIM_SOURCE"])
    if not isinstance(mkabs, list | None):
        raise TokenInvalid
    return TokenClaims(
        person_guid=None if person is None else _guid(person),
        mkabs=tuple(_guid(mkab) for mkab in mkabs or ()),
        source=None if source is None else Source(source),
    )


def _guid(value: object) -> UUID:
    guid = parse_guid(value)
    if guid is None:
        raise TokenInvalid
    return guid
