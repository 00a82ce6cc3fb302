import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import jwt
import pytest

from omnix import clock
from omnix.errors import ConflictError
from omnix.idempotency import RECORD_SECONDS
from omnix.identity import passwords
from omnix.identity.model import Registration, normalise_email
from omnix.identity.service import identity
from omnix.identity.throttle import KNOWN, WINDOW_SECONDS

from .conftest import SECRETS, Cloud, caller

REGISTRATION = {
    "email": "Ada@Shop.Example ",
    "password": "correct horse battery",
    "name": "Ada",
    "tenant_name": "Corner Shop",
}
LOGIN = {"email": "ada@shop.example", "password": "correct horse battery"}


def context(session: dict[str, Any]) -> dict[str, str]:
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    return caller(claims["role"], claims["tid"], claims["sub"], claims["sid"])


def test_registering_makes_tenant_owner_and_credential_and_signs_in(auth: Any, cloud: Cloud) -> None:
    answer = auth("POST", "/auth/register", body=REGISTRATION)
    assert answer.status == 201
    assert answer.json["user"]["email"] == "ada@shop.example"
    assert answer.json["user"]["role"] == "owner"
    kinds = sorted(item["entity"] for item in cloud.items("users"))
    assert kinds == ["credential", "tenant", "user"]
    (credential,) = [item for item in cloud.items("users") if item["entity"] == "credential"]
    assert credential["pk"].startswith("CREDENTIAL#")
    assert credential["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not [name for name in credential if name.startswith("gsi")]


def test_only_credentials_families_and_limits_are_outside_the_tenants_keys(auth: Any, cloud: Cloud) -> None:
    auth("POST", "/auth/register", body=REGISTRATION)
    prefixes = {item["pk"].split("#")[0] for items in cloud.everything().values() for item in items}
    assert prefixes == {"TENANT", "CREDENTIAL", "FAMILY", "LIMIT"}


@pytest.mark.parametrize(
    "email", ["ada@shop.example", "ADA@SHOP.EXAMPLE", " ada@shop.example", "\uff41da@shop.example"]
)
def test_an_address_registers_once_however_it_is_spelled(auth: Any, cloud: Cloud, email: str) -> None:
    assert auth("POST", "/auth/register", body=REGISTRATION).status == 201
    before = cloud.items("users")
    answer = auth("POST", "/auth/register", body=REGISTRATION | {"email": email})
    assert (answer.status, answer.code) == (409, "conflict")
    assert cloud.items("users") == before


@pytest.mark.usefixtures("atomic_writes")
def test_of_many_registrations_at_once_one_wins(cloud: Cloud) -> None:
    def register(_: int) -> str:
        try:
            return identity().register(Registration(**REGISTRATION))[0].user.user_id
        except ConflictError:
            return "conflict"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(register, range(20)))
    assert outcomes.count("conflict") == 19
    assert len(cloud.items("users")) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"password": "short"},
        {"password": "x" * 129},
        {"password": 12345678901234},
        {"email": "x" * 250 + "@shop.example"},
        {"email": "not an address"},
        {"email": "a@b"},
        {"email": ["ada@shop.example"]},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 121},
        {"tenant_name": None},
        {"role": "owner"},
    ],
)
def test_a_registration_of_the_wrong_shape_is_422_and_writes_nothing(
    auth: Any, cloud: Cloud, change: dict[str, Any]
) -> None:
    answer = auth("POST", "/auth/register", body=REGISTRATION | change)
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert not any(cloud.everything().values())


def test_a_sign_in_gives_a_token_of_the_contract(auth: Any, cloud: Cloud) -> None:
    auth("POST", "/auth/register", body=REGISTRATION)
    answer = auth("POST", "/auth/login", body=LOGIN)
    assert answer.status == 200
    assert answer.json["expires_in"] == 900
    token = answer.json["access_token"]
    header = jwt.get_unverified_header(token)
    current = cloud.client("secretsmanager").get_secret_value(SecretId=cloud.secrets["JWT_SECRET"])["VersionId"]
    assert (header["alg"], header["kid"]) == ("HS256", current)
    claims = jwt.decode(token, SECRETS["JWT_SECRET"], algorithms=["HS256"], audience="omnix-ai-dev")
    assert {"iss", "aud", "sub", "tid", "role", "sid", "iat", "exp", "jti"} == set(claims)
    assert claims["iss"] == claims["aud"] == "omnix-ai-dev"


