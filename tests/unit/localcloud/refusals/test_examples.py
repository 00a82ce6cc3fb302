"""Every rule of the services: what it refuses and what it lets pass, by table."""

import importlib
import importlib.util
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from localcloud.provider.wire import UNKNOWN
from localcloud.refusals import Check, Place, services
from localcloud.refusals.check import violations
from localcloud.refusals.references import RULES as REFERENCES
from localcloud.refusals.services.lambda_ import BLOCKED

from . import compute_examples, data_examples, operations_examples

PLACE = Place("123456789012", "eu-central-1")
EXAMPLES = {**compute_examples.EXAMPLES, **data_examples.EXAMPLES, **operations_examples.EXAMPLES}
RULES: dict[str, Check] = {
    rule.id: rule
    for found in pkgutil.iter_modules(services.__path__)
    for rule in vars(importlib.import_module(f"{services.__name__}.{found.name}"))["RULES"]
}
REFUSED = [(name, inputs) for name, (refused, _) in EXAMPLES.items() for inputs in refused]
ACCEPTED = [(name, inputs) for name, (_, accepted) in EXAMPLES.items() for inputs in accepted]


def test_every_rule_of_a_service_has_what_it_refuses_and_what_it_accepts() -> None:
    assert EXAMPLES.keys() == RULES.keys()
    assert all(refused and accepted for refused, accepted in EXAMPLES.values())


@pytest.mark.parametrize(("name", "inputs"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_it_refuses_what_aws_refuses_and_says_where(name: str, inputs: dict[str, Any]) -> None:
    found = list(RULES[name].find(inputs, PLACE))
    assert found
    for path, reason in found:
        assert reason
        assert path.split(".")[0].split("[")[0] in RULES[name].reads, path


@pytest.mark.parametrize(("name", "inputs"), ACCEPTED, ids=lambda value: value if isinstance(value, str) else "")
def test_it_lets_pass_what_aws_takes(name: str, inputs: dict[str, Any]) -> None:
    assert list(RULES[name].find(inputs, PLACE)) == []


@pytest.mark.parametrize(("name", "inputs"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_not_known_yet_is_not_judged(name: str, inputs: dict[str, Any]) -> None:
    rule = RULES[name]
    assert violations([rule], {**inputs, **dict.fromkeys(rule.reads, UNKNOWN)}, PLACE) == []


def test_an_unknown_neighbour_does_not_hide_a_wrong_value() -> None:
    rule = RULES["backup.Plan.schedule"]
    rules = [{"ruleName": UNKNOWN, "schedule": "daily"}, {"schedule": UNKNOWN}]
    assert [path for path, _ in violations([rule], {"rules": rules}, PLACE)] == ["rules[0].schedule"]


def test_how_inputs_go_together_is_judged_once_each_is_right() -> None:
    """Otherwise a wrong storage class would be compared with the right ones."""
    rules = [RULES["dynamodb.Table.name-length"], RULES["dynamodb.Table.globalSecondaryIndexes-count"]]
    whole = RULES["dynamodb.Table.index-keys"]
    inputs = {"globalSecondaryIndexes": [{"name": "same"}] * 21}
    assert {path for path, _ in violations([*rules, whole], inputs, PLACE)} == {"globalSecondaryIndexes"}


def test_the_days_that_runtimes_end_are_those_of_aws() -> None:
    found = importlib.util.find_spec("cfnlint")
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).parent / "data/AdditionalSpecs/LmbdRuntimeLifecycle.json"
    known = {name: row["create-block"] for name, row in json.loads(file.read_text()).items() if row["create-block"]}
    assert known == BLOCKED


# --- references ---------------------------------------------------------------------------------

_NAMES = {
    "kms": "key/1", "iam": "role/r", "lambda": "function:f", "sns": "t", "sqs": "q", "logs": "log-group:g",
    "firehose": "deliverystream/amazon-apigateway-s", "secretsmanager": "secret:s", "backup": "backup-vault:v",
}  # fmt: skip


def _inputs(path: str, value: str) -> dict[str, Any]:
    made: Any = value
    for step in reversed(path.replace("[]", ".[]").split(".")):
        made = [made] if step == "[]" else {step: made}
    assert isinstance(made, dict)
    return made


def _arn(rule: Check, **changes: str) -> str:
    service = changes.get("service", rule.limit.split(",")[0].split(" or ")[0].strip())
    name = {"policyArn-arn": "policy/p", "managedPolicyArns-arn": "policy/p", "permissionsBoundary-arn": "policy/p"}
    short = rule.id.rsplit(".", 1)[-1]
    own = "layer:l:1" if short == "layers-arn" else name.get(short, _NAMES.get(service, "x"))
    region = "" if service == "iam" else changes.get("region", PLACE.region)
    return f"arn:aws:{service}:{region}:{changes.get('account', PLACE.account_id)}:{own}"


def _path(rule: Check) -> str:
    return rule.what.split(" ", 1)[0]


@pytest.mark.parametrize("rule", REFERENCES, ids=lambda rule: rule.id)
def test_a_reference_of_the_right_kind_passes(rule: Check) -> None:
    assert list(rule.find(_inputs(_path(rule), _arn(rule)), PLACE)) == []
    assert list(rule.find(_inputs(_path(rule), UNKNOWN), PLACE)) == []


@pytest.mark.parametrize("rule", REFERENCES, ids=lambda rule: rule.id)
def test_a_reference_to_another_service_is_refused(rule: Check) -> None:
    assert list(rule.find(_inputs(_path(rule), _arn(rule, service="ec2")), PLACE))


@pytest.mark.parametrize("rule", [rule for rule in REFERENCES if "region" in rule.limit], ids=lambda rule: rule.id)
def test_a_reference_to_another_region_is_refused(rule: Check) -> None:
    ((_, reason),) = rule.find(_inputs(_path(rule), _arn(rule, region="us-east-2")), PLACE)
    assert "us-east-2" in reason
    assert PLACE.region in reason


@pytest.mark.parametrize("rule", [rule for rule in REFERENCES if "account" in rule.limit], ids=lambda rule: rule.id)
def test_a_reference_to_another_account_is_refused(rule: Check) -> None:
    assert list(rule.find(_inputs(_path(rule), _arn(rule, account="999999999999")), PLACE))
