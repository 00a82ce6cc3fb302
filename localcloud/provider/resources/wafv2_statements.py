"""What a web ACL's rules match on: what AWS WAF would refuse of a statement, and what it costs in capacity units.

Source: AWS WAF developer guide, "Rule statements" and "AWS Managed Rules rule groups list"; API reference.
"""

from collections.abc import Iterator, Mapping
from typing import Any

type Violation = tuple[str, str]
type Statement = Mapping[str, Any]

# The groups of vendor AWS and their capacity units.
MANAGED: Mapping[str, int] = {
    "AWSManagedRulesCommonRuleSet": 700, "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200, "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200, "AWSManagedRulesUnixRuleSet": 100, "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100, "AWSManagedRulesWordPressRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25, "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50, "AWSManagedRulesATPRuleSet": 50, "AWSManagedRulesACFPRuleSet": 50,
    "AWSManagedRulesAntiDDoSRuleSet": 50,
}  # fmt: skip
GROUPS = frozenset({"managedRuleGroupStatement", "ruleGroupReferenceStatement"})
_WINDOWS = (60, 120, 300, 600)
_RATE = (10, 2_000_000_000)
_AGGREGATES = ("IP", "FORWARDED_IP", "CONSTANT", "CUSTOM_KEYS")
_CUSTOM_KEYS = 5
_NESTED = {"andStatement": 2, "orStatement": 2}  # and how many statements they need
_UNITS = {
    "asnMatchStatement": 1, "geoMatchStatement": 1, "ipSetReferenceStatement": 1, "labelMatchStatement": 1,
    "regexMatchStatement": 3, "regexPatternSetReferenceStatement": 25, "sizeConstraintStatement": 1,
    "xssMatchStatement": 40,
}  # fmt: skip
_ANYWHERE, _TRANSFORMATION, _ALL_ARGUMENTS, _KEY, _ANY_POSITION = 10, 10, 10, 30, 4


def faults(statement: Statement, path: str, *, top: bool = True) -> Iterator[Violation]:
    """Everything wrong with a statement and those inside it."""
    kinds = [kind for kind, value in statement.items() if value is not None]
    if len(kinds) != 1:
        yield path, f"{len(kinds)} statements given: exactly one"
    for kind in kinds:
        body, at = statement[kind] or {}, f"{path}.{kind}"
        if not top and kind in {*GROUPS, "rateBasedStatement"}:
            yield at, "only at the top of a rule: it cannot be inside another statement"
        if kind == "rateBasedStatement":
            yield from _rate(body, at)
        if kind == "managedRuleGroupStatement" and body.get("vendorName") == "AWS" and body.get("name") not in MANAGED:
            yield f"{at}.name", f"{body.get('name')!r} is no managed rule group of AWS"
        if kind == "managedRuleGroupStatement" and body.get("vendorName") in {"aws", "Aws", "Amazon"}:
            yield f"{at}.vendorName", "the vendor of AWS's own groups is AWS"
        for where, inner in _inside(kind, body, at):
            yield from faults(inner, where, top=False)
        if kind in _NESTED and len(body.get("statements", ())) < _NESTED[kind]:
            yield f"{at}.statements", f"at least {_NESTED[kind]} statements"
        yield from _matched(body, at)


def _inside(kind: str, body: Statement, at: str) -> Iterator[tuple[str, Statement]]:
    if kind in _NESTED:
        yield from ((f"{at}.statements[{index}]", one) for index, one in enumerate(body.get("statements", ())))
    only = "statement" if kind == "notStatement" else "scopeDownStatement"
    if inner := body.get(only):
        yield f"{at}.{only}", inner


def _rate(body: Statement, at: str) -> Iterator[Violation]:
    limit, window, key = body.get("limit"), body.get("evaluationWindowSec"), body.get("aggregateKeyType", "IP")
    if limit is not None and not _RATE[0] <= int(limit) <= _RATE[1]:
        yield f"{at}.limit", f"{limit} is outside {_RATE[0]} to {_RATE[1]}"
    if window is not None and int(window) not in _WINDOWS:
        yield f"{at}.evaluationWindowSec", f"{window} is not one of {', '.join(map(str, _WINDOWS))}"
    if key not in _AGGREGATES:
        yield f"{at}.aggregateKeyType", f"{key!r} is not one of {', '.join(_AGGREGATES)}"
    keys = body.get("customKeys", [])
    if (key == "CUSTOM_KEYS") != bool(keys) or len(keys) > _CUSTOM_KEYS:
        yield f"{at}.customKeys", f"1 to {_CUSTOM_KEYS} with CUSTOM_KEYS, and only with it"
    if key == "FORWARDED_IP" and "forwardedIpConfig" not in body:
        yield f"{at}.forwardedIpConfig", "required by FORWARDED_IP"
    if key == "CONSTANT" and "scopeDownStatement" not in body:
        yield f"{at}.scopeDownStatement", "required by CONSTANT: it would count every request together"


def _matched(body: Statement, at: str) -> Iterator[Violation]:
    """The part of the request, and its transformations: 0 first, each priority once."""
    field = body.get("fieldToMatch")
    if field is not None and len(field) != 1:
        yield f"{at}.fieldToMatch", "exactly one part of the request"
    priorities = [one.get("priority") for one in body.get("textTransformations", ())]
    if len(set(priorities)) < len(priorities):
        yield f"{at}.textTransformations", "two with one priority"


def capacity(statement: Statement) -> int | None:
    """Web ACL capacity units, or None where a group's own are not known here."""
    total = 0
    for kind, body in statement.items():
        own = _own_units(kind, body or {})
        inner = [capacity(one) for _, one in _inside(kind, body or {}, "")]
        if own is None or None in inner:
            return None
        total += own + sum(units for units in inner if units is not None)
    return total


def _own_units(kind: str, body: Statement) -> int | None:
    if kind == "managedRuleGroupStatement":
        return MANAGED.get(str(body.get("name"))) if body.get("vendorName") == "AWS" else None
    if kind == "ruleGroupReferenceStatement":
        return None
    if kind == "rateBasedStatement":
        return 2 + _KEY * len(body.get("customKeys", ()))
    units = _UNITS.get(kind, 0)
    if kind == "byteMatchStatement":
        units = _ANYWHERE if str(body.get("positionalConstraint", "")).startswith("CONTAINS") else 2
    elif kind == "sqliMatchStatement":
        units = 30 if body.get("sensitivityLevel") == "HIGH" else 20
    elif kind == "ipSetReferenceStatement" and (body.get("ipSetForwardedIpConfig") or {}).get("position") == "ANY":
        units += _ANY_POSITION
    field = body.get("fieldToMatch") or {}
    units = units * 2 if "jsonBody" in field else units
    every = _ALL_ARGUMENTS if "allQueryArguments" in field else 0
    changed: int = sum(one.get("type") != "NONE" for one in body.get("textTransformations", ()))
    return units + every + _TRANSFORMATION * changed
