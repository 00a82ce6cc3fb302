"""`omnix iam report` as a user meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ops import cli
from tests.unit.ops.permissions.records import record, statement
from tests.unit.ops.test_finding import summary

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "omnix-ai-dev-auth-eu-central-1"
USED = statement("users", "Items", {"dynamodb:GetItem": 1_234}, "dynamodb:Query")
GUARD = statement("users", "Guard", {}, "s3:DeleteBucket", index=1) | {"effect": "Deny"}
AWS_OWN = statement("arn:aws:iam::aws:policy/service-role/Logs", None, {}, "logs:GetLogEvents")


@pytest.fixture
def usage(home: Path) -> Path:
    directory = home / "usage"
    directory.mkdir()
    write(directory, "100000000001-17.json", record(ROLE, USED, GUARD, AWS_OWN, denied=(("sns:Publish", 2),)))
    return directory


def write(directory: Path, name: str, document: dict[str, Any]) -> None:
    (directory / name).write_text(json.dumps(document), encoding="utf-8")


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["iam", "report", *arguments])
    code = stopped.value.code
    return code if isinstance(code, int) else 0


def test_it_shows_used_unused_and_denied_by_function(usage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--usage", str(usage)) == 0

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert f"auth role {ROLE}" in lines
    assert "users / Items dynamodb:GetItem 1,234" in lines
    assert "dynamodb:Query never used" in lines
    assert "users / Guard (Deny) s3:DeleteBucket" in lines
    assert "Logs AWS's own: 0 of 1 actions used, not judged" in lines
    assert "sns:Publish * implicit deny 2" in lines
    assert "1 of 2 granted actions used (1 statement, 1 role), 1 never used, 2 calls denied" in lines


def test_of_many_denied_calls_the_most_frequent_are_shown_and_the_rest_counted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = tuple((f"sns:Action{number}", number) for number in range(1, 19))
    write(home, "100000000001-1.json", record(ROLE, denied=denied))

    assert exit_code("--usage", str(home)) == 0
    shown = capsys.readouterr().out
    assert "sns:Action18" in shown
    assert "sns:Action3 " not in shown
    assert "and 6 calls of 3 more kinds" in shown


def test_unused_only_leaves_out_what_was_used_and_keeps_the_totals(
    usage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("--usage", str(usage), "--unused-only", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    (role,) = document["roles"]
    assert [[action["name"] for action in grant["actions"]] for grant in role["grants"]] == [["dynamodb:Query"]]
    assert (document["totals"]["used"], document["totals"]["unused"]) == (1, 1)


@pytest.mark.parametrize(("option", "code"), [("--fail-on-unused", 1), ("--fail-on-denied", 1), ("--unused-only", 0)])
def test_gates_fail_only_when_asked(usage: Path, option: str, code: int) -> None:
    assert exit_code("--usage", str(usage), option) == code


@pytest.mark.parametrize("option", ["--fail-on-unused", "--fail-on-denied"])
def test_gates_are_open_when_all_was_used_and_nothing_denied(home: Path, option: str) -> None:
    # Neither a guard that nothing ran into nor AWS's own policy is a grant that we could take back.
    clean = statement("users", "Items", {"dynamodb:GetItem": 1})
    write(home, "100000000001-1.json", record(ROLE, clean, GUARD, AWS_OWN))

    assert exit_code("--usage", str(home / "100000000001-1.json"), option) == 0


def test_a_stacks_name_leaves_only_its_roles(usage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(usage, "100000000003-18.json", record(ROLE.replace("dev", "prod"), USED))

    assert exit_code("--usage", str(usage), "--stack", "prod", "--json") == 0
    assert [role["account_id"] for role in json.loads(capsys.readouterr().out)["roles"]] == ["100000000003"]
    assert exit_code("--usage", str(usage), "--stack", "staging") == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "Invalid JSON"), ('{"roles": {"r": {"statements": []}}}', r"roles.r.denied: Field required"), ("\xff", "")],
)
def test_an_unreadable_file_is_named(
    usage: Path, capsys: pytest.CaptureFixture[str], content: str, reason: str
) -> None:
    (usage / "100000000001-99.json").write_text(content, encoding="latin-1")

    assert exit_code("--usage", str(usage)) == 1
    said = capsys.readouterr().err
    assert "100000000001-99.json" in said
    assert reason in said


def test_an_empty_folder_and_a_missing_one_are_told_apart(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--usage", str(home)) == 1
    assert "there is no usage file in" in capsys.readouterr().err
    assert exit_code("--usage", str(home / "nowhere")) == 1
    shown = capsys.readouterr().err
    assert "there is no usage file" not in shown
    assert "LOCALCLOUD_USAGE_DIR" in shown


def test_a_run_in_which_nothing_was_used_is_doubted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home, "100000000001-1.json", record(ROLE, statement("users", "Items", {}, "dynamodb:Query")))

    assert exit_code("--usage", str(home)) == 0
    assert "--permissions off" in capsys.readouterr().out


def cloud(monkeypatch: pytest.MonkeyPatch, permissions: str) -> None:
    pages = {"health": {"permissions": permissions}, "iam/usage": record(ROLE, USED)}

    def get(url: str, **_: Any) -> httpx.Response:
        return httpx.Response(200, json=pages[url.partition("/_localcloud/")[2]])

    monkeypatch.setattr(httpx, "get", get)


def test_a_running_cloud_is_asked(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary(home)
    cloud(monkeypatch, "enforced")

    assert exit_code("--stack", "dev", "--json") == 0
    assert json.loads(capsys.readouterr().out)["totals"]["used"] == 1


def test_a_cloud_that_decides_on_nothing_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary(home)
    cloud(monkeypatch, "off")

    assert exit_code("--stack", "dev") == 1
    assert "permissions off" in capsys.readouterr().err


def test_together_wants_the_files_of_a_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(home)

    assert exit_code("--stack", "dev", "--together") == 2
    assert "--usage DIR" in capsys.readouterr().err
