"""The policy pack, started as the engine starts it, on everything that the three stacks register.

Per resource the engine sends inputs before it creates anything, then the whole stack. In a preview some values are not
known: they come as sentinels, and must neither be reported as violations nor pass for good ones.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi.runtime.proto.analyzer_pb2 import ADVISORY, MANDATORY

from components.environment import Inputs, compose
from policy.rules import RULES
from policy.rules.belonging import TAGGABLE
from tests.infra.recording import Recorded, Recording, record
from tests.infra.stacks import ROOT, STACKS, artefacts, committed, contract, stack_config

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


class Pack:
    """The running pack, asked as the engine asks it."""

    def __init__(self, stub: analyzer_pb2_grpc.AnalyzerStub, provider: Recorded, *, preview: bool) -> None:
        self._stub = stub
        self._provider = analyzer_pb2.AnalyzerProviderResource(
            urn=provider.urn, type=provider.type, name=provider.name, properties=struct(provider.inputs)
        )
        self._preview = preview

    def analyze(self, resource: Recorded, **changes: Any) -> list[Any]:
        """What the pack says of one resource; `changes` replace inputs."""
        answer = self._stub.Analyze(
            analyzer_pb2.AnalyzeRequest(
                urn=resource.urn,
                type=resource.type,
                name=resource.name,
                properties=self._properties(resource, changes),
                options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
                provider=self._provider,
            )
        )
        return list(answer.diagnostics)

    def analyze_stack(self, resources: list[Recorded]) -> list[Any]:
        """What the pack says of the stack."""
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[
                analyzer_pb2.AnalyzerResource(
                    urn=resource.urn,
                    type=resource.type,
                    name=resource.name,
                    properties=self._properties(resource, {}),
                    options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
                    provider=self._provider,
                    dependencies=sorted(resource.dependencies),
                )
                for resource in resources
            ]
        )
        return list(self._stub.AnalyzeStack(request).diagnostics)

    def _properties(self, resource: Recorded, changes: dict[str, Any]) -> Any:
        inputs = {**resource.inputs, **changes}
        if self._preview:
            inputs = {key: not_known_yet(value) for key, value in inputs.items()}
        return struct(inputs, secret=resource.secret_inputs)


def struct(properties: dict[str, Any], secret: frozenset[str] = frozenset()) -> Any:
    """`properties` on the wire; a file asset, which no rule reads, is left out."""
    made = struct_pb2.Struct()
    plain = json.loads(json.dumps(properties, default=lambda _: None))
    made.update({key: {**SECRET, "value": value} if key in secret else value for key, value in plain.items()})
    return made


def not_known_yet(value: Any) -> Any:
    """`value` as a first preview has it: what holds an ARN or an id that only AWS gives is not known."""
    if isinstance(value, str):
        return UNKNOWN if "arn:aws:" in value or "-id" in value else value
    if isinstance(value, dict):
        return {key: not_known_yet(item) for key, item in value.items()}
    return [not_known_yet(item) for item in value] if isinstance(value, list) else value


def start(folder: Path, cwd: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Start the pack in `folder` as the engine does: it prints its port."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.terminate()


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    yield from start(ROOT / "policy", tmp_path)


def provider_of(recording: Recording) -> Recorded:
    return recording.only("pulumi:providers:aws")


def described(diagnostics: list[Any], resource: Recorded | None = None) -> list[str]:
    return [
        f"{found.policyName}: {found.urn or (resource.urn if resource else '')}: {found.message}"
        for found in diagnostics
    ]


def test_nothing_that_a_stack_registers_violates_a_rule(
    stub: analyzer_pb2_grpc.AnalyzerStub, recording: Recording
) -> None:
    pack = Pack(stub, provider_of(recording), preview=False)
    found = [text for resource in recording.resources for text in described(pack.analyze(resource), resource)]
    found += described(pack.analyze_stack(recording.resources))
    assert found == []


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_that_a_config_may_ask_for_violates_a_rule(stub: analyzer_pb2_grpc.AnalyzerStub, stack: str) -> None:
    account = committed(stack)["accountId"]
    key = f"arn:aws:kms:eu-central-1:{account}:key/0f3b1c52-0000-4000-8000-000000000000"
    preview = {"repository": "acme/shop", "stateBucket": "acme-state", "stateKeyArn": key}
    backup = {**committed(stack)["backup"], "reports": True, "framework": True}
    legacy = {"users": {"name": "old-users"}}
    migration = {"sources": ["legacy-orders"]}
    config = stack_config(stack, preview=preview, backup=backup, legacyTables=legacy, migration=migration)

    def program() -> None:
        compose(Inputs(config, artefacts(), contract()))

    recording = record(program, stack=stack, account_id=config.account_id)
    pack = Pack(stub, provider_of(recording), preview=False)
    found = [text for resource in recording.resources for text in described(pack.analyze(resource), resource)]
    assert found + described(pack.analyze_stack(recording.resources)) == []


def test_a_first_preview_violates_nothing_and_says_what_it_cannot_tell(
    stub: analyzer_pb2_grpc.AnalyzerStub, recording: Recording
) -> None:
    pack = Pack(stub, provider_of(recording), preview=True)
    found = [text for resource in recording.resources for text in described(pack.analyze(resource), resource)]
    assert found == []
    (told,) = pack.analyze_stack(recording.resources)
    assert told.policyName == "not-known-yet"
    assert told.enforcementLevel == ADVISORY
    for rule in ("table-customer-key", "no-wildcard-resource", "stage-access-logs"):
        assert rule in told.message


def test_a_violation_stops_the_deployment_and_says_what_to_do(
    stub: analyzer_pb2_grpc.AnalyzerStub, recorded: Any
) -> None:
    recording = recorded("prod")
    pack = Pack(stub, provider_of(recording), preview=False)
    (found,) = pack.analyze(recording.one("aws:dynamodb/table:Table", "data-table-orders"), pointInTimeRecovery=None)
    assert found.policyName == "table-point-in-time-recovery"
    assert found.enforcementLevel == MANDATORY
    assert "set pointInTimeRecovery" in found.message


def test_a_missing_alarm_is_found_in_the_stack_as_a_whole(stub: analyzer_pb2_grpc.AnalyzerStub, recorded: Any) -> None:
    recording = recorded("staging")
    pack = Pack(stub, provider_of(recording), preview=False)
    without = [resource for resource in recording.resources if resource.name != "monitoring-alarm-api-5xx-rate"]
    (found,) = pack.analyze_stack(without)
    assert found.policyName == "api-alarms"
    assert found.enforcementLevel == MANDATORY
    assert found.urn == recording.only("aws:apigateway/restApi:RestApi").urn


def test_the_engine_is_told_every_rule_with_its_level(stub: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = stub.GetAnalyzerInfo(empty_pb2.Empty())
    levels = {policy.name: policy.enforcementLevel for policy in info.policies}
    for rule in RULES:
        assert levels[rule.name] == {"mandatory": MANDATORY, "advisory": ADVISORY}[rule.level]
    assert levels["overrides-valid"] == MANDATORY


def test_the_pack_works_from_any_folder_under_any_name(tmp_path: Path, recorded: Any) -> None:
    folder = tmp_path / "somewhere-else"
    shutil.copytree(ROOT / "policy", folder, ignore=shutil.ignore_patterns("__pycache__"))
    # a malformed exception of its own shows that it is the copy that runs
    (folder / "overrides.yaml").write_text("- rule: nonsense\n", encoding="utf-8")
    recording = recorded("dev")
    for stub in start(folder, tmp_path):
        pack = Pack(stub, provider_of(recording), preview=False)
        assert {found.policyName for found in pack.analyze_stack(recording.resources)} == {"overrides-valid"}


def test_what_the_provider_can_tag_must_bear_tags(recording: Recording) -> None:
    from tests.unit.policy.test_provider_schema import arguments

    types = {resource.type for resource in recording.custom()}
    untagged = {type_ for type_ in types if "tags" in arguments(type_)} - TAGGABLE
    assert untagged == set()
