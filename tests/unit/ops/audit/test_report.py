"""The audit's documents: JSON that reads back, a page that needs nothing else, and the command's own refusals."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ops.audit.model import Audit, Kind, Reference, Tool, Unread, Verdict, read, to_json
from ops.audit.report.html import page
from ops.audit.stacks import stacks
from ops.cli import main
from ops.errors import Refused
from tests.unit.ops.audit.accounts import ACCOUNT, NOW, REGION, judged, owned, resource, table

_HOSTILE = "omnix-</script><img src=x onerror=alert(1)>"


def _audit() -> Audit:
    found = judged(
        resource(Kind.FUNCTION, _HOSTILE, references=[Reference(where="tree: a.py", line=3, text="`x` & y")]),
        table("omnix-ai-cdk-orders", owner=owned("Backend", Tool.CDK), monthly_cost_usd=0.004),
    )
    unread = Unread(
        service="s3", operation="ListBuckets", region="us-east-1", code="AccessDenied", message="no",
        kinds=[Kind.BUCKET],
    )  # fmt: skip
    return Audit(
        account_id=ACCOUNT, alias="shop", regions=[REGION], made_at=NOW, window_days=90,
        findings=list(found.values()), stacks=stacks(found.values()), errors=[unread, unread],
    )  # fmt: skip


def test_an_audit_reads_back_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(to_json(_audit()), encoding="utf-8")
    assert read(tmp_path / "a.json") == _audit()


@pytest.mark.parametrize("text", ["", "{}", '{"version": 2}'])
def test_what_is_no_audit_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match="no audit"):
        read(tmp_path / "a.json")


def test_the_page_fetches_nothing_and_runs_nothing_but_its_own_script() -> None:
    text = page(_audit())
    assert not re.search(r"(?:src|href)=", re.sub(r"&lt;.*?&gt;", "", text))
    assert "<img" not in text
    assert text.count("<script") == 1
    assert "default-src 'none'" in text
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", text)


def test_the_page_says_what_was_not_answered_and_never_rounds_a_cost_to_nothing() -> None:
    text = page(_audit())
    assert "2 questions were not answered" in text
    assert "s3:ListBuckets" in text
    assert "(2 times)" in text
    assert "&lt; $0.01" in text


def test_the_page_gives_every_finding_with_its_verdict_step_and_references() -> None:
    text = page(_audit())
    for verdict in (Verdict.UNKNOWN, Verdict.MIGRATE):
        assert f'data-verdict="{verdict}"' in text
    assert "<code>omnix migrate</code>" in text
    assert "a.py:3" in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["audit"], 2, "which account?"),
        (["audit", "--endpoint-url", "http://example.com:5000"], 1, "not on this machine"),
        (["--stack", "dev", "audit", "--endpoint-url", "http://127.0.0.1:1"], 2, "a stack says itself"),
    ],
)
def test_a_command_that_names_no_account_or_the_wrong_one_is_refused(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code
    assert words in capsys.readouterr().err


def test_the_command_line_starts_without_the_audits_libraries() -> None:
    code = "import sys, ops.cli; print([m for m in ('jinja2', 'boto3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
