"""Patient tokens: what is accepted, and everything that must not be (contract §2.1)."""

import base64
import datetime as dt
import json
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from lmis.api import tokens
from lmis.api.callers import TokenClaims
from lmis.exceptions import TokenExpired, TokenInvalid
from lmis.models import Source
from tests.unit.lmis.api.conftest import LONG_SECRET, token

PRIVATE = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
GUID = "5e0c1f0a-4b7d-4f6e-9a6d-2b8c7e1f3a90"


def public_pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def raw(header, payload, signature=b"x"):
    """A token put together by hand: what no library would make."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in [*parts, signature])


def test_claims():
    claims = tokens.check(token(personGuid=GUID.upper(), mkabs=[GUID, GUID], source="CallCenter"))
    assert claims == TokenClaims(UUID(GUID), (UUID(GUID), UUID(GUID)), Source.CALL_CENTER)


def test_claims_may_be_missing_or_null():
    assert tokens.check(token()) == TokenClaims()
    body = {"personGuid": None, "mkabs": None, "source": None, "exp": timezone.now() + dt.timedelta(minutes=1)}
    assert tokens.check(jwt.encode(body, LONG_SECRET)) == TokenClaims()


def test_claim_names_are_settings(token_settings):
    token_settings |= {"CLAIM_PERSON": "sub", "CLAIM_MKABS": "cards", "CLAIM_SOURCE": "via"}
    claims = tokens.check(token(sub=GUID, cards=[GUID], via="Doctor"))
    assert claims == TokenClaims(UUID(GUID), (UUID(GUID),), Source.DOCTOR)


@pytest.mark.parametrize(
    "claims",
    [
        {"personGuid": "5"},
        {"personGuid": 5},
        {"personGuid": ""},
        {"personGuid": f"{{{GUID}}}"},
        {"personGuid": GUID.replace("-", "")},
        {"mkabs": GUID},
        {"mkabs": {"a": GUID}},
        {"mkabs": [GUID, None]},
        {"mkabs": [GUID, "x"]},
        {"source": "Telepathy"},
        {"source": ["Internet"]},
        {"source": 5},
    ],
)
def test_malformed_claims(claims):
    with pytest.raises(TokenInvalid):
        tokens.check(token(**claims))


@pytest.mark.parametrize(
    ("claim", "offset", "error"),
    [
        ("exp", -50, None),  # the leeway is 60 s
        ("exp", -70, TokenExpired),
        ("nbf", 50, None),
        ("nbf", 70, TokenInvalid),
    ],
)
def test_dates(claim, offset, error):
    given = token(**{claim: timezone.now() + dt.timedelta(seconds=offset)})
    if error is None:
        tokens.check(given)
        return
    with pytest.raises(error) as caught:
        tokens.check(given)
    assert type(caught.value) is error


@pytest.mark.parametrize("claims", [{"exp": None}, {"exp": "soon"}, {"exp": [1]}, {"exp": {}}, {"nbf": "later"}])
def test_dates_that_are_none(claims):
    with pytest.raises(TokenInvalid):
        tokens.check(token(**claims))


@pytest.mark.parametrize(
    "claims", [{"iat": 9_999_999_999}, {"sub": 5, "jti": 5}, {"iss": "x", "aud": "y"}, {"exp": 10**400}]
)
def test_what_is_not_configured_is_not_checked(claims):
    tokens.check(token(**claims))


@pytest.mark.parametrize(
    ("claims", "accepted"),
    [
        ({"iss": "region", "aud": "lmis"}, True),
        ({"iss": "region", "aud": ["other", "lmis"]}, True),
        ({"iss": "region", "aud": "other"}, False),
        ({"iss": "other", "aud": "lmis"}, False),
        ({"iss": "region"}, False),
        ({"aud": "lmis"}, False),
    ],
)
def test_issuer_and_audience_when_configured(token_settings, claims, accepted):
    token_settings |= {"ISSUER": "region", "AUDIENCE": "lmis"}
    if accepted:
        tokens.check(token(**claims))
    else:
        with pytest.raises(TokenInvalid):
            tokens.check(token(**claims))


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_public_keys(token_settings, algorithm):
    key = PRIVATE[algorithm]
    token_settings |= {"ALGORITHMS": [algorithm], "KEY": public_pem(key)}
    tokens.check_settings()
    assert tokens.check(token(key, algorithm, personGuid=GUID)).person_guid == UUID(GUID)
    stranger = {
        "RS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }[algorithm]
    with pytest.raises(TokenInvalid):
        tokens.check(token(stranger, algorithm))


def test_another_secret():
    with pytest.raises(TokenInvalid):
        tokens.check(token("another secret of at least thirty-two bytes"))


def test_an_algorithm_outside_the_list(token_settings):
    token_settings |= {"ALGORITHMS": ["ES256"], "KEY": public_pem(PRIVATE["ES256"])}
    for key, algorithm in [(LONG_SECRET, "HS256"), (PRIVATE["RS256"], "RS256"), (PRIVATE["EdDSA"], "EdDSA")]:
        with pytest.raises(TokenInvalid):
            tokens.check(token(key, algorithm))
    with pytest.raises(TokenInvalid):
        tokens.check(token(LONG_SECRET, "HS512"))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 5, ["HS256"], {"a": 1}])
def test_unsigned(token_settings, alg):
    token_settings |= {"ALGORITHMS": ["HS256", "none"]}
    payload = {"exp": 9_999_999_999, "personGuid": GUID}
    for signature in (b"", b"x"):
        with pytest.raises(TokenInvalid):
            tokens.check(raw({"alg": alg, "typ": "JWT"}, payload, signature))


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_a_public_key_is_never_a_secret(token_settings, algorithm):
    """Key confusion: what everybody may know must not sign, even with HS256 in the list."""
    import hashlib
    import hmac

    pem = public_pem(PRIVATE[algorithm])
    token_settings |= {"ALGORITHMS": ["HS256", algorithm], "KEY": pem}
    head, _, _ = raw({"alg": "HS256"}, {"exp": 9_999_999_999}).rpartition(".")
    for key in (pem, pem.strip(), pem + "\n"):
        signature = hmac.new(key.encode(), head.encode(), hashlib.sha256).digest()
        forged = head + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
        with pytest.raises(TokenInvalid):
            tokens.check(forged)
    tokens.check(token(PRIVATE[algorithm], algorithm))


def test_no_key_at_all_accepts_nothing(token_settings):
    token_settings |= {"KEY": ""}
    head, _, _ = raw({"alg": "HS256"}, {"exp": 9_999_999_999}).rpartition(".")
    import hashlib
    import hmac

    signature = hmac.new(b"", head.encode(), hashlib.sha256).digest()
    with pytest.raises(TokenInvalid):
        tokens.check(head + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "токен",
        "\x00",
        "x" * 20_000,
        raw(b"[]", {}),
        raw(b"\xff", {}),
        raw(b"[" * 5000, {}),
        raw({"alg": "HS256"}, b"[" * 5000),
        raw({"alg": "HS256", "kid": {"a": 1}}, {}),
        raw({"alg": "HS256", "crit": ["b64"], "b64": False}, {}),
    ],
)
def test_garbage(text):
    with pytest.raises(TokenInvalid):
        tokens.check(text)


@pytest.mark.parametrize("payload", [b"[]", b"5", b"null", b'"x"', b"\xff", b"[" * 2000, b'{"exp": 1e999}'])
def test_a_signed_payload_that_is_no_object(payload):
    signed = jwt.api_jws.PyJWS().encode(payload, LONG_SECRET, "HS256")
    with pytest.raises(TokenInvalid):
        tokens.check(signed)


def test_a_changed_payload():
    head, payload, signature = token(personGuid=GUID).split(".")
    other = token(personGuid=GUID.replace("5", "6")).split(".")[1]
    with pytest.raises(TokenInvalid):
        tokens.check(".".join([head, other, signature]))
    tokens.check(".".join([head, payload, signature]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ALGORITHMS": ["HS256", "none"]}, "none not supported"),
        ({"ALGORITHMS": ["RS512"]}, "RS512 not supported"),
        ({"ALGORITHMS": ["RS256"]}, "fits none"),
        ({"KEY": public_pem(PRIVATE["RS256"])}, "fits none"),
        ({"ALGORITHMS": ["RS256"], "KEY": public_pem(PRIVATE["ES256"])}, "fits none"),
        ({"ALGORITHMS": ["ES256"], "KEY": public_pem(ec.generate_private_key(ec.SECP384R1()))}, "fits none"),
        ({"ALGORITHMS": ["RS256"], "KEY": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}, "fits none"),
    ],
)
def test_a_start_that_could_verify_nothing_is_refused(token_settings, change, message):
    token_settings |= change
    with pytest.raises(ImproperlyConfigured, match=message):
        tokens.check_settings()
