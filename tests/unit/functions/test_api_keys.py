"""API keys: shown once, stored hashed, never above their maker, refused as soon as they are revoked."""

import string
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.admission import api_key
from omnix.admission.api_key import ApiKey
from omnix.admission.service import admission
from omnix.authorisation import Role

from .conftest import SECRETS, Cloud, caller

REGISTRATION = {
    "email": "ada@shop.example",
    "password": "correct horse battery",
    "name": "Ada",
    "tenant_name": "Corner Shop",
}
KEY = {"name": "Till 3"}
ARN = "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/dev/GET/products/7"

type Call = Callable[..., Any]


def context(session: dict[str, Any], role: str | None = None) -> dict[str, str]:
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    return caller(role or claims["role"], claims["tid"], claims["sub"], claims["sid"])


@pytest.fixture
def owner(auth: Call) -> dict[str, str]:
    return context(auth("POST", "/auth/register", body=REGISTRATION).json)


@pytest.fixture
def authorize(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Call:  # noqa: ARG001 - must exist first
    import authorizer.handler

    monkeypatch.setattr(authorizer.handler, "gate", admission())

    def call(key: str, header: str = "X-API-Key") -> Any:
        headers = {header: f"Bearer {key}" if header == "Authorization" else key}
        return authorizer.handler.handler({"type": "REQUEST", "methodArn": ARN, "headers": headers}, None)["context"]

    return call


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    shift = [0.0]
    monkeypatch.setattr(clock, "epoch_seconds", lambda: int(time.time() + shift[0]))

    def move(seconds: float) -> None:
        shift[0] += seconds

    return move


def create(auth: Call, who: dict[str, str], **content: Any) -> Any:
    return auth("POST", "/auth/api-keys", body=KEY | content, authorizer=who)


def refused(authorize: Call, key: str) -> bool:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(key)
    return True


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
def test_a_new_key_opens_by_either_header_as_its_tenant_and_role(
    auth: Call, owner: dict[str, str], authorize: Call, header: str
) -> None:
    made = create(auth, owner, role="staff")
    assert made.status == 201
    assert authorize(made.json["key"], header) == {
        "tenant_id": owner["tenant_id"],
        "user_id": made.json["key_id"],
        "role": "staff",
        "session_id": "",
        "auth": "api_key",
    }


def test_a_key_says_who_it_speaks_for_and_has_no_profile_no_sessions_and_no_password(
    auth: Call, owner: dict[str, str], authorize: Call
) -> None:
    as_key = authorize(create(auth, owner, role="owner").json["key"])
    assert auth("GET", "/auth/validate", authorizer=as_key).json["role"] == "owner"
    change = {"current_password": REGISTRATION["password"], "new_password": "another horse battery"}
    for method, path, body in (
        ("GET", "/auth/me", None),
        ("GET", "/auth/sessions", None),
        ("DELETE", f"/auth/sessions/{owner['session_id']}", None),
        ("POST", "/auth/password", change),
    ):
        assert auth(method, path, authorizer=as_key, body=body).status == 403


def test_a_key_cannot_make_see_or_revoke_keys(auth: Call, owner: dict[str, str], authorize: Call) -> None:
    made = create(auth, owner, role="owner").json
    as_key = authorize(made["key"])
    assert create(auth, as_key).status == 403
    assert auth("GET", "/auth/api-keys", authorizer=as_key).status == 403
    assert auth("DELETE", f"/auth/api-keys/{made['key_id']}", authorizer=as_key).status == 403


def test_the_text_of_a_key_is_shown_once_and_stored_nowhere(auth: Call, cloud: Cloud, owner: dict[str, str]) -> None:
    made = create(auth, owner).json
    found = api_key.read(made["key"])
    assert found is not None
    stored = str(cloud.everything())
    assert made["key"] not in stored
    assert found.secret not in stored
    assert made["key"].startswith("omx_")
    listed = auth("GET", "/auth/api-keys", authorizer=owner)
    (entry,) = listed.json["items"]
    assert "key" not in entry
    assert found.secret not in listed.text


def test_only_the_credential_of_a_key_is_outside_the_tenants_partition_and_only_it_has_the_hash(
    auth: Call, cloud: Cloud, owner: dict[str, str]
) -> None:
    made = create(auth, owner).json
    entry, credential = sorted(
        (item for item in cloud.items("users") if "api_key" in item["entity"]), key=lambda item: item["entity"]
    )
    assert entry["pk"] == f"TENANT#{owner['tenant_id']}"
    assert credential["pk"] == f"CREDENTIAL#APIKEY#{made['key_id']}"
    assert "key_hash" not in entry
    assert not [name for name in (*entry, *credential) if name.startswith("gsi")]


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 403), ("manager", 201), ("staff", 201), ("device", 201), ("root", 422)]
)
def test_a_manager_makes_keys_up_to_its_own_role(
    auth: Call, cloud: Cloud, owner: dict[str, str], role: str, status: int
) -> None:
    assert create(auth, owner | {"role": "manager"}, role=role).status == status
    kinds = [item["entity"] for item in cloud.items("users")]
    assert kinds.count("api_key") == kinds.count("api_key_credential") == (1 if status == 201 else 0)


