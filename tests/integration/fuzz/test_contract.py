"""Schemathesis against the running gateway: every operation, every check, every phase.

The contract is the one that the gateway serves; the caller is a tenant of the run's own. What is sent is the same
every time, for its seed is fixed. A longer run, of other cases, that repeats for half an hour what it can repeat:

    OMNIX_FUZZ_EXAMPLES=100 OMNIX_FUZZ_SECONDS=1800 OMNIX_FUZZ_SEED=7 .venv/bin/pytest tests/integration/fuzz

`schemathesis.toml` tells how to run it without pytest, against any environment.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Environment
from tests.integration.fuzz.shop import ADDRESS_VARIABLE
from toolchain.workspace import ROOT

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = int(os.environ.get("OMNIX_FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("OMNIX_FUZZ_SEED", "20261121"))
REPEATED = os.environ.get("OMNIX_FUZZ_SECONDS", "")
SECONDS = 300 + 40 * EXAMPLES + int(REPEATED or 0)
ADDRESS = "127.0.0.77"
OUTPUT_SHOWN = 20_000


@pytest.mark.timeout(SECONDS + 60)
def test_the_api_does_what_its_contract_says_and_nothing_else(dev: Environment, tmp_path: Path) -> None:
    url = dev.summary["api_url"]
    # from a file, for the route that a contract is loaded from is not tested
    served, contract, report = dev.http().get("/openapi.json"), tmp_path / "openapi.json", tmp_path / "report.json"
    contract.write_bytes(served.content)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", str(contract),
        "--url", url, "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--no-color",
        "--report-json-path", str(report), *(["--max-time", REPEATED] if REPEATED else []),
    ]  # fmt: skip
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.integration.fuzz.hooks",
        ADDRESS_VARIABLE: ADDRESS,
    }
    run = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert run.returncode == 0, run.stdout[-OUTPUT_SHOWN:] + run.stderr[-OUTPUT_SHOWN:]
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["complete"]
    assert {phase: result["status"] for phase, result in found["phases"].items()} == dict.fromkeys(
        ("examples", "coverage", "fuzzing", "stateful"), "success"
    )
    assert found["operations"]["tested"] == _operations(served.json())
    assert unreached(found) == []


def _operations(contract: dict[str, Any]) -> int:
    return sum(len(item) for item in contract["paths"].values())


def unreached(found: dict[str, Any]) -> list[str]:
    """Operations that accepted nothing: whatever held for them held for refusals only."""
    rates: dict[str, dict[str, dict[str, int]]] = found["valid_rates"]
    return sorted(
        operation for operation, phases in rates.items() if not any(counts["accepted"] for counts in phases.values())
    )
