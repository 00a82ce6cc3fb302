"""AWS WAF: web ACLs, what they protect, and where they log. Kept and checked; no request is inspected here yet."""
# ruff: noqa: A002, D102 - `ResourceType` says what each method does

import re
import uuid
from collections import Counter
from collections.abc import Iterator

from botocore.exceptions import ClientError

from localcloud.provider.errors import already_exists, is_missing
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope, failed_precondition
from localcloud.provider.resources.wafv2_statements import GROUPS, capacity, faults
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered, Rule
from localcloud.refusals.check import Inputs, Of, Place, Violation
from localcloud.refusals.model import Api, checks_of

_ACL, _ASSOCIATION = "aws:wafv2/webAcl:WebAcl", "aws:wafv2/webAclAssociation:WebAclAssociation"
_LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
_GUIDE = "AWS WAF developer guide: "
_EDGE_REGION = "us-east-1"
_CAPACITY = 5000
_BODY_BYTES = 4096
_RESERVED_LABELS = frozenset({"awswaf", "aws", "waf", "rulegroup", "webacl", "regexpatternset", "ipset", "managed"})
_RESERVED_METRICS = frozenset({"All", "Default_Action"})
_BODY_LIMITS = ("KB_16", "KB_32", "KB_48", "KB_64")
_ACL_ARN = re.compile(
    r"arn:aws[a-z-]*:wafv2:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<scope>regional|global)/webacl/(?P<name>[\w-]+)/.+"
)
_STAGE = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+)::/restapis/(?P<api>[^/]+)/stages/(?P<stage>[^/]+)"
)
_PROTECTED = re.compile(
    r"arn:aws[a-z-]*:(elasticloadbalancing:[^:]+:\d{12}:loadbalancer/app/.+|apigateway:[^:]+::/restapis/[^/]+/stages/[^/]+|"
    r"appsync:[^:]+:\d{12}:apis/.+|cognito-idp:[^:]+:\d{12}:userpool/.+|apprunner:[^:]+:\d{12}:service/.+|"
    r"ec2:[^:]+:\d{12}:verified-access-instance/.+|amplify:[^:]+:\d{12}:apps/.+)"
)
_LOGS = re.compile(
    r"arn:aws[a-z-]*:(?:logs:(?P<logs>[^:]+):\d{12}:log-group:|s3:::|firehose:(?P<firehose>[^:]+):\d{12}:deliverystream/)"
    r"(?P<name>.+)"
)


