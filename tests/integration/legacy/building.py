"""Builds the legacy estate in an account, by AWS's API alone, and gives it its past.

`build(client, past)`: `client(service, region=None)` makes boto3 clients of the account, `past(document)` hands a
document to the local cloud's page of that name (see `localcloud.past`): ages and AWS's own metrics.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.legacy import templates
from tests.integration.legacy.seeding import seed
from tests.integration.legacy.tables import BY_NAME, CDK_STACK, LEGACY, SERVERLESS_STACK, standard_tables

type Client = Callable[..., Any]
type Past = Callable[[Mapping[str, Any]], None]

REGION = "eu-central-1"
ROLE, UNUSED_ROLE = "omnix-legacy-lambda-role", "omnix-old-deploy-role"
ORPHANED_LOGS = "/aws/lambda/omnix-ai-deleted-function"
LEGACY_SECRET = "omnix/legacy/jwt"
# What a legacy function kept in its environment: it must never leave the audit.
LEAKED = "eyJhbGciOi-legacy-signing-key"


@dataclass(frozen=True)
class LegacyFunction:
    """One function that no stack owns. `used`: it was invoked in the last days."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    used: bool = False
    code: str = templates.INLINE


FUNCTIONS: tuple[LegacyFunction, ...] = (
    LegacyFunction(
        "omnix-ai-api-handler",
        {"PRODUCTS_TABLE": "omnixai-products", "ORDERS_TABLE": "orders", "CUSTOMERS": "customers_v2"}, used=True,
        code="# the shop's API\n" + templates.INLINE,
    ),
    LegacyFunction(
        "omnix-ai-api-handler-v2", {"PRODUCTS_TABLE": "omnixai-products"}, code="# the shop's API\n" + templates.INLINE
    ),
    LegacyFunction("omnix-ai-data-processor", {"SOURCE": "omnix-ai-tmp-import"}),
    LegacyFunction("omnix-ai-test-function", {"TABLE": "test-table"}),
    LegacyFunction("omnix-inventory-sync", {"TABLE": "omnix-ai-cdk-inventory"}, used=True),
    LegacyFunction("omnix-order-stream", {"TARGET": "omnix-ai-cdk-analytics"}),
    LegacyFunction("omnix-ai-auth-legacy", {"JWT_SECRET": LEAKED, "SESSIONS": "user_sessions"}),
)  # fmt: skip
STACK_FUNCTIONS = ("omnix-ai-cdk-api", "omnix-ai-cdk-recommendations", "omnix-serverless-dev-orders")
USED_FUNCTIONS = {*(one.name for one in FUNCTIONS if one.used), "omnix-ai-cdk-api"}
USED_TABLES = {
    "omnix-ai-cdk-products", "omnix-ai-cdk-orders", "omnix-ai-cdk-inventory", "omnix-ai-cdk-customers",
    "omnixai-products", "orders", "customers_v2",
}  # fmt: skip
# name, type of endpoint, born; the two of the stacks are in their templates
GATEWAYS = (
    ("omnix-ai-api", "EDGE", "2023-04-02", True),
    ("OmnixAPI-old", "EDGE", "2023-03-11", False),
    ("omnix-ai-backend", "REGIONAL", "2023-09-20", False),
)
GATEWAY_NAMES = frozenset(
    {*(name for name, *_ in GATEWAYS), "omnix-ai-cdk-gateway", "dev-omnix-serverless", "omnix-http", "omnix-ws-legacy"}
)
USED_GATEWAYS = {"omnix-ai-api", "omnix-ai-cdk-gateway"}
_BORN = "2023-11-05T09:00:00Z"


@dataclass
class Estate:
    """What was built: gateways by name to id, items by table, and the account's region."""

    region: str = REGION
    gateways: dict[str, str] = field(default_factory=dict)
    items: Mapping[str, int] = field(default_factory=dict)


