"""The people of a tenant: who may add, change and remove whom, what ends with a user, and that an owner is left."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import jwt
import pytest

from omnix import etag
from omnix.authorisation import Principal, Role
from omnix.errors import ApiError, ConflictError, NotFoundError
from omnix.idempotency import payload_hash
from omnix.identity.model import User
from omnix.identity.service import users
from omnix.identity.user_model import UserChanges
from omnix.identity.user_store import TenantUsers

from .conftest import Answer, Cloud, caller

OWNER = {
    "email": "ada@shop.example",
    "password": "correct horse battery",
    "name": "Ada",
    "tenant_name": "Corner Shop",
}
GRACE = {"email": "grace@shop.example", "name": "Grace", "role": "staff", "password": "a first password"}
NOBODY = "0" * 32

type Call = Callable[..., Answer]
type Who = dict[str, str]


def context(session: dict[str, Any]) -> Who:
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    return caller(claims["role"], claims["tid"], claims["sub"], claims["sid"])


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    from omnix.identity import passwords

    monkeypatch.setattr(passwords, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(passwords, "matches", lambda stored, password: stored == f"hash of {password}")


@pytest.fixture
def owner(auth: Call) -> Who:
    return context(auth("POST", "/auth/register", body=OWNER).json)


def add(auth: Call, who: Who, key: str = "", **content: str) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return auth("POST", "/auth/users", body=GRACE | content, authorizer=who, headers=headers)


def added(auth: Call, who: Who, **content: str) -> dict[str, Any]:
    answer = add(auth, who, **content)
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def change(auth: Call, who: Who, user_id: str, tag: str = "", **changes: str) -> Answer:
    headers = {"If-Match": tag} if tag else {}
    return auth("PATCH", f"/auth/users/{user_id}", body=changes, authorizer=who, headers=headers)


def remove(auth: Call, who: Who, user_id: str, tag: str = "") -> Answer:
    return auth("DELETE", f"/auth/users/{user_id}", authorizer=who, headers={"If-Match": tag} if tag else {})


def listed(auth: Call, who: Who) -> dict[str, str]:
    """Roles by name."""
    return {user["name"]: user["role"] for user in auth("GET", "/auth/users", authorizer=who).json["items"]}


def sign_in(auth: Call, email: str = GRACE["email"], password: str = GRACE["password"]) -> Answer:
    return auth("POST", "/auth/login", body={"email": email, "password": password})


def renew(auth: Call, session: dict[str, Any]) -> Answer:
    return auth("POST", "/auth/refresh", body={"refresh_token": session["refresh_token"]})


def owners(cloud: Cloud, tenant_id: str) -> tuple[int, int]:
    """How many the tenant's item counts, and how many there are."""
    items = [item for item in cloud.items("users") if item["tenant_id"] == tenant_id]
    (counted,) = (item["owners"] for item in items if item["entity"] == "tenant")
    return counted, [item["role"] for item in items if item["entity"] == "user"].count("owner")


def test_a_user_signs_in_with_the_first_password_in_the_role_that_was_given_and_changes_it(
    auth: Call, owner: Who
) -> None:
    answer = add(auth, owner)
    made = answer.json
    assert (answer.status, answer.headers["ETag"], made["version"]) == (201, '"1"', 1)
    assert (made["tenant_id"], made["role"], made["email"]) == (owner["tenant_id"], "staff", GRACE["email"])
    assert "password" not in answer.text
    session = sign_in(auth).json
    grace = context(session)
    assert (grace["role"], grace["user_id"], session["user"]) == ("staff", made["user_id"], made)
    secret = {"current_password": GRACE["password"], "new_password": "my own long password"}
    assert auth("POST", "/auth/password", body=secret, authorizer=grace).status == 204
    assert sign_in(auth).status == 401
    assert sign_in(auth, password=secret["new_password"]).status == 200


def test_an_address_that_signs_in_already_is_409_whoever_it_is_of(auth: Call, cloud: Cloud, owner: Who) -> None:
    stranger = context(auth("POST", "/auth/register", body=OWNER | {"email": "eve@other.example"}).json)
    added(auth, owner)
    before = cloud.items("users")
    for who, email in ((owner, OWNER["email"]), (owner, "Grace@Shop.Example "), (stranger, GRACE["email"])):
        assert add(auth, who, email=email).status == 409
    assert auth("POST", "/auth/register", body=OWNER | {"email": GRACE["email"]}).status == 409
    assert cloud.items("users") == before


