"""The twin's Pulumi program: one function with its role, behind a REST API of `{proxy+}` and the same authorizer.

The zip is in the platform's artefact bucket; memory, timeout and log settings are those of the platform's `api`.
"""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

settings: dict[str, Any] = pulumi.Config().require_object("twin")
region, account = settings["region"], settings["account_id"]
provider = aws.Provider("aws", region=region, allowed_account_ids=[account])
options = pulumi.ResourceOptions(provider=provider)

NAME = "bench-twin"
STAGE = "bench"
_LAMBDA = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions"


def allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [f"dynamodb:{action}" for action in actions], "Resource": resources}


def table(logical: str, *, indexes: bool = False) -> list[str]:
    arn = f"arn:aws:dynamodb:{region}:{account}:table/{settings['tables'][logical]}"
    return [arn, f"{arn}/index/*"] if indexes else [arn]


def body(function_arn: str) -> str:
    proxy = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": f"{_LAMBDA}/{function_arn}/invocations",
        "passthroughBehavior": "when_no_match",
        "timeoutInMillis": 29_000,
    }
    authorizer = {
        "type": "request",
        "authorizerUri": f"{_LAMBDA}/{settings['authorizer_arn']}/invocations",
        "authorizerResultTtlInSeconds": 0,
    }
    any_method = "x-amazon-apigateway-any-method"
    integration = {"x-amazon-apigateway-integration": proxy}
    document = {
        "openapi": "3.0.1",
        "info": {"title": NAME, "version": "1"},
        "paths": {
            "/system/health": {"get": {"security": [], "responses": {}, **integration}},
            "/{proxy+}": {
                any_method: {
                    "parameters": [{"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}],
                    "security": [{"authorizer": []}],
                    "responses": {},
                    **integration,
                }
            },
        },
        "components": {
            "securitySchemes": {
                "authorizer": {
                    "type": "apiKey",
                    "name": "Unused",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "custom",
                    "x-amazon-apigateway-authorizer": authorizer,
                }
            }
        },
    }
    return json.dumps(document)


role = aws.iam.Role(
    "role",
    name=NAME,
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
    opts=options,
)
policy = aws.iam.RolePolicy(
    "policy",
    role=role.name,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                allow(["Query", "GetItem", "BatchGetItem", "PutItem"], table("products", indexes=True)),
                allow(["PutItem"], table("orders")),
                allow(["UpdateItem"], table("inventory")),
                allow(["ConditionCheckItem"], table("customer-profiles")),
                {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [settings["key_arn"]]},
                {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": ["*"]},
                {
                    "Effect": "Allow",
                    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                    "Resource": ["*"],
                },
            ],
        }
    ),
    opts=options,
)
group = aws.cloudwatch.LogGroup("logs", name=f"/aws/lambda/{NAME}", retention_in_days=7, opts=options)
function = aws.lambda_.Function(
    "function",
    name=NAME,
    role=role.arn,
    runtime="python3.13",
    architectures=["arm64"],
    handler=settings["handler"],
    s3_bucket=settings["bucket"],
    s3_key=settings["key"],
    s3_object_version=settings["object_version"],
    source_code_hash=settings["sha256"],
    memory_size=settings["memory_mb"],
    timeout=settings["timeout_seconds"],
    environment={
        "variables": {
            "TWIN_TABLE": settings["tables"]["products"],
            "TWIN_ORDERS_TABLE": settings["tables"]["orders"],
            "TWIN_STOCK_TABLE": settings["tables"]["inventory"],
            "TWIN_CUSTOMERS_TABLE": settings["tables"]["customer-profiles"],
        }
    },
    tracing_config={"mode": "Active"},
    logging_config={
        "log_format": "JSON",
        "log_group": group.name,
        "application_log_level": "INFO",
        "system_log_level": "INFO",
    },
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[policy]),
)
api = aws.apigateway.RestApi(
    "api",
    name=NAME,
    body=function.arn.apply(body),
    endpoint_configuration={"types": "REGIONAL"},
    opts=options,
)
permissions = [
    aws.lambda_.Permission(
        f"permission-{name}",
        statement_id=f"BenchTwin{name.capitalize()}",
        action="lambda:InvokeFunction",
        function=arn,
        principal="apigateway.amazonaws.com",
        source_arn=api.execution_arn.apply(lambda own, below=below: f"{own}/{below}"),
        opts=options,
    )
    for name, arn, below in (
        ("routes", function.arn, f"{STAGE}/*/*"),
        ("authorizer", settings["authorizer_arn"], "authorizers/*"),
    )
]
deployment = aws.apigateway.Deployment("deployment", rest_api=api.id, triggers={"body": api.body}, opts=options)
stage = aws.apigateway.Stage(
    "stage",
    rest_api=api.id,
    deployment=deployment.id,
    stage_name=STAGE,
    opts=pulumi.ResourceOptions(provider=provider, depends_on=permissions),
)
pulumi.export("url", stage.invoke_url)
