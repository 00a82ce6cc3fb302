"""Each limit, refused just beyond it and accepted at it, through boto3's own requests."""

import itertools

import pytest

from localcloud.limits import constraints, dynamodb, messages, parameters, schedules, storage, telemetry
from localcloud.limits.refusal import Limit

from . import dynamodb_cases, service_cases
from .conftest import Judge
from .dynamodb_cases import Case

OWN: tuple[Limit, ...] = (
    *(*dynamodb.RULES, *messages.RULES, *parameters.RULES, *schedules.RULES, *storage.RULES, *telemetry.RULES),
)
CASES = [
    case
    for module in (dynamodb_cases, service_cases)
    for name, make in sorted(vars(module).items())
    if name.startswith("of_")
    for case in make()
]


def method(rule: str) -> tuple[str, str]:
    service, operation, _ = rule.split(".", 2)
    return service, "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")


def named(case: Case, count: "itertools.count[int]" = itertools.count()) -> str:  # noqa: B008 - one count for all
    return f"{case[0]}-{next(count)}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_call_beyond_a_limit_is_refused_and_one_at_it_is_not(judge: Judge, case: Case) -> None:
    rule, wrong, right = case
    refused = judge(*method(rule), **wrong)
    assert refused is not None
    assert refused.rule == rule, refused
    assert refused.status == 400
    assert refused.code == next(limit.code for limit in OWN if limit.id == rule)
    assert refused.message
    assert judge(*method(rule), **right) is None


def test_every_limit_has_a_case_that_it_refuses() -> None:
    assert {rule.id for rule in OWN} - {case[0] for case in CASES} == set()


def test_the_identifiers_are_unique_and_every_rule_names_its_source() -> None:
    rules = [*OWN, *constraints.RULES]
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(rule.source and rule.what for rule in rules)
