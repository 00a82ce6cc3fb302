"""A pull request that loses a table is shut out by its preview's report until somebody permits it by name."""

import datetime
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.upgrades.conftest import Upgrades
from tests.integration.upgrades.programs import TABLES
from toolchain.workspace import ROOT


class Review:
    """`omnix preview report` of one preview of dev, as the workflow calls it."""

    def __init__(self, folder: Path, preview: str) -> None:
        self.folder, self._file = folder, folder / "preview.json"
        self._file.write_text(preview, encoding="utf-8")

    def run(self, *overrides: dict[str, Any]) -> tuple[int, str]:
        """The gate's exit code and the report."""
        permitted = self.folder / "overrides.yaml"
        permitted.write_text(yaml.safe_dump({"overrides": list(overrides)}), encoding="utf-8")
        result = subprocess.run(
            [Path(sys.executable).with_name("omnix"), "preview", "report", f"dev={self._file}", "--policy", "none",
             "--overrides", str(permitted)],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return result.returncode, result.stdout + result.stderr


def permission(**changes: object) -> dict[str, object]:
    expires = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
    return {
        "name": "data-table-orders", "environment": "dev", "action": "delete",
        "reason": "Orders are another system's now.", "owner": "platform-team", "expires": expires,
    } | changes  # fmt: skip


@pytest.fixture
def without_orders(upgrades: Upgrades, tmp_path: Path) -> Review:
    """The preview of a change that leaves a deployed table out."""
    upgrades.up("data")
    return Review(tmp_path, upgrades.preview_document("data", tables={"users": TABLES["users"]}))


def test_a_deleted_table_is_refused_until_an_override_names_it(without_orders: Review) -> None:
    code, report = without_orders.run()
    assert code == 1
    assert "data-table-orders" in report
    assert "overrides" in report, "it says where a permission goes"

    others = permission(name="data-table-users"), permission(environment="prod"), permission(action="replace")
    assert [without_orders.run(other)[0] for other in others] == [1, 1, 1]
    assert without_orders.run(permission(expires=datetime.date(2026, 1, 1)))[0] == 1

    code, report = without_orders.run(permission())
    assert code == 0, report
    assert "Orders are another system's now." in report, "the reviewer reads why"


def test_a_changed_table_needs_no_permission(upgrades: Upgrades, tmp_path: Path) -> None:
    upgrades.up("data")
    changed = {**TABLES, "users": {**TABLES["users"], "indexes": ["gsi1", "gsi2"]}}
    preview = upgrades.preview_document("data", tables=changed)
    assert "update" in {step["op"] for step in json.loads(preview)["steps"]}
    assert Review(tmp_path, preview).run()[0] == 0