def build(client: Client, past: Past, *, items: int = 1_000, standard: bool = False, last_used_days: int = 1) -> Estate:
    """The whole estate. `standard`: the nine standard tables too, where no deployed stack has them.

    `last_used_days`: so long ago was the last use of what is in use.
    """
    estate = Estate()
    client("ssm").put_parameter(Name=templates.BOOTSTRAP, Value="21", Type="String")
    _stacks(client("cloudformation"))
    _tables(client("dynamodb"), standard=standard)
    estate.items = seed(client("dynamodb"), items)
    _roles(client("iam"))
    arns = _functions(client("lambda"), client("iam").get_role(RoleName=ROLE)["Role"]["Arn"])
    estate.gateways = _gateways(client, arns)
    _wiring(client, arns, estate)
    _rest(client, estate)
    past(history(estate, datetime.now(UTC), client, last_used_days))
    return estate


def _stacks(cloudformation: Any) -> None:
    for name, template in ((CDK_STACK, templates.cdk()), (SERVERLESS_STACK, templates.serverless())):
        cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def _tables(dynamodb: Any, *, standard: bool) -> None:
    for table in LEGACY:
        if table.stack is None:
            dynamodb.create_table(**table.definition())
        if table.ttl:
            dynamodb.update_time_to_live(
                TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl}
            )
    for definition in standard_tables() if standard else ():
        dynamodb.create_table(**definition)


