"""What the catalogue says that moto refuses, moto refuses: an update of it that stops is seen here."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from localcloud.limits import by_moto, constraints, dynamodb, messages, parameters, schedules, storage, telemetry

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
LARGE = {"S": "x" * 400 * 1024}
SET = {"UpdateExpression": "SET x = :v", "ExpressionAttributeValues": {":v": {"S": "1"}}}


def probes(clients: Callable[[str], Any]) -> dict[str, tuple[str, Callable[[], Any]]]:
    """Rule → (AWS's error code, a call against it)."""
    db, ssm, secrets = clients("dynamodb"), clients("ssm"), clients("secretsmanager")
    invalid = "ValidationException"

    def put(**attributes: Any) -> Any:
        return db.put_item(TableName="t", Item={**KEY, **attributes})

    def update(key: Any = None, **more: Any) -> Any:
        return db.update_item(TableName="t", Key=key or KEY, **{**SET, **more})

    def transact(*items: Any) -> Any:
        return db.transact_write_items(TransactItems=list(items))

    def batch(*items: Any) -> Any:
        return db.batch_write_item(RequestItems={"t": list(items)})

    one = {"Put": {"TableName": "t", "Item": KEY}}
    reused = {"SecretId": "s", "ClientRequestToken": "t" * 32}
    long_sort = {"pk": {"S": "a"}, "sk": {"S": "b" * 1025}}
    pending = secrets.put_secret_value(SecretId="s", SecretString="y", VersionStages=["AWSPENDING"])["VersionId"]
    current = {"SecretId": "s", "VersionStage": "AWSCURRENT", "MoveToVersionId": pending}
    return {
        "dynamodb.PutItem.item-size": (invalid, lambda: put(x=LARGE)),
        "dynamodb.UpdateItem.item-size": (invalid, lambda: update(ExpressionAttributeValues={":v": LARGE})),
        "dynamodb.BatchWriteItem.item-size": (invalid, lambda: batch({"PutRequest": {"Item": {**KEY, "x": LARGE}}})),
        "dynamodb.TransactWriteItems.item-size": (
            invalid, lambda: transact({"Put": {"TableName": "t", "Item": {**KEY, "x": LARGE}}})
        ),
        "dynamodb.PutItem.hash-key-size": (invalid, lambda: put(pk={"S": "p" * 2049})),
        "dynamodb.PutItem.sort-key-size": (invalid, lambda: put(sk={"S": "p" * 1025})),
        "dynamodb.UpdateItem.sort-key-size": (invalid, lambda: update(long_sort)),
        "dynamodb.PutItem.empty-key": (invalid, lambda: put(sk={"S": ""})),
        "dynamodb.PutItem.missing-key": (invalid, lambda: db.put_item(TableName="t", Item={"pk": {"S": "a"}})),
        "dynamodb.PutItem.key-type": (invalid, lambda: put(sk={"N": "1"})),
        "dynamodb.PutItem.empty-set": (invalid, lambda: put(x={"SS": []})),
        "dynamodb.PutItem.number": (invalid, lambda: put(x={"N": "1e127"})),
        "dynamodb.UpdateItem.key-update": (invalid, lambda: update(UpdateExpression="SET sk = :v")),
        "dynamodb.UpdateItem.reserved-word": (invalid, lambda: update(UpdateExpression="SET status = :v")),
        "dynamodb.UpdateItem.unused-value": (invalid, lambda: update(ExpressionAttributeNames={"#a": "b"})),
        "dynamodb.TransactWriteItems.duplicates": (invalid, lambda: transact(one, one)),
        "dynamodb.BatchWriteItem.duplicates": (invalid, lambda: batch(*[{"PutRequest": {"Item": KEY}}] * 2)),
        "dynamodb.BatchGetItem.duplicates": (
            invalid, lambda: db.batch_get_item(RequestItems={"t": {"Keys": [KEY, KEY]}})
        ),
        "ssm.PutParameter.reserved-name": (
            "AccessDeniedException", lambda: ssm.put_parameter(Name="/aws/x", Value="x", Type="String")
        ),
        "ssm.PutParameter.exists": (
            "ParameterAlreadyExists", lambda: ssm.put_parameter(Name="/p", Value="x", Type="String")
        ),
        "ssm.PutParameter.type": (invalid, lambda: ssm.put_parameter(Name="/new", Value="x")),
        "secretsmanager.PutSecretValue.token": (
            "ResourceExistsException", lambda: [secrets.put_secret_value(**reused, SecretString=text) for text in "ab"]
        ),
        "secretsmanager.PutSecretValue.empty": (
            "InvalidRequestException", lambda: secrets.put_secret_value(SecretId="s")
        ),
        "secretsmanager.UpdateSecretVersionStage.current": (
            "InvalidParameterException", lambda: secrets.update_secret_version_stage(**current)
        ),
        "secretsmanager.DeleteSecret.window": (
            "InvalidParameterException", lambda: secrets.delete_secret(SecretId="s", RecoveryWindowInDays=3)
        ),
        **message_probes(clients),
        **other_probes(clients),
    }  # fmt: skip


def message_probes(clients: Callable[[str], Any]) -> dict[str, tuple[str, Callable[[], Any]]]:
    sqs, sns = clients("sqs"), clients("sns")
    queue = sqs.create_queue(QueueName="q", Attributes={"MaximumMessageSize": "2048"})["QueueUrl"]
    fifo = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    wrong, batch = "InvalidParameterValue", "AWS.SimpleQueueService."

    def send(**more: Any) -> Any:
        return sqs.send_message(**{"QueueUrl": queue, "MessageBody": "x", **more})

    def send_all(*ids: str) -> Any:
        return sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": one, "MessageBody": "x"} for one in ids])

    def publish(*ids: str) -> Any:
        entries = [{"Id": one, "Message": "x"} for one in ids]
        return sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)

    eleven = [str(n) for n in range(11)]
    return {
        "sqs.SendMessage.body-size": (wrong, lambda: send(MessageBody="x" * 2049)),
        "sqs.SendMessage.delay": (wrong, lambda: send(DelaySeconds=901)),
        "sqs.SendMessage.group": ("MissingParameter", lambda: send(QueueUrl=fifo, MessageDeduplicationId="a")),
        "sqs.SendMessageBatch.count": (f"{batch}TooManyEntriesInBatchRequest", lambda: send_all(*eleven)),
        "sqs.SendMessageBatch.ids": (f"{batch}BatchEntryIdsNotDistinct", lambda: send_all("1", "1")),
        "sqs.ReceiveMessage.count": (wrong, lambda: sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=11)),
        "sns.Publish.body-size": (
            "InvalidParameter", lambda: sns.publish(TopicArn=topic, Message="x" * (256 * 1024 + 1))
        ),
        "sns.Publish.subject": (
            "InvalidParameter", lambda: sns.publish(TopicArn=topic, Message="x", Subject="s" * 101)
        ),
        "sns.PublishBatch.count": ("TooManyEntriesInBatchRequest", lambda: publish(*eleven)),
        "sns.PublishBatch.ids": ("BatchEntryIdsNotDistinct", lambda: publish("1", "1")),
    }  # fmt: skip


