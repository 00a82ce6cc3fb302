"""`python -m policy`: what it reads, what it answers, how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from policy.command import app
from policy.rules import RULES
from policy.values import SECRET_SIGNATURE, SIGNATURE

ROOT = Path(__file__).resolve().parents[3]
PROVIDER = "urn:pulumi:prod::omnix-ai::pulumi:providers:aws::aws"
TABLE = "urn:pulumi:prod::omnix-ai::aws:dynamodb/table:Table::orders"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/0c8f3a52-7d6b-4d0f-9a52-1b1f6f0c9a11"


def provider() -> dict[str, Any]:
    tags = dict.fromkeys(("Project", "Owner", "CostCenter", "ManagedBy", "Component"), "x")
    inputs = {
        "region": "eu-central-1",
        "allowedAccountIds": '["111122223333"]',
        "defaultTags": json.dumps({"tags": {**tags, "Environment": "prod"}}),
    }
    return {"urn": PROVIDER, "type": "pulumi:providers:aws", "id": "p1", "custom": True, "inputs": inputs}


def table(**changes: Any) -> dict[str, Any]:
    inputs = {
        "name": "omnix-ai-prod-orders",
        "pointInTimeRecovery": {"enabled": True},
        "deletionProtectionEnabled": True,
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY},
        **changes,
    }
    return {
        "urn": TABLE,
        "type": "aws:dynamodb/table:Table",
        "custom": True,
        "inputs": inputs,
        "outputs": inputs,
        "protect": True,
        "retainOnDelete": True,
        "provider": f"{PROVIDER}::p1",
    }


def check(tmp_path: Path, document: Any) -> tuple[int, dict[str, Any]]:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    result = CliRunner().invoke(app, ["check", str(path), "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {}


def export(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": [provider(), *resources]}}


def broken(report: dict[str, Any]) -> set[str]:
    return {violation["rule"] for violation in report["violations"]}


def test_a_state_is_judged_by_inputs_options_and_as_a_whole(tmp_path: Path) -> None:
    code, report = check(tmp_path, export(table(deletionProtectionEnabled=False)))
    assert code == 1
    assert broken(report) == {"table-deletion-protection", "table-alarms", "table-backed-up", "dashboard-exists"}
    (violation,) = [found for found in report["violations"] if found["rule"] == "table-deletion-protection"]
    assert violation["urn"] == TABLE
    assert violation["level"] == "mandatory"
    assert violation["message"]
    assert violation["fix"]
    assert report["checked"] == 1
    assert report["rules"] == len(RULES) + 1
    assert report["stateful"] == {"aws:dynamodb/table:Table": 1}


def test_a_state_tells_what_an_analyzer_is_not_told(tmp_path: Path) -> None:
    _, report = check(tmp_path, export({**table(), "retainOnDelete": False}))
    assert "stateful-protected" in broken(report)


def test_a_secret_of_a_state_is_unknown(tmp_path: Path) -> None:
    secret = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "v1:abc"}
    _, report = check(tmp_path, export(table(serverSideEncryption={"enabled": True, "kmsKeyArn": secret})))
    assert "table-customer-key" not in broken(report)
    assert {"rule": "table-customer-key", "urn": TABLE} in [
        {key: entry[key] for key in ("rule", "urn")} for entry in report["unknown"]
    ]


def preview(op: str, state: dict[str, Any], same: int = 0) -> dict[str, Any]:
    steps = [
        {"op": "same", "urn": PROVIDER, "newState": provider()},
        {"op": op, "urn": state["urn"], "newState": state},
    ]
    return {"steps": steps, "changeSummary": {"same": same + 1, op: 1}}


def test_a_preview_is_judged_by_its_new_states(tmp_path: Path) -> None:
    code, report = check(tmp_path, preview("update", table(pointInTimeRecovery={"enabled": False})))
    assert code == 1
    assert "table-point-in-time-recovery" in broken(report)


def test_what_a_preview_does_not_know_is_neither_a_violation_nor_a_pass(tmp_path: Path) -> None:
    _, report = check(tmp_path, preview("create", table(pointInTimeRecovery=UNKNOWN)))
    assert "table-point-in-time-recovery" not in broken(report)
    assert "table-point-in-time-recovery" in {entry["rule"] for entry in report["unknown"]}


def test_a_preview_without_the_unchanged_resources_says_nothing_about_the_stack(tmp_path: Path) -> None:
    _, report = check(tmp_path, preview("update", table(), same=150))
    assert "table-alarms" not in broken(report)
    (entry,) = [entry for entry in report["unknown"] if entry["rule"] == "table-alarms"]
    assert "--show-sames" in entry["why"]


def test_what_a_preview_deletes_is_not_judged(tmp_path: Path) -> None:
    document = preview("delete", table())
    document["steps"][1] = {"op": "delete", "urn": TABLE, "oldState": table(deletionProtectionEnabled=False)}
    code, report = check(tmp_path, document)
    assert (code, report["violations"]) == (0, [])


@pytest.mark.parametrize("document", [{}, [], {"deployment": []}, {"steps": {}}, {"deployment": {"resources": [{}]}}])
def test_a_file_of_anything_else_is_wrong_use(tmp_path: Path, document: Any) -> None:
    assert check(tmp_path, document)[0] == 2


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["check", str(tmp_path / "nowhere.json")]).exit_code == 2


def test_the_table_of_rules_has_every_rule_with_reason_and_fix() -> None:
    text = CliRunner().invoke(app, ["rules"]).stdout
    for rule in RULES:
        assert f"| `{rule.name}` |" in text
    listed = json.loads(CliRunner().invoke(app, ["rules", "--json"]).stdout)
    assert [entry["name"] for entry in listed] == [*(rule.name for rule in RULES), "overrides-valid"]


def test_it_runs_as_a_module() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "policy", "rules", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert len(json.loads(result.stdout)) == len(RULES) + 1


def test_the_pack_needs_nothing_of_the_rest_of_the_tree() -> None:
    ours = "{'components', 'functions', 'localcloud', 'ops', 'toolchain', 'omnix', 'pydantic', 'boto3', 'typer'}"
    code = f"import sys, policy.pack, policy.rules, policy.overrides; print(sorted({ours} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_only_the_edge_knows_pulumi() -> None:
    code = "import sys, policy.rules, policy.evaluation, policy.sources; print('pulumi_policy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_the_requirements_are_the_versions_that_are_tested() -> None:
    from importlib.metadata import version

    pinned = dict(
        line.split("==")
        for line in (ROOT / "policy" / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    assert pinned == {name: version(name) for name in ("pulumi", "pulumi-policy")}
