"""The preview role: made only when asked for, for one repository's pull requests, reading definitions and no data."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pulumi
import pytest
from policy_sentry.querying.actions import get_action_data, get_actions_that_support_wildcard_arns_only

from components.delivery.preview_reads import UNREADABLE, Known, reads
from components.environment import Inputs, compose
from localcloud.iam.evaluate import Policies, evaluate
from localcloud.iam.policy import Policy, parse
from localcloud.iam.request import Principal, Request
from tests.infra.recording import Recorded, Recording, record
from tests.infra.stacks import STACKS, artefacts, committed, contract, names_of, stack_config

ISSUER = "token.actions.githubusercontent.com"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/0f0f0f0f-1111-2222-3333-444444444444"
PREVIEW = {"repository": "acme/shop", "stateBucket": "acme-pulumi-state", "stateKeyArn": KEY}
ROLE, PROVIDER = "aws:iam/role:Role", "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ACCOUNT = committed("dev")["accountId"]


READABLE: set[str] = set()


def recorded_with(stack: str, **changes: Any) -> Recording:
    config = stack_config(stack, **changes)

    def program() -> None:
        # here, because outputs live only while a program runs
        READABLE.update(type_ for read in reads(Known(names_of(config), None, KEY, "a", "b")) for type_ in read.types)
        for name, value in compose(Inputs(config, artefacts(), contract())).items():
            pulumi.export(name, value)

    return record(program, stack=stack, account_id=config.account_id)


@cache
def previewed(stack: str = "dev") -> Recording:
    return recorded_with(stack, preview=PREVIEW)


def role(recording: Recording) -> Recorded:
    return recording.one(ROLE, "preview-role")


def policies(recording: Recording) -> dict[str, dict[str, Any]]:
    found = recording.of("aws:iam/rolePolicy:RolePolicy")
    return {p.inputs["name"]: json.loads(p.inputs["policy"]) for p in found if p.name.startswith("preview-")}


def identity(recording: Recording) -> tuple[Policy, ...]:
    return tuple(parse(json.dumps(found), owner=f"preview: {name}") for name, found in policies(recording).items())


def allowed(action: str, resource: str, **context: str) -> bool:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/preview/run"
    caller = Principal(arn, ACCOUNT, "role", f"arn:aws:iam::{ACCOUNT}:role/preview")
    keys = {key.replace("__", ":").lower(): (value,) for key, value in context.items()}
    return evaluate(Request(caller, action, resource, keys), Policies(identity(previewed()))).allowed


@pytest.mark.parametrize("stack", STACKS)
def test_without_config_nothing_is_made(stack: str) -> None:
    recording = recorded_with(stack)
    assert [r.name for r in recording.resources if "preview" in r.name or r.type == PROVIDER] == []
    assert "preview_role_arn" not in recording.exports


@pytest.mark.parametrize("stack", STACKS)
def test_with_config_the_rest_of_the_stack_stays_as_it_is(stack: str) -> None:
    added = {r.urn for r in previewed(stack).resources} - {r.urn for r in recorded_with(stack).resources}
    assert {urn.rsplit("::", 1)[-1] for urn in added} == {
        "preview", "preview-role", "preview-github", "preview-policy-state", "preview-policy-definitions",
        "preview-policy-no-data",
    }  # fmt: skip
    assert role(previewed(stack)).inputs["name"] == f"omnix-ai-{stack}-preview-eu-central-1"
    assert role(previewed(stack)).inputs["maxSessionDuration"] == 3600
    assert previewed(stack).exports["preview_role_arn"]


def trusts(recording: Recording, subject: str, audience: str = "sts.amazonaws.com") -> bool:
    """Whether a token with these claims may assume the role, by the role's own trust policy."""
    document = json.loads(role(recording).inputs["assumeRolePolicy"])
    (statement,) = document["Statement"]
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert statement["Condition"].keys() == {"StringEquals"}, "a pattern lets similar names in"
    claims = {f"{ISSUER}:sub": subject, f"{ISSUER}:aud": audience}
    expected = statement["Condition"]["StringEquals"]
    assert expected.keys() == claims.keys()
    return all(claims[key] in values for key, values in expected.items())


