"""The catalogue: every refusal once, each with its source, and all of it printed by one command."""

import json
from collections import Counter

import pytest

from localcloud.__main__ import main
from localcloud.provider.catalogue import CATALOGUE
from localcloud.refusals import Check, NotCovered, Rule
from localcloud.refusals.registry import not_covered, rules
from localcloud.refusals.report import service_of


@pytest.fixture(scope="module")
def catalogue() -> tuple[Rule, ...]:
    return rules()


def test_every_refusal_says_what_where_and_by_whose_word(catalogue: tuple[Rule, ...]) -> None:
    assert len(catalogue) > 700
    for rule in catalogue:
        assert rule.source.strip(), rule.id
        assert rule.what.strip(), rule.id
        assert rule.where in {"check", "apply", "call", "invoke", "acting"}, rule.id


def test_ids_are_unique_among_the_rules_that_a_preview_enforces() -> None:
    counted = Counter(rule.id for kind in CATALOGUE.values() for rule in kind.checks)
    assert [name for name, count in counted.items() if count > 1] == []


def test_all_that_check_enforces_is_in_the_catalogue(catalogue: tuple[Rule, ...]) -> None:
    enforced = {check.id for kind in CATALOGUE.values() for check in kind.checks}
    assert enforced <= {rule.id for rule in catalogue}
    assert {rule.id for rule in catalogue if isinstance(rule, Check)} <= enforced


def test_every_type_refuses_something_of_its_own(catalogue: tuple[Rule, ...]) -> None:
    of_all = (".region", ".tags-count", ".tags-form")
    own = {rule.subject for rule in catalogue if not rule.id.endswith(of_all)}
    # their only inputs are references and flags, which the SDK's types judge
    assert CATALOGUE.keys() - own <= {"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"}


def test_what_is_not_covered_says_why_and_by_whose_word() -> None:
    missing = not_covered()
    assert len(missing) > 40
    for row in missing:
        assert isinstance(row, NotCovered)
        assert row.why.strip(), row
        assert row.source.strip(), row
        assert not row.subject.startswith("aws:") or row.subject in CATALOGUE, row.subject


def test_the_command_prints_all_of_it_by_service(
    catalogue: tuple[Rule, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["refusals"]) == 0
    text = capsys.readouterr().out
    headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
    counted = Counter(service_of(rule.subject) for rule in catalogue)
    for service, count in counted.items():
        assert f"{service} ({count})" in headings
    assert "NOT COVERED" in text
    assert f"{len(catalogue)} refusals" in text


def test_the_command_prints_all_of_it_as_json(catalogue: tuple[Rule, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["refusals", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in found["covered"]] == [rule.id for rule in catalogue]
    assert found["covered"][0].keys() == {"id", "where", "subject", "what", "limit", "source"}
    assert len(found["not_covered"]) == len(not_covered())
