"""A write that was done and whose answer was lost: botocore sends it again, and that is no refusal and no second write.

What goes through `transact` carries a token (see the deadline's tests); here are the single writes.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.endpoint import Endpoint
from botocore.exceptions import ConnectionClosedError

from omnix import aws, clock
from omnix.identity.throttle import ACCOUNT

from .conftest import Cloud

SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
PERSON = {"email": "ada@shop.example", "password": "correct horse battery", "name": "Ada", "tenant_name": "Corner Shop"}

type Call = Callable[..., Any]


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Loses the first answer of each single write; the count of those by operation."""
    found: Counter[str] = Counter()
    plain = Endpoint._do_get_response  # type: ignore[attr-defined]

    def lossy(self: Any, request: Any, operation: Any, context: Any) -> Any:
        answer = plain(self, request, operation, context)
        if operation.name in SINGLE_WRITES and context["retries"]["attempt"] == 1:
            found[operation.name] += 1
            return None, ConnectionClosedError(endpoint_url="https://dynamodb")
        return answer

    monkeypatch.setattr(Endpoint, "_do_get_response", lossy)
    # botocore gives each client so many retries for calls that fail: what earlier tests spent is not this one's
    aws._client.cache_clear()
    return found


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    from omnix.identity import passwords

    monkeypatch.setattr(passwords, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(passwords, "matches", lambda stored, password: stored == f"hash of {password}")


def test_a_sign_in_begins_its_session_and_leaves_no_count(auth: Call, cloud: Cloud, lost: Counter[str]) -> None:
    assert auth("POST", "/auth/register", body=PERSON).status == 201
    answer = auth("POST", "/auth/login", body={name: PERSON[name] for name in ("email", "password")})
    assert answer.status == 200
    counts = {item["pk"].split("#")[1]: item["attempts"] for item in cloud.items("sessions") if "attempts" in item}
    assert counts == {"REGISTRATION": 1, "KNOWN-ACCOUNT": 0}
    assert (lost["UpdateItem"], lost["PutItem"] >= 2) == (3, True)


def test_a_refresh_goes_on_and_the_token_that_was_lost_is_the_one_that_is_valid(auth: Call, lost: Counter[str]) -> None:
    token = auth("POST", "/auth/register", body=PERSON).json["refresh_token"]
    for _ in range(3):
        answer = auth("POST", "/auth/refresh", body={"refresh_token": token})
        assert answer.status == 200
        token = answer.json["refresh_token"]
    assert lost["UpdateItem"] == 1 + 3  # the registration is counted


@pytest.mark.usefixtures("lost")
def test_every_failure_counts_once_and_the_last_one_allowed_is_allowed(
    auth: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now)  # one window for all
    assert auth("POST", "/auth/register", body=PERSON).status == 201
    guess = {"email": "grace@shop.example", "password": "wrong horse battery"}
    statuses = [auth("POST", "/auth/login", body=guess).status for _ in range(ACCOUNT.failures + 1)]
    assert statuses == [401] * ACCOUNT.failures + [429]


@pytest.mark.usefixtures("lost")
def test_a_logout_ends_the_session(auth: Call) -> None:
    token = auth("POST", "/auth/register", body=PERSON).json["refresh_token"]
    assert auth("POST", "/auth/logout", body={"refresh_token": token}).status == 204
    assert auth("POST", "/auth/refresh", body={"refresh_token": token}).status == 401