def other_probes(clients: Callable[[str], Any]) -> dict[str, tuple[str, Callable[[], Any]]]:
    events, metrics, logs, s3 = clients("events"), clients("cloudwatch"), clients("logs"), clients("s3")
    events.put_rule(Name="r", ScheduleExpression="rate(1 hour)")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="bucket", Key="k", Body=b"")
    part = {"Bucket": "bucket", "Key": "m"}
    part["UploadId"] = s3.create_multipart_upload(**part)["UploadId"]
    tags = {"TagSet": [{"Key": str(n), "Value": "v"} for n in range(11)]}

    def measure(**datum: Any) -> Any:
        return metrics.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", **datum}])

    def log(*stamps: int) -> Any:
        rows = [{"timestamp": stamp, "message": "x"} for stamp in stamps]
        return logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=rows)

    def complete() -> Any:
        made = [s3.upload_part(**part, PartNumber=n, Body=b"x")["ETag"] for n in (1, 2)]
        parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(made, 1)]
        return s3.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})

    now = int(time.time() * 1000)
    return {
        "events.PutRule.pattern": (
            "InvalidEventPatternException", lambda: events.put_rule(Name="r", EventPattern='{"source": "x"}')
        ),
        "events.PutTargets.arn": (
            "ValidationException", lambda: events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": "nope"}])
        ),
        "cloudwatch.PutMetricData.number": ("InvalidParameterValue", lambda: measure(Value=float("nan"))),
        "cloudwatch.PutMetricData.exclusive": (
            "InvalidParameterValue", lambda: measure(Value=1.0, Values=[1.0])
        ),
        "logs.PutLogEvents.order": ("InvalidParameterException", lambda: log(now, now - 1)),
        "s3.PutObjectTagging.tags": (
            "BadRequest", lambda: s3.put_object_tagging(Bucket="bucket", Key="k", Tagging=tags)
        ),
        "s3.UploadPart.number": ("InvalidArgument", lambda: s3.upload_part(**part, PartNumber=10001, Body=b"x")),
        "s3.CompleteMultipartUpload.part-size": ("EntityTooSmall", complete),
    }  # fmt: skip


