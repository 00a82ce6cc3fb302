"""The project's own functions, from the project's own lock: needs its wheels (package registry or uv's cache)."""

import subprocess
from pathlib import Path

import pytest

from bundler import build, dependencies
from bundler.check import check
from bundler.isolated import interpreter, lambda_environment, unpack
from bundler.project import discover
from bundler.target import TargetName, target
from bundler.trace import REVIEWED

ROOT = Path(__file__).parents[3]
FUNCTIONS = discover(ROOT)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own cache: what `make up` has built is not built again."""
    monkeypatch.delenv("OMNIX_CACHE", raising=False)


@pytest.mark.parametrize("name", ["local", "aws"])
def test_every_deployed_handler_resolves_inside_its_own_zip(name: TargetName) -> None:
    findings = check(ROOT, name)
    assert {f.function: f.problems for f in findings} == {f.name: () for f in FUNCTIONS}


def run_in_zip(folder: Path, function: str, program: str) -> subprocess.CompletedProcess[str]:
    unpack(ROOT / build(ROOT, "local", [function]).functions[function].path, folder)
    return subprocess.run(
        [*interpreter(), "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{program}"],
        env=lambda_environment(folder, {}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_auths_zip_hashes_passwords_without_the_builder_of_the_extension(tmp_path: Path) -> None:
    # `cffi` is left out: only `_cffi_backend` may be needed
    program = """
import argon2
hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
assert hasher.verify(hasher.hash("secret"), "secret")
assert "cffi" not in sys.modules
"""
    done = run_in_zip(tmp_path, "auth", program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("function", [f.name for f in FUNCTIONS])
def test_every_declared_service_has_a_client_with_its_regional_endpoint(function: str, tmp_path: Path) -> None:
    declared = next(f for f in FUNCTIONS if f.name == function).aws_services
    program = f"""
LISTINGS = {{
    "backup": "list_backup_vaults", "bedrock-runtime": "list_async_invokes", "dynamodb": "list_tables",
    "s3": "list_objects_v2", "secretsmanager": "list_secrets", "ssm": "get_parameters_by_path",
}}
import os
del os.environ["AWS_ENDPOINT_URL"]
import botocore.session
for service in {declared!r}:
    client = botocore.session.Session().create_client(service, region_name="eu-central-1")
    assert client.meta.endpoint_url == f"https://{{service}}.eu-central-1.amazonaws.com", client.meta.endpoint_url
    assert client.can_paginate(LISTINGS[service])
"""
    done = run_in_zip(tmp_path, function, program)
    assert done.returncode == 0, done.stderr


def test_every_module_reviewed_for_computed_imports_is_still_locked() -> None:
    cache = dependencies_site()
    stale = [
        m for m in REVIEWED if not any((cache / f"{m.replace('.', '/')}{s}").is_file() for s in (".py", "/__init__.py"))
    ]
    assert stale == []


def dependencies_site() -> Path:
    from bundler.cache import cache_directory

    function = next(f for f in FUNCTIONS if f.name == "auth")
    return dependencies.install(ROOT, cache_directory(), dependencies.requirements(ROOT, function), target("local"))
