"""What a change costs: from the table and stated assumptions, and never a guess."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ops.preview.change import changes
from ops.preview.model import Environment
from ops.preview.price_table import PRICES as PRICES_FILE
from ops.preview.price_table import Usage, read_prices, read_usage
from ops.preview.pricing import Cost, cost
from tests.unit.ops.preview.engine_preview import LOSS, TABLE, preview, step, write

if TYPE_CHECKING:
    from collections.abc import Callable

    type Run = Callable[..., int]
    type Capture = pytest.CaptureFixture[str]

ROOT = Path(__file__).parents[4]
PRICES = read_prices()
NO_USE = Usage(defaults=dict.fromkeys(read_usage().defaults, 0.0))


def of(*steps: dict[str, Any], usage: Usage = NO_USE, stack: str = "dev") -> Cost:
    return cost(Environment(name=stack, changes=changes(steps)), PRICES, usage)


@pytest.mark.parametrize(
    ("kind", "inputs", "month"),
    [
        ("aws:kms/key:Key", {}, 1.00),
        ("aws:secretsmanager/secret:Secret", {}, 0.40),
        ("aws:secretsmanager/secret:Secret", {"replicas": [{"region": "eu-west-1"}]}, 0.80),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {}, 0.10),
        (
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            {"metricQueries": [{"metric": {}}, {"metric": {}}, {"expression": ""}]},
            0.20,
        ),
        ("aws:cloudwatch/compositeAlarm:CompositeAlarm", {}, 0.50),
        ("aws:cloudwatch/dashboard:Dashboard", {}, 3.00),
        ("aws:wafv2/webAcl:WebAcl", {"rules": [{}, {}, {}]}, 8.00),
        ("aws:ssm/parameter:Parameter", {"tier": "Advanced"}, 0.05),
        ("aws:ssm/parameter:Parameter", {}, 0.00),
        (TABLE, {"billingMode": "PROVISIONED", "readCapacity": 10, "writeCapacity": 10}, 6.95),
        (TABLE, {"billingMode": "PAY_PER_REQUEST"}, 0.00),
    ],
)
def test_a_fixed_price_is_what_the_list_says(kind: str, inputs: dict[str, Any], month: float) -> None:
    created = of(step("create", kind, "r", after=inputs))

    assert created.unpriced == {}
    assert created.difference == pytest.approx(month, abs=0.005)
    assert of(step("delete", kind, "r", before=inputs)).difference == pytest.approx(-month, abs=0.005)


def test_the_capacity_of_indexes_is_billed_like_the_tables() -> None:
    alone = {"billingMode": "PROVISIONED", "readCapacity": 5, "writeCapacity": 5}
    indexed = {**alone, "globalSecondaryIndexes": [{"readCapacity": 5, "writeCapacity": 5}]}

    plain, twice = (of(step("create", TABLE, "t", after=inputs)).difference for inputs in (alone, indexed))
    assert twice == pytest.approx(2 * plain)


def test_provisioned_concurrency_takes_the_memory_of_the_function_beside_it() -> None:
    kind = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
    function = {"memorySize": 1024, "architectures": ["arm64"]}
    provisioned = step("create", kind, "p", after={"provisionedConcurrentExecutions": 2})
    beside = step("same", "aws:lambda/function:Function", "f", before=function, after=function)

    found = of(provisioned, beside)
    assert found.difference == pytest.approx(2 * 730 * 3600 * PRICES.prices["provisioned_arm64"].usd)
    assert found.borrowed == ("provisioned_arm64",)
    assert of(provisioned).unpriced == {kind: 1}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("aws:opensearch/domain:Domain", {}),
        ("aws:rds/instance:Instance", {"instanceClass": "db.r6g.large"}),
        ("aws:cloudwatch/logGroup:LogGroup", {}),
        (TABLE, {"billingMode": "PROVISIONED"}),
    ],
)
def test_what_has_no_price_or_lacks_a_fact_is_counted_and_never_taken_for_nothing(
    run: Run, tmp_path: Path, capsys: Capture, kind: str, inputs: dict[str, Any]
) -> None:
    created = step("create", kind, "r", after=inputs)

    assert of(created).unpriced == {kind: 1}
    assert run(write(tmp_path, preview(created))) == 0
    assert "**1 changed resource without a price** (not counted as nothing)" in capsys.readouterr().out


def test_an_import_costs_what_it_cost_before() -> None:
    assert of(step("import", "aws:kms/key:Key", "k")).difference == 0


def test_an_assumption_of_the_command_line_changes_the_month(run: Run, tmp_path: Path, capsys: Capture) -> None:
    created = write(tmp_path, preview(step("create", "aws:s3/bucket:Bucket", "b")))
    usage = write(tmp_path, "environments: {dev: {bucket_gb: 1000}}", "usage.yaml")
    run(created, "--usage", usage)

    assert "+24.50 USD" in capsys.readouterr().out


def test_the_most_specific_assumption_wins() -> None:
    usage = Usage(defaults={"x": 1}, environments={"dev": {"x": 2}}, resources={"r": {"x": 3}})

    assert [usage.value("x", *of) for of in (("prod", "q"), ("dev", "q"), ("dev", "r"))] == [1, 2, 3]
    assert usage.value("y", "dev", "r") is None


def test_a_month_by_component_adds_up_to_the_whole(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run(LOSS, "--json", out)
    found = json.loads(out.read_text())["cost"]["dev"]

    assert sum(found["components"].values()) == pytest.approx(found["difference"], abs=0.001)
    assert found["components"]["ApiStack"] > 0 > found["components"]["MonitoringStack"]


@pytest.mark.parametrize(
    ("checked", "said"), [("null", "have not been compared with AWS's price list yet"), ("2026-11-20", "on 2026-11-20")]
)
def test_the_report_says_whether_anybody_has_compared_the_prices_with_awss(
    run: Run, tmp_path: Path, capsys: Capture, checked: str, said: str
) -> None:
    table = write(tmp_path, PRICES_FILE.read_text().replace("checked: null", f"checked: {checked}"), "prices.yaml")
    run(LOSS, "--prices", table)

    assert said in capsys.readouterr().out


def test_every_assumption_that_a_price_needs_is_in_the_committed_file() -> None:
    terms = [t for lines in PRICES.resources.values() for found in lines for t in found.times if isinstance(t, str)]
    needed = {term.removeprefix("usage:") for term in terms if term.startswith("usage:")}

    assert needed == set(read_usage().defaults)


def test_every_price_is_used_and_says_where_it_is_from() -> None:
    used = {found.price for lines in PRICES.resources.values() for found in lines}

    assert used == set(PRICES.prices)
    assert all(
        price.source and price.unit and price.basis in {"region", "us-east-1"} for price in PRICES.prices.values()
    )


def test_every_type_that_the_components_make_has_a_price_or_is_known_to_have_none() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "components").rglob("*.py"))
    made = set(re.findall(r"\baws\.([a-z0-9_]+)\.([A-Z]\w+)\(\s*\n?\s*(?:f?\"|name|prefix|self|logical)", text))
    # a resource's nested arguments are no resource
    types = {(area, name) for area, name in made if not name.endswith("Args")}
    tokens = {f"aws:{area.rstrip('_')}/{name[0].lower()}{name[1:]}:{name}" for area, name in types}

    assert len(tokens) >= 30
    assert {token for token in tokens if token not in PRICES.resources and token not in PRICES.free} == set()
