"""Each rule refuses its failing example and lets its passing one through, and says "unknown" where it cannot tell."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evaluation import evaluate, findings
from policy.model import Finding, Resource, Rule, Stack, Unknown, Violation
from policy.overrides import Overrides
from policy.rules import RULES
from tests.unit.policy.masking import mask, resource_paths

BY_NAME = {rule.name: rule for rule in RULES}
rule_under_test = pytest.mark.parametrize("rule", RULES, ids=list(BY_NAME))


def judge(rule: Rule, resources: Sequence[Resource]) -> list[Finding]:
    if rule.scope == "stack":
        return list(findings(rule, Stack(resources)))
    return [finding for resource in resources if rule.applies(resource.type) for finding in findings(rule, resource)]


@rule_under_test
def test_the_failing_example_is_refused(rule: Rule) -> None:
    assert any(isinstance(finding, Violation) for finding in judge(rule, rule.failing))


@rule_under_test
def test_the_fixed_example_passes(rule: Rule) -> None:
    assert judge(rule, rule.passing) == []


@rule_under_test
def test_a_rule_says_why_and_what_to_do(rule: Rule) -> None:
    assert len(rule.reason) > 20
    assert rule.fix
    assert rule.refs, "the incident or requirement behind it (REQUIREMENTS)"
    assert not rule.reason.endswith(".")


def test_the_names_of_rules_are_unique() -> None:
    assert len(BY_NAME) == len(RULES)


@rule_under_test
def test_a_value_that_is_not_known_is_no_violation(rule: Rule) -> None:
    for path in resource_paths(rule.passing):
        found = judge(rule, mask(rule.passing, frozenset({path})))
        assert not [finding for finding in found if isinstance(finding, Violation)], f"{path} unknown: {found}"


@rule_under_test
def test_a_value_that_is_not_known_does_not_pass_for_a_good_one(rule: Rule) -> None:
    for path in resource_paths(rule.failing):
        assert judge(rule, mask(rule.failing, frozenset({path}))), f"{path} is unknown, and nothing is said"


@given(data=st.data())
def test_no_rule_stumbles_over_any_set_of_unknown_values(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(RULES))
    resources = data.draw(st.sampled_from([rule.failing, rule.passing]))
    places = resource_paths(resources)
    hidden = data.draw(st.frozensets(st.sampled_from(places))) if places else frozenset()
    for finding in judge(rule, mask(resources, hidden)):
        assert isinstance(finding, Violation | Unknown)


@rule_under_test
def test_no_rule_stumbles_over_a_resource_without_any_property(rule: Rule) -> None:
    bare = [Resource(f"urn:pulumi:prod::omnix-ai::{type_}::bare", type_, {}) for type_ in rule.types or ("aws:x/y:Y",)]
    for finding in judge(rule, bare):
        assert isinstance(finding, Violation | Unknown)


def test_what_is_excepted_is_told_apart_from_what_passes() -> None:
    rule = BY_NAME["key-rotates"]
    report = evaluate([rule], rule.failing, None, Overrides())
    assert [broken.rule.name for broken in report.violations] == ["key-rotates"]
    assert report.refused
