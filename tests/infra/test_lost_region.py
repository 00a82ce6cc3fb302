"""A failover while the home region does not answer: the stack asks nothing of any region but its own."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pulumi
import pytest
from pulumi.runtime.proto import analyzer_pb2_grpc

from components.config import validate
from components.environment import Inputs, compose
from tests.infra.recording import Recording, record
from tests.infra.stacks import STACKS, artefacts, committed, contract, raw, stack_config
from tests.infra.test_policy_pack import Pack, described, provider_of, stub

__all__ = ["stub"]

LOST, HERE = "eu-central-1", "eu-west-1"
type Stacks = Callable[[str], Recording]


def asked(stack: str) -> dict[str, Any]:
    """What else a stack may ask for, so that nothing of it needs the lost region either."""
    key = f"arn:aws:kms:{HERE}:{committed(stack)['accountId']}:key/0f0f0f0f-1111-2222-3333-444444444444"
    preview = {"repository": "acme/shop", "stateBucket": "acme-pulumi-state", "stateKeyArn": key}
    return {"preview": preview, "migration": {"sources": ["legacy-orders"]}}


@cache
def failed_over(stack: str, recovery: str | None = None) -> Recording:
    """A failover of `stack` with everything it may ask for, with or without a recovery region."""
    lock = "none" if stack == "dev" else "governance"
    backup = {"lock": lock, "copyToDr": True, "reports": True, "framework": True}
    changes: dict[str, Any] = {"region": HERE, "failover": True, "backup": backup, **asked(stack)}
    if recovery:
        changes["drRegion"] = recovery
    config = validate(raw(stack, () if recovery else ("drRegion",), **changes))

    def program() -> None:
        for name, value in compose(Inputs(config, artefacts(), contract())).items():
            pulumi.export(name, value)

    return record(program, stack=stack, account_id=config.account_id, region=config.region)


@pytest.fixture(params=STACKS)
def alone(request: pytest.FixtureRequest) -> Recording:
    """Each stack in turn, without a recovery region."""
    return failed_over(request.param)


def text(value: object) -> str:
    return json.dumps(value, default=lambda _: "asset")


def test_nothing_is_registered_in_another_region_and_nothing_names_the_lost_one(alone: Recording) -> None:
    assert {resource.inputs.get("region") for resource in alone.custom()} == {None}
    naming = [resource for resource in alone.resources if LOST in text(resource.inputs)]
    assert [resource.name for resource in naming] == ["api-assistant-policy-call-models"]
    assert alone.only("pulumi:providers:aws").inputs["region"] == HERE


def test_models_are_called_at_home_and_may_be_answered_from_the_lost_region_when_it_is_back(alone: Recording) -> None:
    """A model's `eu.` profile leads wherever Bedrock finds room: each destination is allowed, none is called."""
    policy = json.loads(alone.one("aws:iam/rolePolicy:RolePolicy", "api-assistant-policy-call-models").inputs["policy"])
    named = {one["Sid"]: [arn for arn in one["Resource"] if LOST in arn] for one in policy["Statement"]}
    assert {sid for sid, arns in named.items() if arns} == {"CallModels"}
    assert all(arn.startswith(f"arn:aws:bedrock:{LOST}::foundation-model/") for arn in named["CallModels"])


def test_what_is_missing_is_exactly_what_copies(alone: Recording) -> None:
    """And no more: tables, backups at home, alarms on them and everything that serves are all there."""
    stack = alone.exports["environment"]
    whole = failed_over(stack, recovery=LOST)
    missing = {resource.name for resource in whole.custom()} - {resource.name for resource in alone.custom()}
    copying = {name for name in missing if "-dr" not in name}
    assert copying == {
        "data-files-replication", "data-files-replication-role", "data-files-replication-role-policy",
        "monitoring-alarm-backup-copies",
    }  # fmt: skip
    assert {"security-dr-key", "backup-dr-vault", "backup-dr-topic", "data-files-dr-bucket"} <= missing - copying


def test_setting_the_recovery_region_later_only_adds(alone: Recording) -> None:
    """Once the home region answers, `up` makes the rest: no name of what is there may change."""
    whole = {resource.urn for resource in failed_over(alone.exports["environment"], recovery=LOST).resources}
    assert {resource.urn for resource in alone.resources} <= whole


def test_recovery_points_are_made_and_not_copied_whatever_the_config_says(alone: Recording) -> None:
    rules = alone.only("aws:backup/plan:Plan").inputs["rules"]
    assert len(rules) == 3
    assert not any(rule.get("copyActions") for rule in rules)
    controls = alone.only("aws:backup/framework:Framework").inputs["controls"]
    assert not any("CROSS_REGION" in control["name"] for control in controls)


def test_no_alarm_watches_copies_that_nobody_makes(alone: Recording) -> None:
    alarms = alone.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert any(alarm.name == "monitoring-alarm-backup-jobs" for alarm in alarms)
    assert not any("NumberOfCopyJobs" in text(alarm.inputs) or "backup-dr" in text(alarm.inputs) for alarm in alarms)


def test_every_dependency_is_registered(alone: Recording) -> None:
    registered = {resource.urn for resource in alone.resources}
    assert {urn for resource in alone.resources for urn in resource.dependencies} <= registered


def test_outputs_say_that_there_is_no_recovery_region(alone: Recording) -> None:
    gone = {"dr_region", "dr_vault_name", "dr_key_arn", "file_bucket_dr"}
    assert {alone.exports.get(name) for name in gone} == {None}
    for name in ("backup_vault_name", "backup_role_arn", "key_arn", "file_bucket"):
        assert alone.exports[name]


def test_the_preview_role_reads_what_there_is(alone: Recording) -> None:
    policy = alone.one("aws:iam/rolePolicy:RolePolicy", "preview-policy-definitions").inputs["policy"]
    statements = {one["Sid"]: one["Resource"] for one in json.loads(policy)["Statement"]}
    assert statements["Key"] == [alone.exports["key_arn"]]
    assert len(statements["Topics"]) == len(statements["Vaults"]) == 1


def test_the_policy_pack_finds_nothing(alone: Recording, stub: analyzer_pb2_grpc.AnalyzerStub) -> None:
    pack = Pack(stub, provider_of(alone), preview=False)
    found = [line for resource in alone.resources for line in described(pack.analyze(resource), resource)]
    assert found + described(pack.analyze_stack(alone.resources)) == []


def test_a_stack_at_home_has_a_recovery_region(recorded: Stacks, stack: str) -> None:
    assert stack_config(stack).dr_region == HERE
    assert recorded(stack).exports["dr_region"] == HERE
