"""Refresh tokens: one family a sign-in, whatever clients, thieves and networks do."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from botocore.client import BaseClient
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.errors import UnauthorizedError
from omnix.identity import refresh
from omnix.identity.refresh import RefreshToken
from omnix.identity.service import identity, refresh_secret
from omnix.secrets import REFETCH_SECONDS, RotatingSecret

from .conftest import Cloud

REGISTRATION = {
    "email": "ada@shop.example",
    "password": "correct horse battery",
    "name": "Ada",
    "tenant_name": "Corner Shop",
}
KEY = b"k" * 64


@pytest.fixture
def signed_in(auth: Any) -> dict[str, Any]:
    session: dict[str, Any] = auth("POST", "/auth/register", body=REGISTRATION).json
    return session


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    shift = [0.0]
    monkeypatch.setattr(clock, "epoch_milliseconds", lambda: int((time.time() + shift[0]) * 1000))
    monkeypatch.setattr(clock, "epoch_seconds", lambda: int(time.time() + shift[0]))

    def move(seconds: float) -> None:
        shift[0] += seconds

    return move


def families(cloud: Cloud) -> list[dict[str, Any]]:
    return [item for item in cloud.items("sessions") if item["entity"] == "family"]


def renew(auth: Any, token: str) -> Any:
    return auth("POST", "/auth/refresh", body={"refresh_token": token})


def test_a_refresh_gives_a_new_pair_that_works_again(auth: Any, cloud: Cloud, signed_in: dict[str, Any]) -> None:
    token = signed_in["refresh_token"]
    for _ in range(5):
        answer = renew(auth, token)
        assert answer.status == 200
        assert answer.json["refresh_token"] != token
        token = answer.json["refresh_token"]
    assert len(families(cloud)) == 1


def test_no_token_is_stored_and_the_stored_hash_is_no_token(auth: Any, cloud: Cloud, signed_in: dict[str, Any]) -> None:
    (family,) = families(cloud)
    stored = str(cloud.everything())
    assert signed_in["refresh_token"] not in stored
    assert REGISTRATION["password"] not in stored
    assert REGISTRATION["email"] not in str([item for item in cloud.items("users") if "CREDENTIAL" in item["pk"]])
    assert renew(auth, family["token_hash"]).status == 401


@pytest.mark.usefixtures("atomic_writes")
def test_a_hundred_parallel_refreshes_leave_one_family_and_every_answer_works(
    cloud: Cloud, signed_in: dict[str, Any]
) -> None:
    with ThreadPoolExecutor(16) as pool:
        pairs = list(pool.map(lambda _: identity().refresh(signed_in["refresh_token"]), range(100)))
    assert len(families(cloud)) == 1
    assert len({pair.access_token for pair in pairs}) == 100
    (token,) = {pair.refresh_token for pair in pairs}
    (family,) = families(cloud)
    assert family["generation"] == 1
    assert identity().refresh(token).refresh_token != token
    assert len(families(cloud)) == 1


@pytest.mark.usefixtures("atomic_writes")
def test_clients_that_share_a_session_and_renew_in_turns_keep_one_family_and_one_line_of_tokens(
    cloud: Cloud, signed_in: dict[str, Any]
) -> None:
    """Tabs of one browser: in each round all renew what the last round gave."""
    token = signed_in["refresh_token"]
    for number in range(1, 6):
        start = Barrier(8, timeout=30)

        def renewed(_: int, token: str = token, start: Barrier = start) -> str:
            start.wait()
            return identity().refresh(token).refresh_token

        with ThreadPoolExecutor(8) as pool:
            (token,) = set(pool.map(renewed, range(8)))
        (family,) = families(cloud)
        assert family["generation"] == number


@pytest.mark.usefixtures("atomic_writes")
def test_sessions_that_renew_at_once_do_not_meet(auth: Any, cloud: Cloud, signed_in: dict[str, Any]) -> None:
    login = {name: REGISTRATION[name] for name in ("email", "password")}
    firsts = [
        signed_in["refresh_token"],
        *(auth("POST", "/auth/login", body=login).json["refresh_token"] for _ in "ab"),
    ]
    with ThreadPoolExecutor(16) as pool:
        pairs = list(pool.map(lambda number: identity().refresh(firsts[number % 3]), range(60)))
    assert len({pair.refresh_token for pair in pairs}) == len(families(cloud)) == 3


def test_a_straggler_within_the_grace_gets_the_current_token(
    auth: Any, signed_in: dict[str, Any], later: Callable[[float], None]
) -> None:
    first = signed_in["refresh_token"]
    second = renew(auth, first).json["refresh_token"]
    later(15)
    assert renew(auth, first).json["refresh_token"] == second
    assert renew(auth, second).status == 200


def test_a_token_two_generations_old_ends_the_family_even_within_the_grace(
    auth: Any, cloud: Cloud, signed_in: dict[str, Any]
) -> None:
    first = signed_in["refresh_token"]
    second = renew(auth, first).json["refresh_token"]
    third = renew(auth, second).json["refresh_token"]
    assert renew(auth, first).status == 401
    assert families(cloud) == []
    assert renew(auth, third).status == 401


def test_reuse_after_the_grace_ends_the_family(
    auth: Any, cloud: Cloud, signed_in: dict[str, Any], later: Callable[[float], None]
) -> None:
    current = renew(auth, signed_in["refresh_token"]).json["refresh_token"]
    later(21)
    answer = renew(auth, signed_in["refresh_token"])
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert families(cloud) == []
    assert renew(auth, current).status == 401


def test_an_expired_family_is_refused_before_ttl_deletes_it(
    auth: Any, signed_in: dict[str, Any], later: Callable[[float], None]
) -> None:
    later(30 * 24 * 3600 + 1)
    assert renew(auth, signed_in["refresh_token"]).status == 401


def test_logout_ends_the_session_and_again_is_no_error(auth: Any, cloud: Cloud, signed_in: dict[str, Any]) -> None:
    body = {"refresh_token": signed_in["refresh_token"]}
    assert auth("POST", "/auth/logout", body=body).status == 204
    assert families(cloud) == []
    assert auth("POST", "/auth/logout", body=body).status == 204
    assert renew(auth, signed_in["refresh_token"]).status == 401


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    "forged", ["x", "omr_", "omr_x", "omr_" + "A" * 91, "omr_" + "é" * 20, "Bearer omr_" + "A" * 91]
)
def test_a_forged_token_is_401_and_touches_no_family(auth: Any, cloud: Cloud, forged: str) -> None:
    before = cloud.everything()
    for path in ("/auth/refresh", "/auth/logout"):
        assert auth("POST", path, body={"refresh_token": forged}).status == 401
    assert cloud.everything() == before


def test_another_secret_under_a_known_family_is_refused_without_harm(auth: Any, signed_in: dict[str, Any]) -> None:
    key = refresh_secret().current().key
    token = refresh.read(signed_in["refresh_token"], (key,))
    assert token is not None
    stolen_key = RefreshToken(token.family_id, token.generation, secrets.token_bytes(32)).text(key)
    assert renew(auth, stolen_key).status == 401
    assert renew(auth, signed_in["refresh_token"]).status == 200


def test_a_session_survives_one_rotation_of_the_secret_and_not_two(
    auth: Any, cloud: Cloud, signed_in: dict[str, Any]
) -> None:
    idle = auth("POST", "/auth/login", body={k: REGISTRATION[k] for k in ("email", "password")}).json["refresh_token"]
    token = signed_in["refresh_token"]
    for round_number in range(2):
        cloud.rotate("JWT_REFRESH_SECRET", f"{round_number}" * 86)
        refresh_secret.cache_clear()
        answer = renew(auth, token)
        assert answer.status == 200
        token = answer.json["refresh_token"]
    assert renew(auth, idle).status == 401


def test_a_token_of_a_secret_that_came_after_the_last_look_works_at_once(
    auth: Any, cloud: Cloud, signed_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has seen the rotation already, and this one holds the last values for a minute."""
    stale = refresh_secret()
    assert renew(auth, signed_in["refresh_token"]).status == 200
    cloud.rotate("JWT_REFRESH_SECRET", "n" * 86)
    elsewhere = RotatingSecret(cloud.client("secretsmanager"), cloud.secrets["JWT_REFRESH_SECRET"])
    monkeypatch.setattr("omnix.identity.service.refresh_secret", lambda: elsewhere)
    login = {name: REGISTRATION[name] for name in ("email", "password")}
    token = auth("POST", "/auth/login", body=login).json["refresh_token"]
    monkeypatch.setattr("omnix.identity.service.refresh_secret", lambda: stale)
    now = clock.monotonic() + REFETCH_SECONDS
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    assert renew(auth, token).status == 200


