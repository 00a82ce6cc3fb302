"""The real engine with a program of everything that reacts and guards: it goes up, stays still, changes, goes down."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.cloud import Cloud
from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.resources import event_source, events, iam_oidc, scheduler, sqs_policy, wafv2
from localcloud.provider.server import serve
from localcloud.provider.stored import StoredType

from .test_engine import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

PROGRAM = Path(__file__).with_name("program_services.py")
OWN = {
    kind.pulumi_type
    for module in (event_source, events, iam_oidc, scheduler, sqs_policy, wafv2)
    for kind in module.TYPES
}


@pytest.fixture
def stack(tmp_path: Path, cloud: Cloud) -> Iterator[Stack]:
    server, port = serve(cloud)
    stack = Stack(tmp_path, cloud, port)
    shutil.copy(PROGRAM, tmp_path / "__main__.py")
    yield stack
    server.stop(grace=1).wait()


def test_services_go_up_stay_still_change_in_place_are_watched_and_go_down(stack: Stack) -> None:
    stack.run("up", "--yes", "--skip-preview")
    made = {row["urn"]: row["id"] for row in stack.resources()}
    assert {row["type"] for row in stack.resources()} >= OWN

    stack.run("preview", "--expect-no-changes")
    stack.run("refresh", "--preview-only", "--expect-no-changes")
    for row in stack.resources():
        schema = CATALOGUE[row["type"]].schema
        assert {key for key in row["outputs"] if not key.startswith("__")} <= schema.outputs | {"id"}, row["urn"]
        assert schema.empty.keys() <= row["outputs"].keys(), row["urn"]

    stack.run("config", "set", "later", "true")
    assert "replace" not in stack.run("up", "--yes", "--skip-preview")
    assert {row["urn"]: row["id"] for row in stack.resources()} == made
    schedules = stack.cloud.client("scheduler")
    once = next(one["Name"] for one in schedules.list_schedules()["Schedules"] if one["Name"].startswith("once-"))
    assert schedules.get_schedule(Name=once)["ActionAfterCompletion"] == "DELETE"
    stack.run("preview", "--expect-no-changes")
    stack.run("refresh", "--preview-only", "--expect-no-changes")

    schedules.delete_schedule(GroupName="shop", Name="nightly")
    assert "nightly" in stack.run("refresh", "--preview-only", "--expect-no-changes", code=7)
    stack.run("refresh", "--yes")
    assert "aws:scheduler:Schedule" in stack.run("up", "--yes", "--skip-preview")

    stack.run("destroy", "--yes")
    registry = stack.cloud.registry
    kinds = {kind.kind for kind in CATALOGUE.values() if isinstance(kind, StoredType)} | {"resource"}
    assert {kind: registry.all(kind) for kind in kinds if registry.all(kind)} == {}
    assert stack.cloud.client("events").list_rules()["Rules"] == []
    assert stack.cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
