"""Names, tags, provider and separation, asserted over everything that each stack registers."""

import importlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.config.rules import ENVIRONMENT_TOKENS
from components.tags import DEFAULT_TAG_KEYS, REQUIRED_TAG_KEYS
from tests.infra.recording import Recorded, Recording
from tests.infra.stacks import STACKS, committed, names_of, stack_config

Stacks = Callable[[str], Recording]
GOLDEN = Path(__file__).parent / "golden"
PROVIDER = "pulumi:providers:aws"


def text_of(resource: Recorded) -> str:
    """All that a resource sends to AWS, as text; assets aside."""
    return json.dumps(resource.inputs, default=lambda _: "asset", sort_keys=True)


def takes_tags(resource: Recorded) -> bool:
    """Whether the provider's SDK gives this type a `tags` argument."""
    _, module, kind = resource.type.split(":")
    package = module.split("/")[0]
    sdk = importlib.import_module(f"pulumi_aws.{'lambda_' if package == 'lambda' else package}")
    return hasattr(getattr(sdk, kind), "tags")


def nested(value: Any) -> list[str]:
    """Every string in a JSON-like value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in [str(key), *nested(item)]]
    if isinstance(value, list):
        return [text for item in value for text in nested(item)]
    return []


@pytest.mark.parametrize("stack", STACKS)
def test_every_urn_is_the_one_that_is_deployed(recorded: Stacks, stack: str) -> None:
    """An unintended rename would replace the resource. Intended? `GOLDEN=write pytest` on this file."""
    urns = "".join(f"{urn}\n" for urn in sorted(resource.urn for resource in recorded(stack).resources))
    golden = GOLDEN / f"{stack}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(urns, encoding="utf-8")
    assert urns == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("stack", STACKS)
def test_logical_names_are_unique_and_carry_no_environment(recorded: Stacks, stack: str) -> None:
    names = Counter(resource.name for resource in recorded(stack).resources)
    assert [name for name, count in names.items() if count > 1] == []
    tokens = frozenset().union(*ENVIRONMENT_TOKENS.values())
    assert [name for name in names if tokens & set(re.split(r"[^a-z]+", name.lower()))] == []


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_of_a_stack_carries_another_stacks_name(recorded: Stacks, stack: str) -> None:
    others = frozenset().union(*(ENVIRONMENT_TOKENS[other] for other in STACKS if other != stack))
    found = {
        resource.name: text
        for resource in recorded(stack).resources
        for text in nested(resource.inputs)
        if others & {token.lower() for token in re.findall(r"[A-Za-z0-9]+", text)}
    }
    assert found == {}


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_of_a_stack_carries_another_stacks_account(recorded: Stacks, stack: str) -> None:
    others = [committed(other)["accountId"] for other in STACKS if other != stack]
    assert [
        resource.name
        for resource in recorded(stack).resources
        if any(account in text_of(resource) for account in others)
    ] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_arn_is_of_the_stacks_own_account(recorded: Stacks, stack: str) -> None:
    own = {committed(stack)["accountId"]}
    accounts = {
        match
        for resource in recorded(stack).resources
        for match in re.findall(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):", text_of(resource))
    }
    assert accounts == own


def test_each_committed_stack_has_an_account_of_its_own() -> None:
    accounts = [committed(stack)["accountId"] for stack in STACKS]
    assert len(set(accounts)) == len(STACKS)


@pytest.mark.parametrize("stack", STACKS)
def test_physical_names_of_two_stacks_never_meet(recorded: Stacks, stack: str) -> None:
    def physical(which: str) -> set[tuple[str, str]]:
        return {
            (resource.type, str(resource.inputs[key]))
            for resource in recorded(which).custom()
            for key in ("name", "bucket")
            if key in resource.inputs and resource.type.count("/")
        } - {("aws:lambda/alias:Alias", "live")}

    own = {name for name in physical(stack) if name[0] != "aws:iam/rolePolicy:RolePolicy"}
    assert own
    for other in STACKS:
        if other != stack:
            assert own & physical(other) == set()


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_resource_bears_the_six_tags(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    (provider,) = recording.of(PROVIDER)
    defaults = json.loads(provider.inputs["defaultTags"])["tags"]
    assert set(defaults) == set(DEFAULT_TAG_KEYS)
    assert defaults["Environment"] == stack
    untagged = [
        resource.name
        for resource in recording.custom()
        if takes_tags(resource) and {*defaults, *resource.inputs.get("tags", {})} != set(REQUIRED_TAG_KEYS)
    ]
    assert untagged == []


@pytest.mark.parametrize("stack", STACKS)
def test_component_tags_name_a_component(recorded: Stacks, stack: str) -> None:
    components = {
        resource.inputs["tags"]["Component"] for resource in recorded(stack).custom() if "tags" in resource.inputs
    }
    assert components == {
        "ApiStack",
        "BackupStack",
        "BedrockStack",
        "BudgetStack",
        "EventsStack",
        "DataStack",
        "DeliveryStack",
        "MonitoringStack",
        "SecurityStack",
    }


@pytest.mark.parametrize("stack", STACKS)
def test_one_explicit_provider_is_bound_to_the_stacks_account(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    (provider,) = recording.of(PROVIDER)
    assert provider.inputs["region"] == "eu-central-1"
    assert json.loads(provider.inputs["allowedAccountIds"]) == [committed(stack)["accountId"]]
    strays = [r.name for r in recording.custom() if not r.provider.startswith(f"{provider.urn}::")]
    assert strays == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_parameter_lies_below_the_environments_prefix(recorded: Stacks, stack: str) -> None:
    prefix = names_of(stack_config(stack)).parameter_prefix
    names = {parameter.inputs["name"] for parameter in recorded(stack).of("aws:ssm/parameter:Parameter")}
    assert all(name.startswith(f"{prefix}/") for name in names)
    required = {
        "api/cors-origins",
        "api/url",
        "api/usage-key",
        "bedrock/model-id",
        "database/endpoint",
        "database/tables",
        "monitoring/log-level",
        "release/commit",
    }
    assert {f"{prefix}/{path}" for path in required} <= names