def test_forged_tokens_cannot_hammer_secrets_manager(
    signed_in: dict[str, Any], auth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert renew(auth, signed_in["refresh_token"]).status == 200
    calls: list[str] = []
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, arguments: Any) -> Any:
        calls.append(operation)
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    for _ in range(50):
        assert renew(auth, refresh.first().text(b"not our key")).status == 401
    assert len(calls) <= 2, calls


def test_a_deleted_user_cannot_renew(auth: Any, cloud: Cloud, signed_in: dict[str, Any]) -> None:
    user = signed_in["user"]
    key = {"pk": {"S": f"TENANT#{user['tenant_id']}"}, "sk": {"S": f"USER#{user['user_id']}"}}
    cloud.client("dynamodb").delete_item(TableName="omnix-ai-dev-users", Key=key)
    assert renew(auth, signed_in["refresh_token"]).status == 401


tokens = st.builds(
    RefreshToken,
    family_id=st.uuids().map(lambda value: value.hex),
    generation=st.integers(0, 2**32 - 2),  # the last one has no successor; a session lives 30 days
    secret=st.binary(min_size=32, max_size=32),
)


@given(tokens)
def test_a_token_reads_back_with_its_key_and_with_no_other(token: RefreshToken) -> None:
    text = token.text(KEY)
    assert refresh.read(text, (b"other", KEY)) == token
    assert refresh.read(text, (b"other",)) is None


@given(tokens, st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_token_is_never_another_token(token: RefreshToken, place: int, character: str) -> None:
    text = token.text(KEY)
    changed = text[: place % len(text)] + character + text[place % len(text) + 1 :]
    # The last base64 character carries two bits that mean nothing; a change there is the same token.
    assert refresh.read(changed, (KEY,)) in (None, token)


@given(tokens, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_successor_is_the_same_for_the_same_nonce_and_different_for_another(
    token: RefreshToken, nonce: bytes, other: bytes
) -> None:
    successor = token.successor(KEY, nonce.hex())
    assert successor == token.successor(KEY, nonce.hex())
    assert (successor.family_id, successor.generation) == (token.family_id, token.generation + 1)
    assert (successor == token.successor(KEY, other.hex())) == (nonce == other)
    assert successor.stored(KEY) != token.stored(KEY)


@given(st.text(max_size=150))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refresh.read(text, (KEY,)) is None
    assert refresh.read(refresh.PREFIX + text, (KEY,)) is None


@pytest.mark.usefixtures("cloud")
def test_the_service_says_unauthorized_for_garbage() -> None:
    with pytest.raises(UnauthorizedError):
        identity().refresh("garbage")