@pytest.mark.parametrize(
    ("role", "given", "status"),
    [
        ("owner", "owner", 201),
        ("owner", "manager", 201),
        ("owner", "staff", 201),
        ("owner", "device", 422),
        ("manager", "owner", 403),
        ("manager", "manager", 403),
        ("manager", "staff", 201),
        ("staff", "staff", 403),
        ("device", "staff", 403),
    ],
)
def test_an_owner_adds_people_of_every_role_and_a_manager_staff(
    auth: Call, cloud: Cloud, owner: Who, role: str, given: str, status: int
) -> None:
    assert add(auth, owner | {"role": role}, role=given).status == status
    assert len(listed(auth, owner)) == (2 if status == 201 else 1)
    assert owners(cloud, owner["tenant_id"]) == ((2, 2) if (given, status) == ("owner", 201) else (1, 1))


@pytest.mark.parametrize("role", ["manager", "staff", "device"])
def test_only_an_owner_changes_and_removes(auth: Call, owner: Who, role: str) -> None:
    grace = added(auth, owner)["user_id"]
    assert change(auth, owner | {"role": role}, grace, role="manager").status == 403
    assert remove(auth, owner | {"role": role}, grace).status == 403
    assert auth("GET", "/auth/users", authorizer=owner | {"role": role}).status == (200 if role == "manager" else 403)


def test_another_tenants_users_are_not_there(auth: Call, owner: Who) -> None:
    stranger = context(auth("POST", "/auth/register", body=OWNER | {"email": "eve@other.example", "name": "Eve"}).json)
    grace = added(auth, owner)["user_id"]
    assert listed(auth, stranger) == {"Eve": "owner"}
    for who, user_id in ((stranger, grace), (owner, NOBODY), (owner, "TENANT"), (owner, "0" * 31), (owner, "G" * 32)):
        assert change(auth, who, user_id, role="manager").status == 404
        assert remove(auth, who, user_id).status == 404
    assert listed(auth, owner) == {"Ada": "owner", "Grace": "staff"}


def test_users_are_listed_in_pages_each_once(auth: Call, owner: Who) -> None:
    ids = {owner["user_id"], *(added(auth, owner, email=f"u{n}@shop.example")["user_id"] for n in range(4))}
    seen: list[str] = []
    cursor = None
    while cursor or not seen:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = auth("GET", "/auth/users", query=query, authorizer=owner)
        seen += [user["user_id"] for user in page.json["items"]]
        assert "hash of" not in page.text
        cursor = page.json["next_cursor"]
    assert seen == sorted(ids)


def test_a_new_role_comes_with_the_next_refresh_and_the_session_goes_on(auth: Call, owner: Who) -> None:
    grace = added(auth, owner)["user_id"]
    session = sign_in(auth).json
    assert change(auth, owner, grace, role="manager").json["role"] == "manager"
    assert auth("GET", "/auth/users", authorizer=context(session)).status == 403
    renewed = context(renew(auth, session).json)
    assert (renewed["role"], renewed["session_id"]) == ("manager", context(session)["session_id"])
    assert auth("GET", "/auth/users", authorizer=renewed).status == 200


def test_who_was_demoted_hands_out_no_rights_with_the_access_token_that_is_left(auth: Call, owner: Who) -> None:
    other = added(auth, owner, role="owner")["user_id"]
    session = sign_in(auth).json
    was_owner = context(session)
    assert change(auth, owner, other, role="manager").status == 200
    for answer in (
        change(auth, was_owner, other, role="owner"),
        remove(auth, was_owner, owner["user_id"]),
        add(auth, was_owner, email="new@shop.example", role="owner"),
        auth("GET", "/auth/users", authorizer=was_owner),
        auth("POST", "/auth/api-keys", body={"name": "Mine", "role": "owner"}, authorizer=was_owner),
    ):
        assert (answer.status, answer.code) == (401, "unauthorized")
    assert listed(auth, owner) == {"Ada": "owner", "Grace": "manager"}
    assert auth("GET", "/auth/users", authorizer=context(renew(auth, session).json)).status == 200


def test_a_user_who_is_removed_is_gone_with_sessions_and_password_and_the_address_is_free(
    auth: Call, cloud: Cloud, owner: Who
) -> None:
    made = added(auth, owner, role="manager")
    sessions = [sign_in(auth).json for _ in range(3)]
    key = auth("POST", "/auth/api-keys", body={"name": "Till"}, authorizer=context(sessions[0])).json
    assert remove(auth, owner, made["user_id"]).status == 204
    for session in sessions:
        assert renew(auth, session).status == 401
        assert auth("GET", "/auth/validate", authorizer=context(session)).status == 401
    assert sign_in(auth).status == 401
    assert not [item for item in cloud.items("sessions") if item.get("user_id") == made["user_id"]]
    about = [item for item in cloud.items("users") if item.get("user_id") == made["user_id"]]
    assert about == []
    kept = auth("GET", "/auth/api-keys", authorizer=owner).json["items"]
    assert [one["key_id"] for one in kept] == [key["key_id"]]
    assert remove(auth, owner, made["user_id"]).status == 404
    assert auth("POST", "/auth/register", body=OWNER | {"email": GRACE["email"]}).status == 201