@pytest.mark.parametrize("role", ["staff", "device"])
def test_staff_and_devices_have_no_business_with_keys(auth: Call, owner: dict[str, str], role: str) -> None:
    made = create(auth, owner).json
    who = owner | {"role": role}
    assert create(auth, who).status == 403
    assert auth("GET", "/auth/api-keys", authorizer=who).status == 403
    assert auth("DELETE", f"/auth/api-keys/{made['key_id']}", authorizer=who).status == 403


def test_a_manager_does_not_revoke_an_owners_key(auth: Call, owner: dict[str, str], authorize: Call) -> None:
    made = create(auth, owner, role="owner").json
    path = f"/auth/api-keys/{made['key_id']}"
    assert auth("DELETE", path, authorizer=owner | {"role": "manager"}).status == 403
    assert authorize(made["key"])


def test_an_ended_session_makes_no_keys(auth: Call, owner: dict[str, str]) -> None:
    auth("DELETE", f"/auth/sessions/{owner['session_id']}", authorizer=owner)
    assert create(auth, owner).status == 401


def test_a_revoked_key_is_refused_at_the_next_request_and_is_gone(
    auth: Call, cloud: Cloud, owner: dict[str, str], authorize: Call
) -> None:
    made, other = create(auth, owner).json, create(auth, owner).json
    path = f"/auth/api-keys/{made['key_id']}"
    assert authorize(made["key"])
    assert auth("DELETE", path, authorizer=owner).status == 204
    assert refused(authorize, made["key"])
    assert authorize(other["key"])
    assert made["key_id"] not in str(cloud.items("users"))
    assert auth("DELETE", path, authorizer=owner).status == 404


def test_another_tenant_neither_sees_nor_revokes_a_key(auth: Call, owner: dict[str, str], authorize: Call) -> None:
    made = create(auth, owner).json
    stranger = context(auth("POST", "/auth/register", body=REGISTRATION | {"email": "eve@shop.example"}).json)
    assert auth("GET", "/auth/api-keys", authorizer=stranger).json["items"] == []
    assert auth("DELETE", f"/auth/api-keys/{made['key_id']}", authorizer=stranger).status == 404
    assert authorize(made["key"])


def test_a_key_ends_at_its_expiry_and_is_listed_as_expired(
    auth: Call, owner: dict[str, str], authorize: Call, later: Callable[[float], None]
) -> None:
    made = create(auth, owner, expires_in_days=1).json
    later(24 * 3600 - 5)
    assert authorize(made["key"])
    later(6)
    assert refused(authorize, made["key"])
    (entry,) = auth("GET", "/auth/api-keys", authorizer=owner).json["items"]
    assert (entry["expired"], entry["expires_at"]) == (True, made["expires_at"])


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "7", True])
def test_an_expiry_that_is_no_number_of_days_is_422(auth: Call, owner: dict[str, str], days: Any) -> None:
    assert create(auth, owner, expires_in_days=days).status == 422


