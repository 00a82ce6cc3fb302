"""Web ACLs: what AWS WAF would refuse of rules, associations and logging, and what rules cost."""
# ruff: noqa: A001 - `id` is the engine's word for it

from typing import Any

import grpc
import pytest

from localcloud.provider.resources.wafv2_statements import capacity
from localcloud.provider.wire import UNKNOWN

ACL, ASSOCIATION = "aws:wafv2/webAcl:WebAcl", "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
ACCOUNT = "123456789012"
SEEN = {"cloudwatchMetricsEnabled": True, "metricName": "shop", "sampledRequestsEnabled": True}
STAGE = "arn:aws:apigateway:eu-central-1::/restapis/abc/stages/dev"
GLOBAL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/edge/x"
REGIONAL = f"arn:aws:wafv2:eu-central-1:{ACCOUNT}:regional/webacl/shop/x"
LOG = f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:aws-waf-logs-shop"
GEO = {"geoMatchStatement": {"countryCodes": ["DE"]}}
COMMON = {"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}}


def rate(**more: Any) -> dict[str, Any]:
    return {"rateBasedStatement": {"limit": 1000, "evaluationWindowSec": 60, "aggregateKeyType": "IP", **more}}


def rule(statement: dict[str, Any], name: str = "r", priority: int = 0, **more: Any) -> dict[str, Any]:
    group = "managedRuleGroupStatement" in statement or "ruleGroupReferenceStatement" in statement
    action: dict[str, Any] = {"overrideAction": {"none": {}}} if group else {"action": {"block": {}}}
    return {"name": name, "priority": priority, "statement": statement, "visibilityConfig": SEEN, **action, **more}


def acl(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"name": "shop", "scope": "REGIONAL", "defaultAction": {"allow": {}}, "visibilityConfig": SEEN}
    return {**base, "rules": list(rules), **more}


def without(given: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != key}


RATE = "rules[0].statement.rateBasedStatement"
BODY = {"key": "sorry", "content": "{}", "contentType": "APPLICATION_JSON"}
ANSWER = {"customResponse": {"responseCode": 429, "customResponseBodyKey": "sorry"}}


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        (acl(scope="GLOBAL"), "scope"),
        (acl(scope="CLOUDFRONT"), "scope"),
        (acl(name="two words"), "name"),
        (acl(defaultAction={}), "defaultAction"),
        (acl(defaultAction={"allow": {}, "block": {}}), "defaultAction"),
        (acl(rule(rate(limit=9))), f"{RATE}.limit"),
        (acl(rule(rate(limit=2_000_000_001))), f"{RATE}.limit"),
        (acl(rule(rate(evaluationWindowSec=90))), f"{RATE}.evaluationWindowSec"),
        (acl(rule(rate(aggregateKeyType="HOST"))), f"{RATE}.aggregateKeyType"),
        (acl(rule(rate(aggregateKeyType="FORWARDED_IP"))), f"{RATE}.forwardedIpConfig"),
        (acl(rule(rate(aggregateKeyType="CONSTANT"))), f"{RATE}.scopeDownStatement"),
        (acl(rule(rate(aggregateKeyType="CUSTOM_KEYS"))), f"{RATE}.customKeys"),
        (acl(rule(rate(customKeys=[{"ip": {}}]))), f"{RATE}.customKeys"),
        (acl(rule(rate()), rule(GEO, "s")), "rules[0].priority"),
        (acl(rule(rate()), rule(GEO, priority=1)), "rules[1].name"),
        (acl(rule({**GEO, **rate()})), "rules[0].statement"),
        (acl(rule({})), "rules[0].statement"),
        (acl(rule({"notStatement": {"statement": rate()}})),
         "rules[0].statement.notStatement.statement.rateBasedStatement"),
        (acl(rule({"orStatement": {"statements": [GEO]}})), "rules[0].statement.orStatement.statements"),
        (acl(rule(rate(scopeDownStatement=COMMON))), f"{RATE}.scopeDownStatement.managedRuleGroupStatement"),
        (acl(rule({"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesCommon"}})),
         "rules[0].statement.managedRuleGroupStatement.name"),
        (acl(rule({"managedRuleGroupStatement": {"vendorName": "Amazon", "name": "x"}})),
         "rules[0].statement.managedRuleGroupStatement.vendorName"),
        (acl(without(rule(GEO), "action")), "rules[0].action"),
        (acl(without(rule(COMMON), "overrideAction")), "rules[0].overrideAction"),
        (acl({**rule(COMMON), "action": {"block": {}}}), "rules[0].action"),
        (acl({**rule(GEO), "overrideAction": {"count": {}}}), "rules[0].overrideAction"),
        (acl(rule(GEO, action={"block": {}, "count": {}})), "rules[0].action"),
        (acl(rule(GEO, action={"block": ANSWER})), "rules[0].action.block.customResponse.customResponseBodyKey"),
        (acl(rule(GEO, action={"block": {"customResponse": {"responseCode": 700}}})),
         "rules[0].action.block.customResponse.responseCode"),
        (acl(customResponseBodies=[{**BODY, "content": "x" * 4097}]), "customResponseBodies[0].content"),
        (acl(rule(GEO, ruleLabels=[{"name": "shop:awswaf:x"}])), "rules[0].ruleLabels[0].name"),
        (acl(rule(GEO, ruleLabels=[{"name": "a b"}])), "rules[0].ruleLabels[0].name"),
        (acl(rule(GEO, visibilityConfig={**SEEN, "metricName": "All"})), "rules[0].visibilityConfig.metricName"),
        (acl(*[rule(COMMON, f"r{n}", n) for n in range(8)]), "rules"),
        (acl(associationConfig={"requestBodies": [{"cloudfront": {"defaultSizeInspectionLimit": "KB_16"}}]}),
         "associationConfig.requestBodies[0].cloudfront"),
        (acl(associationConfig={"requestBodies": [{"apiGateway": {"defaultSizeInspectionLimit": "KB_17"}}]}),
         "associationConfig.requestBodies[0].apiGateway.defaultSizeInspectionLimit"),
    ],
)  # fmt: skip
def test_a_web_acl_that_waf_would_refuse_is_refused_by_check(engine: Any, inputs: dict[str, Any], path: str) -> None:
    assert path in engine.check(ACL, "a", inputs)[1]