def again(auth: Any, key: str = "once", **changes: str) -> Any:
    return auth("POST", "/auth/register", body=REGISTRATION | changes, headers={"Idempotency-Key": key})


def test_a_repeated_registration_makes_one_tenant_and_signs_in_anew(auth: Any, cloud: Cloud) -> None:
    first, second = again(auth), again(auth)
    assert (first.status, second.status, second.json["user"]) == (201, 201, first.json["user"])
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert second.json["refresh_token"] != first.json["refresh_token"]
    for session in (first.json, second.json):
        assert auth("GET", "/auth/validate", authorizer=context(session)).status == 200
    assert len(cloud.items("users")) == 3
    stored = str(cloud.everything())
    assert not [session for session in (first.json, second.json) if session["refresh_token"] in stored]


def test_a_registrations_key_opens_nothing_without_its_password_and_only_for_a_day(
    auth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert again(auth).status == 201
    for changes in ({"password": "wrong horse battery"}, {"name": "Eve"}, {"tenant_name": "Other"}):
        answer = again(auth, **changes)
        assert (answer.status, answer.json["error"]["details"][0]["reason"]) == (422, "reused")
    assert again(auth, "other").status == 409
    assert auth("POST", "/auth/register", body=REGISTRATION).status == 409
    monkeypatch.setattr(clock, "epoch_seconds", lambda: int(time.time()) + RECORD_SECONDS + 1)
    assert again(auth).status == 409


def test_what_a_registration_was_asked_for_is_no_plain_hash_of_the_names(auth: Any, cloud: Cloud) -> None:
    again(auth)
    (asked,) = (item["asked"] for item in cloud.items("users") if item["entity"] == "credential")
    names = json.dumps([REGISTRATION["name"], REGISTRATION["tenant_name"]]).encode()
    assert asked["payload_hash"] != hashlib.sha256(names).hexdigest()
    assert asked["payload_hash"] == hmac.digest(b"once", names, "sha256").hex()


def test_what_a_registration_was_asked_for_goes_with_its_first_password(auth: Any, cloud: Cloud) -> None:
    session = again(auth).json
    secret = {"current_password": REGISTRATION["password"], "new_password": "another long password"}
    assert auth("POST", "/auth/password", body=secret, authorizer=context(session)).status == 204
    (credential,) = (item for item in cloud.items("users") if item["entity"] == "credential")
    assert ("asked" in credential, credential["password_version"]) == (False, 2)
    assert again(auth).status == 409


def test_what_a_registration_was_asked_for_goes_at_the_first_sign_in_after_its_day(
    auth: Any, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> bool:
        (credential,) = (item for item in cloud.items("users") if item["entity"] == "credential")
        return "asked" in credential

    again(auth)
    right = {name: REGISTRATION[name] for name in ("email", "password")}
    assert (auth("POST", "/auth/login", body=right).status, kept()) == (200, True)
    monkeypatch.setattr(clock, "epoch_seconds", lambda: int(time.time()) + RECORD_SECONDS + 1)
    assert (auth("POST", "/auth/login", body=right | {"password": "wrong horse battery"}).status, kept()) == (401, True)
    assert (auth("POST", "/auth/login", body=right).status, kept()) == (200, False)
    assert auth("POST", "/auth/login", body=right).status == 200


def test_a_registration_that_is_repeated_is_no_way_to_guess_a_password(
    auth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = int(time.time()) // WINDOW_SECONDS * WINDOW_SECONDS
    monkeypatch.setattr(clock, "epoch_seconds", lambda: window)
    assert again(auth).status == 201
    statuses = [again(auth, password=f"guess number {number}").status for number in range(KNOWN.failures + 1)]
    assert statuses == [422] * KNOWN.failures + [429]


@pytest.mark.usefixtures("atomic_writes")
def test_registrations_with_one_key_that_overtake_each_other_make_one_tenant(auth: Any, cloud: Cloud) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: again(auth), range(4)))
    assert {answer.status for answer in answers} == {201}
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count(None) == 1
    assert len(cloud.items("users")) == 3


@pytest.mark.parametrize("wrong", [{"password": "wrong horse battery"}, {"email": "nobody@shop.example"}])
def test_a_wrong_password_and_an_unknown_address_answer_the_same(auth: Any, wrong: dict[str, str]) -> None:
    auth("POST", "/auth/register", body=REGISTRATION)
    answer = auth("POST", "/auth/login", body=LOGIN | wrong)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.json["error"]["message"] == "E-mail address or password is wrong."


def test_an_unknown_address_costs_the_same_work_as_a_wrong_password() -> None:
    stored = passwords.hash_password("correct horse battery")

    def cost(hash_of: str | None) -> float:
        times = []
        for _ in range(7):
            started = time.thread_time()
            assert not passwords.matches(hash_of, "wrong horse battery")
            times.append(time.thread_time() - started)
        return median(times)

    assert 0.5 < cost(None) / cost(stored) < 2


def test_validate_says_who_and_refuses_a_session_that_was_ended(auth: Any) -> None:
    session = auth("POST", "/auth/register", body=REGISTRATION).json
    answer = auth("GET", "/auth/validate", authorizer=context(session))
    assert answer.status == 200
    assert (answer.json["valid"], answer.json["user_id"]) == (True, session["user"]["user_id"])
    auth("POST", "/auth/logout", body={"refresh_token": session["refresh_token"]})
    assert auth("GET", "/auth/validate", authorizer=context(session)).status == 401


def test_me_gives_the_profile_and_never_the_hash(auth: Any) -> None:
    session = auth("POST", "/auth/register", body=REGISTRATION).json
    answer = auth("GET", "/auth/me", authorizer=context(session))
    assert answer.json == session["user"]
    assert "argon2" not in json.dumps(answer.json)


def test_a_profile_is_tagged_as_its_users_and_is_304_for_nobody_else(auth: Any) -> None:
    ada = context(auth("POST", "/auth/register", body=REGISTRATION).json)
    eve = context(auth("POST", "/auth/register", body=REGISTRATION | {"email": "eve@shop.example"}).json)
    first = auth("GET", "/auth/me", authorizer=ada)
    known = {"If-None-Match": first.headers["ETag"]}
    assert (first.headers["ETag"], first.json["version"]) == (f'"{ada["user_id"]}.1"', 1)
    assert "Authorization" in first.headers["Vary"]
    again = auth("GET", "/auth/me", authorizer=ada, headers=known)
    assert (again.status, again.headers["Vary"]) == (304, first.headers["Vary"])
    other = auth("GET", "/auth/me", authorizer=eve, headers=known)
    assert (other.status, other.json["user_id"]) == (200, eve["user_id"])
    auth("PATCH", f"/auth/users/{ada['user_id']}", body={"name": "Ada L."}, authorizer=ada)
    assert auth("GET", "/auth/me", authorizer=ada, headers=known).json["name"] == "Ada L."


def test_an_api_key_validates_and_has_no_profile(auth: Any) -> None:
    platform = {"tenant_id": "platform", "user_id": "platform", "role": "device", "session_id": "", "auth": "api_key"}
    assert auth("GET", "/auth/validate", authorizer=platform).json["session_id"] is None
    assert auth("GET", "/auth/me", authorizer=platform).status == 403


@pytest.mark.parametrize("address", ["a@b.example", "a.b+c@x-y.example", "a@xn--mgbh0fb.xn--kgbechtv"])
def test_an_address_of_any_top_level_domain_is_one(address: str) -> None:
    assert normalise_email(address.upper()) == address


@pytest.mark.parametrize("name", [" " + "n" * 120, "n" * 121])
def test_a_name_is_as_long_as_it_is_sent(name: str) -> None:
    with pytest.raises(ValueError, match="at most 120"):
        Registration.model_validate({**REGISTRATION, "name": name})


@pytest.mark.parametrize("bad", ["", "a", "a@", "@b.example", "a b@c.example", "a@b..example", "a@-b.example", "a@b.1"])
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="e-mail"):
        normalise_email(bad)
