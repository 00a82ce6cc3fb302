"""The API moves to a table of another name and back while customers buy: nothing is lost or counted twice."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from omnix.table_names import PARAMETER, parse
from tests.integration.conftest import Environment
from tests.integration.cutover.shoppers import Answered, Follower, Shop, opened, slowest
from toolchain.progress import Progress
from toolchain.up import deploy, summarise
from toolchain.workspace import ROOT

LEGACY = "shop-legacy-products"
PAUSE = 5


def create_like(environment: Environment, standard: str, name: str) -> str:
    """A table as the stack makes it, under another name; the ARN of its stream."""
    database = environment.client("dynamodb")
    found = database.describe_table(TableName=standard)["Table"]
    indexes = [{key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
               for index in found["GlobalSecondaryIndexes"]]  # fmt: skip
    made = database.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=found["KeySchema"],
        AttributeDefinitions=found["AttributeDefinitions"], GlobalSecondaryIndexes=indexes,
        StreamSpecification=found["StreamSpecification"],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": environment.outputs["key_arn"]},
    )  # fmt: skip
    database.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return str(made["TableDescription"]["LatestStreamArn"])


def configure(environment: Environment, legacy: dict[str, Any]) -> Environment:
    """`up` with these legacy tables in the stack's config."""
    with environment.workspace.alone():
        session = environment.session()
        document = yaml.safe_load(environment.workspace.config.read_text(encoding="utf-8"))
        document["config"].pop("omnix-ai:legacyTables", None)
        if legacy:
            document["config"]["omnix-ai:legacyTables"] = legacy
        environment.workspace.config.write_text(yaml.safe_dump(document), encoding="utf-8")
        deploy(session, Progress())
        return Environment(environment.workspace, summarise(session, Progress()))


def cutover(environment: Environment, *arguments: str) -> tuple[int, dict[str, Any]]:
    """`omnix cutover …`: its exit code and its document."""
    command = [str(Path(sys.executable).parent / "omnix"), "cutover", *arguments, "--stack", "dev", "--json"]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "OMNIX_LOCAL_DIR": str(environment.workspace.home)},
    )  # fmt: skip
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


def items(environment: Environment, table: str) -> int:
    pages = environment.client("dynamodb").get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return sum(page["Count"] for page in pages)


def names(environment: Environment) -> dict[str, str]:
    path = f"{environment.outputs['parameter_prefix']}/{PARAMETER}"
    value = environment.client("ssm").get_parameter(Name=path)["Parameter"]["Value"]
    found = parse(value)
    return {name: found.physical(name, time.time()) for name in found.tables}


def turned_away(answers: list[Answered], moment: float) -> list[Answered]:
    """What was refused; nothing but writes of the pause may have been."""
    refused = [one for one in answers if one.status >= 400]
    strange = [
        (one.method, one.status, round(one.sent - moment, 2))
        for one in refused
        if (one.method, one.status) != ("POST", 503) or not moment - PAUSE - 1 <= one.at <= moment + 1
    ]
    assert strange == []
    return refused


def moved(environment: Environment, shop: Shop, source: str, target: str, *arguments: str) -> float:
    """Move under load, with a migration that follows; the moment (epoch seconds). Everything stays readable."""
    shop.answers.clear()
    with Follower(environment, source, target), shop.busy():
        code, document = cutover(environment, *arguments, "--apply", "--pause", str(PAUSE), "--watch", "0.2")
        assert code == 0, document
        assert (document["applied"], document["worse"], document["reverted"]) == (True, [], False)
    moment = float(document["moved_at"])
    refused = turned_away(shop.answers, moment)
    assert any(one.method == "POST" and one.sent > moment for one in shop.answers)
    assert shop.missing() == {}
    said = (
        f"{source} → {target}: {len(shop.answers)} requests, {len(refused)} writes answered 503 in {PAUSE} s of pause, "
        f"0 lost; p50 {slowest(shop.answers, 0.5)} ms, p99 {slowest(shop.answers, 0.99)} ms"
    )
    sys.stderr.write(f"{said}\n")
    return moment


def counted(shop: Shop, expected: int) -> None:
    """The worker's roll-up reaches the number of products and stays there."""
    seen, end = -1, time.monotonic() + 60
    while seen != expected and time.monotonic() < end:
        time.sleep(1)
        seen = shop.get("/dashboard/summary").json()["products"]
    assert seen == expected
    time.sleep(3)
    assert shop.get("/dashboard/summary").json()["products"] == expected


@pytest.mark.timeout(1800)
def test_a_table_is_moved_under_load_and_back_and_the_cut_over_is_completed(
    scratch: Callable[[str], Environment],
) -> None:
    environment = scratch("dev")
    standard = environment.outputs["tables"]["products"]
    before = names(environment)
    environment = configure(
        environment, {"products": {"name": LEGACY, "streamArn": create_like(environment, standard, LEGACY)}}
    )
    assert names(environment) == before, "the config alone moves nothing that serves"
    shop = opened(environment)

    code, refused = cutover(environment, "switch", "--table", f"products={LEGACY}", "--apply")
    assert code == 1
    assert f"--unverified {LEGACY}" in refused["error"]["message"]
    assert names(environment) == before

    moved(environment, shop, standard, LEGACY, "switch", "--table", f"products={LEGACY}", "--unverified", LEGACY)
    assert names(environment) == {**before, "products": LEGACY}
    assert items(environment, LEGACY) > items(environment, standard), "what is new is in the new table alone"
    counted(shop, len(shop.products))

    moved(environment, shop, LEGACY, standard, "revert")
    assert names(environment) == before
    counted(shop, len(shop.products))

    environment = configure(environment, {})
    path = f"{environment.outputs['parameter_prefix']}/{PARAMETER}"
    value = environment.client("ssm").get_parameter(Name=path)["Parameter"]["Value"]
    assert json.loads(value) == before
    assert shop.missing() == {}
