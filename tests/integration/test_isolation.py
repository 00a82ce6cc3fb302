"""C1 and C5: dev, staging and prod share nothing, not even by name (the page that called another environment)."""

import itertools
import json
import re
from typing import Any

import pytest

from tests.integration.conftest import Environment
from toolchain.overlay import LOCAL_ACCOUNTS
from toolchain.workspace import STACKS

PAIRS = list(itertools.permutations(STACKS, 2))
# "prod" is in "products": environments are compared as whole tokens
TOKEN = re.compile(r"[A-Za-z0-9]+")


def physical(environment: Environment) -> str:
    """Return the state without what every stack shares by design: logical names, types and hashes."""
    resources: list[dict[str, Any]] = [
        {key: resource.get(key) for key in ("id", "inputs", "outputs")} for resource in environment.state()
    ]
    return json.dumps(resources)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_no_resource_of_one_environment_names_another(
    environments: dict[str, Environment], one: str, other: str
) -> None:
    text = physical(environments[one])
    assert f"omnix-ai-{one}" in text
    assert f"omnix-ai-{other}" not in text
    assert f"/omnix-ai/{other}" not in text
    assert LOCAL_ACCOUNTS[other] not in text
    own = {resource["id"] for resource in environments[one].state() if resource.get("id")}
    assert not [identity for identity in own if other in TOKEN.findall(identity)]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_no_address_of_one_environment_leads_to_another(
    environments: dict[str, Environment], one: str, other: str
) -> None:
    mine, theirs = environments[one].summary, environments[other].summary
    for key in ("api_url", "aws_endpoint_url", "account_id", "state_path"):
        assert mine[key] != theirs[key]
    assert environments[one].http().get("/system/version").json()["environment"] == one


def test_each_environment_has_secrets_of_its_own(environments: dict[str, Environment]) -> None:
    values = [
        environment.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        for environment in environments.values()
        for arn in environment.outputs["secrets"].values()
    ]
    assert len(values) == len(set(values)) == 3 * len(STACKS)


def test_no_secret_value_is_in_any_state(environments: dict[str, Environment]) -> None:
    states = {stack: environments[stack].workspace.state.read_text(encoding="utf-8") for stack in STACKS}
    for environment in environments.values():
        for arn in environment.outputs["secrets"].values():
            value = environment.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
            assert not [stack for stack, text in states.items() if value in text]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_parameters_stay_under_their_own_prefix(environments: dict[str, Environment], one: str, other: str) -> None:
    pages = environments[one].client("ssm").get_paginator("describe_parameters").paginate()
    names = [parameter["Name"] for page in pages for parameter in page["Parameters"]]
    assert len(names) > 9
    assert all(name.startswith(f"/omnix-ai/{one}/") for name in names)
    values = environments[one].client("ssm").get_parameters_by_path(
        Path=f"/omnix-ai/{one}", Recursive=True, WithDecryption=True
    )["Parameters"]  # fmt: skip
    assert not [value for value in values if other in TOKEN.findall(value["Value"])]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_token_of_one_environment_is_refused_by_another(
    environments: dict[str, Environment], one: str, other: str
) -> None:
    token = environments[one].sign_in()
    assert environments[one].http(token).get("/auth/me").status_code == 200
    assert environments[other].http(token).get("/auth/me").status_code == 401
