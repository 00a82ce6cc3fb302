"""The architecture page and the security page say what the code does: keys, indexes, streams, roles, grants."""

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from components.api.access_log import access_log_format
from components.api.functions import DESCRIPTIONS, Stores, grant
from components.config.rules import PROD_RETENTION_DAYS
from components.data.tables import TABLES
from components.events.stack import SOURCES
from omnix import tokens
from omnix.assistant import actions, conversation
from omnix.authorisation import Role
from omnix.costs import keys as costs
from omnix.identity import refresh, throttle
from toolchain.workspace import ROOT

ARCHITECTURE = (ROOT / "docs/architecture/SYSTEM_ARCHITECTURE.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "docs/architecture/SECURITY_MODEL.md").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
CONTEXTS = ("analytics", "catalogue", "customers", "dashboard", "identity", "inventory", "orders", "recommendations")


def key_functions(context: str) -> Iterator[tuple[str, Any]]:
    """What each function of a context's keys gives when its arguments are placeholders of their own names."""
    keys = importlib.import_module(f"omnix.{context}.keys")
    for name, function in inspect.getmembers(keys, inspect.isfunction):
        if function.__module__ == keys.__name__ and name != "shard":
            yield name, function(**{argument: f"{{{argument}}}" for argument in inspect.signature(function).parameters})


def told(text: str) -> str:
    """As the page writes it: digests and shards by what they are."""
    return re.sub(r"#\d$", "#{shard}", re.sub(r"[0-9a-f]{64}", "{sha256}", text))


def section(page: str, heading: str) -> str:
    return page.partition(f"### {heading}")[2].partition("\n### ")[0].partition("\n## ")[0]


def rows(page: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^\| .+ \| `([^`]+)` \| `([^`]+)` \|$", page, re.MULTILINE))


def assistant_keys() -> set[tuple[str, str]]:
    """Those of the cost guard, whose arguments are days and ids of a form, and of conversations, as the page tells."""
    tenant, day, reservation = "{tenant_id}", "2026-11-22", costs.new_id(1_795_348_800)
    who: Any = SimpleNamespace(tenant_id=tenant, user_id="{user_id}")
    chat = conversation.key(who, "{conversation_id}")
    made = {
        costs.tenant(tenant, day),
        costs.environment(day),
        costs.hold(reservation),
        costs.call(tenant, day, reservation),
        *costs.ledger(tenant, day, "{feature}", "{model_id}", 3),
        chat,
        actions.key(who, "{conversation_id}", "{action_id}"),
    }
    names = {day: "{day}", day[:7]: "{month}", reservation: "{reservation_id}"}
    for value, name in names.items():
        made = {(pk.replace(value, name), sk.replace(value, name)) for pk, sk in made}
    return {(told(pk), told(sk)) for pk, sk in made}


def test_every_key_of_the_assistant_is_on_the_page() -> None:
    assert assistant_keys() <= rows(ARCHITECTURE)


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_key_of_a_context_is_on_the_page(context: str) -> None:
    found = {(told(made[0]), told(made[1])) for _, made in key_functions(context) if isinstance(made, tuple)}
    assert found <= rows(ARCHITECTURE)


def test_every_key_on_the_page_is_one_that_the_code_writes() -> None:
    made = {(told(m[0]), told(m[1])) for c in CONTEXTS for _, m in key_functions(c) if isinstance(m, tuple)}
    beside = {
        ("TENANT#{tenant_id}#IDEMPOTENCY", "{route}#{user_id}#{sha256}"),  # omnix.idempotency
        ("TENANT#{tenant_id}#EVENT#{event_id}", "{reaction}"),  # omnix.events.once
        *assistant_keys(),
    }
    assert rows(ARCHITECTURE) - made == beside


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_partition_of_an_index_is_on_the_page(context: str) -> None:
    partitions = {made for _, made in key_functions(context) if isinstance(made, str) and made.startswith("TENANT#{")}
    assert {made for made in partitions if f"`{made}`" not in ARCHITECTURE} == set()


def test_the_page_has_every_table_with_its_expiry_and_stream() -> None:
    headings = dict(re.findall(r"^### Table `([a-z-]+)`(.*)$", ARCHITECTURE, re.MULTILINE))
    assert headings.keys() == TABLES.keys()
    for name, said in headings.items():
        table = TABLES[name]
        assert ("TTL" in said, "stream" in said) == (bool(table.ttl), table.stream), name
        for index in ("gsi1", "gsi2"):
            used = f"`{index}`" in section(ARCHITECTURE, f"Table `{name}`")
            assert not used or index in table.indexes, f"{name} has no {index}"


def test_the_page_says_which_items_the_worker_is_told_of() -> None:
    assert {source: prefix for source, prefix in SOURCES.items() if f"| `{source}` | `{prefix}` |" in ARCHITECTURE} == (
        dict(SOURCES)
    )


def groups(kind: str) -> set[str]:
    """The operations that the security page lists under a heading of its roles' table."""
    found = re.search(rf"^\| {kind} \| (.+) \|$", SECURITY, re.MULTILINE)
    assert found, kind
    return set(re.findall(r"`([A-Z]+ /[^`]*)`", found[1]))


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def test_the_roles_on_the_page_are_those_of_the_contract() -> None:
    owners, editors, people = ([role.value for role in Role][:count] for count in (1, 2, 3))
    protected = {route: operation for route, operation in operations() if operation.get("security") != []}
    named = {route: operation["x-omnix-roles"] for route, operation in protected.items()}
    assert groups("nobody in particular") == dict(operations()).keys() - protected.keys()
    assert groups("owner") == {route for route, roles in named.items() if roles == owners}
    assert groups("owner, manager") == {route for route, roles in named.items() if roles == editors}
    assert groups("owner, manager, staff") == {route for route, roles in named.items() if roles == people}
    assert groups("signed in, no API key") == {
        route for route, operation in protected.items() if operation.get("security") == [{"bearer": []}]
    }


def test_the_partitions_on_the_page_are_those_that_roles_are_held_to() -> None:
    held: set[tuple[str, str, tuple[str, ...]]] = set()
    for function in DESCRIPTIONS:
        tables = {name: MagicMock() for name in TABLES}
        grant(function, MagicMock(), Stores(tables, MagicMock(), MagicMock(), MagicMock()))
        for name, table in tables.items():
            held |= {(function, name, tuple(call.args[2])) for call in table.grant.call_args_list if len(call.args) > 2}
    lines = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ((?:`[^`]+`(?:, )?)+)", SECURITY, re.MULTILINE)
    assert {(function, table, tuple(re.findall(r"`([^`]+)`", said))) for function, table, said in lines} == held


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    text = " ".join(SECURITY.split())
    assert (
        f"{throttle.ACCOUNT.failures} of an account from addresses that never signed in to it, "
        f"{throttle.ADDRESS.failures} of an address over all such accounts, "
        f"{throttle.KNOWN.failures} of an account from an address that did; "
        f"{throttle.SESSION.failures} in a session"
    ) in text
    assert f"Registrations count by address, {throttle.REGISTRATION.failures} in a window." in text
    assert f"Users that a tenant adds count by tenant, {throttle.ADDITION.failures} in a window" in text
    assert throttle.WINDOW_SECONDS == 15 * 60
    assert f"{refresh.GRACE_MILLISECONDS // 1000} s of grace" in text
    assert f"the family {refresh.LIFETIME_SECONDS // 86400} days" in text
    assert f"| {tokens.LIFETIME_SECONDS // 60} minutes | not kept |" in text


def test_the_page_says_how_long_each_environment_keeps_the_personal_data_of_its_access_log() -> None:
    def days(stack: str) -> str:
        (found,) = re.findall(r"logRetentionDays: (\d+)", (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
        return str(found)

    text = " ".join(SECURITY.split())
    assert f"{days('dev')} days in dev, {days('staging')} in staging, {days('prod')} in prod" in text
    assert f"the rules ask for {PROD_RETENTION_DAYS} at least" in text
    logged = json.loads(access_log_format()).keys()
    assert {"ip", "user_agent", "user_id"} <= logged
    assert "IP address, `User-Agent` and user id of each request" in text
