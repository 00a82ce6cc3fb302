"""A deployment after another keeps the tables and every write, also those made meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.upgrades.conftest import Plan, RefusedError, Upgrades, Writer
from tests.integration.upgrades.programs import TABLES

type Writing = Callable[[str], Writer]

CAPACITY = {"readMin": 2, "readMax": 20, "writeMin": 3, "writeMax": 30}


@pytest.fixture
def kept(upgrades: Upgrades, writing: Writing) -> Callable[..., Plan]:
    """Deploy N+1 over N, under writes, and hold the engine's account and the cloud to it that nothing is lost."""

    def upgrade(**arguments: Any) -> Plan:
        before = upgrades.table("users")["CreationDateTime"]
        with writing("users") as writer:
            plan = upgrades.up("data", **arguments)
        assert plan.lost() == []
        assert upgrades.table("users")["CreationDateTime"] == before
        writer.assert_nothing_lost()
        return plan

    return upgrade


type Kept = Callable[..., Plan]


def users(**changes: Any) -> dict[str, Any]:
    """The tables, with changes to the definition of `users`."""
    return {**TABLES, "users": {**TABLES["users"], **changes}}


def test_a_renamed_component_with_an_alias_changes_nothing(upgrades: Upgrades, kept: Kept) -> None:
    upgrades.up("data", retain=True, locked=True)
    assert kept(retain=True, locked=True, name="store", was="data").operations() == {}
    # the alias may go once every stack has been deployed with it
    assert kept(retain=True, locked=True, name="store").operations() == {}


def test_a_rename_without_an_alias_is_seen_as_delete_and_create_and_fails_before_a_loss(
    upgrades: Upgrades, writing: Writing
) -> None:
    upgrades.up("data")
    before = upgrades.table("users")["CreationDateTime"]
    found = upgrades.preview("data", name="store").operations("aws:dynamodb")
    assert (found["store-table-users"], found["data-table-users"]) == ("create", "delete")
    with writing("users") as writer, pytest.raises(RefusedError, match="ResourceInUseException"):
        upgrades.up("data", name="store")
    writer.assert_nothing_lost()
    assert upgrades.table("users")["CreationDateTime"] == before


def test_a_locked_table_that_would_be_deleted_or_replaced_stops_the_preview(upgrades: Upgrades) -> None:
    upgrades.up("data", retain=True, locked=True)
    for change in ({"name": "store", "tables": {"orders": TABLES["orders"]}}, {"code_changes": OTHER_KEY}):
        with pytest.raises(RefusedError, match="protect"):
            upgrades.preview("data", retain=True, locked=True, **change)


def test_a_table_moved_to_another_component_with_an_alias_changes_nothing(upgrades: Upgrades, kept: Kept) -> None:
    upgrades.up("data")
    assert kept(moved=["users"]).operations() == {}


def test_indexes_come_and_go_in_place(upgrades: Upgrades, kept: Kept) -> None:
    upgrades.up("data")
    added = kept(tables=users(indexes=["gsi1", "gsi2", "gsi3"]))
    assert added.operations() == {"data-table-users": "update"}
    indexes = {index["IndexName"]: index["IndexStatus"] for index in upgrades.table("users")["GlobalSecondaryIndexes"]}
    assert indexes == {"gsi1": "ACTIVE", "gsi2": "ACTIVE", "gsi3": "ACTIVE"}
    assert kept(tables=users(indexes=["gsi2"])).operations() == {"data-table-users": "update"}
    assert [index["IndexName"] for index in upgrades.table("users")["GlobalSecondaryIndexes"]] == ["gsi2"]
    upgrades.assert_settled("data", tables=users(indexes=["gsi2"]))


def units(described: dict[str, Any]) -> tuple[int, int]:
    found = described["ProvisionedThroughput"]
    return found["ReadCapacityUnits"], found["WriteCapacityUnits"]


