"""A bad config is refused by the real engine before any resource, with every error at once."""

import json
import subprocess
from pathlib import Path

import yaml

from tests.integration.conftest import free_port
from toolchain import cloud as clouds
from toolchain.progress import Progress
from toolchain.up import open_session
from toolchain.workspace import Workspace

WRONG = {
    "omnix-ai:colour": "red",
    "omnix-ai:region": "us-east-1",
    "omnix-ai:corsOrigins": ["*", "https://dev.omnix-ai.example"],
    "omnix-ai:owner": "team-staging",
}
REMOVED = "omnix-ai:costCenter"


def test_every_error_of_a_config_is_listed_at_once_and_nothing_is_registered(tmp_path: Path) -> None:
    workspace = Workspace("prod", tmp_path)
    try:
        session = open_session(workspace, Progress(), ports=(free_port(), free_port()))
        document = yaml.safe_load(workspace.config.read_text(encoding="utf-8"))
        document["config"] |= WRONG
        del document["config"][REMOVED]
        workspace.config.write_text(yaml.safe_dump(document), encoding="utf-8")
        for command in (["up", "--yes", "--skip-preview"], ["preview"]):
            result = subprocess.run(
                session.engine.command([*command, "--non-interactive", "--color", "never"]),
                env=session.engine.environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
            said = result.stdout + result.stderr
            assert result.returncode == 1, said
            for key in (*WRONG, REMOVED):
                assert key.removeprefix("omnix-ai:") in said
            for value in ("red", "us-east-1", "*", "dev.omnix-ai.example", "staging"):
                assert value in said
            assert "Traceback" not in said
        assert session.cloud.ask("inventory") == {}
        resources = json.loads(session.engine.capture("stack", "export"))["deployment"].get("resources", [])
        assert [resource["type"] for resource in resources if not resource["type"].startswith("pulumi:")] == []
    finally:
        clouds.stop(workspace)
