"""One's own sessions: seen, ended, and all but one ended by another password."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from omnix import clock
from omnix.authorisation import principal
from omnix.errors import ApiError
from omnix.identity.model import Credentials, PasswordChange
from omnix.identity.origin import Origin
from omnix.identity.service import identity

from .conftest import Cloud, caller
from .conftest import event as proxy_event

REGISTRATION = {
    "email": "ada@shop.example",
    "password": "correct horse battery",
    "name": "Ada",
    "tenant_name": "Corner Shop",
}
LOGIN = {name: REGISTRATION[name] for name in ("email", "password")}
NEW = "another horse battery"
CHANGE = {"current_password": REGISTRATION["password"], "new_password": NEW}

type Call = Callable[..., Any]


def context(session: dict[str, Any]) -> dict[str, str]:
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    return caller(claims["role"], claims["tid"], claims["sub"], claims["sid"])


@pytest.fixture
def registered(auth: Call) -> dict[str, Any]:
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


def login(auth: Call, password: str = LOGIN["password"], agent: str = "till/1") -> Any:
    made = proxy_event("POST", "/auth/login")["requestContext"]
    identity_of = {"sourceIp": "203.0.113.7", "userAgent": agent}
    return auth(
        "POST", "/auth/login", body=LOGIN | {"password": password}, requestContext=made | {"identity": identity_of}
    )


def sessions(auth: Call, session: dict[str, Any], **query: str) -> Any:
    return auth("GET", "/auth/sessions", authorizer=context(session), query=query or None)


def renew(auth: Call, session: dict[str, Any]) -> Any:
    return auth("POST", "/auth/refresh", body={"refresh_token": session["refresh_token"]})


def families(cloud: Cloud) -> list[dict[str, Any]]:
    return [item for item in cloud.items("sessions") if item["entity"] == "family"]


def test_every_sign_in_is_a_session_that_its_owner_sees(auth: Call, registered: dict[str, Any]) -> None:
    till = login(auth).json
    items = sessions(auth, till).json["items"]
    assert [(item["session_id"], item["current"], item["client"]) for item in items] == [
        (context(till)["session_id"], True, "till/1"),
        (context(registered)["session_id"], False, ""),
    ]
    assert all(item["created_at"] <= item["renewed_at"] < item["expires_at"] for item in items)


def test_a_session_tells_when_it_was_renewed(auth: Call, registered: dict[str, Any], later: Any) -> None:
    later(60)
    renew(auth, registered)
    (item,) = sessions(auth, registered).json["items"]
    assert item["renewed_at"] > item["created_at"]


def test_no_hash_and_no_token_is_in_a_list_of_sessions(auth: Call, cloud: Cloud, registered: dict[str, Any]) -> None:
    text = sessions(auth, registered).text
    (family,) = families(cloud)
    assert family["token_hash"] not in text
    assert registered["refresh_token"] not in text


def test_sessions_come_in_pages_that_miss_and_repeat_none(auth: Call, registered: dict[str, Any]) -> None:
    for _ in range(4):
        login(auth)
        time.sleep(0.002)
    seen, cursor = [], ""
    while cursor is not None:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = sessions(auth, registered, **query).json
        seen += [item["session_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5
    assert seen[-1] == context(registered)["session_id"]


def test_an_expired_session_is_not_listed_before_ttl_deletes_it(
    auth: Call, cloud: Cloud, registered: dict[str, Any], later: Any
) -> None:
    later(20 * 24 * 3600)
    till = login(auth).json
    later(10 * 24 * 3600 + 1)
    (item,) = sessions(auth, till).json["items"]
    assert item["session_id"] == context(till)["session_id"]
    assert len(families(cloud)) == 2
    assert sessions(auth, registered).status == 401


def test_a_revoked_session_is_over_for_its_refresh_token_and_for_its_access_token(
    auth: Call, registered: dict[str, Any]
) -> None:
    till = login(auth).json
    path = f"/auth/sessions/{context(till)['session_id']}"
    assert auth("DELETE", path, authorizer=context(registered)).status == 204
    assert renew(auth, till).status == 401
    for route in ("/auth/validate", "/auth/me", "/auth/sessions", "/auth/api-keys"):
        assert auth("GET", route, authorizer=context(till)).status == 401
    assert auth("DELETE", path, authorizer=context(registered)).status == 404
    assert renew(auth, registered).status == 200


def test_one_may_revoke_the_session_that_asks(auth: Call, cloud: Cloud, registered: dict[str, Any]) -> None:
    who = context(registered)
    assert auth("DELETE", f"/auth/sessions/{who['session_id']}", authorizer=who).status == 204
    assert families(cloud) == []


def test_another_users_session_is_404_and_lives_on(auth: Call, registered: dict[str, Any]) -> None:
    eve = auth("POST", "/auth/register", body=REGISTRATION | {"email": "eve@shop.example"}).json
    path = f"/auth/sessions/{context(registered)['session_id']}"
    assert auth("DELETE", path, authorizer=context(eve)).status == 404
    assert renew(auth, registered).status == 200
    assert len(sessions(auth, eve).json["items"]) == 1


@pytest.mark.parametrize("session_id", ["x", "0" * 32, "FAMILY", "G" * 32, "\u00e9"])
def test_a_session_that_there_is_not_is_404(auth: Call, registered: dict[str, Any], session_id: str) -> None:
    assert auth("DELETE", f"/auth/sessions/{session_id}", authorizer=context(registered)).status == 404


def test_another_password_signs_in_the_old_one_no_more_and_ends_every_other_session(
    auth: Call, cloud: Cloud, registered: dict[str, Any]
) -> None:
    others = [login(auth).json for _ in range(3)]
    assert auth("POST", "/auth/password", authorizer=context(registered), body=CHANGE).status == 204
    assert len(families(cloud)) == 1
    assert login(auth).status == 401
    for other in others:
        assert renew(auth, other).status == 401
        assert auth("GET", "/auth/validate", authorizer=context(other)).status == 401
    (family,) = families(cloud)
    assert family["family_id"] == context(registered)["session_id"]
    assert renew(auth, registered).status == 200
    fresh = login(auth, NEW)
    assert fresh.status == 200
    assert len(sessions(auth, fresh.json).json["items"]) == 2
    assert CHANGE["current_password"] not in str(cloud.everything())
    assert NEW not in str(cloud.everything())


def test_a_session_of_the_old_password_that_the_index_did_not_show_is_over_all_the_same(
    auth: Call, cloud: Cloud, registered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = login(auth).json
    monkeypatch.setattr("omnix.identity.store.FamilyStore.page", lambda *_: ([], None))
    assert auth("POST", "/auth/password", authorizer=context(registered), body=CHANGE).status == 204
    assert len(families(cloud)) == 2
    assert auth("GET", "/auth/validate", authorizer=context(other)).status == 401
    assert len(families(cloud)) == 1
    assert renew(auth, other).status == 401


def test_a_sign_in_that_showed_the_old_password_just_before_it_changed_is_over(
    auth: Call, registered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash was read and compared; then the password changed; then the session began."""
    from omnix.identity import passwords

    plain = passwords.matches

    def slow(stored: str | None, password: str) -> bool:
        monkeypatch.setattr(passwords, "matches", plain)
        found = plain(stored, password)
        auth("POST", "/auth/password", authorizer=context(registered), body=CHANGE)
        return found

    monkeypatch.setattr(passwords, "matches", slow)
    late = login(auth).json
    assert renew(auth, late).status == 401
    assert auth("GET", "/auth/validate", authorizer=context(late)).status == 401
    assert renew(auth, registered).status == 200


