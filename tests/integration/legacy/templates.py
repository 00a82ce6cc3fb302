"""The CloudFormation templates of the two stacks: what CDK and Serverless left in the account."""

from typing import Any

from tests.integration.legacy.tables import CDK_STACK, LEGACY, SERVERLESS_STACK, LegacyTable

# Where `cdk bootstrap` keeps its version; every CDK stack reads it.
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
INLINE = "def handler(event, context):\n    return {'statusCode': 200, 'body': '{}'}\n"


def cdk() -> dict[str, Any]:
    """Eight tables, two functions, a gateway and a role. Tables are retained: CDK's own default for them."""
    resources: dict[str, Any] = {
        "BackendRole": _role("omnix-ai-cdk-backend-role"),
        "ApiFunction": function(
            "omnix-ai-cdk-api",
            {"PRODUCTS_TABLE": "omnix-ai-cdk-products", "ORDERS_TABLE": "omnix-ai-cdk-orders", "STAGE": "dev"},
        ),
        "RecommendFunction": function(
            "omnix-ai-cdk-recommendations", {"TABLE": "omnix-ai-cdk-recommendations", "MODEL": "collab-v1"}
        ),
        "Gateway": _rest_api("omnix-ai-cdk-gateway", "REGIONAL"),
    }
    resources |= {_logical(table): _table(table) for table in LEGACY if table.stack == CDK_STACK}
    version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": BOOTSTRAP}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"BootstrapVersion": version},
        "Resources": resources,
    }


def serverless() -> dict[str, Any]:
    """Two tables, a function, a gateway and the bucket that every Serverless stack has."""
    resources: dict[str, Any] = {
        "ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket"},
        "BackendRole": _role("omnix-serverless-dev-role"),
        "OrdersLambdaFunction": function("omnix-serverless-dev-orders", {"TABLE": "omnix-serverless-orders"}),
        "ApiGatewayRestApi": _rest_api("dev-omnix-serverless", "EDGE"),
    }
    resources |= {_logical(table): _table(table) for table in LEGACY if table.stack == SERVERLESS_STACK}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def trust() -> dict[str, Any]:
    """Who may assume a function's role."""
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def function(name: str, variables: dict[str, str]) -> dict[str, Any]:
    """A function of a template, with its code in line."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["BackendRole", "Arn"]},
            "Code": {"ZipFile": INLINE},
            "Environment": {"Variables": variables},
        },
    }


def _logical(table: LegacyTable) -> str:
    return "".join(word.capitalize() for word in table.name.split("-")) + "Table"


def _table(table: LegacyTable) -> dict[str, Any]:
    properties = table.definition()
    if "StreamSpecification" in properties:
        properties["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    return {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": properties}


def _role(name: str) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name, "AssumeRolePolicyDocument": trust()}}


def _rest_api(name: str, endpoint: str) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGateway::RestApi",
        "Properties": {"Name": name, "EndpointConfiguration": {"Types": [endpoint]}},
    }