def test_the_last_owner_is_neither_demoted_nor_removed_and_with_another_one_is(
    auth: Call, cloud: Cloud, owner: Who
) -> None:
    ada, tenant = owner["user_id"], owner["tenant_id"]
    added(auth, owner, role="manager")
    assert change(auth, owner, ada, role="staff").status == 409
    assert remove(auth, owner, ada).status == 409
    assert change(auth, owner, ada, name="Ada L.").status == 200
    eve = added(auth, owner, email="eve@shop.example", name="Eve", role="owner")["user_id"]
    assert owners(cloud, tenant) == (2, 2)
    assert change(auth, owner, ada, role="staff").status == 200
    assert owners(cloud, tenant) == (1, 1)
    as_eve = context(sign_in(auth, "eve@shop.example").json)
    assert remove(auth, as_eve, eve).status == 409
    assert change(auth, as_eve, ada, role="owner").status == 200
    assert remove(auth, as_eve, eve).status == 204
    assert owners(cloud, tenant) == (1, 1)


def test_a_tenant_and_users_from_before_there_were_counts_and_versions_keep_their_one_owner(
    auth: Call, cloud: Cloud, owner: Who
) -> None:
    table, client = "omnix-ai-dev-users", cloud.client("dynamodb")
    pk = {"S": f"TENANT#{owner['tenant_id']}"}
    for sk, name in (("TENANT", "owners"), (f"USER#{owner['user_id']}", "version")):
        client.update_item(TableName=table, Key={"pk": pk, "sk": {"S": sk}}, UpdateExpression=f"REMOVE {name}")
    assert auth("GET", "/auth/me", authorizer=owner).json["version"] == 1
    assert change(auth, owner, owner["user_id"], role="staff").status == 409
    added(auth, owner, role="owner")
    assert owners(cloud, owner["tenant_id"]) == (2, 2)
    assert change(auth, owner, owner["user_id"], etag.of(1), role="staff").json["version"] == 2


def test_a_change_takes_the_version_that_was_read_and_what_is_so_already_fails_no_condition(
    auth: Call, cloud: Cloud, owner: Who
) -> None:
    grace = added(auth, owner)["user_id"]
    first = change(auth, owner, grace, etag.of(1), role="manager")
    assert (first.status, first.headers["ETag"], first.json["version"]) == (200, '"2"', 2)
    before = cloud.everything()
    assert change(auth, owner, grace, etag.of(1), role="manager").json == first.json
    stale = change(auth, owner, grace, etag.of(1), role="staff")
    assert (stale.status, stale.headers["ETag"]) == (412, '"2"')
    assert remove(auth, owner, grace, etag.of(1)).status == 412
    assert cloud.everything() == before
    assert remove(auth, owner, grace, etag.of(2)).status == 204


@pytest.mark.parametrize(
    "body", [{}, {"role": "device"}, {"role": None}, {"name": ""}, {"email": "x@y.example"}, {"password": "p" * 12}]
)
def test_a_change_of_anything_else_is_422(auth: Call, owner: Who, body: dict[str, Any]) -> None:
    grace = added(auth, owner)["user_id"]
    assert auth("PATCH", f"/auth/users/{grace}", body=body, authorizer=owner).status == 422


def test_an_idempotency_key_adds_one_user_and_gives_it_again(auth: Call, owner: Who) -> None:
    first, again = add(auth, owner, "once"), add(auth, owner, "once")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert len(listed(auth, owner)) == 2
    for other in ({"password": "another password"}, {"role": "manager"}, {"email": "x@shop.example"}):
        answer = add(auth, owner, "once", **other)
        assert (answer.status, answer.json["error"]["details"][0]["reason"]) == (422, "reused")
    assert add(auth, owner, "twice").status == 409
    remove(auth, owner, first.json["user_id"])
    assert add(auth, owner, "once").status == 409