def test_keys_are_listed_the_newest_first_in_pages(auth: Call, owner: dict[str, str]) -> None:
    names = [f"Till {number}" for number in range(5)]
    for name in names:
        create(auth, owner, name=name)
        time.sleep(0.002)
    seen, cursor = [], None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = auth("GET", "/auth/api-keys", query=query, authorizer=owner).json
        seen += [entry["name"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == names[::-1]


def test_an_idempotency_key_makes_one_key_and_never_shows_it_again(
    auth: Call, cloud: Cloud, owner: dict[str, str]
) -> None:
    headers = {"Idempotency-Key": "once"}
    first = auth("POST", "/auth/api-keys", body=KEY, authorizer=owner, headers=headers)
    again = auth("POST", "/auth/api-keys", body=KEY, authorizer=owner, headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json | {"key": None}
    assert [item["entity"] for item in cloud.items("users")].count("api_key") == 1
    other = auth("POST", "/auth/api-keys", body={"name": "Till 4"}, authorizer=owner, headers=headers)
    assert other.status == 422
    auth("DELETE", f"/auth/api-keys/{first.json['key_id']}", authorizer=owner)
    assert auth("POST", "/auth/api-keys", body=KEY, authorizer=owner, headers=headers).status == 409


@pytest.mark.usefixtures("atomic_writes")
def test_of_many_who_revoke_a_key_one_does(auth: Call, cloud: Cloud, owner: dict[str, str]) -> None:
    path = f"/auth/api-keys/{create(auth, owner).json['key_id']}"
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: auth("DELETE", path, authorizer=owner).status, range(16)))
    assert sorted(outcomes) == [204] + [404] * 15
    assert not [item for item in cloud.items("users") if "api_key" in item["entity"]]


@pytest.mark.parametrize("key_id", ["x", "0" * 31, "G" * 32, "TENANT", "0" * 32, "\u00e9" * 32])
def test_a_key_that_there_is_not_is_404(auth: Call, owner: dict[str, str], key_id: str) -> None:
    assert auth("DELETE", f"/auth/api-keys/{key_id}", authorizer=owner).status == 404


def test_a_forged_secret_under_a_known_id_is_refused(auth: Call, owner: dict[str, str], authorize: Call) -> None:
    made = create(auth, owner).json
    assert refused(authorize, ApiKey(made["key_id"], "A" * 43).text)
    assert authorize(made["key"])


def test_a_mistyped_key_costs_no_read(authorize: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert authorize(SECRETS["API_KEY_1"])["tenant_id"] == "platform"
    calls: list[str] = []
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, arguments: Any) -> Any:
        calls.append(operation)
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    text = api_key.new(1).text
    assert refused(authorize, text[:-1] + ("0" if text[-1] != "0" else "1"))
    assert "GetItem" not in calls
    assert refused(authorize, text)
    assert calls.count("GetItem") == 1


def test_an_outage_of_the_table_is_an_error_and_never_unauthorized(
    auth: Call, owner: dict[str, str], authorize: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = create(auth, owner).json["key"]
    assert authorize(key)

    def away(*_: Any) -> Any:
        raise ConnectTimeoutError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(BaseClient, "_make_api_call", away)
    with pytest.raises(Exception, match=r"^no decision$"):
        authorize(key)


made_keys = st.builds(
    ApiKey,
    key_id=st.uuids().map(lambda value: value.hex),
    secret=st.text(string.ascii_letters + string.digits + "-_", min_size=43, max_size=43),
)


@given(made_keys)
def test_a_key_reads_back_and_matches_its_own_hash_alone(key: ApiKey) -> None:
    assert api_key.read(key.text) == key
    assert key.matches(key.stored())
    assert not ApiKey(key.key_id, "-" + key.secret[:-1] + "x").matches(key.stored()) or key.secret[0] == "-"


@given(made_keys, st.integers(0, 87), st.characters(codec="ascii"))
def test_a_key_with_one_wrong_character_is_no_key(key: ApiKey, place: int, character: str) -> None:
    changed = key.text[:place] + character + key.text[place + 1 :]
    assert api_key.read(changed) in (None, key)
    assert (api_key.read(changed) is None) == (changed != key.text)


@given(st.text(max_size=120))
def test_any_text_is_a_key_or_none(text: str) -> None:
    assert api_key.read(text) is None
    assert api_key.read("omx_" + text) is None


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
def test_ids_sort_by_the_time_they_were_made_and_are_ids(one: int, other: int) -> None:
    first, second = api_key.new(one), api_key.new(other)
    assert api_key.is_id(first.key_id)
    if one != other:
        assert (first.key_id < second.key_id) == (one < other)


def test_the_platforms_key_is_never_read_as_a_tenants() -> None:
    assert api_key.read(SECRETS["API_KEY_1"]) is None


@given(st.sampled_from(Role), st.sampled_from(Role), st.sampled_from(Role))
def test_roles_are_in_one_order(one: Role, other: Role, third: Role) -> None:
    assert one.includes(one)
    assert one.includes(other) or other.includes(one)
    assert not (one.includes(other) and other.includes(third)) or one.includes(third)
    assert Role.OWNER.includes(one)
    assert one.includes(Role.DEVICE)
