import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import tokens
from omnix.secrets import SecretVersion

ISSUER = "omnix-ai-dev"
CURRENT = SecretVersion("v2", "c" * 86)
PREVIOUS = SecretVersion("v1", "p" * 86)


class Secret:
    """JWT_SECRET as `tokens` sees it."""

    def current(self) -> SecretVersion:
        return CURRENT

    def version(self, version_id: str) -> SecretVersion | None:
        return {"v1": PREVIOUS, "v2": CURRENT}.get(version_id)


SECRET: Any = Secret()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "iss": ISSUER, "aud": ISSUER, "sub": "u1", "tid": "t1", "role": "staff",
        "sid": "s1", "iat": now, "exp": now + 60, "jti": "j1",
    }  # fmt: skip
    return {name: value for name, value in (made | changes).items() if value is not None}


def signed(key: str = CURRENT.value, kid: Any = "v2", algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def test_an_issued_token_verifies() -> None:
    token, lifetime = tokens.issue(SECRET, ISSUER, user_id="u", tenant_id="t", role="owner", session_id="s")
    found = tokens.verify(SECRET, ISSUER, token)
    assert (found.user_id, found.tenant_id, found.role, found.session_id) == ("u", "t", "owner", "s")
    assert (lifetime, found.expires_at - found.issued_at) == (900, 900)


def test_a_token_of_the_previous_secret_still_verifies() -> None:
    assert tokens.verify(SECRET, ISSUER, signed(PREVIOUS.value, "v1")).user_id == "u1"


def unsigned() -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "v2"}).encode()).decode().rstrip("=")
    payload = base64.urlsafe_b64encode(json.dumps(claims()).encode()).decode().rstrip("=")
    return f"{header}.{payload}."


def without(name: str) -> str:
    absent: dict[str, Any] = {name: None}
    return signed(**absent)


HOUR = 3600
NOW = int(time.time())
BAD: dict[str, str] = {
    "empty": "",
    "no jwt": "x.y.z",
    "alg none": unsigned(),
    "other algorithm": signed(algorithm="HS512"),
    "other key": signed("x" * 86),
    "key of another kid": signed(PREVIOUS.value, "v2"),
    "unknown kid": signed(kid="v9"),
    "no kid": signed(kid=None),
    "expired": signed(iat=NOW - 2 * HOUR, exp=NOW - HOUR),
    "from the future": signed(iat=NOW + HOUR, exp=NOW + 2 * HOUR),
    "other environment's audience": signed(aud="omnix-ai-prod"),
    "list of audiences": signed(aud=[ISSUER, "omnix-ai-prod"]),
    "other issuer": signed(iss="omnix-ai-prod"),
    "unknown role": signed(role="root"),
    "role that is no text": signed(role=["owner"]),
    "subject that is no text": signed(sub=7),
    "empty tenant": signed(tid=""),
    "tenant that is no text": signed(tid=7),
    "too long": signed(jti="x" * 5000),
    **{f"without {name}": without(name) for name in claims()},
}


@pytest.mark.parametrize("name", BAD)
def test_a_token_that_is_not_ours_is_refused(name: str) -> None:
    with pytest.raises(tokens.InvalidTokenError):
        tokens.verify(SECRET, ISSUER, BAD[name])


@given(st.text(max_size=300))
def test_any_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(tokens.InvalidTokenError):
        tokens.verify(SECRET, ISSUER, text)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_token_whose_payload_was_changed_is_refused(place: int, shift: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    head, payload, tail = signed().split(".")
    at = place % len(payload)
    changed = payload[:at] + alphabet[(alphabet.index(payload[at]) + 1 + shift % 63) % 64] + payload[at + 1 :]
    with pytest.raises(tokens.InvalidTokenError):
        tokens.verify(SECRET, ISSUER, f"{head}.{changed}.{tail}")


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": str(int(time.time()) + 100)},
        {"exp": int(time.time()) + 100.5},
        {"exp": 10**30},
        {"exp": 1e308},
        {"exp": int(time.time()) + 3600},
        {"iat": int(time.time()) - 0.5},
        {"tid": "\ud800"},
        {"tid": "t\n1"},
        {"sub": "u\x00"},
        {"sid": "s\u00e9"},
    ],
)
def test_what_we_would_never_issue_is_refused_even_when_our_key_signed_it(changes: dict[str, Any]) -> None:
    with pytest.raises(tokens.InvalidTokenError):
        tokens.verify(SECRET, ISSUER, signed(**changes))
