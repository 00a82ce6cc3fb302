"""`__main__.py` itself: config first, a release manifest instead of a build, the promised outputs."""

import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from tests.infra.recording import Recording, record
from tests.infra.stacks import FUNCTIONS, ROOT, artefacts, committed

OUTPUTS = {
    "account_id", "alarm_topic_arn", "api_url", "artefact_bucket", "backup_plan_id", "backup_role_arn",
    "backup_vault_name", "cors_origins", "dashboard_name", "dead_letter_queue_url", "dr_key_arn", "dr_region",
    "dr_vault_name", "environment", "file_bucket", "file_bucket_dr", "functions", "key_arn", "parameter_prefix",
    "region", "rest_api_id", "restore_testing_plan_name", "secrets", "stage_name", "tables",
}  # fmt: skip


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def run(stack: str, config: Mapping[str, Any]) -> Recording:
    """The program as Pulumi runs it: every config value is text."""

    def program() -> None:
        set_all_config({f"omnix-ai:{key}": text(value) for key, value in config.items()})
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    return record(program, stack=stack, account_id=committed(stack)["accountId"])


@pytest.fixture
def release(tmp_path: Path) -> str:
    """A release manifest whose zips exist nowhere: whoever builds or reads them fails."""
    functions = {
        name: {"path": artefact.path, "sha256": artefact.sha256, "handler": artefact.handler}
        for name, artefact in artefacts().items()
    }
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"target": "aws", "functions": functions}), encoding="utf-8")
    return str(path)


def test_the_program_deploys_a_releases_digests_without_building(release: str) -> None:
    recording = run("dev", {**committed("dev"), "artefacts": {"manifest": release}})
    deployed = {r.inputs["sourceCodeHash"] for r in recording.of("aws:lambda/function:Function")}
    assert deployed == {artefacts()[function].sha256 for function in FUNCTIONS}


def test_the_program_exports_what_tools_rely_on(release: str) -> None:
    exports = run("dev", {**committed("dev"), "artefacts": {"manifest": release}}).exports
    assert set(exports) >= OUTPUTS
    assert exports["environment"] == "dev"
    assert len(exports["tables"]) == 9
    assert set(exports["functions"]["api"]) == {"name", "arn", "alias_arn"}
    assert set(exports["secrets"]) == {"JWT_SECRET", "JWT_REFRESH_SECRET", "API_KEY_1"}
    assert exports["cors_origins"][0] == "https://dev.omnix-ai.example"


def test_a_bad_config_stops_the_program_before_any_resource() -> None:
    registered: list[object] = []

    def watch(*arguments: object, **options: object) -> None:
        registered.append((arguments, options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi.CustomResource, "__init__", watch)
        with pytest.raises(pulumi.RunError) as caught:
            run("prod", {**committed("prod"), "corsOrigins": ["*"], "region": "us-east-1", "x": "1"})
    assert registered == []
    assert "Pulumi.prod.yaml has 3 errors" in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_manifest_that_lacks_a_function_stops_the_program(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text('{"target": "aws", "functions": {}}', encoding="utf-8")
    with pytest.raises(pulumi.RunError, match="lacks api, assistant, auth, authorizer, rotation, validation, worker"):
        run("dev", {**committed("dev"), "artefacts": {"manifest": str(path)}})


def test_a_manifest_that_is_not_there_stops_the_program() -> None:
    with pytest.raises(pulumi.RunError, match="cannot be read"):
        run("dev", {**committed("dev"), "artefacts": {"manifest": "nowhere/manifest.json"}})
