"""A call of the other services just beyond each limit, and one at it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from .dynamodb_cases import Case, Parameters

ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
TOPIC, QUEUE = ARN.format("sns", "t"), "https://sqs.eu-central-1.amazonaws.com/123456789012/q"
NOW = datetime.now(UTC)


def of_parameters() -> list[Case]:
    def parameter(name: str = "/a/b", value: str = "x", **more: Any) -> Parameters:
        return {"Name": name, "Value": value, "Type": "String", **more}

    cases: list[Case] = [
        ("ssm.PutParameter.value-size", parameter(value="x" * 4097), parameter(value="x" * 4096)),
        (
            "ssm.PutParameter.value-size",
            parameter(value="x" * 8193, Tier="Advanced"),
            parameter(value="x" * 8192, Tier="Intelligent-Tiering"),
        ),
        ("ssm.PutParameter.value-size", parameter(value="ä" * 2049), parameter(value="ä" * 2048)),
        ("ssm.PutParameter.depth", parameter("/a" * 16), parameter("/a" * 15)),
        ("ssm.PutParameter.allowed-pattern", parameter(AllowedPattern=r"\d+"), parameter(AllowedPattern="[a-z]")),
        ("ssm.PutParameter.allowed-pattern", parameter(AllowedPattern="("), parameter(AllowedPattern=".*")),
        *(
            ("ssm.PutParameter.name", parameter(wrong), parameter(right))
            for wrong, right in [
                *(("a/b", "/a/b"), ("/a b", "/a_b"), ("/a//b", "plain-name"), ("SSM-x", "x-ssm")),
                ("/" + "a" * 1011, "/" + "a" * 1010),
            ]
        ),
        (
            "secretsmanager.CreateSecret.name",
            {"Name": "a b", "SecretString": "x"},
            {"Name": "a/b_+=.@!-1", "SecretString": "x"},
        ),
        (
            "secretsmanager.UpdateSecretVersionStage.current-removed",
            {"SecretId": "s", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": "v" * 36},
            {"SecretId": "s", "VersionStage": "AWSPENDING", "RemoveFromVersionId": "v" * 36},
        ),
    ]
    for operation in ("CreateSecret", "PutSecretValue", "UpdateSecret"):
        key = {"Name": "s"} if operation == "CreateSecret" else {"SecretId": "s"}
        cases += [
            (
                f"secretsmanager.{operation}.one-value",
                {**key, "SecretString": "x", "SecretBinary": b"x"},
                {**key, "SecretBinary": b"x"},
            ),
            (
                f"secretsmanager.{operation}.value-size",
                {**key, "SecretString": "ä" * 32769},
                {**key, "SecretString": "ä" * 32768},
            ),
        ]
    return cases


def sqs(body: str = "x", attributes: Parameters | None = None) -> Parameters:
    given = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()}
    return {"MessageBody": body, "MessageAttributes": given}


def of_queues() -> list[Case]:
    mebibyte = 1024 * 1024
    ten = {f"a{n}": "v" for n in range(10)}
    cases: list[Case] = []
    for name, wrong, right in [
        ("body", sqs(""), sqs("x")),
        ("characters", sqs("\x00"), sqs("\t\n\U0001f600")),
        ("attributes", sqs(attributes={**ten, "z": "v"}), sqs(attributes=ten)),
        ("attributes", sqs(attributes={"a": ""}), sqs(attributes={"a": "v"})),
    ]:
        cases += [
            (f"sqs.SendMessage.{name}", {"QueueUrl": QUEUE, **wrong}, {"QueueUrl": QUEUE, **right}),
            (
                f"sqs.SendMessageBatch.{name}",
                {"QueueUrl": QUEUE, "Entries": [{"Id": "1", **right}, {"Id": "2", **wrong}]},
                {"QueueUrl": QUEUE, "Entries": [{"Id": "1", **right}]},
            ),
        ]
    return [
        *cases,
        (
            "sqs.SendMessage.size",
            {"QueueUrl": QUEUE, **sqs("x" * (mebibyte - 9), {"ab": "cd"})},
            {"QueueUrl": QUEUE, **sqs("x" * (mebibyte - 10), {"ab": "cd"})},
        ),
        (
            "sqs.SendMessageBatch.size",
            {"QueueUrl": QUEUE, "Entries": [{"Id": str(n), **sqs("x" * (mebibyte // 2 + n))} for n in range(2)]},
            {"QueueUrl": QUEUE, "Entries": [{"Id": str(n), **sqs("x" * (mebibyte // 2))} for n in range(2)]},
        ),
    ]


def of_topics() -> list[Case]:
    most = 256 * 1024
    attribute = {"ab": {"DataType": "String", "StringValue": "cd"}}
    cases: list[Case] = [
        ("sns.Publish.target", {"Message": "x"}, {"Message": "x", "PhoneNumber": "+491701234567"}),
        (
            "sns.Publish.size",
            {"TopicArn": TOPIC, "Message": "x" * (most - 9), "MessageAttributes": attribute},
            {"TopicArn": TOPIC, "Message": "x" * (most - 10), "MessageAttributes": attribute},
        ),
        (
            "sns.PublishBatch.size",
            {
                "TopicArn": TOPIC,
                "PublishBatchRequestEntries": [{"Id": i, "Message": "x" * (most // 2 + 1)} for i in "ab"],
            },
            {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": i, "Message": "x" * (most // 2)} for i in "ab"]},
        ),
    ]
    for wrong, right in [
        ({"Message": ""}, {"Message": "x"}),
        ({"Message": "x", "Subject": "a\nb"}, {"Message": "x", "Subject": "a b"}),
        ({"Message": "x", "MessageStructure": "json"}, {"Message": '{"default": "x"}', "MessageStructure": "json"}),
        ({"Message": '{"sqs": "x"}', "MessageStructure": "json"}, {"Message": '{"sqs": "x"}'}),
    ]:
        cases += [
            ("sns.Publish.message", {"TopicArn": TOPIC, **wrong}, {"TopicArn": TOPIC, **right}),
            (
                "sns.PublishBatch.message",
                {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": "1", **wrong}]},
                {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": "1", **right}]},
            ),
        ]
    return cases


def of_events() -> list[Case]:
    def entry(size: int) -> Parameters:
        return {"Entries": [{"Source": "s", "DetailType": "d", "Time": NOW, "Detail": "x" * (size - 16)}]}

    def targets(count: int) -> Parameters:
        return {"Rule": "r", "Targets": [{"Id": str(n), "Arn": ARN.format("sqs", "q")} for n in range(count)]}

    def schedule(expression: str = "rate(1 hour)", **more: Any) -> Parameters:
        target = {"Arn": ARN.format("lambda", "function:f"), "RoleArn": "arn:aws:iam::123456789012:role/r"}
        window = {"FlexibleTimeWindow": {"Mode": "OFF"}}
        return {"Name": "s", "ScheduleExpression": expression, "Target": target, **window, **more}

    cases: list[Case] = [
        ("events.PutEvents.size", entry(1024 * 1024), entry(1024 * 1024 - 1)),
        ("events.PutTargets.targets", targets(6), targets(5)),
        *(
            (
                "events.PutRule.schedule",
                {"Name": "r", "ScheduleExpression": wrong},
                {"Name": "r", "ScheduleExpression": right},
            )
            for wrong, right in [
                ("rate(1 minutes)", "rate(1 minute)"),
                ("cron(0 3 * * *)", "cron(0 3 * * ? *)"),
                ("at(2027-01-01T00:00:00)", "rate(2 days)"),
            ]
        ),
    ]
    flexible = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}
    for operation in ("CreateSchedule", "UpdateSchedule"):
        cases += [
            (f"scheduler.{operation}.expression", schedule("cron(0 3 * * * *)"), schedule("at(2027-01-01T00:00:00)")),
            (
                f"scheduler.{operation}.timezone",
                schedule(ScheduleExpressionTimezone="Berlin"),
                schedule(ScheduleExpressionTimezone="Europe/Berlin"),
            ),
            (
                f"scheduler.{operation}.window",
                schedule(FlexibleTimeWindow={"Mode": "FLEXIBLE"}),
                schedule(FlexibleTimeWindow=flexible),
            ),
            (
                f"scheduler.{operation}.window",
                schedule(FlexibleTimeWindow={**flexible, "Mode": "OFF"}),
                schedule(FlexibleTimeWindow={"Mode": "OFF"}),
            ),
        ]
    return cases


def of_telemetry() -> list[Case]:
    def metrics(count: int = 1, namespace: str = "shop", **more: Any) -> Parameters:
        return {
            "Namespace": namespace,
            "MetricData": [{"MetricName": f"m{n}", "Value": 1.0, **more} for n in range(count)],
        }

    def dimensions(count: int) -> list[Parameters]:
        return [{"Name": f"d{n}", "Value": "v"} for n in range(count)]

    def events(*lines: tuple[int, str]) -> Parameters:
        rows = [{"timestamp": stamp, "message": text} for stamp, text in lines]
        return {"logGroupName": "g", "logStreamName": "s", "logEvents": rows}

    mebibyte, day = 1024 * 1024, 24 * 3600 * 1000
    third = "x" * (mebibyte // 4 - 26)
    return [
        ("cloudwatch.PutMetricData.counts", metrics(1001), metrics(1000)),
        ("cloudwatch.PutMetricData.counts", metrics(Dimensions=dimensions(31)), metrics(Dimensions=dimensions(30))),
        ("cloudwatch.PutMetricData.counts", metrics(Values=[1.0] * 151), metrics(Values=[1.0] * 150)),
        ("cloudwatch.PutMetricData.namespace", metrics(namespace="AWS/Shop"), metrics(namespace="Shop/AWS")),
        (
            "cloudwatch.PutMetricData.time",
            metrics(Timestamp=NOW - timedelta(days=14, minutes=1)),
            metrics(Timestamp=NOW - timedelta(days=13, hours=23)),
        ),
        (
            "cloudwatch.PutMetricData.time",
            metrics(Timestamp=NOW + timedelta(hours=3)),  # NOW is when the tests began
            metrics(Timestamp=NOW + timedelta(hours=1, minutes=55)),
        ),
        ("logs.PutLogEvents.size", events((1, "x" * (mebibyte + 1))), events((1, "x" * (mebibyte - 26)))),
        ("logs.PutLogEvents.size", events(*[(1, third)] * 4, (1, "x")), events(*[(1, third)] * 4)),
        ("logs.PutLogEvents.span", events((0, "x"), (day + 1, "x")), events((0, "x"), (day, "x"))),
    ]


def of_storage() -> list[Case]:
    cases: list[Case] = [
        (
            "s3.DeleteObjects.deletions",
            {"Bucket": "bucket", "Delete": {"Objects": [{"Key": str(n)} for n in range(1001)]}},
            {"Bucket": "bucket", "Delete": {"Objects": [{"Key": str(n)} for n in range(1000)]}},
        )
    ]
    for operation in ("PutObject", "CopyObject", "CreateMultipartUpload", "GetObject", "HeadObject", "DeleteObject"):
        base = {"Bucket": "bucket", **({"CopySource": "bucket/k"} if operation == "CopyObject" else {})}
        cases.append((f"s3.{operation}.key", {**base, "Key": "ä" * 513}, {**base, "Key": "ä" * 512}))
        if operation in {"PutObject", "CopyObject", "CreateMultipartUpload"}:
            wrong, right = ({**base, "Key": "k", "Metadata": {"a": "x" * size}} for size in (2048, 2047))
            cases.append((f"s3.{operation}.metadata", wrong, right))
    return cases
