"""The remediation plan's estate from 27 tables to nine: audited, migrated, verified, removed, and nothing lost."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from omnix.integrity.check import TABLES, Check, Resolution
from omnix.integrity.finding import Finding, Weight
from ops.audit.model import Audit, Kind, Verdict, read
from tests.integration.conftest import Environment
from tests.integration.legacy.building import FUNCTIONS, STACK_FUNCTIONS
from tests.integration.legacy.estate import ALL_NAMES, BY_NAME, CDK_STACK, SERVERLESS_STACK, STANDARD_NAMES, build
from tests.integration.legacy.items import SHOPS
from tests.integration.legacy.operating import MAPPING, Operator, acknowledged, listed, put

pytestmark = [pytest.mark.process, pytest.mark.timeout(900)]

ALIAS = "old-shop"
ITEMS = 600
# What becomes of every item: by the estate's own rules (`items.flaw`, `items.twin`), and by what is written meanwhile.
LEDGER = {
    "omnix-ai-cdk-customers": {"written": 69, "duplicate": 1, "quarantined": 1},  # one was deleted meanwhile
    "omnix-serverless-customers": {"duplicate": 24},
    "customers_v2": {"duplicate": 6},
    "omnix-ai-cdk-products": {"written": 95, "duplicate": 1},  # the bad one was mended meanwhile
    "omnixai-products": {"duplicate": 18},
    "omnix-ai-cdk-inventory": {"written": 83, "quarantined": 1},
    "omnix-ai-cdk-orders": {"written": 120, "quarantined": 1},  # one was new
    "omnix-serverless-orders": {"written": 12, "merged": 24},
    "orders": {"written": 12},
    "omnix-ai-cdk-users": {"written": 12},
    "omnix-ai-cdk-recommendations": {"left out": 24},
    "omnix-ai-cdk-analytics": {"left out": 36},
}


@pytest.fixture
def operator(scratch: Callable[[str], Environment], tmp_path: Path) -> Iterator[Operator]:
    began = time.monotonic()
    found = Operator(scratch("dev"), tmp_path / "work")
    found.folder.mkdir()
    found.seconds["deploy"] = round(time.monotonic() - began, 1)
    yield found
    print(f"\nseconds: {found.seconds}")  # noqa: T201 - the figures of the run


def test_the_estate_ends_as_nine_tables_and_every_item_is_accounted_for(operator: Operator) -> None:
    with operator.phase("build"):
        estate = build(operator.client, operator.past, items=ITEMS, last_used_days=3)
        operator.client("iam").create_account_alias(AccountAlias=ALIAS)
        tenants = {shop: operator.register(shop) for shop in SHOPS}
    with operator.phase("audit"):
        _is_sorted(_audited(operator))
    run = _migrated(operator, tenants)
    with operator.phase("shop"):
        _the_shops_are_open(operator)
        _nothing_is_broken(operator)
    ledger = _removed(operator, run)
    _nine_are_left(operator)
    _all_is_accounted_for(operator, run, ledger, estate.items)
    with operator.phase("shop again"):
        _the_shops_are_open(operator)
    with operator.phase("undo"):
        operator.omnix("cleanup", "undo", ledger, "--only", "orders", "--apply")
    assert len(operator.scan("orders")) == estate.items["orders"]
    assert operator.tables() == sorted([*STANDARD_NAMES, "orders"])


def _audited(operator: Operator, *arguments: str | Path) -> Audit:
    report = operator.folder / "audit"
    operator.omnix("audit", "--history", operator.folder / "history.json", "--report", report, *arguments)
    return read(report / "audit.json")


def _is_sorted(audit: Audit) -> None:
    """27 tables, of which none that holds what is not elsewhere may go; nothing may, before its waiting period."""
    tables = {one.resource.name: one.verdict for one in audit.findings if one.resource.kind is Kind.TABLE}
    assert tables.keys() == set(ALL_NAMES)
    assert len(tables) == 27
    assert {name for name, verdict in tables.items() if verdict is Verdict.MIGRATE} == LEDGER.keys()
    assert {name for name, verdict in tables.items() if verdict is Verdict.KEEP} == {
        *STANDARD_NAMES,
        "omnix-ai-cdk-sessions",
    }


def _migrated(operator: Operator, tenants: dict[str, str]) -> Path:
    """The run's folder: killed in the middle, written to meanwhile, resumed, followed and verified."""
    mapping, run = operator.folder / "estate.yaml", operator.folder / "estate.run"
    text = MAPPING.read_text(encoding="utf-8")
    for number, shop in enumerate(SHOPS, start=1):
        text = text.replace(f"TENANT_OF_SHOP_{number}", tenants[shop])
    mapping.write_text(text, encoding="utf-8")
    before = {name: operator.scan(name) for name in STANDARD_NAMES}
    said = operator.omnix("migrate", "run", mapping, "--apply", fails=True)
    assert "no stream with old images" in said
    assert {name: operator.scan(name) for name in STANDARD_NAMES} == before, "refused, and nothing touched"
    _turn_streams_on(operator, text)
    with operator.phase("migrate, killed"):
        operator.killed("migrate", "run", mapping, "--apply", when=lambda: acknowledged(run) > 150)
    assert 150 < acknowledged(run) < ITEMS
    _life_goes_on(operator.client("dynamodb"))
    with operator.phase("migrate, resumed"):
        operator.omnix("migrate", "run", mapping, "--apply")
    with operator.phase("follow"):
        assert operator.document("migrate", "follow", run, "--until-idle", "2")["changes"] > 0
    with operator.phase("verify"):
        verified = operator.document("migrate", "verify", run)
    assert verified["state"] == "verified"
    ledger = operator.document("migrate", "ledger", run)
    assert ledger["adds_up"]
    assert {name: {fate: n for fate, n in fates.items() if n} for name, fates in ledger["ledger"].items()} == LEDGER
    assert ledger["read"] == {name: len(operator.scan(name)) for name in LEDGER}
    rows = [json.loads(line) for line in (run / "quarantine.ndjson").read_text(encoding="utf-8").splitlines()]
    fates = sum((Counter(one) for one in LEDGER.values()), Counter[str]())
    assert Counter(row["fate"] for row in rows) == {name: fates[name] for name in ("quarantined", "duplicate")}
    assert all(row["image"] and row["reason"] for row in rows if row["fate"] == "quarantined")
    return run