def _roles(iam: Any) -> None:
    trust = json.dumps(templates.trust())
    for name in (ROLE, UNUSED_ROLE):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    statement = {"Effect": "Allow", "Action": ["dynamodb:*", "logs:*"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=ROLE, PolicyName="everything", PolicyDocument=policy)


def zipped(code: str) -> bytes:
    """A function's package: one `index.py`, the same bytes for the same code."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0)), code)
    return buffer.getvalue()


def _functions(lambda_: Any, role: str) -> dict[str, str]:
    arns = {}
    for function in FUNCTIONS:
        code = function.code if function.used or "v2" in function.name else f"# {function.name}\n{function.code}"
        made = lambda_.create_function(
            FunctionName=function.name, Runtime="python3.13", Handler="index.handler", Role=role,
            Code={"ZipFile": zipped(code)}, Environment={"Variables": dict(function.variables)},
        )  # fmt: skip
        arns[function.name] = made["FunctionArn"]
    return arns


def _gateways(client: Client, arns: Mapping[str, str]) -> dict[str, str]:
    rest, two = client("apigateway"), client("apigatewayv2")
    for name, endpoint, _, _ in GATEWAYS:
        api = rest.create_rest_api(name=name, endpointConfiguration={"types": [endpoint]})["id"]
        _routes(rest, api, arns["omnix-ai-api-handler"] if name == "omnix-ai-api" else arns["omnix-ai-api-handler-v2"])
    two.create_api(Name="omnix-http", ProtocolType="HTTP")
    two.create_api(Name="omnix-ws-legacy", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    found = {api["name"]: api["id"] for api in rest.get_rest_apis()["items"]}
    found |= {api["Name"]: api["ApiId"] for api in two.get_apis()["Items"]}
    # a deployed stack beside the estate has gateways of its own
    return {name: id_ for name, id_ in found.items() if name in GATEWAY_NAMES}


def _routes(rest: Any, api: str, function: str) -> None:
    root = rest.get_resources(restApiId=api)["items"][0]["id"]
    resource = rest.create_resource(restApiId=api, parentId=root, pathPart="products")["id"]
    method: dict[str, Any] = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    rest.put_method(**method, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
    rest.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    rest.create_deployment(restApiId=api, stageName="prod")


def _wiring(client: Client, arns: Mapping[str, str], estate: Estate) -> None:
    events, lambda_, dynamodb = client("events"), client("lambda"), client("dynamodb")
    for rule, target, state, every in (
        ("omnix-inventory-sync-schedule", "omnix-inventory-sync", "ENABLED", "rate(5 minutes)"),
        ("omnix-nightly-old", "omnix-ai-data-processor", "DISABLED", "cron(0 2 * * ? *)"),
    ):
        events.put_rule(Name=rule, ScheduleExpression=every, State=state)
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arns[target]}])
    stream = dynamodb.describe_table(TableName="omnix-ai-cdk-orders")["Table"]["LatestStreamArn"]
    lambda_.create_event_source_mapping(
        EventSourceArn=stream, FunctionName="omnix-order-stream", StartingPosition="LATEST", Enabled=False
    )
    client("cloudwatch").put_metric_alarm(
        AlarmName="omnix-data-processor-errors", Namespace="AWS/Lambda", MetricName="Errors", Statistic="Sum",
        Dimensions=[{"Name": "FunctionName", "Value": "omnix-ai-data-processor"}], Period=300, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
    )  # fmt: skip
    client("ssm").put_parameter(Name="/omnix/legacy/orders-table", Value="orders", Type="String")
    client("cloudfront").create_distribution(DistributionConfig=_distribution(estate.gateways["omnix-ai-api"]))


def _distribution(api: str) -> dict[str, Any]:
    origin = {
        "Id": "api", "DomainName": f"{api}.execute-api.{REGION}.amazonaws.com", "OriginPath": "/prod",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }  # fmt: skip
    return {
        "CallerReference": "legacy", "Comment": "omnix legacy shop", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "api", "ViewerProtocolPolicy": "redirect-to-https",
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}}, "MinTTL": 0,
        },
    }  # fmt: skip


def _rest(client: Client, estate: Estate) -> None:
    logs, s3 = client("logs"), client("s3")
    for name in (*(f"/aws/lambda/{one.name}" for one in FUNCTIONS), ORPHANED_LOGS):
        logs.create_log_group(logGroupName=name)
    account = client("sts").get_caller_identity()["Account"]
    for bucket, keys in ((f"omnix-legacy-uploads-{account}", 3), (f"omnix-empty-{account}", 0)):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": estate.region})
        for key in range(keys):
            s3.put_object(Bucket=bucket, Key=f"uploads/{key}", Body=b"legacy")
    client("secretsmanager").create_secret(Name=LEGACY_SECRET, SecretString=LEAKED)


def history(estate: Estate, now: datetime, client: Client, last_used_days: int = 1) -> dict[str, Any]:
    """What the estate went through: everything is years old, and some of it was in use until so many days ago."""
    account = client("sts").get_caller_identity()["Account"]
    rest_born = {name: f"{day}T10:00:00Z" for name, _, day, _ in GATEWAYS}
    websocket = {"omnix-http", "omnix-ws-legacy"}
    names = {
        "dynamodb": list(BY_NAME),
        "lambda": [*(one.name for one in FUNCTIONS), *STACK_FUNCTIONS],
        "iam": [ROLE, UNUSED_ROLE, "omnix-ai-cdk-backend-role", "omnix-serverless-dev-role"],
        "logs": [*(f"/aws/lambda/{one.name}" for one in FUNCTIONS), ORPHANED_LOGS],
        "s3": [f"omnix-legacy-uploads-{account}", f"omnix-empty-{account}"],
        "secretsmanager": [LEGACY_SECRET],
        "apigatewayv2": [id_ for name, id_ in estate.gateways.items() if name in websocket],
    }
    born = [
        {"service": service, "region": estate.region, "name": name, "at": _BORN}
        for service, found in names.items()
        for name in found
    ]
    born += [
        {"service": "apigateway", "region": estate.region, "name": id_, "at": rest_born.get(name, _BORN)}
        for name, id_ in estate.gateways.items()
        if name not in websocket
    ]
    return {"born": born, "metrics": list(_metrics(now, last_used_days))}


def _metrics(now: datetime, last: int) -> list[dict[str, Any]]:
    subjects = [
        *(("AWS/Lambda", "Invocations", "FunctionName", name) for name in sorted(USED_FUNCTIONS)),
        *(("AWS/Lambda", "Duration", "FunctionName", name) for name in sorted(USED_FUNCTIONS)),
        *(("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", name) for name in sorted(USED_TABLES)),
        *(("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", name) for name in sorted(USED_TABLES)),
        *(("AWS/ApiGateway", "Count", "ApiName", name) for name in sorted(USED_GATEWAYS)),
        ("AWS/Events", "TriggeredRules", "RuleName", "omnix-inventory-sync-schedule"),
    ]
    return [
        {
            "region": REGION, "namespace": namespace, "name": name, "dimensions": {dimension: value},
            "at": (now - timedelta(days=days)).isoformat(), "value": 100.0 * days,
        }
        for namespace, name, dimension, value in subjects
        for days in (last, last + 1, last + 19)
    ]  # fmt: skip
