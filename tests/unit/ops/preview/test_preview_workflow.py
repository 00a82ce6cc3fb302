"""The pull request's workflow: least rights, pinned actions, commands that exist, and scripts that do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
import yaml

from ops import cli
from ops.commands.preview import MARKER
from tests.unit.ops.preview.engine_preview import LOSS, NOTHING, TABLE, preview, step, write
from toolchain import __main__ as toolchain
from toolchain.pins import PYTHON_VERSION
from toolchain.preview import ARGUMENTS
from toolchain.workspace import STACKS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[4]
PATH = ROOT / ".github" / "workflows" / "preview.yml"
TEXT = PATH.read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOBS: dict[str, Any] = WORKFLOW["jobs"]
# Tags as published: looked up in public repositories that pin the same commit under the same version.
ACTIONS = {
    "actions/checkout": ("de0fac2e4500dabe0009e67214ff5f5447ce83dd", "v6.0.2"),
    "actions/setup-python": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "v6.2.0"),
    "actions/upload-artifact": ("b7c566a772e6b6bfb58ed0dc250532a479d7789f", "v6.0.0"),
    "actions/download-artifact": ("37930b1c2abaa49bbe596cd826c3c89aef350131", "v7.0.0"),
    "aws-actions/configure-aws-credentials": ("8df5847569e6427dd6c4fb1cf565c83acfa8afa7", "v6.0.0"),
}


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = JOBS[job]["steps"]
    return found


def scripts() -> Iterator[str]:
    for job in JOBS:
        yield from (found["run"] for found in steps(job) if "run" in found)


def script(job: str, name: str) -> str:
    return str(next(found["run"] for found in steps(job) if found.get("name") == name))


def commands(program: str) -> list[list[str]]:
    """Every call of a program, its lines joined, as words."""
    joined = [text.replace("\\\n", " ") for text in scripts()]
    return [
        line.split() for text in joined for line in re.findall(rf"^\s*({re.escape(program)} .*)$", text, re.MULTILINE)
    ]


def test_only_a_pull_request_starts_it_and_never_with_the_targets_rights() -> None:
    # PyYAML reads the key `on` as the YAML 1.1 word for true
    assert set(WORKFLOW[True]) == {"pull_request"}
    assert "pull_request_target" not in TEXT
    assert "workflow_run" not in TEXT


def test_each_job_has_the_least_rights_it_can_work_with() -> None:
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "preview": {"contents": "read", "id-token": "write"},
        "report": {"contents": "read", "pull-requests": "write"},
    }


def test_no_job_may_both_take_credentials_and_write_to_the_repository() -> None:
    for job in JOBS.values():
        rights = job["permissions"]
        assert not ("id-token" in rights and len([r for r in rights.values() if r == "write"]) > 1)


def test_every_action_is_pinned_to_a_known_commit_with_its_version_beside_it() -> None:
    used = re.findall(r"uses: ([\w./-]+)@(\S+)(?: # (\S+))?", TEXT)

    assert {(action, (commit, version)) for action, commit, version in used} == set(ACTIONS.items())
    assert len(used) == TEXT.count("uses:")


def test_no_checkout_leaves_a_token_behind() -> None:
    for job in JOBS:
        for found in steps(job):
            if found.get("uses", "").startswith("actions/checkout@"):
                assert found["with"]["persist-credentials"] is False


def test_nothing_of_the_pull_request_is_pasted_into_a_script() -> None:
    assert not [text for text in scripts() if "${{" in text]


def test_there_is_no_secret_and_no_long_lived_key() -> None:
    assert "secrets." not in TEXT
    assert "aws-access-key-id" not in TEXT


def test_every_environment_is_previewed_with_a_role_and_a_state_of_its_own() -> None:
    matrix = JOBS["preview"]["strategy"]["matrix"]["include"]

    assert [entry["environment"] for entry in matrix] == list(STACKS)
    for entry in matrix:
        assert entry["role"] == f"PREVIEW_ROLE_ARN_{entry['environment'].upper()}"
        assert entry["backend"] == f"PULUMI_BACKEND_URL_{entry['environment'].upper()}"
    assert f"for name in {' '.join(STACKS)}; do" in script("report", "Report")


def test_the_raw_preview_is_neither_uploaded_nor_kept() -> None:
    uploads = [f["with"]["path"] for job in JOBS for f in steps(job) if "upload-artifact" in f.get("uses", "")]

    assert uploads == ["${{ runner.temp }}/reports/", "${{ runner.temp }}/page/"]
    assert '> "$RUNNER_TEMP/preview.json"' in script("preview", "Preview")
    assert 'rm "$RUNNER_TEMP/preview.json"' in script("preview", "Reduce it to what may be shown")


def test_a_newer_push_cancels_the_older_run_and_a_cancelled_run_comments_nothing() -> None:
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is True
    assert "pull_request.number" in WORKFLOW["concurrency"]["group"]
    assert JOBS["report"]["if"] == "${{ !cancelled() }}"


def test_every_job_ends_by_itself() -> None:
    assert all(0 < job["timeout-minutes"] <= 60 for job in JOBS.values())


def test_every_option_of_omnix_that_it_gives_exists() -> None:
    command: Any = typer.main.get_command(cli.app)
    given = commands("omnix")
    assert len(given) == 2
    for words in given:
        assert words[1:3] == ["preview", "report"]
        known = {option for found in command.commands["preview"].commands["report"].params for option in found.opts}
        assert {word for word in words if word.startswith("--")} <= known
    in_arrays = set(re.findall(r"--[a-z-]+", script("report", "Report")))
    assert in_arrays <= known


def test_every_target_and_toolchain_command_that_it_calls_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for words in commands("make"):
        assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE)
    known = set(typer.main.get_command(toolchain.app).commands)  # type: ignore[attr-defined]
    called = {words[3] for words in commands(".venv/bin/python -m toolchain")}
    assert called == {"engine"}
    assert called <= known


def test_it_previews_as_the_local_command_does_and_with_the_policy_pack() -> None:
    (words,) = commands("pulumi")

    assert set(ARGUMENTS) <= set(words)
    assert words[words.index("--policy-pack") + 1] == "policy"
    assert (ROOT / "policy" / "PulumiPolicy.yaml").is_file()


def test_the_python_is_the_pinned_one_and_the_region_is_home() -> None:
    versions = [f["with"]["python-version"] for job in JOBS for f in steps(job) if "setup-python" in f.get("uses", "")]

    assert versions == [PYTHON_VERSION, PYTHON_VERSION]
    config = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    assert WORKFLOW["env"]["AWS_REGION"] == config["omnix-ai:region"]


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """A runner's environment, with a `gh` that writes down what it is asked and answers what a test lays before it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    gh = tools / "gh"
    gh.write_text(
        '#!/bin/sh\necho "$@" >> "$RUNNER_TEMP/gh.log"\ncase "$*" in *--jq*) cat "$RUNNER_TEMP/known";; esac\n'
    )
    gh.chmod(0o755)
    (tmp_path / "known").write_text("")
    path = os.pathsep.join((str(tools), str(Path(sys.executable).parent), os.environ["PATH"]))
    return {
        "PATH": path,
        "HOME": str(tmp_path),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_REPOSITORY": "owner/repository",
        "NUMBER": "7",
        "RUN_URL": "https://github.com/owner/repository/actions/runs/1",
    }