def test_a_wrong_current_password_is_403_and_changes_nothing(
    auth: Call, cloud: Cloud, registered: dict[str, Any]
) -> None:
    before = cloud.items("users")
    answer = auth("POST", "/auth/password", authorizer=context(registered), body=CHANGE | {"current_password": "wrong"})
    assert (answer.status, answer.code) == (403, "forbidden")
    assert cloud.items("users") == before


@pytest.mark.parametrize("change", [{"new_password": "short"}, {"current_password": ""}, {"new_password": None}])
def test_a_change_of_the_wrong_shape_is_422(auth: Call, registered: dict[str, Any], change: dict[str, Any]) -> None:
    assert auth("POST", "/auth/password", authorizer=context(registered), body=CHANGE | change).status == 422


def test_an_ended_session_changes_no_password(auth: Call, cloud: Cloud, registered: dict[str, Any]) -> None:
    auth("POST", "/auth/logout", body={"refresh_token": registered["refresh_token"]})
    before = cloud.items("users")
    assert auth("POST", "/auth/password", authorizer=context(registered), body=CHANGE).status == 401
    assert cloud.items("users") == before


@pytest.mark.usefixtures("atomic_writes")
def test_of_many_changes_at_once_one_wins_and_its_password_is_the_one_that_signs_in(
    auth: Call, cloud: Cloud, registered: dict[str, Any]
) -> None:
    who = principal(proxy_event("POST", "/auth/password", authorizer=context(registered)))

    def change(number: int) -> str:
        wanted = PasswordChange(current_password=LOGIN["password"], new_password=f"{number} horse battery staple")
        try:
            identity().change_password(who, wanted)
        except ApiError as error:
            return error.code
        return wanted.new_password

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(change, range(8)))
    (winner,) = set(outcomes) - {"conflict", "forbidden"}
    assert Counter(outcomes)[winner] == 1
    assert login(auth, winner).status == 200
    (credential,) = [item for item in cloud.items("users") if item["entity"] == "credential"]
    assert credential["password_version"] == 2


@pytest.mark.usefixtures("atomic_writes", "registered")
def test_sign_ins_amid_a_change_of_password_are_over_or_new(auth: Call, registered: dict[str, Any]) -> None:
    """Whatever the order: no session that began with the old password can be renewed after the change."""

    def act(number: int) -> Any:
        if number == 3:
            return auth("POST", "/auth/password", authorizer=context(registered), body=CHANGE)
        try:
            return identity().login(Credentials(**LOGIN), Origin(f"203.0.113.{number}"))
        except ApiError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(act, range(8)))
    assert outcomes[3].status == 204
    for outcome in outcomes[:3] + outcomes[4:]:
        if not isinstance(outcome, ApiError):
            assert renew(auth, {"refresh_token": outcome.refresh_token}).status == 401
    assert renew(auth, registered).status == 200


def test_sessions_and_users_of_before_there_were_versions_live_on(
    auth: Call, cloud: Cloud, registered: dict[str, Any]
) -> None:
    """N and N+1 read the same items."""
    dynamodb = cloud.client("dynamodb")
    for item in families(cloud):
        dynamodb.update_item(
            TableName="omnix-ai-dev-sessions",
            Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
            UpdateExpression="REMOVE password_version, client",
        )
    other = login(auth).json
    assert len(sessions(auth, registered).json["items"]) == 2
    assert auth("POST", "/auth/password", authorizer=context(other), body=CHANGE).status == 204
    assert renew(auth, registered).status == 401
    assert len(families(cloud)) == 1