@pytest.mark.parametrize(
    "inputs",
    [
        acl(),
        acl(scope="CLOUDFRONT", region="us-east-1"),
        acl(
            rule(rate(limit=10)), rule(COMMON, "common", 1), rule(GEO, "geo", 2, ruleLabels=[{"name": "shop:country"}])
        ),
        acl(
            rule(
                rate(limit=2_000_000_000, evaluationWindowSec=600, aggregateKeyType="CONSTANT", scopeDownStatement=GEO)
            )
        ),
        acl(rule(GEO, action={"block": ANSWER}), customResponseBodies=[BODY]),
        acl(rule({"andStatement": {"statements": [GEO, {"notStatement": {"statement": GEO}}]}})),
        acl(rule({"managedRuleGroupStatement": {"vendorName": "F5", "name": "OWASP_Managed"}})),
        acl(associationConfig={"requestBodies": [{"apiGateway": {"defaultSizeInspectionLimit": "KB_64"}}]}),
        acl(*[rule(COMMON, f"r{n}", n) for n in range(7)]),
        {**acl(), "rules": UNKNOWN},
    ],
)
def test_a_web_acl_that_waf_takes_is_taken(engine: Any, inputs: dict[str, Any]) -> None:
    assert engine.check(ACL, "a", inputs)[1] == {}