def bash(text: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step as the runner does."""
    command = [shutil.which("bash") or "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_fork_is_told_why_nothing_was_previewed_and_does_not_pass(runner: dict[str, str]) -> None:
    assert bash(script("report", "No credentials for a fork"), runner).returncode == 1
    assert "nothing was previewed" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()


def test_a_missing_variable_is_named(runner: dict[str, str]) -> None:
    given = {
        "ENVIRONMENT": "dev",
        "ROLE": "arn",
        "BACKEND": "",
        "ROLE_NAME": "R",
        "BACKEND_NAME": "PULUMI_BACKEND_URL_DEV",
    }
    result = bash(script("preview", "Are the variables there"), {**runner, **given})

    assert result.returncode == 1
    assert "PULUMI_BACKEND_URL_DEV is not set" in result.stdout
    assert bash(script("preview", "Are the variables there"), {**runner, **given, "BACKEND": "s3://b"}).returncode == 0


@pytest.mark.parametrize("source", [LOSS, NOTHING])
def test_what_one_job_hands_on_holds_no_state_and_the_next_makes_the_comment_of_it(
    runner: dict[str, str], source: Path
) -> None:
    folder = Path(runner["RUNNER_TEMP"])
    shutil.copy(source, folder / "preview.json")
    one = bash(script("preview", "Reduce it to what may be shown"), {**runner, "ENVIRONMENT": "dev", "CODE": "0"})
    assert one.returncode == 0, one.stderr

    handed_on = (folder / "reports" / "dev.json").read_text()
    assert "arn:aws" not in handed_on
    assert '"outputs"' not in handed_on
    assert not (folder / "preview.json").exists()

    two = bash(script("report", "Report"), runner)
    assert two.returncode == 0, two.stderr
    comment = (folder / "comment.md").read_text()
    assert comment.startswith(f"{MARKER}\n")
    assert "**staging**: preview failed" in comment
    assert (folder / "page" / "preview.html").is_file()
    # two environments are missing: the gate is shut whatever dev says
    assert (folder / "output").read_text() == "code=1\n"
    assert bash(script("report", "Gate"), {**runner, "CODE": "1"}).returncode == 1


def test_three_good_previews_open_the_gate(runner: dict[str, str], tmp_path: Path) -> None:
    for stack in STACKS:
        write(tmp_path, preview(step("create", TABLE, "orders", stack=stack)), "preview.json")
        one = bash(script("preview", "Reduce it to what may be shown"), {**runner, "ENVIRONMENT": stack, "CODE": "0"})
        assert one.returncode == 0, one.stderr
        # the pack judges whole stacks; a table alone is none
        document = tmp_path / "reports" / f"{stack}.json"
        found = yaml.safe_load(document.read_text())
        found["environments"][0]["policy"] = None
        write(document.parent, found, document.name)
    bash(script("report", "Report"), runner)

    assert (tmp_path / "output").read_text() == "code=0\n"


@pytest.mark.parametrize(
    ("known", "method", "target"),
    [
        ("", "POST", "repos/owner/repository/issues/7/comments"),
        ("11\n12\n", "PATCH", "repos/owner/repository/issues/comments/11"),
    ],
)
def test_the_one_comment_is_written_once_and_then_updated(
    runner: dict[str, str], tmp_path: Path, known: str, method: str, target: str
) -> None:
    (tmp_path / "known").write_text(known)
    (tmp_path / "comment.md").write_text(f"{MARKER}\ntext\n")
    result = bash(script("report", "Comment"), runner)

    assert result.returncode == 0, result.stderr
    last = (tmp_path / "gh.log").read_text().splitlines()[-1]
    assert last == f"api --method {method} {target} --field body=@{tmp_path}/comment.md --silent"