def test_only_pull_requests_of_exactly_the_repository_are_trusted() -> None:
    recording = previewed()
    assert trusts(recording, "repo:acme/shop:pull_request")
    for subject in (
        "repo:acme/shop:ref:refs/heads/main",
        "repo:acme/shop:environment:preview-dev",
        "repo:acme/shop2:pull_request",
        "repo:acme-evil/shop:pull_request",
        "repo:acme@1/shop@2:pull_request",
        "repo:evil/shop:pull_request",
    ):
        assert not trusts(recording, subject)
    assert not trusts(recording, "repo:acme/shop:pull_request", "https://github.com/acme")


def test_a_repository_with_immutable_ids_is_trusted_by_them() -> None:
    recording = recorded_with("dev", preview=PREVIEW | {"repository": "acme@12/shop@34"})
    assert trusts(recording, "repo:acme@12/shop@34:pull_request")
    assert not trusts(recording, "repo:acme/shop:pull_request")
    assert not trusts(recording, "repo:acme@99/shop@34:pull_request")


def test_the_accounts_identity_provider_is_made_by_the_baseline_and_named_by_every_stack() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
    provider = previewed().only(PROVIDER)
    assert provider.inputs["url"] == f"https://{ISSUER}"
    assert provider.inputs["clientIdLists"] == ["sts.amazonaws.com"]
    assert provider.urn in previewed().closure(role(previewed()))
    for changes in ({"accountBaseline": False}, {"preview": PREVIEW | {"existingProvider": True}}):
        recording = recorded_with("dev", **{"preview": PREVIEW, **changes})
        assert recording.of(PROVIDER) == []
        (statement,) = json.loads(role(recording).inputs["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"Federated": [arn]}


BUCKET = "arn:aws:s3:::acme-pulumi-state"
STATE = f"{BUCKET}/.pulumi/stacks/omnix-ai"
TABLE = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/omnix-ai"
SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:omnix-ai"
OTHER_KEY = KEY.replace("0f0f0f0f", "1e1e1e1e")
API = "arn:aws:apigateway:eu-central-1::"

MAY = [
    ("s3:GetObject", f"{STATE}/dev.json"),
    ("s3:GetObject", f"{BUCKET}/.pulumi/meta.yaml"),
    ("kms:Decrypt", KEY),
    ("dynamodb:DescribeTable", f"{TABLE}-dev-users"),
    ("secretsmanager:DescribeSecret", f"{SECRET}/dev/JWT_SECRET-abcdef"),
    ("lambda:GetFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:omnix-ai-dev-api"),
    ("iam:GetRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/omnix-ai-dev-api-eu-central-1"),
    ("ssm:GetParameter", f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/omnix-ai/dev/api/cors-origins"),
]
MAY_NOT = [
    ("s3:PutObject", f"{STATE}/dev.json"),
    ("s3:PutObject", f"{BUCKET}/.pulumi/locks/organization/omnix-ai/dev/1.json"),
    ("s3:DeleteObject", f"{STATE}/dev.json"),
    ("s3:GetObject", f"{STATE}/prod.json"),
    ("s3:GetObject", f"{BUCKET}/.pulumi/history/omnix-ai/dev/dev-1.checkpoint.json"),
    ("s3:GetObject", f"arn:aws:s3:::omnix-ai-dev-artefacts-{ACCOUNT}-eu-central-1/functions/api.zip"),
    ("kms:Decrypt", OTHER_KEY),
    ("kms:Encrypt", KEY),
    ("dynamodb:GetItem", f"{TABLE}-dev-users"),
    ("dynamodb:Scan", f"{TABLE}-dev-users"),
    ("dynamodb:DescribeTable", f"{TABLE}-prod-users"),
    ("dynamodb:DeleteTable", f"{TABLE}-dev-users"),
    ("secretsmanager:GetSecretValue", f"{SECRET}/dev/JWT_SECRET-abcdef"),
    ("secretsmanager:DescribeSecret", f"{SECRET}/prod/JWT_SECRET-abcdef"),
    ("ssm:GetParameter", f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/omnix-ai/prod/api/url"),
    ("logs:FilterLogEvents", f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/aws/lambda/omnix-ai-dev-api:*"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:omnix-ai-dev-api"),
    ("apigateway:GET", f"{API}/apikeys/abc"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/omnix-ai-dev-api-eu-central-1"),
]


@pytest.mark.parametrize(("action", "resource"), MAY)
def test_what_a_preview_reads_is_allowed(action: str, resource: str) -> None:
    assert allowed(action, resource)


@pytest.mark.parametrize(("action", "resource"), MAY_NOT)
def test_data_writes_and_other_environments_are_refused(action: str, resource: str) -> None:
    assert not allowed(action, resource)


def test_the_states_bucket_is_listed_where_the_backend_looks_and_nowhere_else() -> None:
    for prefix in (".pulumi/stacks/", ".pulumi/stacks/omnix-ai/", ".pulumi/stacks/omnix-ai/dev.json"):
        assert allowed("s3:ListBucket", BUCKET, s3__prefix=prefix)
    for prefix in ("", ".pulumi/", ".pulumi/history/", ".pulumi/stacks/other/"):
        assert not allowed("s3:ListBucket", BUCKET, s3__prefix=prefix)
    assert not allowed("s3:ListBucket", BUCKET)


@pytest.mark.parametrize("key", ["meta.yaml", *(f"stacks/omnix-ai/dev{end}" for end in (".json", ".pulumi-tags"))])
def test_an_object_of_the_state_that_is_missing_is_told_from_a_forbidden_one(key: str) -> None:
    """S3 answers 404 to who has s3:ListBucket with the key as prefix, else 403; Pulumi goes on after a 404 only."""
    assert allowed("s3:GetObject", f"{BUCKET}/.pulumi/{key}")
    assert allowed("s3:ListBucket", BUCKET, s3__prefix=f".pulumi/{key}")


def test_a_usage_plan_is_read_by_its_tags_and_its_keys_are_not() -> None:
    own = {"aws__ResourceTag/Project": "omnix-ai", "aws__ResourceTag/Environment": "dev"}
    assert allowed("apigateway:GET", f"{API}/usageplans/abc", **own)
    assert not allowed("apigateway:GET", f"{API}/usageplans/abc", **own | {"aws__ResourceTag/Environment": "prod"})
    assert not allowed("apigateway:GET", f"{API}/usageplans/abc/keys/def", **own)


def statements() -> Iterator[dict[str, Any]]:
    for document in policies(previewed()).values():
        yield from document["Statement"]


def test_every_allowed_action_reads_and_exists_by_awss_own_reference() -> None:
    for statement in statements():
        for action in statement["Action"]:
            if statement["Effect"] == "Deny" or action == "kms:Decrypt":
                continue
            service, name = action.split(":")
            found = get_action_data(service, name)
            assert found, f"{action} does not exist"
            assert {row["access_level"] for row in found[service]} <= {"Read", "List"}, action


def test_a_star_stands_only_for_actions_that_take_no_resource() -> None:
    for statement in statements():
        if statement["Effect"] == "Allow" and "*" in statement["Resource"]:
            for action in statement["Action"]:
                assert action in get_actions_that_support_wildcard_arns_only(action.split(":")[0]), action


def test_the_policies_fit_into_a_role() -> None:
    """IAM: 10,240 characters of inline policies a role, white space not counted."""
    assert (
        sum(len(json.dumps(found, separators=(",", ":"))) for found in policies(previewed("staging")).values()) < 10240
    )


@pytest.mark.parametrize("stack", STACKS)
def test_every_deployed_type_is_read_or_known_to_give_values_away(stack: str) -> None:
    recording = recorded_with(stack, preview=PREVIEW, capacity={"users": CAPACITY})
    deployed = {r.type for r in recording.custom()}
    assert deployed <= READABLE | UNREADABLE
    assert set() == READABLE & UNREADABLE


CAPACITY = {"readMin": 1, "readMax": 2, "writeMin": 1, "writeMax": 2}
