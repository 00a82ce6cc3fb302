"""A request that two could read in two ways is refused: moto does what was decided on, and nothing else."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from tests.unit.localcloud.conftest import ACCOUNT, REGION, Running
from tests.unit.localcloud.enforcement.conftest import allow, document

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mine"
FORM = "application/x-www-form-urlencoded"
GET = {"TableName": "mine", "Key": {"pk": {"S": "a"}}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    running = launch()
    dynamodb, iam = running.client("dynamodb"), running.client("iam")
    for name in ("mine", "other"):
        dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )  # fmt: skip
        dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}, "text": {"S": f"what {name} holds"}})
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document(trust))
    grants = document(
        allow(["dynamodb:GetItem", "dynamodb:PutItem"], TABLE),
        allow("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/mine"),
        allow("lambda:GetFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mine"),
        allow("s3:GetObject", "arn:aws:s3:::bkt/*"),
    )
    iam.put_role_policy(RoleName="reader", PolicyName="given", PolicyDocument=grants)
    running.client("s3").create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("mine", "other"):
        running.client("ssm").put_parameter(Name=f"/{name}", Type="String", Value=f"what {name} holds")
    return running


@pytest.fixture(scope="module")
def send(cloud: Running) -> Callable[..., httpx.Response]:
    """Send a request as the role `reader`, signed for a service (signatures themselves are not checked here)."""
    key = cloud.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="s1")["Credentials"]["AccessKeyId"]

    def post(service: str, path: str = "/", content: Any = "", method: str = "POST", **headers: str) -> httpx.Response:
        body = json.dumps(content) if isinstance(content, Mapping) else content
        scope = f"{key}/20260101/{REGION}/{service}/aws4_request"
        signed = {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = cloud.info["endpoint_url"] + path
        return httpx.request(method, url, content=body.encode(), headers={**signed, **named})

    return post


type Send = Callable[..., httpx.Response]
TARGET = "DynamoDB_20120810.GetItem"


def test_what_is_granted_is_read(send: Send) -> None:
    assert "what mine holds" in send("dynamodb", content=GET, x_amz_target=TARGET).text


def test_an_action_in_the_address_does_not_replace_the_target(send: Send) -> None:
    for action in ("Scan", "DeleteTable"):
        answer = send("dynamodb", f"/?Action={action}", GET, x_amz_target=TARGET)
        assert answer.status_code == 400
        assert "parameters in the address: Action" in answer.text


@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.0", "multipart/form-data; boundary=x"])
def test_a_text_that_looks_like_a_form_is_a_text(send: Send, cloud: Running, content_type: str) -> None:
    text = "&Action=DeleteTable&TableName=other&key=&%7B%22TableName%22%3A%22other%22%7D&"
    put = {"TableName": "mine", "Item": {"pk": {"S": "b"}, "text": {"S": text}}}
    answer = send("dynamodb", content=put, x_amz_target="DynamoDB_20120810.PutItem", content_type=content_type)
    assert answer.status_code == 200, answer.text
    found = cloud.client("dynamodb").get_item(TableName="mine", Key={"pk": {"S": "b"}})["Item"]
    assert found["text"]["S"] == text
    assert "other" in cloud.client("dynamodb").list_tables()["TableNames"]


def test_a_parameter_in_a_text_or_a_header_is_none(send: Send) -> None:
    target = "AmazonSSM.GetParameter"
    answer = send("ssm", content={"Name": "/mine", "Extra": "&Name=/other&"}, x_amz_target=target, name="/other")
    assert "what mine holds" in answer.text


def test_a_parameter_that_belongs_to_the_path_is_not_taken_from_the_query(send: Send) -> None:
    answer = send("lambda", "/2015-03-31/functions/mine?FunctionName=other", method="GET")
    assert answer.status_code == 400
    assert "parameters that GetFunction does not have: FunctionName" in answer.text


@pytest.mark.parametrize("argument", ["policy", "acl", "tagging", "uploads"])
def test_a_sub_resource_of_s3_is_not_read_as_an_object(send: Send, argument: str) -> None:
    answer = send("s3", f"/bkt/k?versionId=1&{argument}", method="GET")
    assert answer.status_code in {400, 403}, answer.text


def test_two_actions_of_a_query_are_none(send: Send) -> None:
    assume = f"Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=s2"
    for path, body in (("/?Action=GetCallerIdentity", assume), ("/", f"Action=GetCallerIdentity&{assume}")):
        answer = send("sts", path, body, content_type=FORM)
        assert answer.status_code == 400
        assert "can be read in two ways" in answer.text


def test_a_signature_is_for_one_service(send: Send) -> None:
    """The first credential of a header that holds two is what moto goes by."""
    answer = send("sts", "/", "Action=GetCallerIdentity&Version=2011-06-15", content_type=FORM)
    assert answer.status_code == 200
    key = answer.request.headers["authorization"].partition("Credential=")[2].partition("/")[0]
    twice = (
        f"AWS4-HMAC-SHA256 Credential={key}/x/{REGION}/iam/aws4_request, "
        f"Credential={key}/20260101/{REGION}/sts/aws4_request"
    )
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    assert "GetCallerIdentityResult" in send("sts", "/", body, content_type=FORM, authorization=twice).text


def test_a_presigned_address_is_for_one_service(send: Send, cloud: Running) -> None:
    key = send("sts", "/", "Action=GetCallerIdentity&Version=2011-06-15", content_type=FORM)
    issued = key.request.headers["authorization"].partition("Credential=")[2].partition("/")[0]
    scope = f"{issued}/20260101/{REGION}/sts/aws4_request"
    url = f"{cloud.info['endpoint_url']}/iam_us-east-1/?Action=GetCallerIdentity&X-Amz-Credential={scope}"
    assert "ListUsersResult" not in httpx.post(url, data={"Action": "ListUsers"}).text
    assert "GetCallerIdentityResult" in httpx.get(url.replace("/iam_us-east-1/", "/")).text


def test_the_region_is_the_signatures(send: Send) -> None:
    agent = send("dynamodb", content=GET, x_amz_target=TARGET, user_agent="Boto3 region/us-east-1")
    assert "what mine holds" in agent.text
    host = send("dynamodb", content=GET, x_amz_target=TARGET, host="dynamodb.us-east-1.amazonaws.com")
    assert host.status_code == 400
    assert "its address names us-east-1" in host.text


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/iam/", "/favicon.ico"])
def test_motos_own_pages_are_no_calls(send: Send, cloud: Running, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert send("dynamodb", path, GET, method, x_amz_target=TARGET).status_code in {400, 403}
        assert httpx.request(method, cloud.info["endpoint_url"] + path).status_code in {400, 403}
    assert cloud.client("dynamodb").list_tables()["TableNames"] == ["mine", "other"]


def test_options_execute_nothing(send: Send, cloud: Running) -> None:
    target = {"x_amz_target": "DynamoDB_20120810.DeleteTable", "origin": "http://page"}
    content = {"TableName": "other"}
    assert send("dynamodb", content=content, method="OPTIONS", **target).status_code == 400
    asked = {**target, "access_control_request_method": "POST"}
    assert send("dynamodb", content=content, method="OPTIONS", **asked).status_code == 400
    send("dynamodb", "/iam_us-east-1/?Action=DeleteRole&RoleName=reader", content, "OPTIONS", **asked)
    assert cloud.client("dynamodb").list_tables()["TableNames"] == ["mine", "other"]
    assert cloud.client("iam").get_role(RoleName="reader")


def test_a_browser_may_still_ask_before_it_uploads(cloud: Running) -> None:
    rule = {"AllowedOrigins": ["http://page"], "AllowedMethods": ["PUT"]}
    cloud.client("s3").put_bucket_cors(Bucket="bkt", CORSConfiguration={"CORSRules": [rule]})
    headers = {"Origin": "http://page", "Access-Control-Request-Method": "PUT"}
    answer = httpx.options(f"{cloud.info['endpoint_url']}/bkt/key", headers=headers)
    assert answer.status_code == 200
    assert "PUT" in answer.headers["access-control-allow-methods"]


def test_an_object_is_uploaded_and_read_through_presigned_addresses(cloud: Running) -> None:
    s3 = cloud.client("s3")
    place = {"Bucket": "bkt", "Key": "a b/ü"}
    assert httpx.put(s3.generate_presigned_url("put_object", Params=place), content=b"content").status_code == 200
    more = {**place, "ResponseContentType": "text/plain"}
    answer = httpx.get(s3.generate_presigned_url("get_object", Params=more))
    assert answer.content == b"content"
    assert answer.headers["content-type"].startswith("text/plain")


def test_what_is_named_in_the_path_is_read_from_there(cloud: Running) -> None:
    front = cloud.client("cloudfront")
    ports = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    origin = {"Id": "api", "DomainName": "api.example", "CustomOriginConfig": ports}
    behaviour = {
        "TargetOriginId": "api", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    }  # fmt: skip
    config = {
        "CallerReference": "1", "Comment": "by its id", "Enabled": False, "DefaultCacheBehavior": behaviour,
        "Origins": {"Quantity": 1, "Items": [origin]},
    }  # fmt: skip
    made = front.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    assert front.get_distribution_config(Id=made)["DistributionConfig"]["Comment"] == "by its id"
