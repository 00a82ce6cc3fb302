"""Functions: code by digest, logs, versions, alias ownership, concurrency, least privilege."""

import fnmatch
import json
from collections.abc import Callable
from typing import Any

import pytest

from components.artefacts import FunctionCode
from components.config.model import AliasOwner
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from tests.infra.recording import Recording, record
from tests.infra.stacks import FUNCTIONS, STACKS, artefacts, names_of, stack_config

Stacks = Callable[[str], Recording]
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
POLICY = "aws:iam/rolePolicy:RolePolicy"
# Actions without a resource level, by the Service Authorization Reference.
WITHOUT_RESOURCE = {
    "backup:DescribeRestoreJob",
    "backup:PutRestoreValidationResult",
    "dynamodb:ListStreams",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def statements(recording: Recording) -> list[tuple[str, dict[str, Any]]]:
    """Every statement of every inline policy, with the role's name."""
    return [
        (policy.inputs["role"], statement)
        for policy in recording.of(POLICY)
        for statement in json.loads(policy.inputs["policy"])["Statement"]
    ]


def one_function(owner: AliasOwner, **overrides: Any) -> Recording:
    config = stack_config("dev", functions={"api": overrides} if overrides else {})
    names = names_of(config)
    code = FunctionCode("api", "api.handler.handler", "A" * 43 + "=", "bucket", "functions/api.zip", "v1")

    def program() -> None:
        LambdaFunction(
            "api",
            LambdaFunctionArgs(names, code, config.sizing("api"), "arn:key", 7, owner, "ApiStack", "API"),
        )

    return record(program, stack="dev", account_id=config.account_id)


@pytest.mark.parametrize("stack", STACKS)
def test_each_function_runs_the_digest_and_handler_of_its_artefact(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    deployed = {f.inputs["name"].removeprefix(f"omnix-ai-{stack}-"): f for f in recording.of(FUNCTION)}
    assert set(deployed) == set(FUNCTIONS)
    for name in FUNCTIONS:
        artefact, inputs = artefacts()[name], deployed[name].inputs
        assert inputs["sourceCodeHash"] == artefact.sha256
        assert inputs["handler"] == artefact.handler
        assert inputs["s3Key"] == f"functions/{name}.zip"
        assert inputs["s3ObjectVersion"] == f"delivery-artefact-{name}-object-version"


@pytest.mark.parametrize("stack", STACKS)
def test_each_function_is_arm64_python_traced_published_and_encrypted(recorded: Stacks, stack: str) -> None:
    for function in recorded(stack).of(FUNCTION):
        assert function.inputs["architectures"] == ["arm64"]
        assert function.inputs["runtime"] == "python3.13"
        assert function.inputs["publish"] is True
        assert function.inputs["tracingConfig"] == {"mode": "Active"}
        assert function.inputs["kmsKeyArn"].startswith("arn:aws:kms:")


@pytest.mark.parametrize("stack", STACKS)
def test_the_floor_of_the_log_level_keeps_secrets_out_of_the_log(recorded: Stacks, stack: str) -> None:
    """Lambda's runtime sets the root logger to it, and botocore at DEBUG writes PutSecretValue's body whole."""
    levels = [f.inputs["loggingConfig"]["applicationLogLevel"] for f in recorded(stack).of(FUNCTION)]
    assert set(levels) == {"INFO"}


@pytest.mark.parametrize("stack", STACKS)
def test_new_code_finds_its_permissions(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    for function in recording.of(FUNCTION):
        policies = {p.urn for p in recording.of(POLICY) if p.inputs["role"] == function.inputs["role"].split("/")[-1]}
        assert len(policies) >= 2
        assert policies <= recording.closure(function)


@pytest.mark.parametrize("stack", STACKS)
def test_a_roles_inline_policies_fit_into_what_iam_takes(recorded: Stacks, stack: str) -> None:
    """10,240 characters for all inline policies of a role together (IAM quotas)."""
    sizes: dict[str, int] = {}
    for policy in recorded(stack).of(POLICY):
        sizes[policy.inputs["role"]] = sizes.get(policy.inputs["role"], 0) + len(policy.inputs["policy"])
    assert max(sizes.values()) < 10_240 * 0.8


@pytest.mark.parametrize("stack", STACKS)
def test_a_functions_log_group_exists_before_it_with_key_and_retention(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    groups = {group.inputs["name"]: group for group in recording.of("aws:cloudwatch/logGroup:LogGroup")}
    for function in recording.of(FUNCTION):
        group = groups[f"/aws/lambda/{function.inputs['name']}"]
        assert group.urn in recording.closure(function)
        assert group.inputs["retentionInDays"] == stack_config(stack).log_retention_days
        assert group.inputs["kmsKeyId"].startswith("arn:aws:kms:")


@pytest.mark.parametrize("stack", STACKS)
def test_no_concurrency_is_reserved_or_provisioned_unless_asked_for(recorded: Stacks, stack: str) -> None:
    """The incident: `ReservedConcurrentExecutions` blocked deployment."""
    recording = recorded(stack)
    assert not [f for f in recording.of(FUNCTION) if "reservedConcurrentExecutions" in f.inputs]
    assert not [r for r in recording.resources if "rovisionedConcurrency" in r.type]


def test_concurrency_is_set_when_the_config_asks_for_it() -> None:
    recording = one_function("pulumi", reservedConcurrency=10, provisionedConcurrency=2)
    (function,) = recording.of(FUNCTION)
    assert function.inputs["reservedConcurrentExecutions"] == 10
    (provisioned,) = recording.of("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    assert provisioned.inputs["qualifier"] == "live"
    assert provisioned.inputs["provisionedConcurrentExecutions"] == 2


@pytest.mark.parametrize(
    ("stack", "ignored"),
    [
        ("dev", ()),
        ("staging", ("functionVersion", "routingConfig")),
        ("prod", ("functionVersion", "routingConfig")),
    ],
)
def test_only_in_dev_does_pulumi_move_an_alias(recorded: Stacks, stack: str, ignored: tuple[str, ...]) -> None:
    aliases = recorded(stack).of(ALIAS)
    assert len(aliases) == len(FUNCTIONS)
    assert {alias.ignore_changes for alias in aliases} == {ignored}


@pytest.mark.parametrize("stack", STACKS)
def test_an_alias_has_nothing_that_could_change_but_its_version(recorded: Stacks, stack: str) -> None:
    """The provider's update sends version and routing with any change, and would undo a shift."""
    for alias in recorded(stack).of(ALIAS):
        assert set(alias.inputs) == {"functionName", "functionVersion", "name"}
        assert alias.inputs["name"] == "live"


@pytest.mark.parametrize("stack", STACKS)
def test_a_function_behind_the_gateway_gives_up_before_it(recorded: Stacks, stack: str) -> None:
    for function in recorded(stack).of(FUNCTION):
        if not function.inputs["name"].endswith(("-rotation", "-validation", "-worker")):
            assert function.inputs["timeout"] < 29


def reads_keys_of_restored_tables_only(statement: dict[str, Any]) -> bool:
    """A scan cannot be kept to leading keys: what judges restored tables sees no more of them than their keys."""
    condition = statement.get("Condition", {})
    return (
        [arn.partition("table/")[2] for arn in statement["Resource"]] == ["awsbackup-restore-test-*"]
        and condition.get("ForAllValues:StringEquals") == {"dynamodb:Attributes": ["pk", "sk"]}
        and condition.get("Null") == {"dynamodb:Attributes": "false"}
        and condition.get("StringEquals") == {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]}
    )


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_may_scan_or_act_on_everything(recorded: Stacks, stack: str) -> None:
    for role, statement in statements(recorded(stack)):
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            if fnmatch.fnmatchcase("dynamodb:Scan", action):
                assert reads_keys_of_restored_tables_only(statement), (role, statement["Sid"])
            assert "*" not in action or action in {"kms:GenerateDataKey*", "kms:ReEncrypt*"}
        if "*" in statement["Resource"]:
            assert set(statement["Action"]) <= WITHOUT_RESOURCE, (role, statement["Sid"])


@pytest.mark.parametrize("stack", STACKS)
def test_every_use_of_the_key_goes_through_a_service(recorded: Stacks, stack: str) -> None:
    for role, statement in statements(recorded(stack)):
        if any(action.startswith("kms:") for action in statement["Action"]):
            assert "kms:ViaService" in statement["Condition"]["StringEquals"], (role, statement["Sid"])


@pytest.mark.parametrize("stack", STACKS)
def test_only_auth_reaches_credentials(recorded: Stacks, stack: str) -> None:
    """Password hashes lie under CREDENTIAL# in `users`, refresh families under FAMILY# in `sessions`.

    The authorizer reads the hashes of API keys, which lie under a prefix of their own, and nothing else.
    """
    items = [
        (role, statement)
        for role, statement in statements(recorded(stack))
        if any(action.startswith("dynamodb:") for action in statement["Action"])
        and statement["Action"] != ["dynamodb:DescribeTable"]  # tells nothing of any item
        and any(r.rpartition("-")[2].split("/")[0] in {"users", "sessions"} for r in statement["Resource"])
    ]
    assert items
    for role, statement in items:
        if not role.startswith(f"omnix-ai-{stack}-auth-"):
            condition = statement["Condition"]
            authorizer = role.startswith(f"omnix-ai-{stack}-authorizer-")
            allowed = ["CREDENTIAL#APIKEY#*"] if authorizer else ["TENANT#*"]
            assert condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] == allowed
            assert not authorizer or statement["Action"] == ["dynamodb:GetItem"]
            assert condition["Null"]["dynamodb:LeadingKeys"] == "false"


@pytest.mark.parametrize("stack", STACKS)
def test_each_secret_is_read_only_by_those_that_use_it(recorded: Stacks, stack: str) -> None:
    readers: dict[str, set[str]] = {}
    for role, statement in statements(recorded(stack)):
        if "secretsmanager:GetSecretValue" in statement["Action"]:
            for arn in statement["Resource"]:
                function = role.removeprefix(f"omnix-ai-{stack}-").split("-")[0]
                readers.setdefault(arn.rpartition("/")[2], set()).add(function)
    assert readers == {
        "JWT_SECRET": {"auth", "authorizer", "rotation"},
        "JWT_REFRESH_SECRET": {"auth", "rotation"},
        "API_KEY_1": {"authorizer", "rotation"},
    }