@pytest.fixture(scope="module")
def refused() -> Iterator[dict[str, tuple[str, Callable[[], Any]]]]:
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})

    def client(service: str) -> Any:
        make: Any = boto3.client
        return make(
            service, region_name="eu-central-1", config=config, aws_access_key_id="A", aws_secret_access_key="s"
        )

    with mock_aws():
        client("dynamodb").create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        client("dynamodb").put_item(TableName="t", Item=KEY)
        client("ssm").put_parameter(Name="/p", Value="x", Type="String")
        client("secretsmanager").create_secret(Name="s", SecretString="x")
        yield probes(client)


@pytest.mark.parametrize("rule", [rule.id for rule in by_moto.RULES])
def test_moto_refuses_it(refused: dict[str, tuple[str, Callable[[], Any]]], rule: str) -> None:
    code, call = refused[rule]
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] == code


def test_what_moto_refuses_is_not_told_twice() -> None:
    own = (constraints, dynamodb, messages, parameters, schedules, storage, telemetry)
    assert {rule.id for rule in by_moto.RULES}.isdisjoint(rule.id for module in own for rule in module.RULES)


def test_a_page_ends_at_a_megabyte_and_a_batch_of_reads_at_sixteen() -> None:
    with mock_aws():
        make: Any = boto3.client
        db = make("dynamodb", region_name="eu-central-1", aws_access_key_id="A", aws_secret_access_key="s")
        db.create_table(
            TableName="pages",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        keys = [{"pk": {"S": "a"}, "sk": {"S": str(n)}} for n in range(45)]
        for key in keys:
            db.put_item(TableName="pages", Item={**key, "x": {"S": "x" * 390 * 1024}})
        values = {"ExpressionAttributeValues": {":a": {"S": "a"}}}
        pages = [
            db.query(TableName="pages", KeyConditionExpression="pk = :a", **values),
            db.query(TableName="pages", KeyConditionExpression="pk = :a", ProjectionExpression="sk", **values),
            db.scan(TableName="pages"),
        ]
        assert all(page["Count"] < 4 and "LastEvaluatedKey" in page for page in pages)
        read = db.batch_get_item(RequestItems={"pages": {"Keys": keys}})
        assert len(read["Responses"]["pages"]) + len(read["UnprocessedKeys"]["pages"]["Keys"]) == 45
        assert len(read["Responses"]["pages"]) <= 42
