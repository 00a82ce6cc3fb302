"""The page that gives resources an age and AWS's own metrics: told by it, seen by the API."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localcloud.past import tell

ACCOUNT, REGION = "123456789012", "eu-central-1"
BORN = datetime(2023, 3, 1, 8, tzinfo=UTC)
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


def client(service: str) -> Any:
    make: Any = boto3.client
    return make(service, region_name=REGION)


def born(service: str, name: str, at: str = "2023-03-01T08:00:00Z") -> int:
    document = {"born": [{"service": service, "region": REGION, "name": name, "at": at}]}
    status, answer = tell(ACCOUNT, json.dumps(document).encode())
    assert (status, answer) == (200, {"born": 1, "metrics": 0}), answer
    return status


@pytest.mark.parametrize("at", ["2023-03-01T08:00:00Z", "2023-03-01T08:00:00", "2023-03-01T09:00:00+01:00"])
def test_a_table_has_the_age_that_it_is_given_in_any_zone(at: str) -> None:
    client("dynamodb").create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    born("dynamodb", "orders", at)
    assert client("dynamodb").describe_table(TableName="orders")["Table"]["CreationDateTime"] == BORN


def test_gateways_have_it() -> None:
    rest = client("apigateway")
    api = rest.create_rest_api(name="shop")["id"]
    born("apigateway", api)
    assert rest.get_rest_api(restApiId=api)["createdDate"] == BORN
    http = client("apigatewayv2")
    api = http.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
    born("apigatewayv2", api)
    assert http.get_api(ApiId=api)["CreatedDate"] == BORN


def test_roles_buckets_secrets_and_log_groups_have_it() -> None:
    client("iam").create_role(RoleName="old", AssumeRolePolicyDocument=TRUST)
    born("iam", "old")
    assert client("iam").get_role(RoleName="old")["Role"]["CreateDate"] == BORN
    client("s3").create_bucket(Bucket="old-files", CreateBucketConfiguration={"LocationConstraint": REGION})
    born("s3", "old-files")
    assert [one["CreationDate"] for one in client("s3").list_buckets()["Buckets"]] == [BORN]
    client("secretsmanager").create_secret(Name="old", SecretString="x")
    born("secretsmanager", "old")
    assert client("secretsmanager").describe_secret(SecretId="old")["CreatedDate"] == BORN
    client("logs").create_log_group(logGroupName="old")
    born("logs", "old")
    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert group["creationTime"] == BORN.timestamp() * 1000


def test_a_metric_of_aws_s_own_namespace_is_told_at_its_time_and_for_its_dimensions() -> None:
    metric = {
        "region": REGION, "namespace": "AWS/Lambda", "name": "Invocations", "dimensions": {"FunctionName": "f"},
        "at": "2026-11-20T08:00:00Z", "value": 12,
    }  # fmt: skip
    assert tell(ACCOUNT, json.dumps({"metrics": [metric, metric]}).encode()) == (200, {"born": 0, "metrics": 2})

    def summed(function: str, day: int) -> list[float]:
        answer = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda", MetricName="Invocations", Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=datetime(2026, 11, day, tzinfo=UTC), EndTime=datetime(2026, 11, day + 1, tzinfo=UTC),
            Period=86400, Statistics=["Sum"],
        )  # fmt: skip
        return [point["Sum"] for point in answer["Datapoints"]]

    assert summed("f", 20) == [24.0]
    assert summed("f", 19) == []
    assert summed("g", 20) == []


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("dynamodb", "none"), ("lambda", "none"), ("apigateway", "none"), ("apigatewayv2", "none"), ("logs", "none"),
        ("iam", "none"), ("s3", "none"), ("secretsmanager", "none"), ("cloudfront", "none"), ("sqs", "none"),
    ],
)  # fmt: skip
def test_what_names_nothing_is_said_and_what_came_before_it_stays(service: str, name: str) -> None:
    client("iam").create_role(RoleName="old", AssumeRolePolicyDocument=TRUST)
    at = "2023-03-01T08:00:00Z"
    rows = [
        {"service": "iam", "region": REGION, "name": "old", "at": at},
        {"service": service, "region": REGION, "name": name, "at": at},
    ]
    status, answer = tell(ACCOUNT, json.dumps({"born": rows}).encode())
    assert status == 400
    assert answer["message"]
    assert client("iam").get_role(RoleName="old")["Role"]["CreateDate"] == BORN


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"1", b'{"born": 3}', b'{"born": [{}]}', b'{"metrics": [{"region": "eu-central-1"}]}',
     b'{"born": [{"service": "iam", "region": "eu-central-1", "name": "x", "at": "yesterday"}]}'],
)  # fmt: skip
def test_what_is_no_such_document_is_a_bad_request_and_no_crash(body: bytes) -> None:
    status, answer = tell(ACCOUNT, body)
    assert status == 400
    assert ": " in answer["message"]


def test_both_parts_may_be_left_out() -> None:
    assert tell(ACCOUNT, b"{}") == (200, {"born": 0, "metrics": 0})