def test_the_record_of_a_key_is_no_fast_hash_of_a_password(auth: Call, cloud: Cloud, owner: Who) -> None:
    """Who reads the record cannot try passwords at the speed of SHA-256: the body's or the password's alone."""
    from omnix.identity.user_model import UserInput

    add(auth, owner, "once")
    add(auth, owner, "other", email="x@shop.example")
    records = [item for item in cloud.items("sessions") if item["entity"] == "idempotency"]
    body = UserInput.model_validate(GRACE)
    guesses = [body.model_dump_json(), GRACE["password"], body.model_dump_json(exclude={"password"})]
    fast = {hashlib.sha256(guess.encode()).hexdigest() for guess in guesses}
    assert len(records) == 2
    fast |= {payload_hash(key, guess.encode()) for guess in guesses for key in ("once", "other")}
    assert not fast & {record["payload_hash"] for record in records}
    assert GRACE["password"] not in str(records)


def at_once(actions: list[Callable[[], Any]]) -> list[Any]:
    """What each got, or the error that it met; all start together."""
    start = Barrier(len(actions), timeout=30)

    def run(action: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return action()
        except ApiError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


@pytest.mark.usefixtures("atomic_writes")
@pytest.mark.parametrize("how", ["demote", "remove", "each other"])
def test_owners_who_race_to_go_leave_one(auth: Call, cloud: Cloud, owner: Who, how: str) -> None:
    ids = [owner["user_id"]]
    contexts = [owner]
    for number in range(3):
        email = f"o{number}@shop.example"
        ids.append(added(auth, owner, email=email, role="owner")["user_id"])
        contexts.append(context(sign_in(auth, email).json))
    who = [Principal(c["tenant_id"], c["user_id"], Role.OWNER, c["session_id"], "jwt") for c in contexts]
    demotion = UserChanges(role="staff")
    steps: dict[str, Callable[[int], Any]] = {
        "demote": lambda n: users().update(who[n], ids[n], demotion, None),
        "remove": lambda n: users().delete(who[n], ids[n], None),
        "each other": lambda n: users().update(who[n], ids[n - 1], demotion, None),
    }
    outcomes = at_once([partial(steps[how], number) for number in range(4)])
    counted, there = owners(cloud, owner["tenant_id"])
    assert counted == there >= 1
    done = [one for one in outcomes if not isinstance(one, ApiError)]
    assert len(done) == 4 - there
    if how != "each other":  # there, who was demoted first may not do it any more
        assert there == 1
        assert [type(one) for one in outcomes if isinstance(one, ApiError)] == [ConflictError]


@pytest.mark.usefixtures("atomic_writes")
def test_a_user_whom_many_change_and_remove_is_counted_once(auth: Call, cloud: Cloud, owner: Who) -> None:
    who = Principal(owner["tenant_id"], owner["user_id"], Role.OWNER, owner["session_id"], "jwt")
    eve = added(auth, owner, role="owner")["user_id"]
    demotions = [lambda: users().update(who, eve, UserChanges(role="staff"), None) for _ in range(5)]
    assert not [one for one in at_once(demotions) if isinstance(one, ApiError)]
    assert owners(cloud, owner["tenant_id"]) == (1, 1)
    assert change(auth, owner, eve, role="owner").status == 200
    outcomes = at_once([lambda: users().delete(who, eve, None) for _ in range(5)])
    assert [type(one) for one in outcomes if one is not None] == [NotFoundError] * 4
    assert owners(cloud, owner["tenant_id"]) == (1, 1)


@pytest.mark.parametrize("step", ["demote", "remove"])
def test_who_is_demoted_while_another_request_acts_on_what_it_read_is_counted_once(
    auth: Call, cloud: Cloud, owner: Who, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    eve, _ = (added(auth, owner, email=f"o{n}@shop.example", role="owner")["user_id"] for n in range(2))
    name = {"demote": "change", "remove": "remove"}[step]
    plain = getattr(TenantUsers, name)

    def overtaken(self: TenantUsers, before: User, *after: User) -> None:
        monkeypatch.setattr(TenantUsers, name, plain)
        assert change(auth, owner, eve, role="manager").status == 200
        plain(self, before, *after)

    monkeypatch.setattr(TenantUsers, name, overtaken)
    answer = change(auth, owner, eve, role="staff") if step == "demote" else remove(auth, owner, eve)
    assert answer.status == (200 if step == "demote" else 204)
    assert owners(cloud, owner["tenant_id"]) == (2, 2)


@pytest.mark.usefixtures("atomic_writes")
def test_repetitions_that_overtake_each_other_add_one_user(auth: Call, cloud: Cloud, owner: Who) -> None:
    answers = at_once([lambda: add(auth, owner, "once", role="owner") for _ in range(6)])
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["user_id"] for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count(None) == 1
    assert owners(cloud, owner["tenant_id"]) == (2, 2)
