"""Exceptions are owned, reasoned and expire; one that is not is a violation, and excepts nothing."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from policy import overrides, types
from policy.evaluation import evaluate, findings
from policy.model import DEV, Stack
from policy.overrides import Overrides, parse
from policy.rules import RULES

TODAY = date(2026, 11, 21)
NAMES = [rule.name for rule in RULES]
KEY = DEV(types.KEY, "security-key")
GOOD: dict[str, Any] = {
    "rule": "key-rotates",
    "urn": KEY.urn,
    "reason": "imported key material, rotated by hand",
    "owner": "platform-team",
    "expires": TODAY + timedelta(days=30),
}


def entry(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not None}


def violated(held: Overrides) -> list[str]:
    rules = [rule for rule in RULES if rule.name == "key-rotates"]
    report = evaluate([*rules, overrides.validity(held)], [KEY], Stack([KEY]), held)
    return [broken.rule.name for broken in report.violations]


def test_an_entry_in_force_excepts_its_resource_and_is_shown() -> None:
    held = parse([GOOD], NAMES, TODAY)
    assert violated(held) == []
    report = evaluate([rule for rule in RULES if rule.name == "key-rotates"], [KEY], None, held)
    assert report.as_json()["overridden"][0]["owner"] == "platform-team"
    assert not report.refused


def test_an_entry_excepts_no_other_rule_and_no_other_resource() -> None:
    other = parse([entry(urn=KEY.urn.replace("security-key", "other-key"))], NAMES, TODAY)
    assert violated(other) == ["key-rotates"]
    assert violated(parse([entry(rule="key-deletion-window")], NAMES, TODAY)) == ["key-rotates"]


def test_a_pattern_takes_in_what_it_matches() -> None:
    held = parse([entry(urn=None, pattern="urn:pulumi:dev::omnix-ai::*kms/key:Key::security-*")], NAMES, TODAY)
    assert violated(held) == []


def test_an_urn_is_taken_literally() -> None:
    held = parse([entry(urn="urn:pulumi:dev::omnix-ai::*::security-key")], NAMES, TODAY)
    assert violated(held) == ["key-rotates"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"expires": TODAY - timedelta(days=1)}, "expired"),
        ({"expires": TODAY + timedelta(days=400)}, "days ahead"),
        ({"expires": "2026-12-31"}, "not a date"),
        ({"expires": None}, "not a date"),
        ({"owner": None}, "no owner"),
        ({"reason": " "}, "no reason"),
        ({"rule": "no-such-rule"}, "no rule"),
        ({"urn": None}, "exactly one of urn and pattern"),
        ({"pattern": "urn:pulumi:*"}, "exactly one of urn and pattern"),
        ({"urn": None, "pattern": "*"}, "does not begin with"),
        ({"urn": None, "pattern": "urn:pulumi:*::*"}, "every resource"),
        ({"until": "later"}, "unknown key"),
    ],
)
def test_an_entry_that_is_wrong_is_a_violation_and_excepts_nothing(changes: dict[str, Any], problem: str) -> None:
    held = parse([entry(**changes)], NAMES, TODAY)
    assert sorted(violated(held)) == ["key-rotates", "overrides-valid"]
    assert problem in " ".join(held.problems)


def test_a_file_that_cannot_be_read_is_a_violation(tmp_path: Path) -> None:
    path = tmp_path / "overrides.yaml"
    for content in ("{rule: [", "rule: x", "- not an entry"):
        path.write_text(content, encoding="utf-8")
        assert violated(overrides.load(NAMES, TODAY, path)) == ["key-rotates", "overrides-valid"]
    assert overrides.load(NAMES, TODAY, tmp_path / "nowhere.yaml").problems


def test_the_committed_exceptions_are_in_force() -> None:
    held = overrides.load(NAMES, date.today())  # noqa: DTZ011  the day on which the tests run is the point
    assert list(findings(overrides.validity(held), Stack([KEY]))) == []