def test_a_table_becomes_provisioned_with_its_minima_gets_an_index_and_is_on_demand_again(
    upgrades: Upgrades, kept: Kept
) -> None:
    upgrades.up("data")
    plan = kept(capacity={"users": {**CAPACITY, "switching": True}})
    assert plan.operations("aws:dynamodb") == {"data-table-users": "update"}
    assert set(plan.operations("aws:appautoscaling").values()) == {"create"}
    (index,) = plan.step("data-table-users").inputs["globalSecondaryIndexes"]
    assert (index["readCapacity"], index["writeCapacity"]) == (2, 3), "AWS's provider refuses an index without"
    assert units(upgrades.table("users")) == (2, 3)

    scaled = {"ReadCapacityUnits": 9, "WriteCapacityUnits": 9}
    upgrades.client("dynamodb").update_table(TableName=upgrades.name("users"), ProvisionedThroughput=scaled)
    plan = kept(capacity={"users": CAPACITY}, tables=users(indexes=["gsi1", "gsi2"]))
    assert plan.operations("aws:dynamodb") == {"data-table-users": "update"}
    assert units(upgrades.table("users")) == (9, 9), "what scaling had moved was put back"
    _, added = plan.step("data-table-users").inputs["globalSecondaryIndexes"]
    assert (added["readCapacity"], added["writeCapacity"]) == (2, 3)

    plan = kept(tables=users(indexes=["gsi1", "gsi2"]))
    assert plan.operations("aws:dynamodb") == {"data-table-users": "update"}
    assert set(plan.operations("aws:appautoscaling").values()) == {"delete"}
    assert upgrades.table("users")["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_another_key_a_stream_protection_recovery_and_expiry_change_in_place(upgrades: Upgrades, kept: Kept) -> None:
    upgrades.up("data")
    first = upgrades.table("users")["SSEDescription"]["KMSMasterKeyArn"]
    no_recovery = {"point_in_time_recovery": {"enabled": False}}
    now: dict[str, Any] = {}
    for change, paths in (
        (
            {"use_key": "second", "tables": users(stream=True), "retain": True},
            {"serverSideEncryption", "streamEnabled", "streamViewType", "deletionProtectionEnabled"},
        ),
        (
            {"tables": users(stream=True, ttl="expires_at"), "code_changes": no_recovery},
            {"ttl", "pointInTimeRecovery"},
        ),
        (
            {"tables": users(ttl="expires_at"), "code_changes": {}, "retain": False},
            {"streamEnabled", "streamViewType", "pointInTimeRecovery", "deletionProtectionEnabled"},
        ),
    ):
        now |= change
        step = kept(**now).step("data-table-users")
        assert (step.operation, {path.split(".")[0] for path in step.changed}) == ("update", paths)
    assert upgrades.table("users")["SSEDescription"]["KMSMasterKeyArn"] != first
    upgrades.assert_settled("data", **now)


def test_tags_and_config_alone_change_nothing_but_themselves(upgrades: Upgrades, kept: Kept) -> None:
    upgrades.up("data")
    assert kept(log_level="DEBUG").operations() == {"data-parameter-monitoring-log-level": "update"}
    upgrades.tags = {"Owner": "another-team"}
    plan = kept(log_level="DEBUG")
    assert set(plan.operations().values()) == {"update"}
    changed = {path for step in plan.steps if step.kind.startswith("aws:") for path in step.changed}
    assert {path.split(".")[0].split("[")[0] for path in changed} == {"tagsAll"}
    tags = upgrades.client("dynamodb").list_tags_of_resource(ResourceArn=upgrades.table("users")["TableArn"])["Tags"]
    assert {"Key": "Owner", "Value": "another-team"} in tags


OTHER_KEY = {
    "hash_key": "tenant",
    "attributes": [{"name": name, "type": "S"} for name in ("tenant", "sk", "gsi1pk", "gsi1sk")],
}


def test_another_partition_key_is_seen_as_a_replacement(upgrades: Upgrades) -> None:
    upgrades.up("data")
    plan = upgrades.preview("data", code_changes=OTHER_KEY)
    step = plan.step("data-table-users")
    assert (step.operation, set(step.replacing)) == ("replace", {"hashKey"})
    assert any(lost.startswith("replace") and lost.endswith("data-table-users") for lost in plan.lost())


def test_a_retained_table_outlives_its_replacement_and_is_adopted_again(upgrades: Upgrades, writing: Writing) -> None:
    upgrades.up("data", retain=True)
    before = upgrades.table("users")["CreationDateTime"]
    with writing("users") as writer, pytest.raises(RefusedError, match="ResourceInUseException"):
        upgrades.up("data", retain=True, code_changes=OTHER_KEY)
    # Both are in the state as half replaced, which stops every later update: they are taken out of it, and adopted.
    for table in TABLES:
        upgrades.forget(f"data-table-{table}")
    adopt = {f"tables/{table}": upgrades.name(table) for table in TABLES}
    plan = upgrades.up("data", retain=True, adopt=adopt)
    assert plan.lost() == []
    writer.assert_nothing_lost()
    assert upgrades.table("users")["CreationDateTime"] == before


def test_a_retained_table_outlives_its_removal_from_the_program(upgrades: Upgrades, writing: Writing) -> None:
    upgrades.up("data", retain=True)
    before = upgrades.table("users")["CreationDateTime"]
    with writing("users") as writer:
        upgrades.up("data", retain=True, tables={"orders": TABLES["orders"]})
    writer.assert_nothing_lost()
    assert upgrades.table("users")["CreationDateTime"] == before


def test_deletion_protection_alone_keeps_a_table_that_the_program_drops(upgrades: Upgrades, writing: Writing) -> None:
    protected = {"code_changes": {"deletion_protection_enabled": True}}
    upgrades.up("data", **protected)
    with writing("users") as writer, pytest.raises(RefusedError, match="protected against deletion"):
        upgrades.up("data", **protected, tables={"orders": TABLES["orders"]})
    writer.assert_nothing_lost()


def test_retained_tables_are_adopted_with_their_items(upgrades: Upgrades, kept: Kept) -> None:
    upgrades.up("data", retain=True, locked=True)
    upgrades.forget("data-table-users")
    plan = kept(retain=True, locked=True, adopt={"tables/users": upgrades.name("users")})
    assert "import" in {step.operation for step in plan.steps if step.name == "data-table-users"}
    assert set(plan.operations()) == {"data-table-users"}
    assert kept(retain=True, locked=True).operations() == {}, "the entry may go once the table is in the state"