def test_capacity_is_counted_as_waf_counts_it() -> None:
    text = {"fieldToMatch": {"uriPath": {}}, "textTransformations": [{"priority": 0, "type": "LOWERCASE"}]}
    starts = {"byteMatchStatement": {"positionalConstraint": "STARTS_WITH", "searchString": "/a", **text}}
    contains = {"byteMatchStatement": {"positionalConstraint": "CONTAINS", "searchString": "a", **text}}
    injection = {"sqliMatchStatement": {**text, "fieldToMatch": {"jsonBody": {}}, "textTransformations": []}}
    assert capacity(GEO) == 1
    assert capacity(starts) == 12
    assert capacity(contains) == 20
    assert capacity(injection) == 40
    assert capacity(COMMON) == 700
    assert capacity(rate(customKeys=[{}, {}], scopeDownStatement=starts)) == 74
    assert capacity({"andStatement": {"statements": [GEO, {"notStatement": {"statement": contains}}]}}) == 21
    assert capacity({"ruleGroupReferenceStatement": {"arn": "x"}}) is None
    assert capacity({"managedRuleGroupStatement": {"vendorName": "F5", "name": "x"}}) is None


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"webAclArn": "shop", "resourceArn": STAGE}, "webAclArn"),
        ({"webAclArn": GLOBAL, "resourceArn": STAGE}, "webAclArn"),
        ({"webAclArn": REGIONAL.replace("central", "north"), "resourceArn": STAGE}, "webAclArn"),
        ({"webAclArn": REGIONAL, "resourceArn": STAGE.replace("restapis", "apis")}, "resourceArn"),
        ({"webAclArn": REGIONAL, "resourceArn": STAGE.replace("central", "north")}, "resourceArn"),
        ({"webAclArn": REGIONAL, "resourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"}, "resourceArn"),
    ],
)
def test_an_association_that_waf_would_refuse_is_refused(engine: Any, inputs: dict[str, Any], path: str) -> None:
    assert path in engine.check(ASSOCIATION, "a", inputs)[1]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"logDestinationConfigs": [f"{LOG}:*"]}, "logDestinationConfigs[0]"),
        ({"logDestinationConfigs": [LOG.replace("aws-waf-logs-", "")]}, "logDestinationConfigs[0]"),
        ({"logDestinationConfigs": [LOG.replace("central", "north")]}, "logDestinationConfigs[0]"),
        ({"logDestinationConfigs": ["arn:aws:s3:::logs"]}, "logDestinationConfigs[0]"),
        ({"logDestinationConfigs": ["arn:aws:sqs:eu-central-1:123456789012:q"]}, "logDestinationConfigs[0]"),
        ({"logDestinationConfigs": [LOG, LOG]}, "logDestinationConfigs"),
        ({"redactedFields": [{"method": {}, "uriPath": {}}]}, "redactedFields[0]"),
        ({"resourceArn": STAGE}, "resourceArn"),
        ({"loggingFilter": {"defaultBehavior": "MAYBE", "filters": []}}, "loggingFilter.defaultBehavior"),
    ],
)
def test_logging_that_waf_would_refuse_is_refused(engine: Any, inputs: dict[str, Any], path: str) -> None:
    given = {"resourceArn": REGIONAL, "logDestinationConfigs": [LOG], **inputs}
    assert path in engine.check(LOGGING, "l", given)[1]


def test_a_web_acl_protects_a_stage_logs_and_goes(engine: Any) -> None:
    gateway = engine.cloud.client("apigateway")
    api = gateway.create_rest_api(name="shop")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="dev")
    engine.cloud.client("logs").create_log_group(logGroupName="aws-waf-logs-shop")

    id, made = engine.create(ACL, "a", acl(rule(COMMON), rule(rate(), "rate", 1)))
    assert made["arn"] == f"arn:aws:wafv2:eu-central-1:{ACCOUNT}:regional/webacl/shop/{id}"
    assert made["capacity"] == 702
    stage = f"arn:aws:apigateway:eu-central-1::/restapis/{api}/stages/dev"
    tied, association = engine.create(ASSOCIATION, "s", {"webAclArn": made["arn"], "resourceArn": stage})
    assert tied == f"{made['arn']},{stage}"
    logs, logging = engine.create(LOGGING, "l", {"resourceArn": made["arn"], "logDestinationConfigs": [LOG]})
    assert logs == made["arn"]

    more = acl(rule(COMMON), description="the shops own")
    assert not engine.diff(ACL, "a", id, made, acl(rule(COMMON), rule(rate(), "rate", 1)), more).replaces
    changed = engine.update(ACL, "a", id, made, more)
    assert (changed["capacity"], changed["arn"]) == (700, made["arn"])
    assert "scope" in engine.diff(ACL, "a", id, made, acl(), acl(scope="CLOUDFRONT", region="us-east-1")).replaces
    assert engine.refusal(engine.create, ACL, "again", acl()).code is grpc.StatusCode.ALREADY_EXISTS
    assert "WAFAssociatedItemException" in engine.refusal(engine.delete, ACL, "a", id, changed).details

    engine.delete(LOGGING, "l", logs, logging)
    engine.delete(ASSOCIATION, "s", tied, association)
    engine.delete(ACL, "a", id, changed)
    assert engine.read(ACL, "a", id, changed, more).id == ""


def test_what_is_not_there_cannot_be_tied_together(engine: Any) -> None:
    _, made = engine.create(ACL, "a", acl())
    nothing = {"webAclArn": REGIONAL, "resourceArn": STAGE}
    assert "WAFNonexistentItemException" in engine.refusal(engine.create, ASSOCIATION, "s", nothing).details
    nowhere = {"webAclArn": made["arn"], "resourceArn": STAGE}
    assert "WAFUnavailableEntityException" in engine.refusal(engine.create, ASSOCIATION, "s", nowhere).details
    silent = {"resourceArn": made["arn"], "logDestinationConfigs": [LOG]}
    assert "there is no log group aws-waf-logs-shop" in engine.refusal(engine.create, LOGGING, "l", silent).details
