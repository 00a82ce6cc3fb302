"""A drill on a running environment: it proves, it fails loudly, and it leaves nothing behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.faults.switch import Switch
from tests.integration.recovery.conftest import DR_REGION, Operator

SET = ("--table", "products", "--table", "orders", "--table", "inventory")


def test_a_drill_at_home_proves_every_table_and_leaves_a_report_and_nothing_else(operator: Operator) -> None:
    operator.document("backup", "create")
    done = operator.document("dr", "drill", "--report", str(operator.files / "report"))
    assert done["passed"], done["verdicts"]
    assert len(done["tables"]) == 9
    assert all(one["proven"] and one["usable_after_seconds"] > 0 for one in done["tables"])
    assert done["items_checked"] > 100
    assert done["broken"] == 0
    by_name = {one["table"]: set(one["reapplied"]) for one in done["tables"]}
    assert {"point-in-time recovery", "TTL", "tags"} <= by_name["sessions"]
    assert "stream" in by_name["orders"]
    assert json.loads((operator.files / "report" / "drill.json").read_text(encoding="utf-8")) == done
    assert "The drill passed" in (operator.files / "report" / "drill.md").read_text(encoding="utf-8")
    assert operator.scratch_tables() == []


@pytest.mark.usefixtures("points")
def test_the_recovery_region_s_copies_are_proven_there(operator: Operator) -> None:
    done = operator.document("dr", "drill", "--region", "dr", *SET)
    assert done["passed"], done["verdicts"]
    assert done["region"] == DR_REGION
    assert all(one["point"].startswith(f"arn:aws:backup:{DR_REGION}:") for one in done["tables"])
    assert operator.scratch_tables() == []


def test_a_corrupted_recovery_point_fails_the_drill_and_only_its_table(
    operator: Operator, points: dict[str, str]
) -> None:
    operator.corrupt(points["eu-central-1"])
    done = operator.document("dr", "drill", *SET, code=1)
    state = {one["table"]: one["problems"] for one in done["tables"]}
    assert "the backup is damaged" in state["products"][0]
    assert state["orders"] == state["inventory"] == []
    assert operator.scratch_tables() == []


@pytest.mark.usefixtures("points")
def test_a_missing_key_fails_the_drill_with_aws_s_words(operator: Operator) -> None:
    kms = operator.client("kms", DR_REGION)
    key = operator.environment.outputs["dr_key_arn"].rpartition("/")[2]  # moto takes no ARN here
    kms.disable_key(KeyId=key)
    try:
        done = operator.document("dr", "drill", "--region", "dr", *SET, code=1)
    finally:
        kms.enable_key(KeyId=key)
    assert all("ended as FAILED" in one["problems"][0] for one in done["tables"])
    assert operator.scratch_tables() == []


@pytest.mark.usefixtures("points")
def test_a_throttled_region_fails_the_drill_when_it_does_not_end(operator: Operator, switch: Switch) -> None:
    fault: dict[str, Any] = {"kind": "throttle", "service": "backup", "region": DR_REGION, "caller": "anyone"}
    with switch.on({**fault, "operation": "StartRestoreJob"}):
        done = operator.document("dr", "drill", "--region", "dr", *SET, "--throttled", "3", code=1)
    assert all(one["problems"] for one in done["tables"])
    assert "hrottl" in str(done["verdicts"])
    assert operator.scratch_tables() == []


@pytest.mark.usefixtures("points")
def test_what_a_killed_drill_left_is_removed_by_the_next_one(operator: Operator) -> None:
    with subprocess.Popen(
        operator.command("dr", "drill", *SET), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as one:
        _wait_for_tables(operator)
        os.kill(one.pid, signal.SIGKILL)
    left = operator.scratch_tables()
    assert left
    done = operator.document("dr", "drill", *SET)
    assert set(left) <= set(done["swept"])
    assert done["passed"], done["verdicts"]
    assert operator.scratch_tables() == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let processes that the test starts be interrupted, also where its own run ignores that, as in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("points", "interruptible")
def test_ctrl_c_ends_a_drill_and_takes_its_tables_away(operator: Operator) -> None:
    with subprocess.Popen(
        operator.command("dr", "drill", *SET), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as one:
        _wait_for_tables(operator)
        one.send_signal(signal.SIGINT)
        _, told = one.communicate(timeout=120)
    assert one.returncode == 1
    assert b"interrupted before its end" in told
    assert operator.scratch_tables() == []


def _wait_for_tables(operator: Operator) -> None:
    ends = time.monotonic() + 60
    while not operator.scratch_tables():
        assert time.monotonic() < ends, "no scratch table appeared"
        time.sleep(0.05)