class WebAcl(StoredType):
    """Its id is the web ACL's own."""

    pulumi_type = _ACL
    kind = "wafv2:web-acl"
    naming = Naming(r"[\w-]+", 128)
    force_new = frozenset({"scope", "namePrefix"})
    unordered = frozenset({"rules", "customResponseBodies", "tokenDomains"})
    once = frozenset({"arn"})
    importable = False

    def create(self, scope: Scope, inputs: Properties) -> str:
        for row in scope.registry.all(self.kind).values():
            if (row["inputs"]["name"], row["inputs"]["scope"]) == (inputs["name"], inputs["scope"]):
                raise already_exists(
                    "WAFDuplicateItemException: AWS WAF couldn\u2019t perform the operation because some resource in"
                    f" your request is a duplicate of an existing one: {inputs['name']}"
                )
        return str(uuid.uuid4())

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        level = "global" if inputs["scope"] == "CLOUDFRONT" else "regional"
        return {
            "arn": scope.arn("wafv2", f"{level}/webacl/{inputs['name']}/{id}"),
            "capacity": sum(capacity(rule["statement"]) or 0 for rule in inputs.get("rules", ())),
            "lockToken": str(uuid.uuid4()),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        for row in scope.registry.all(WebAclAssociation.kind).values():
            if row["inputs"]["webAclArn"] == state["arn"]:
                raise failed_precondition(
                    "WAFAssociatedItemException: AWS WAF couldn\u2019t perform the operation because your resource is"
                    f" being used by another resource or it\u2019s associated with {row['inputs']['resourceArn']}"
                )
        super().delete(scope, id, state)


class WebAclAssociation(StoredType):
    """Its id is both ARNs."""

    pulumi_type = _ASSOCIATION
    kind = "wafv2:association"
    id_format = "{webAclArn},{resourceArn}"
    force_new = frozenset({"webAclArn", "resourceArn"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        _existing(scope, inputs["webAclArn"])
        if match := _STAGE.fullmatch(inputs["resourceArn"]):
            try:
                scope.client("apigateway").get_stage(restApiId=match["api"], stageName=match["stage"])
            except ClientError as error:
                if is_missing(error):
                    raise failed_precondition(_NOT_THERE) from error
                raise
        return super().create(scope, inputs)


class WebAclLoggingConfiguration(StoredType):
    """Its id is the web ACL's ARN."""

    pulumi_type = _LOGGING
    kind = "wafv2:logging"
    id_format = "{resourceArn}"
    force_new = frozenset({"resourceArn"})
    unordered = frozenset({"redactedFields"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        _existing(scope, inputs["resourceArn"])
        return super().create(scope, inputs)

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        for destination in news["logDestinationConfigs"]:
            name = str(destination).partition(":log-group:")[2]
            groups = scope.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"] if name else ()
            if name and not any(group["logGroupName"] == name for group in groups):
                raise failed_precondition(
                    "WAFLogDestinationPermissionIssueException: Unable to deliver logs to the configured destination:"
                    f" there is no log group {name}"
                )
        super().settle(scope, id, news, olds)


_NOT_THERE = (
    "WAFUnavailableEntityException: AWS WAF couldn\u2019t retrieve the resource that you requested. Retry your request."
)


def _existing(scope: Scope, arn: str) -> None:
    if not any(row["computed"]["arn"] == arn for row in scope.registry.all(WebAcl.kind).values()):
        raise failed_precondition(
            "WAFNonexistentItemException: AWS WAF couldn\u2019t perform the operation because your resource"
            f" doesn\u2019t exist: {arn}"
        )


def _scope(inputs: Inputs, place: Place) -> Iterator[Violation]:
    if inputs.get("scope") == "CLOUDFRONT" and place.region != _EDGE_REGION:
        yield (
            "scope",
            f"CLOUDFRONT is in {_EDGE_REGION} only, not {place.region}: give the resource region={_EDGE_REGION}",
        )
    for index, body in enumerate((inputs.get("associationConfig") or {}).get("requestBodies", ())):
        for key, value in body.items():
            at = f"associationConfig.requestBodies[{index}].{key}"
            if (key == "cloudfront") != (inputs.get("scope") == "CLOUDFRONT"):
                yield at, f"not for the scope {inputs.get('scope')}"
            elif (limit := value.get("defaultSizeInspectionLimit")) not in _BODY_LIMITS:
                yield f"{at}.defaultSizeInspectionLimit", f"{limit!r} is not one of {', '.join(_BODY_LIMITS)}"


def _rules(inputs: Inputs, _: Place) -> Iterator[Violation]:
    rules = inputs.get("rules", [])
    for key in ("name", "priority"):
        counts = Counter(rule.get(key) for rule in rules)
        for index, rule in enumerate(rules):
            if counts[rule.get(key)] > 1:
                yield f"rules[{index}].{key}", f"{rule.get(key)!r} is given to several rules"
    for index, rule in enumerate(rules):
        at = f"rules[{index}]"
        yield from faults(rule.get("statement", {}), f"{at}.statement")
        yield from _action(rule, at)
        yield from _label(rule, at)
    units = [capacity(rule.get("statement", {})) for rule in rules]
    if (known := sum(unit for unit in units if unit is not None)) > _CAPACITY:
        yield "rules", f"{known} capacity units; a web ACL takes {_CAPACITY} (WAFLimitsExceededException)"


def _action(rule: Inputs, at: str) -> Iterator[Violation]:
    groups = bool(GROUPS & rule.get("statement", {}).keys())
    needed, other = ("overrideAction", "action") if groups else ("action", "overrideAction")
    if other in rule:
        yield f"{at}.{other}", f"a rule {'of a group' if groups else 'that is no group'} has an {needed} instead"
    if len(rule.get(needed, {})) != 1:
        yield f"{at}.{needed}", "exactly one is required"


def _label(rule: Inputs, at: str) -> Iterator[Violation]:
    for index, label in enumerate(rule.get("ruleLabels", ())):
        if reserved := _RESERVED_LABELS & set(str(label.get("name", "")).split(":")):
            yield f"{at}.ruleLabels[{index}].name", f"{min(reserved)!r} is reserved in labels"
    if rule.get("visibilityConfig", {}).get("metricName") in _RESERVED_METRICS:
        yield f"{at}.visibilityConfig.metricName", "a metric name that WAF uses itself"


def _responses(inputs: Inputs, _: Place) -> Iterator[Violation]:
    bodies = {body.get("key"): body for body in inputs.get("customResponseBodies", ())}
    for index, body in enumerate(inputs.get("customResponseBodies", ())):
        if len(str(body.get("content", "")).encode()) > _BODY_BYTES:
            yield f"customResponseBodies[{index}].content", f"AWS takes {_BODY_BYTES} bytes"
    default = inputs.get("defaultAction", {})
    if len(default) != 1:
        yield "defaultAction", "exactly one of allow and block"
    blocks = [("defaultAction.block", default.get("block") or {})] + [
        (f"rules[{index}].action.block", (rule.get("action", {}).get("block")) or {})
        for index, rule in enumerate(inputs.get("rules", ()))
    ]
    for at, block in blocks:
        key = (block.get("customResponse") or {}).get("customResponseBodyKey")
        if key is not None and key not in bodies:
            yield f"{at}.customResponse.customResponseBodyKey", f"{key!r} is no key of customResponseBodies"


def _associated(inputs: Inputs, place: Place) -> Iterator[Violation]:
    acl, resource = _ACL_ARN.fullmatch(str(inputs.get("webAclArn"))), str(inputs.get("resourceArn"))
    if acl is None:
        yield "webAclArn", f"{inputs.get('webAclArn')!r} is no web ACL's ARN"
    elif acl["scope"] == "global":
        yield "webAclArn", "a web ACL of scope CLOUDFRONT is named by its distribution, not associated"
    elif acl["region"] != place.region:
        yield "webAclArn", f"it is in {acl['region']}; a regional web ACL protects what is in its own region"
    if not _PROTECTED.fullmatch(resource):
        yield "resourceArn", f"{resource!r} is nothing that takes a web ACL (a WebSocket or HTTP API does not)"
    elif resource.split(":")[3] != place.region:
        yield "resourceArn", f"it is in {resource.split(':')[3]}, the web ACL in {place.region}"


def _destination(arn: str, place: Place) -> str | None:
    match = _LOGS.fullmatch(arn)
    if match is None:
        return f"{arn!r} is no log group, bucket or Firehose stream"
    if match["name"].endswith(":*"):
        return "The ARN isn't valid: a log group's without the :* at its end"
    if not match["name"].startswith("aws-waf-logs-"):
        return f"{match['name']!r} does not begin with aws-waf-logs-"
    found = match["logs"] or match["firehose"]
    elsewhere = found not in {None, place.region}
    return f"it is in {found}; a web ACL logs to its own region, {place.region}" if elsewhere else None


def _logged(inputs: Inputs, place: Place) -> Iterator[Violation]:
    destinations = inputs.get("logDestinationConfigs", [])
    if len(destinations) != 1:
        yield "logDestinationConfigs", "exactly one destination"
    for index, arn in enumerate(destinations):
        if reason := _destination(str(arn), place):
            yield f"logDestinationConfigs[{index}]", reason
    for index, field in enumerate(inputs.get("redactedFields", ())):
        if len(field) != 1:
            yield f"redactedFields[{index}]", "exactly one part of the request"
    acl = _ACL_ARN.fullmatch(str(inputs.get("resourceArn")))
    if acl is None:
        yield "resourceArn", f"{inputs.get('resourceArn')!r} is no web ACL's ARN"
    elif acl["region"] != place.region:
        yield "resourceArn", f"it is in {acl['region']}, its logging in {place.region}"


# A statement contains itself: `faults` walks it; the SDK's rules as one JSON text are the provider's own.
_MODELLED, _MISSING = checks_of(_ACL, Api("wafv2 CreateWebACL", {"rules[].statement": "", "ruleJson": ""}))
_LOGS_MODELLED, _ = checks_of(_LOGGING, Api("wafv2 PutLoggingConfiguration.LoggingConfiguration"))
_ON = Of(_ACL, "AWS WAF API reference: CreateWebACL")
RULES: tuple[Rule, ...] = (
    *(*_MODELLED, *_LOGS_MODELLED),
    _ON.one_of("scope", ("CLOUDFRONT", "REGIONAL")),
    _ON.rule("scope-region", "scope associationConfig", _scope, "scope CLOUDFRONT elsewhere, body sizes of the other"
             " scope", f"{_EDGE_REGION}; {', '.join(_BODY_LIMITS)}"),
    _ON.rule("rules", "rules", _rules, "names or priorities given twice, a rate or window out of range, unknown groups"
             " of AWS, groups inside statements, the wrong kind of action, reserved labels, too much capacity",
             f"rate 10 to 2,000,000,000 in 60, 120, 300 or 600 s; {_CAPACITY} units",
             f"{_GUIDE}Rule statements; Quotas"),
    _ON.rule("responses", "defaultAction rules customResponseBodies", _responses, "no default action or two, a custom"
             " response that is not there or too large", f"{_BODY_BYTES} bytes", f"{_GUIDE}Custom responses"),
    _ON.exclusive("rules", "ruleJson"),
    _ON.exclusive("name", "namePrefix"),
    Of(_ASSOCIATION, "AWS WAF API reference: AssociateWebACL").rule(
        "association", "webAclArn resourceArn", _associated,
        "a web ACL of another scope or region, a resource that takes none",
    ),
    Of(_LOGGING, "AWS WAF API reference: PutLoggingConfiguration").rule(
        "destination", "logDestinationConfigs resourceArn redactedFields", _logged,
        "a destination that is none, of another region or without its prefix", "one; aws-waf-logs-…",
        f"{_GUIDE}Logging destinations",
    ),
    Rule("wafv2.WebAcl.twice", "apply", _ACL, "a second web ACL of a name and scope", "one",
         "AWS WAF API reference: WAFDuplicateItemException"),
    Rule("wafv2.WebAcl.in-use", "apply", _ACL, "the deletion of a web ACL that protects something", "",
         "AWS WAF API reference: WAFAssociatedItemException"),
    Rule("wafv2.WebAclAssociation.existing", "apply", _ASSOCIATION, "a web ACL or stage that is not there", "",
         "AWS WAF API reference: WAFNonexistentItemException"),
    Rule("wafv2.WebAclLoggingConfiguration.existing", "apply", _LOGGING, "a web ACL or log group that is not there", "",
         "AWS WAF API reference: WAFLogDestinationPermissionIssueException"),
)  # fmt: skip
NOT_COVERED: tuple[NotCovered, ...] = (
    *_MISSING,
    NotCovered(
        _ACL, "the capacity of groups that are not AWS's", "only their vendor knows it", f"{_GUIDE}Capacity units"
    ),
    NotCovered(_ACL, "patterns and lengths inside statements", "statements contain themselves: their shape is walked by"
               " hand for what is listed", "botocore wafv2 Statement"),
)  # fmt: skip
TYPES = (WebAcl(), WebAclAssociation(), WebAclLoggingConfiguration())
