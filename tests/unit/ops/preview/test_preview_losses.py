"""Nobody deletes or replaces data unseen: what is called out, what refuses, and what an override lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.ops.preview.engine_preview import LOSS, NOTHING, TABLE, preview, step, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    type Run = Callable[..., int]
    type Capture = pytest.CaptureFixture[str]

OVERRIDE = """
overrides:
  - name: data-table-old
    environment: dev
    action: delete
    reason: nothing has read this table for a month
    owner: platform-team
    expires: 2026-12-01
"""
DELETED = preview(step("delete", TABLE, "data-table-old", before={"name": "omnix-ai-dev-old"}))


def test_a_real_change_that_drops_one_table_and_empties_another_is_refused_with_both_named(
    run: Run, capsys: Capture
) -> None:
    assert run(LOSS) == 1

    text = capsys.readouterr().out
    assert "`data-table-customer-profiles` (table) would be deleted without an override" in text
    assert "`data-table-recommendations` (table) would be replaced without an override" in text
    assert "because of `rangeKey`" in text
    assert "AWS keeps a system backup for 35 days" in text


def test_the_loss_comes_before_everything_else_in_the_report(run: Run, capsys: Capture) -> None:
    run(LOSS)

    text = capsys.readouterr().out
    places = [text.index(title) for title in ("Data at stake", "Also deleted", "Look twice", "Created and updated")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "kind",
    [
        TABLE,
        "aws:backup/vault:Vault",
        "aws:cognito/userPool:UserPool",
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
        "aws:sqs/queue:Queue",
    ],
)
@pytest.mark.parametrize("op", ["delete", "replace", "delete-replaced", "create-replacement", "import-replacement"])
def test_every_kind_of_stateful_resource_is_refused_for_every_operation_that_takes_it(
    run: Run, tmp_path: Path, kind: str, op: str
) -> None:
    assert run(write(tmp_path, preview(step(op, kind, "kept")))) == 1


@pytest.mark.parametrize("op", ["same", "create", "update", "import", "read", "refresh", "discard"])
def test_what_takes_nothing_passes(run: Run, tmp_path: Path, op: str) -> None:
    assert run(write(tmp_path, preview(step(op, TABLE, "kept")))) == 0


def test_a_policy_or_alarm_may_go_without_an_override(run: Run, tmp_path: Path) -> None:
    steps = [
        step("delete", "aws:iam/rolePolicy:RolePolicy", "p"),
        step("replace", "aws:backup/selection:Selection", "s"),
    ]

    assert run(write(tmp_path, preview(*steps))) == 0


def test_an_override_lets_its_loss_through_and_is_shown_with_owner_and_reason(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    overrides = write(tmp_path, OVERRIDE, "o.yaml")

    assert run(write(tmp_path, DELETED), "--overrides", overrides) == 0
    assert "platform-team, until 2026-12-01: nothing has read this table for a month" in capsys.readouterr().out


def test_the_projects_own_overrides_file_counts_without_being_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "overrides").mkdir()
    write(tmp_path / "overrides", OVERRIDE, "stateful.yaml")

    assert run(write(tmp_path, DELETED)) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("environment: dev", "environment: prod"),
        ("action: delete", "action: replace"),
        ("name: data-table-old", "name: data-table"),
        ("expires: 2026-12-01", "expires: 2026-11-20"),
    ],
)
def test_an_override_for_something_else_or_of_yesterday_covers_nothing(
    run: Run, tmp_path: Path, old: str, new: str
) -> None:
    overrides = write(tmp_path, OVERRIDE.replace(old, new), "o.yaml")

    assert run(write(tmp_path, DELETED), "--overrides", overrides) == 1


def test_an_override_counts_on_its_last_day_and_is_named_once_it_expired(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    last = write(tmp_path, OVERRIDE.replace("2026-12-01", "2026-11-21"), "last.yaml")
    past = write(tmp_path, OVERRIDE.replace("2026-12-01", "2026-11-20"), "past.yaml")

    assert run(write(tmp_path, DELETED), "--overrides", last) == 0
    assert run(write(tmp_path, DELETED), "--overrides", past) == 1
    assert "the one of platform-team expired on 2026-11-20" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner: platform-team", "owner: ''"),
        ("reason: nothing has read this table for a month", "reason: because"),
        ("action: delete", "action: anything"),
        ("expires: 2026-12-01", "expires: soon"),
        ("expires: 2026-12-01", "expires: 2028-01-01"),
        ("expires: 2026-12-01", ""),
        ("name: data-table-old", "nmae: data-table-old"),
        ("environment: dev", "environment: dev\n    urn: urn:pulumi:dev::omnix-ai::a:b:C$d:e/f:G::h"),
        ("overrides:", "override:"),
        ("overrides:", "overrides: ["),
    ],
)
def test_a_malformed_override_refuses_even_where_nothing_is_lost(
    run: Run, tmp_path: Path, capsys: Capture, old: str, new: str
) -> None:
    overrides = write(tmp_path, OVERRIDE.replace(old, new), "o.yaml")

    assert run(NOTHING, "--overrides", overrides) == 1
    assert "the overrides file does not count" in capsys.readouterr().out


def test_the_suggested_override_becomes_a_valid_one_when_a_person_fills_it_in(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    run(write(tmp_path, DELETED))
    text = capsys.readouterr().out
    snippet = text.split("```yaml\n")[1].split("```")[0]
    filled = (
        snippet.replace('reason: ""', 'reason: "moved to another table last year"')
        .replace('owner: ""', 'owner: "me"')
        .replace("expires:", "expires: 2026-12-24")
    )
    assert run(write(tmp_path, DELETED), "--overrides", write(tmp_path, snippet, "blank.yaml")) == 1
    assert run(write(tmp_path, DELETED), "--overrides", write(tmp_path, filled, "filled.yaml")) == 0


def row_of(capsys: Capture, name: str) -> str:
    return next(line for line in capsys.readouterr().out.splitlines() if line.startswith(f"| `{name}`"))


@pytest.mark.parametrize(
    ("kind", "inputs", "old", "expected"),
    [
        (TABLE, {"deletionProtectionEnabled": True}, {}, "DynamoDB refuses to delete it"),
        (TABLE, {}, {"protect": True}, "the engine refuses until it is unprotected"),
        (TABLE, {}, {"retainOnDelete": True}, "it stays in the account"),
        (TABLE, {}, {}, "**nothing**"),
        ("aws:kms/key:Key", {"deletionWindowInDays": 7}, {}, "KMS waits 7 days"),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 30}, {}, "can restore it for 30 days"),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}, {}, "**nothing**"),
        ("aws:s3/bucket:Bucket", {"forceDestroy": True}, {}, "**nothing**"),
        ("aws:s3/bucket:Bucket", {}, {}, "S3 refuses while the bucket holds an object"),
        ("aws:sqs/queue:Queue", {}, {}, "**nothing**"),
    ],
)
def test_the_report_says_what_protects_a_resource_that_goes(
    run: Run, tmp_path: Path, capsys: Capture, kind: str, inputs: dict[str, Any], old: dict[str, Any], expected: str
) -> None:
    run(write(tmp_path, preview(step("delete", kind, "gone", before=inputs, old=old))))

    assert expected in row_of(capsys, "gone")


def test_a_rename_by_alias_is_no_deletion(run: Run, tmp_path: Path, capsys: Capture) -> None:
    renamed = step("same", TABLE, "data-table-new")
    renamed["oldState"]["urn"] = renamed["oldState"]["urn"].replace("table-new", "table-old")

    assert run(write(tmp_path, preview(renamed))) == 0
    assert "1 resource renamed by alias" in capsys.readouterr().out


def test_a_rename_without_alias_is_told_from_a_deletion(run: Run, tmp_path: Path, capsys: Capture) -> None:
    name = {"name": "omnix-ai-dev-orders"}
    steps = [step("delete", TABLE, "orders-old", before=name), step("create", TABLE, "orders-new", after=name)]

    assert run(write(tmp_path, preview(*steps))) == 1
    assert "`orders-old` goes and `orders-new` is created under the same physical name" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "path", "before", "after"),
    [
        (TABLE, "deletionProtectionEnabled", True, False),
        (TABLE, "pointInTimeRecovery.enabled", True, None),
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", 365, 30),
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", 0, 30),
        ("aws:s3/bucket:Bucket", "forceDestroy", False, True),
        ("aws:secretsmanager/secret:Secret", "recoveryWindowInDays", 30, 0),
    ],
)
def test_a_protection_that_an_update_takes_away_is_called_out(
    run: Run, tmp_path: Path, capsys: Capture, kind: str, path: str, before: Any, after: Any
) -> None:
    def nested(value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        head, _, rest = path.partition(".")
        return {head: {rest: value}} if rest else {head: value}

    run(write(tmp_path, preview(step("update", kind, "r", before=nested(before), after=nested(after)))))
    assert f"less protection: `{path}`" in capsys.readouterr().out

    run(write(tmp_path, preview(step("update", kind, "r", before=nested(after), after=nested(before)))))
    assert "less protection" not in capsys.readouterr().out


def test_a_lock_taken_off_an_unchanged_resource_is_called_out(run: Run, tmp_path: Path, capsys: Capture) -> None:
    run(write(tmp_path, preview(step("same", TABLE, "orders", old={"protect": True}))))

    assert "less protection: `protect` from on to off" in capsys.readouterr().out


def test_both_halves_of_a_replacement_are_told_once(run: Run, tmp_path: Path, capsys: Capture) -> None:
    steps = [step(op, TABLE, "orders") for op in ("create-replacement", "replace", "delete-replaced")]
    run(write(tmp_path, preview(*steps)))

    assert "1 to replace" in capsys.readouterr().out
