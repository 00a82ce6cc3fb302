"""Tables are on-demand unless the config gives one a capacity; then it scales, and Pulumi leaves it alone."""

from collections.abc import Callable

import pytest

from components.config import Capacity
from components.data.capacity import scalings
from components.data.stack import DataStack, DataStackArgs
from components.lifecycle import Protection
from tests.infra.recording import Recording, record
from tests.infra.stacks import STACKS, names_of, stack_config

Stacks = Callable[[str], Recording]
TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
ORDERS = {"readMin": 5, "readMax": 100, "writeMin": 2, "writeMax": 50}


@pytest.fixture(scope="module")
def provisioned() -> Recording:
    config = stack_config("dev", capacity={"orders": ORDERS})
    names = names_of(config)

    def program() -> None:
        protection = Protection(retain=False, locked=False)
        args = DataStackArgs(
            names=names,
            recovery=None,
            key_arn="arn:key",
            protection=protection,
            cors_origins=["https://a.example"],
            bedrock=(),
            log_level="INFO",
            capacity=config.capacity,
        )
        DataStack("data", args)

    return record(program, stack="dev", account_id=config.account_id)


@pytest.mark.parametrize("stack", STACKS)
def test_no_committed_stack_provisions_anything(recorded: Stacks, stack: str) -> None:
    assert not [r for r in recorded(stack).resources if "appautoscaling" in r.type]


def test_only_the_named_table_is_provisioned(provisioned: Recording) -> None:
    modes = {r.inputs["name"]: r.inputs["billingMode"] for r in provisioned.of("aws:dynamodb/table:Table")}
    assert [name for name, mode in modes.items() if mode == "PROVISIONED"] == ["omnix-ai-dev-orders"]


def test_the_table_and_each_index_scale_for_reads_and_writes(provisioned: Recording) -> None:
    targets = {
        (r.inputs["resourceId"], r.inputs["scalableDimension"]): (
            r.inputs["minCapacity"],
            r.inputs["maxCapacity"],
        )
        for r in provisioned.of(TARGET)
    }
    table = "table/omnix-ai-dev-orders"
    assert targets == {
        (table, "dynamodb:table:ReadCapacityUnits"): (5, 100),
        (table, "dynamodb:table:WriteCapacityUnits"): (2, 50),
        (f"{table}/index/gsi1", "dynamodb:index:ReadCapacityUnits"): (5, 100),
        (f"{table}/index/gsi1", "dynamodb:index:WriteCapacityUnits"): (2, 50),
        (f"{table}/index/gsi2", "dynamodb:index:ReadCapacityUnits"): (5, 100),
        (f"{table}/index/gsi2", "dynamodb:index:WriteCapacityUnits"): (2, 50),
    }
    assert len(provisioned.of(POLICY)) == len(targets)


def test_scaling_waits_for_the_table_and_is_not_put_back(provisioned: Recording) -> None:
    orders = provisioned.one("aws:dynamodb/table:Table", "data-table-orders")
    assert "readCapacity" in orders.ignore_changes
    assert "globalSecondaryIndexes[*].writeCapacity" in orders.ignore_changes
    for resource in (*provisioned.of(TARGET), *provisioned.of(POLICY)):
        assert orders.urn in provisioned.closure(resource)


def test_a_policys_metric_fits_its_dimension() -> None:
    capacity = Capacity(read_min=1, read_max=2, write_min=1, write_max=2)
    for scaling in scalings("t", ("gsi1",), capacity):
        assert ("Read" in scaling.dimension) == ("Read" in scaling.metric)
