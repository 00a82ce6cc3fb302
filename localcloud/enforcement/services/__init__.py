"""What each operation of each mapped service needs, as data.

Source: AWS's Service Authorization Reference (the tests compare), and each service's own guide for what it does in the
caller's name. An operation that is not here is answered as unmapped: it is never let through for a function.
"""

from collections.abc import Mapping

from localcloud.enforcement.need import Operations
from localcloud.enforcement.services import (
    backup,
    bedrock,
    dynamodb,
    iam,
    kms,
    lambda_,
    messaging,
    observability,
    orchestration,
    s3,
    secretsmanager,
    ssm,
    sts,
)

MAPPED: Mapping[str, Operations] = {
    "apigatewaymanagementapi": orchestration.CONNECTIONS,
    "backup": backup.OPERATIONS,
    "bedrock-runtime": bedrock.OPERATIONS,
    "cloudwatch": observability.CLOUDWATCH,
    "dynamodb": dynamodb.OPERATIONS,
    "dynamodbstreams": dynamodb.STREAMS,
    "events": orchestration.EVENTS,
    "iam": iam.OPERATIONS,
    "kms": kms.OPERATIONS,
    "lambda": lambda_.OPERATIONS,
    "logs": observability.LOGS,
    "s3": s3.OPERATIONS,
    "scheduler": orchestration.SCHEDULER,
    "secretsmanager": secretsmanager.OPERATIONS,
    "sns": messaging.SNS,
    "sqs": messaging.SQS,
    "ssm": ssm.OPERATIONS,
    "stepfunctions": orchestration.STATES,
    "sts": sts.OPERATIONS,
    "xray": observability.XRAY,
}
"""By botocore's service name, then operation."""
