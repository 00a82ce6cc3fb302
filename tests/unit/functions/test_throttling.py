"""Guesses are slowed down, whoever guesses and wherever; nobody is locked out for ever, and nothing is given away."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.identity import passwords, throttle
from omnix.identity.origin import Origin, origin
from omnix.identity.throttle import ACCOUNT, ADDRESS, KNOWN, SESSION, WINDOW_SECONDS, Limit

from .conftest import Cloud, caller

REGISTRATION = {
    "email": "ada@shop.example",
    "password": "correct horse battery",
    "name": "Ada",
    "tenant_name": "Corner Shop",
}
HOME, CAFE, THIEF = "198.51.100.1", "198.51.100.2", "203.0.113.9"
WRONG = "wrong horse battery"

type Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of guesses; argon2 itself is tested elsewhere."""
    from omnix.identity import passwords

    monkeypatch.setattr(passwords, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(passwords, "matches", lambda stored, password: stored == f"hash of {password}")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that stands at the beginning of a window until it is moved."""
    moment = [time.time() // WINDOW_SECONDS * WINDOW_SECONDS]
    monkeypatch.setattr(clock, "epoch_seconds", lambda: int(moment[0]))

    def move(seconds: float) -> None:
        moment[0] += seconds

    return move


@pytest.fixture
def registered(auth: Call, now: Callable[[float], None]) -> dict[str, Any]:  # noqa: ARG001 - time stands from the start
    return dict(posted(auth, "/auth/register", REGISTRATION, HOME).json)


def posted(auth: Call, path: str, body: dict[str, Any], address: str) -> Any:
    context = {"requestId": "r", "stage": "dev", "path": f"/dev{path}", "identity": {"sourceIp": address}}
    return auth("POST", path, body=body, requestContext=context)


def login(auth: Call, address: str, password: str = WRONG, email: str = REGISTRATION["email"]) -> Any:
    return posted(auth, "/auth/login", {"email": email, "password": password}, address)


def right(auth: Call, address: str) -> Any:
    return login(auth, address, REGISTRATION["password"])


def exhaust(auth: Call, address: str, times: int = ACCOUNT.failures, email: str = REGISTRATION["email"]) -> None:
    for _ in range(times):
        assert login(auth, address, email=email).status == 401


def limits(cloud: Cloud) -> list[dict[str, Any]]:
    return [item for item in cloud.items("sessions") if item["pk"].startswith("LIMIT#")]


@pytest.mark.usefixtures("registered")
def test_after_ten_failures_an_account_is_429_until_the_window_ends(auth: Call, now: Callable[[float], None]) -> None:
    exhaust(auth, THIEF)
    now(60)
    answer = right(auth, THIEF)
    assert (answer.status, answer.code) == (429, "too_many_requests")
    assert answer.headers["Retry-After"] == str(WINDOW_SECONDS - 60)
    now(int(answer.headers["Retry-After"]))
    assert right(auth, THIEF).status == 200


@pytest.mark.usefixtures("registered")
def test_a_thief_who_changes_addresses_meets_the_accounts_limit(auth: Call) -> None:
    for number in range(ACCOUNT.failures):
        assert login(auth, f"203.0.113.{number}").status == 401
    assert login(auth, "203.0.113.200").status == 429


def test_the_owner_is_not_locked_out_of_a_known_address_however_long_the_thief_goes_on(
    auth: Call, registered: dict[str, Any], now: Callable[[float], None]
) -> None:
    for _ in range(5):
        exhaust(auth, THIEF)
        assert login(auth, THIEF).status == 429
        assert right(auth, HOME).status == 200
        assert right(auth, CAFE).status == 429
        now(WINDOW_SECONDS)
    assert auth("POST", "/auth/refresh", body={"refresh_token": registered["refresh_token"]}).status == 200


@pytest.mark.usefixtures("registered")
def test_an_address_becomes_known_by_a_sign_in_and_has_a_limit_of_its_own(auth: Call) -> None:
    assert right(auth, CAFE).status == 200
    exhaust(auth, THIEF)
    assert right(auth, CAFE).status == 200
    exhaust(auth, CAFE, KNOWN.failures)
    assert right(auth, CAFE).status == 429
    assert right(auth, HOME).status == 200


@pytest.mark.usefixtures("registered")
def test_an_address_is_forgotten_after_thirty_days_whether_or_not_ttl_deleted_it(
    auth: Call, now: Callable[[float], None]
) -> None:
    now(30 * 24 * 3600 + WINDOW_SECONDS)
    exhaust(auth, THIEF)
    assert right(auth, HOME).status == 429


@pytest.mark.usefixtures("registered")
def test_an_address_that_is_used_now_and_then_stays_known(auth: Call, now: Callable[[float], None]) -> None:
    for _ in range(3):
        now(20 * 24 * 3600)
        exhaust(auth, THIEF)
        assert right(auth, HOME).status == 200


@pytest.mark.usefixtures("registered")
def test_a_known_address_outlives_a_rotation_of_the_secret_that_keys_it(auth: Call, cloud: Cloud) -> None:
    from omnix.identity.service import refresh_secret

    cloud.rotate("JWT_REFRESH_SECRET", "n" * 86)
    refresh_secret.cache_clear()
    exhaust(auth, THIEF)
    assert right(auth, HOME).status == 200


@pytest.mark.usefixtures("registered")
def test_unknown_and_registered_addresses_answer_alike_throughout(auth: Call) -> None:
    def answers(email: str, address: str) -> list[Any]:
        found = [login(auth, address, email=email) for _ in range(ACCOUNT.failures + 2)]
        return [(a.status, a.json["error"]["message"], a.headers.get("Retry-After")) for a in found]

    assert answers(REGISTRATION["email"], THIEF) == answers("nobody@shop.example", "203.0.113.10")


@pytest.mark.usefixtures("registered")
def test_every_spelling_of_an_address_counts_for_one_account(auth: Call) -> None:
    for number in range(ACCOUNT.failures):
        email = ["ada@shop.example", " ADA@shop.example", "\uff41da@shop.example"][number % 3]
        assert login(auth, THIEF, email=email).status == 401
    assert login(auth, THIEF, email="Ada@Shop.Example").status == 429


@pytest.mark.usefixtures("registered")
def test_a_known_account_is_not_shut_out_by_who_else_guesses_at_its_address(auth: Call) -> None:
    for number in range(ADDRESS.failures):
        assert login(auth, HOME, email=f"user{number}@shop.example").status == 401
    assert login(auth, HOME, email="user@shop.example").status == 429
    assert right(auth, HOME).status == 200


def test_one_address_that_tries_many_accounts_meets_its_own_limit_and_harms_no_account(
    auth: Call, registered: dict[str, Any]
) -> None:
    for number in range(ADDRESS.failures):
        assert login(auth, THIEF, email=f"user{number}@shop.example").status == 401
    for _ in range(3 * ACCOUNT.failures):
        assert login(auth, THIEF).status == 429
    assert right(auth, CAFE).status == 200
    assert registered


@pytest.mark.usefixtures("registered")
def test_success_counts_nothing_and_clears_nobody_elses_slate(auth: Call, cloud: Cloud) -> None:
    for _ in range(3 * ADDRESS.failures // 2):
        assert right(auth, HOME).status == 200
    assert {item.get("attempts", 0) for item in limits(cloud) if "#REGISTRATION#" not in item["pk"]} == {0}
    exhaust(auth, THIEF, ACCOUNT.failures - 1)
    assert right(auth, THIEF).status == 200
    assert right(auth, HOME).status == 200
    posted(auth, "/auth/register", REGISTRATION | {"email": "eve@shop.example"}, THIEF)
    assert login(auth, "203.0.113.77").status == 401
    assert login(auth, "203.0.113.77").status == 429


@pytest.mark.usefixtures("atomic_writes", "registered")
def test_of_parallel_guesses_no_more_than_the_limit_are_looked_at(auth: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from omnix.identity import passwords

    looked_at: list[str] = []

    def counted(_: str | None, password: str) -> bool:
        looked_at.append(password)
        time.sleep(0.01)
        return False

    monkeypatch.setattr(passwords, "matches", counted)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda number: login(auth, f"203.0.113.{number}", str(number)).status, range(60)))
    assert len(looked_at) == statuses.count(401) == ACCOUNT.failures
    assert statuses.count(429) == 60 - ACCOUNT.failures


@pytest.mark.usefixtures("registered")
def test_limits_expire_by_ttl_and_name_neither_address_nor_account(auth: Call, cloud: Cloud) -> None:
    login(auth, THIEF)
    found = limits(cloud)
    assert {item["pk"].split("#")[1] for item in found} == {"ACCOUNT", "ADDRESS", "KNOWN", "REGISTRATION"}
    assert all(item["expires_at"] > clock.epoch_seconds() for item in found)
    for secret in (THIEF, HOME, REGISTRATION["email"]):
        assert secret not in str(found)


@pytest.mark.usefixtures("registered")
def test_registrations_of_an_address_have_a_wide_limit_that_no_other_address_meets(
    auth: Call, cloud: Cloud, now: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "REGISTRATION", Limit("REGISTRATION", 3))
    taken = [posted(auth, "/auth/register", REGISTRATION, THIEF).status for _ in range(3)]
    other = REGISTRATION | {"email": "eve@shop.example"}
    refused = posted(auth, "/auth/register", other, THIEF)
    assert (taken, refused.status, refused.headers["Retry-After"]) == ([409] * 3, 429, str(WINDOW_SECONDS))
    assert len(cloud.items("users")) == 3
    assert right(auth, THIEF).status == 200
    assert posted(auth, "/auth/register", other, CAFE).status == 201
    now(WINDOW_SECONDS)
    assert posted(auth, "/auth/register", other | {"email": "max@shop.example"}, THIEF).status == 201


def test_what_a_tenant_adds_to_its_users_is_counted_before_the_password_is_looked_at(
    auth: Call, registered: dict[str, Any], now: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ADDITION", Limit("ADDITION", 3))
    other = posted(auth, "/auth/register", REGISTRATION | {"email": "eve@shop.example"}, CAFE).json
    hashed: list[str] = []

    def hash_password(password: str, _: str = "") -> str:
        hashed.append(password)
        return "a hash"

    monkeypatch.setattr(passwords, "hash_password", hash_password)
    monkeypatch.setattr(passwords, "fingerprint", lambda *given: hash_password(*given).encode())

    def add(session: dict[str, Any], email: str, role: str = "owner") -> Any:
        claims = jwt.decode(session["access_token"], options={"verify_signature": False})
        who = caller(role, claims["tid"], claims["sub"], claims["sid"])
        body = {"email": email, "name": "Grace", "role": "staff", "password": WRONG}
        return auth("POST", "/auth/users", body=body, authorizer=who, headers={"Idempotency-Key": email})

    assert [add(registered, "x@shop.example", "staff").status for _ in range(4)] == [403] * 4
    assert [add(registered, REGISTRATION["email"]).status for _ in range(3)] == [409] * 3
    hashed.clear()
    refused = add(registered, "grace@shop.example")
    assert (refused.status, refused.headers["Retry-After"], hashed) == (429, str(WINDOW_SECONDS), [])
    assert add(other, "grace@shop.example").status == 201
    now(WINDOW_SECONDS)
    assert add(registered, "max@shop.example").status == 201


def test_a_right_password_inside_a_session_counts_nothing(auth: Call, registered: dict[str, Any]) -> None:
    claims = jwt.decode(registered["access_token"], options={"verify_signature": False, "verify_exp": False})
    who = caller(claims["role"], claims["tid"], claims["sub"], claims["sid"])
    words = [REGISTRATION["password"], "another horse battery"]
    for number in range(SESSION.failures + 2):
        body = {"current_password": words[number % 2], "new_password": words[(number + 1) % 2]}
        assert auth("POST", "/auth/password", authorizer=who, body=body).status == 204


def test_guessing_the_password_inside_a_session_is_slowed_down_in_that_session_alone(
    auth: Call, registered: dict[str, Any], now: Callable[[float], None]
) -> None:
    other = right(auth, CAFE).json

    def change(session: dict[str, Any], current: str) -> Any:
        claims = jwt.decode(session["access_token"], options={"verify_signature": False, "verify_exp": False})
        who = caller(claims["role"], claims["tid"], claims["sub"], claims["sid"])
        body = {"current_password": current, "new_password": "another horse battery"}
        return auth("POST", "/auth/password", authorizer=who, body=body)

    for _ in range(SESSION.failures):
        assert change(registered, "wrong").status == 403
    assert change(registered, REGISTRATION["password"]).status == 429
    assert right(auth, HOME).status == 200
    assert change(other, REGISTRATION["password"]).status == 204
    now(WINDOW_SECONDS)
    assert change(registered, "wrong").status == 401


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_an_address_counts_as_its_network(address: str, network: str) -> None:
    assert origin({"requestContext": {"identity": {"sourceIp": address}}}).network == network


def test_a_header_does_not_say_where_a_request_comes_from() -> None:
    event = {"headers": {"X-Forwarded-For": "1.2.3.4"}, "requestContext": {"identity": {"sourceIp": THIEF}}}
    assert origin(event).network == THIEF


@given(st.one_of(st.none(), st.text(max_size=300)), st.one_of(st.none(), st.text(max_size=300)))
def test_any_identity_gives_an_origin_that_can_be_stored(address: str | None, agent: str | None) -> None:
    found = origin({"requestContext": {"identity": {"sourceIp": address, "userAgent": agent}}})
    assert found.network
    assert len(found.client) <= 200
    assert found.client.isprintable()
    assert found.client.isascii()


def test_an_event_without_an_identity_has_no_origin() -> None:
    assert origin({}) == origin({"requestContext": None}) == Origin()
