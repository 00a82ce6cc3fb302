"""Requests as botocore sends them are read back into the calls that made them."""

import contextlib
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from localcloud.endpoint import call as calls
from localcloud.endpoint.call import Call, MalformedCall, UnknownCall, read_call
from localcloud.enforcement.services import MAPPED

KEY = "AKIAIOSFODNN7EXAMPLE"
SIGNED = f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/eu-central-1"


class _Sent(Exception):  # noqa: N818 - nothing went wrong: the request was caught
    """Carries the request instead of sending it."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


def sent(service: str, operation: str, path: str = "", **parameters: Any) -> dict[str, Any]:
    """The WSGI environment of the request that boto3 makes of a call."""
    make: Any = boto3.client
    client = make(
        service,
        endpoint_url=f"http://127.0.0.1:5000{path}",
        region_name="eu-central-1",
        aws_access_key_id=KEY,
        aws_secret_access_key="none",
    )

    def catch(request: Any, **_: Any) -> None:
        raise _Sent(request)

    client.meta.events.register("before-send.*", catch)
    with pytest.raises(_Sent) as caught:
        getattr(client, operation)(**parameters)
    return environ(caught.value.request)


def environ(request: Any) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = request.body or b""
    body = body.read() if hasattr(body, "read") else body.encode() if isinstance(body, str) else body
    made: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(url.path),
        "QUERY_STRING": url.query,
        "RAW_URI": url.path + (f"?{url.query}" if url.query else ""),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "HTTP_HOST": "127.0.0.1:5000",
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        made[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = (
            value.decode() if isinstance(value, bytes) else value
        )
    return made


ROLE = "arn:aws:iam::123456789012:role/r"
CALLS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("dynamodb", "get_item", "GetItem", {"TableName": "t", "Key": {"pk": {"S": "ä"}, "b": {"B": b"x"}}}),
    ("dynamodb", "query", "Query", {"TableName": "t", "IndexName": "gsi1", "KeyConditionExpression": "pk = :pk"}),
    ("dynamodbstreams", "get_records", "GetRecords", {"ShardIterator": "x" * 40}),
    ("ssm", "get_parameters", "GetParameters", {"Names": ["/a/b"], "WithDecryption": True}),
    ("secretsmanager", "get_secret_value", "GetSecretValue", {"SecretId": "a/b", "VersionStage": "AWSCURRENT"}),
    ("kms", "decrypt", "Decrypt", {"CiphertextBlob": b"\x00x", "EncryptionContext": {"a": "b"}}),
    ("lambda", "invoke", "Invoke", {"FunctionName": "f:live", "Payload": b"{}"}),
    ("sns", "publish", "Publish", {"TopicArn": "arn:aws:sns:eu-central-1:1:t", "Message": "m"}),
    ("sqs", "send_message", "SendMessage", {"QueueUrl": "http://127.0.0.1:5000/1/q", "MessageBody": "m"}),
    ("logs", "create_log_stream", "CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}),
    ("events", "put_events", "PutEvents", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}),
    ("stepfunctions", "start_execution", "StartExecution", {"stateMachineArn": "arn:aws:states:r:1:stateMachine:m"}),
    ("sts", "assume_role", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "session"}),
    ("cloudwatch", "put_metric_data", "PutMetricData", {"Namespace": "N", "MetricData": [{"MetricName": "m"}]}),
    ("xray", "put_trace_segments", "PutTraceSegments", {"TraceSegmentDocuments": ["{}"]}),
    ("bedrock-runtime", "invoke_model", "InvokeModel", {"modelId": "eu.amazon.nova", "body": b"{}"}),
    ("scheduler", "get_schedule", "GetSchedule", {"Name": "s", "GroupName": "g"}),
    ("iam", "put_role_policy", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": "{}"}),
    ("s3", "head_object", "HeadObject", {"Bucket": "bkt", "Key": "a b/ü"}),
    ("s3", "list_objects_v2", "ListObjectsV2", {"Bucket": "bkt", "Prefix": "p/"}),
    ("s3", "copy_object", "CopyObject", {"Bucket": "bkt", "Key": "k", "CopySource": "from/x"}),
    ("s3", "delete_objects", "DeleteObjects", {"Bucket": "bkt", "Delete": {"Objects": [{"Key": "k"}]}}),
    ("s3", "upload_part", "UploadPart", {"Bucket": "bkt", "Key": "k", "PartNumber": 1, "UploadId": "u"}),
    ("s3", "create_multipart_upload", "CreateMultipartUpload", {"Bucket": "bkt", "Key": "k"}),
    ("s3", "put_object", "PutObject", {"Bucket": "bkt", "Key": "k", "ServerSideEncryption": "aws:kms"}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "method", "operation", "parameters"), CALLS)
def test_a_call_is_read_as_it_was_made(
    service: str, method: str, operation: str, parameters: Mapping[str, Any]
) -> None:
    call = read_call(sent(service, method, **parameters))
    assert (call.service, call.operation, call.access_key_id) == (service, operation, KEY)
    assert {name: call.parameters.get(name) for name in parameters} == parameters
    assert call.region == "eu-central-1"


def test_the_body_can_still_be_read_afterwards() -> None:
    made = sent("dynamodb", "list_tables", Limit=3)
    read_call(made)
    assert made["wsgi.input"].read() == b'{"Limit": 3}'
    upload = sent("s3", "put_object", Bucket="bkt", Key="k", Body=b"content")
    read_call(upload)
    assert b"content" in upload["wsgi.input"].read()


def test_a_call_to_a_connection_keeps_its_api_and_stage() -> None:
    made = sent("apigatewaymanagementapi", "post_to_connection", path="/api1/dev", ConnectionId="abc=", Data=b"x")
    call = read_call(made)
    assert (call.operation, call.parameters["ConnectionId"], call.base_path) == (
        "PostToConnection",
        "abc=",
        "/api1/dev",
    )


def test_a_presigned_address_is_its_signers_call() -> None:
    make: Any = boto3.client
    client = make(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id=KEY,
        aws_secret_access_key="none",
        config=Config(signature_version="s3v4"),
    )
    url = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": "bkt", "Key": "k"}))
    made = {**sent("s3", "head_object", Bucket="bkt", Key="k"), "REQUEST_METHOD": "GET", "QUERY_STRING": url.query}
    del made["HTTP_AUTHORIZATION"]
    call = read_call(made)
    assert (call.operation, call.access_key_id) == ("GetObject", KEY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"HTTP_X_AMZ_TARGET": "DynamoDB_20120810.DropTable"}, ("DropTable", "dynamodb")),
        ({"HTTP_AUTHORIZATION": f"{SIGNED}/nowhere/aws4_request"}, ("nowhere", "DynamoDB_20120810.ListTables")),
        ({"HTTP_AUTHORIZATION": "", "HTTP_X_AMZ_TARGET": ""}, ("not signed",)),
    ],
)
def test_what_is_no_call_is_named_and_never_guessed(changes: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(UnknownCall) as caught:
        read_call({**sent("dynamodb", "list_tables"), **changes})
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"Key": 5}'])
def test_parameters_that_are_none_are_an_error_that_names_the_operation(body: bytes) -> None:
    made = sent("dynamodb", "get_item", TableName="t", Key={"pk": {"S": "a"}})
    made |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    with pytest.raises(MalformedCall, match="GetItem"):
        read_call(made)


def test_an_unsigned_call_is_read_as_nobodys() -> None:
    call = read_call({**sent("dynamodb", "list_tables"), "HTTP_AUTHORIZATION": ""})
    assert (call.operation, call.access_key_id) == ("ListTables", None)


LATIN = st.text(st.characters(max_codepoint=255), max_size=20)  # what a WSGI server hands over


@given(method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]), path=LATIN, body=st.binary())
def test_whatever_comes_in_is_a_call_or_a_named_refusal(method: str, path: str, body: bytes) -> None:
    made = {
        "REQUEST_METHOD": method,
        "PATH_INFO": f"/{path}",
        "RAW_URI": f"/{path}",
        "QUERY_STRING": "",
        "HTTP_AUTHORIZATION": f"{SIGNED}/s3/aws4_request",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
    }
    with contextlib.suppress(UnknownCall):
        assert isinstance(read_call(made), Call)


def test_every_mapped_service_is_found_by_its_signing_name() -> None:
    session = Session()
    for service in MAPPED:
        model = session.get_service_model(service)
        signing = model.signing_name
        assert service in calls._SERVICES.get(signing, (signing,)), (service, signing)
