"""`omnix status` reports what AWS says of this moment, a shift under way included."""

from __future__ import annotations

from typing import Any

from ops.commands.status import live
from ops.inspection import FunctionStatus, inspect
from ops.stack import assembled, parsed_outputs
from tests.unit.ops.fake_platform import OUTPUTS, DynamoDb, Ssm


class Lambda:
    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert Name == "live"
        shift = {"AdditionalVersionWeights": {"4": 0.1}}
        return {"FunctionVersion": "3", "RoutingConfig": shift if FunctionName.endswith("-api") else {}}

    def get_function_configuration(self, FunctionName: str, Qualifier: str) -> dict[str, Any]:  # noqa: ARG002, N803
        return {"State": "Active", "LastModified": f"2026-11-0{Qualifier}T00:00:00Z", "CodeSha256": "abc="}


def client(service: str) -> Any:
    return {"lambda": Lambda(), "dynamodb": DynamoDb({"no recovery"}), "ssm": Ssm(set())}[service]


def test_functions_come_with_the_versions_behind_live() -> None:
    status = inspect(assembled(parsed_outputs(OUTPUTS, "test"), "http://127.0.0.1:8"), client)

    assert [(f.name, f.version, f.routing) for f in status.functions] == [("api", "3", {"4": 0.1}), ("auth", "3", {})]
    assert [live(f) for f in status.functions] == ["3, 10 % on 4", "3"]


def test_tables_and_counts_are_those_of_the_stack() -> None:
    status = inspect(assembled(parsed_outputs(OUTPUTS, "test"), "http://127.0.0.1:8"), client)

    assert [(t.table, t.point_in_time_recovery) for t in status.tables] == [
        ("omnix-ai-dev-products", False),
        ("omnix-ai-dev-users", False),
    ]
    assert (status.secrets, status.parameters) == (3, 7)
    assert status.document()["functions"][0]["state"] == "Active"


def test_a_version_without_a_shift_is_shown_alone() -> None:
    assert live(FunctionStatus("api", "f", "12", {}, "Active", "", "")) == "12"
