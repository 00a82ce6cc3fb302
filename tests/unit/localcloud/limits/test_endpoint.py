"""A limit at the endpoint: what a client sees of it, and that nothing was done."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import Running


@pytest.fixture(scope="module")
def running(launch: Callable[..., Running]) -> Running:
    cloud = launch()
    cloud.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.client("sqs").create_queue(QueueName="q")
    cloud.client("sns").create_topic(Name="t")
    return cloud


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_json_service_answers_with_its_own_error(running: Running) -> None:
    table = running.client("dynamodb")
    item = {"pk": {"S": "a"}, "x": {"N": "1" * 39}}
    assert refused(lambda: table.put_item(TableName="t", Item=item)) == (
        "ValidationException",
        "Attempting to store more than 38 significant digits in a Number",
    )
    assert "Item" not in table.get_item(TableName="t", Key={"pk": {"S": "a"}})


def test_a_broken_constraint_of_the_model_is_answered_in_aws_words(running: Running) -> None:
    code, message = refused(lambda: running.client("ssm").get_parameters(Names=[f"/{n}" for n in range(11)]))
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value '[/0, /1,")


def test_a_query_service_answers_in_xml(running: Running) -> None:
    topic = running.client("sns").list_topics()["Topics"][0]["TopicArn"]
    answer = refused(lambda: running.client("sns").publish(TopicArn=topic, Message="x" * 262145))
    assert answer == ("InvalidParameter", "Invalid parameter: Message too long")
    assert refused(lambda: running.client("iam").create_role(RoleName="a b", AssumeRolePolicyDocument="{}"))[0] == (
        "ValidationError"
    )


def test_sqs_answers_with_its_query_code(running: Running) -> None:
    url = running.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    half = "x" * (512 * 1024 + 1)
    entries = [{"Id": i, "MessageBody": half} for i in "ab"]
    code, _ = refused(lambda: running.client("sqs").send_message_batch(QueueUrl=url, Entries=entries))
    assert code == "AWS.SimpleQueueService.BatchRequestTooLong"
    assert "Messages" not in running.client("sqs").receive_message(QueueUrl=url)


def test_s3_and_rest_services_answer_in_their_own_way(running: Running) -> None:
    s3 = running.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert refused(lambda: s3.put_object(Bucket="bucket", Key="k" * 1025, Body=b"x"))[0] == "KeyTooLongError"
    assert refused(lambda: running.client("lambda").get_function(FunctionName="f" * 300))[0] == "ValidationException"
    metrics = [{"MetricName": f"m{n}", "Value": 1.0} for n in range(1001)]
    put = refused(lambda: running.client("cloudwatch").put_metric_data(Namespace="n", MetricData=metrics))
    assert put == ("InvalidParameterValue", "The collection MetricData must not have a size greater than 1000.")


def test_what_is_within_the_limits_is_done(running: Running) -> None:
    table = running.client("dynamodb")
    table.put_item(TableName="t", Item={"pk": {"S": "b"}, "x": {"N": "1" * 38}})
    assert table.get_item(TableName="t", Key={"pk": {"S": "b"}})["Item"]["x"] == {"N": "1" * 38}