def _turn_streams_on(operator: Operator, mapping: str) -> None:
    dynamodb = operator.client("dynamodb")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    for source in yaml.safe_load(mapping)["sources"]:
        if not BY_NAME[source["table"]].stream:
            dynamodb.update_table(TableName=source["table"], StreamSpecification=stream)


def _life_goes_on(dynamodb: Any) -> None:
    """The legacy shop sells on while its data moves."""
    now = datetime.now(UTC)
    products, orders = "omnix-ai-cdk-products", "omnix-ai-cdk-orders"
    put(dynamodb, products, {"id": "P0000001"}, name="Renamed meanwhile", updatedAt=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    put(dynamodb, products, {"id": "P0000050"}, price=Decimal("19.99"))  # it was "on request", and is mended
    line = {"productId": "P0000001", "qty": Decimal(2), "price": Decimal("9.50")}
    new = {"orderId": "O-MEANWHILE", "createdAt": Decimal(int(now.timestamp() * 1000))}
    put(
        dynamodb, orders, new, shopId="shop-1", customerId="C000003", status="paid", items=[line],
        total=Decimal(19), currency="EUR",
    )  # fmt: skip
    dynamodb.delete_item(TableName="omnix-ai-cdk-customers", Key={"customerId": {"S": "C000061"}})


def _the_shops_are_open(operator: Operator) -> None:
    """Each owner sees the shop's own products, orders and customers, with what was written meanwhile."""
    rows: dict[str, list[dict[str, Any]]] = {"/products": [], "/orders": [], "/customers": []}
    for shop in SHOPS:
        with operator.browser(shop) as browser:
            for path in rows:
                own = listed(browser, path)
                assert own
                rows[path] += own
    products = {row["sku"]: row for row in rows["/products"]}
    assert len(rows["/products"]) == len(products) == LEDGER["omnix-ai-cdk-products"]["written"]
    assert products["SKU-0000001"]["name"] == "Renamed meanwhile"
    assert products["SKU-0000050"]["price"] == {"amount": 1999, "currency": "EUR"}
    assert products["SKU-0000059"]["name"] == "Product 59 (neu)"
    assert len(rows["/orders"]) == 120 + 12 + 12
    assert [row["totals"] for row in rows["/orders"] if row["created_at"] > "2026"] == [{"units": 2, "amount": 1900}]
    people = {row["email"] for row in rows["/customers"]}
    assert len(people) == len(rows["/customers"]) == LEDGER["omnix-ai-cdk-customers"]["written"]
    assert "buyer61@example.com" not in people


def _nothing_is_broken(operator: Operator) -> None:
    """The data layer's own checks over all nine tables; its counters have a while to catch up."""
    end = time.monotonic() + 60
    while found := _findings(operator):
        assert not [one for one in found if one.weight is Weight.BROKEN], found
        assert time.monotonic() < end, found
        time.sleep(2)


def _findings(operator: Operator) -> list[Finding]:
    names = operator.environment.outputs["tables"]
    assert names.keys() == TABLES.keys()
    held = [(logical, item) for logical, physical in names.items() for item in operator.scan(physical)]
    check = Check(int(time.time()))
    for logical, item in held:
        check.add(logical, item)
    resolution = Resolution(check.doubts(), check.now, frozenset(names))
    for logical, item in held:
        resolution.add(logical, item)
    return [*check.findings, *resolution.findings()]


def _removed(operator: Operator, run: Path) -> Path:
    """The clean-up's ledger. Before its waiting period nothing goes; then the stacks' own deletion, then the plan."""
    plan, audit = operator.folder / "plan.json", operator.folder / "audit" / "audit.json"
    early = operator.document("cleanup", "plan", audit, "--out", plan)
    assert not early["entries"]
    assert all("waiting period" in "".join(one["reasons"]) for one in early["left_out"])
    _a_month_passes(operator.folder / "history.json")
    cloudformation = operator.client("cloudformation")
    for stack in (CDK_STACK, SERVERLESS_STACK):
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    assert set(ALL_NAMES) <= set(operator.tables()), "a stack's deletion retains its data"
    operator.client("ssm").delete_parameter(Name="/omnix/legacy/orders-table")
    with operator.phase("audit again"):
        found = _audited(operator, "--migration", run, "--window", "2")
    going = {one.resource.name for one in found.of(Verdict.REMOVE) if one.resource.kind is Kind.TABLE}
    assert going == set(BY_NAME)
    with operator.phase("plan"):
        operator.omnix("cleanup", "plan", audit, "--out", plan)
        operator.omnix("cleanup", "approve", plan, "--by", "Ada")
    with operator.phase("clean up"):
        done = operator.document("cleanup", "run", plan, "--apply", "--account-alias", ALIAS)
    assert {one["fate"] for one in done["entries"]} == {"removed"}
    return Path(done["ledger"])


def _a_month_passes(history: Path) -> None:
    """The waiting period counts from when the audit first saw a thing, which its history says."""
    document = json.loads(history.read_text(encoding="utf-8"))
    for seen in document["seen"].values():
        seen["first_seen"] = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    history.write_text(json.dumps(document), encoding="utf-8")


def _nine_are_left(operator: Operator) -> None:
    """The platform's tables, functions and gateway are left, and of the legacy the bucket that holds something."""
    assert operator.tables() == sorted(STANDARD_NAMES)
    functions = {one["FunctionName"] for one in operator.client("lambda").list_functions()["Functions"]}
    assert functions
    assert not functions & {*(one.name for one in FUNCTIONS), *STACK_FUNCTIONS}
    gateways = [one["name"] for one in operator.client("apigateway").get_rest_apis()["items"]]
    gateways += [one["Name"] for one in operator.client("apigatewayv2").get_apis()["Items"]]
    assert gateways == ["omnix-ai-dev-api"]
    left = {one["Name"] for one in operator.client("s3").list_buckets()["Buckets"] if "legacy" in one["Name"]}
    assert {name.rpartition("-")[0] for name in left} == {"omnix-legacy-uploads"}


def _all_is_accounted_for(operator: Operator, run: Path, ledger: Path, seeded: Any) -> None:
    """Every item that ever was: in the migration's ledger, and all of its table in a backup that was compared."""
    lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    compared = {
        line["arn"].rpartition("/")[2]: line["detail"]["items"]
        for line in lines
        if line["step"] == "compare" and line["state"] == "done"
    }
    backups = {
        line["arn"].rpartition("/")[2]: line["detail"]["backup"]
        for line in lines
        if line["step"] == "back up" and line["state"] == "done"
    }
    moved = operator.document("migrate", "ledger", run)["read"]
    expected = dict(seeded) | {"omnix-ai-cdk-orders": seeded["omnix-ai-cdk-orders"] + 1}
    expected |= {"omnix-ai-cdk-customers": seeded["omnix-ai-cdk-customers"] - 1}
    assert compared == expected
    assert moved == {name: count for name, count in expected.items() if name in LEDGER}
    dynamodb = operator.client("dynamodb")
    for name, backup in backups.items():
        details = dynamodb.describe_backup(BackupArn=backup)["BackupDescription"]["BackupDetails"]
        assert details["BackupStatus"] == "AVAILABLE", name
    assert backups.keys() == set(BY_NAME)
