"""What runs is what was built: handlers resolve in their own zips, and the deployed digests are the built ones."""

import json
import subprocess
import sys

import pytest

from tests.integration.conftest import Environment
from toolchain.workspace import ROOT


@pytest.mark.parametrize("target", ["local", "aws"])
def test_every_handler_resolves_inside_its_own_zip(target: str) -> None:
    for command in ("build", "check"):
        result = subprocess.run(
            [sys.executable, "-m", "bundler", command, "--target", target], cwd=ROOT, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr


def test_each_function_runs_the_digest_of_its_zip(environments: dict[str, Environment]) -> None:
    manifest = json.loads((ROOT / "dist" / "local" / "manifest.json").read_text(encoding="utf-8"))["functions"]
    for environment in environments.values():
        client = environment.client("lambda")
        for name, function in environment.outputs["functions"].items():
            deployed = client.get_function_configuration(FunctionName=function["name"], Qualifier="live")
            assert deployed["CodeSha256"] == manifest[name]["sha256"]
            assert deployed["Handler"] == manifest[name]["handler"]


def test_the_contract_is_the_one_that_the_routes_make() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "omnix.contract", "--check"], cwd=ROOT / "functions", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
