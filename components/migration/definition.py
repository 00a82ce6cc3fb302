"""The state machine of a migration by export, as data (Amazon States Language, JSONPath).

Its input: `run` (the run's id), `token` (the export's client token), `table_arn`, `prefix` (where in the bucket the
run's files are), `mapping` (the reviewed mapping's key and SHA-256), `concurrency` (children at once), `units` (write
units a second for each child), `poll_seconds` (between two looks at the export), and `export` with the `ExportArn` of
one that an earlier execution of the run made.
"""

from typing import Any

import pulumi

# What passes by itself: Lambda's own failures and throttles ("Handle transient Lambda service exceptions").
PASSING = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
EXPORT_PASSING = ["DynamoDb.LimitExceededException", "DynamoDb.InternalServerErrorException"]
# A failed child ends the run, and a failed run is started again: placing an item twice changes nothing.
TRIES = 6
# What the function says itself, and would say again.
REFUSED = ["RunError", "MappingError"]
CHILDREN = "runs/children"
_LONGEST_SECONDS = 900  # Lambda's


def definition(function: pulumi.Input[str], bucket: pulumi.Input[str], key_arn: pulumi.Input[str]) -> dict[str, Any]:
    """Export, look, begin, place every file of the export, finish.

    `function` is the ARN of the alias that does the steps. No failed child is tolerated, and results go to the bucket:
    a thousand children's answers would be more than the 256 KiB that a state may hand on.
    """
    return {
        "Comment": "A table's export, mapped item by item into the standard tables",
        "StartAt": "Again",
        "States": {
            "Again": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.export.ExportArn", "IsPresent": True, "Next": "Look"}],
                "Default": "Export",
            },
            "Export": _export(bucket, key_arn),
            "Wait": {"Type": "Wait", "SecondsPath": "$.poll_seconds", "Next": "Look"},
            "Look": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:describeExport",
                "Parameters": {"ExportArn.$": "$.export.ExportArn"},
                "ResultSelector": _SEEN,
                "ResultPath": "$.export",
                "Retry": [retry(EXPORT_PASSING)],
                "Next": "Exported",
            },
            "Exported": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.export.ExportStatus", "StringEquals": "COMPLETED", "Next": "Begin"},
                    {"Variable": "$.export.ExportStatus", "StringEquals": "FAILED", "Next": "ExportFailed"},
                ],
                "Default": "Wait",
            },
            "ExportFailed": {
                "Type": "Fail",
                "Error": "ExportFailed",
                "Cause": "DynamoDB could not export the table: see FailureMessage of DescribeExport",
            },
            "Begin": {
                **step(function, "begin", _RUN),
                "ResultSelector": {"data_prefix.$": "$.Payload.data_prefix"},
                "ResultPath": "$.begun",
                "Next": "Place",
            },
            "Place": _place(function, bucket),
            "Finish": {**step(function, "finish", _RUN), "OutputPath": "$.Payload", "End": True},
        },
    }


_SEEN = {"ExportArn.$": "$.ExportDescription.ExportArn", "ExportStatus.$": "$.ExportDescription.ExportStatus"}
_RUN = {
    "run.$": "$.run",
    "prefix.$": "$.prefix",
    "mapping.$": "$.mapping",
    "table_arn.$": "$.table_arn",
    "export_arn.$": "$.export.ExportArn",
}


def retry(errors: list[str]) -> dict[str, Any]:
    """Try again with growing pauses and full jitter; twelve minutes in all at most."""
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxAttempts": TRIES,
        "MaxDelaySeconds": 120,
        "JitterStrategy": "FULL",
    }


def step(function: pulumi.Input[str], name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A call of the function with `payload`; its answer is `$.Payload` of the state's result.

    Every failure is tried again, the function's own too: a throttled table passes, and each step may be done twice.
    The state outlasts the function, so that an invocation has ended before its step is done again.
    """
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": {"step": name, **payload}},
        "Retry": [
            {"ErrorEquals": REFUSED, "MaxAttempts": 0},
            retry(PASSING),
            retry(["States.TaskFailed", "States.Timeout"]),
        ],
        "TimeoutSeconds": _LONGEST_SECONDS + 60,
    }


def _export(bucket: pulumi.Input[str], key_arn: pulumi.Input[str]) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:exportTableToPointInTime",
        "Parameters": {
            "TableArn.$": "$.table_arn",
            "ClientToken.$": "$.token",
            "S3Bucket": bucket,
            "S3Prefix.$": "$.prefix",
            "S3SseAlgorithm": "KMS",
            "S3SseKmsKeyId": key_arn,
            "ExportFormat": "DYNAMODB_JSON",
        },
        "ResultSelector": _SEEN,
        "ResultPath": "$.export",
        "Retry": [retry(EXPORT_PASSING)],
        "Next": "Wait",
    }


def _place(function: pulumi.Input[str], bucket: pulumi.Input[str]) -> dict[str, Any]:
    """One child a data file; a child calls the function until the file's last line is placed.

    Without a tolerance that is given, none is: the first failed child ends the map ("Tolerated failure threshold").
    """
    return {
        "Type": "Map",
        "Label": "Files",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Parameters": {"Bucket": bucket, "Prefix.$": "$.begun.data_prefix"},
        },
        "ItemSelector": {
            "key.$": "$$.Map.Item.Value.Key",
            "run.$": "$.run",
            "prefix.$": "$.prefix",
            "mapping.$": "$.mapping",
            "table_arn.$": "$.table_arn",
            "units.$": "$.units",
            "line": 0,
        },
        "MaxConcurrencyPath": "$.concurrency",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "File",
            "States": {
                "File": {**step(function, "place", _FILE), "OutputPath": "$.Payload", "Next": "Placed"},
                "Placed": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "Done"}],
                    "Default": "File",
                },
                "Done": {"Type": "Succeed"},
            },
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": bucket, "Prefix": CHILDREN},  # and the map run's id
        },
        "ResultPath": "$.placed",
        "Next": "Finish",
    }


_FILE = {f"{name}.$": f"$.{name}" for name in ("key", "run", "prefix", "mapping", "table_arn", "units", "line")}
