"""Bedrock's runtime on a running cloud, as boto3 meets it: answers, streams, refusals, permissions, the log, faults."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from urllib3.exceptions import ProtocolError

from tests.unit.localcloud.bedrock.requests import HAIKU, HAIKU_45, NOVA, POINT, asked, tools, user
from tests.unit.localcloud.conftest import ACCOUNT, REGION, Running

PROFILE = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/abcdefghijkl"
SYSTEMS = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/eu.{HAIKU_45}"
DOCUMENTS = {"bedrock:inference_profile": {PROFILE: {"inputs": {"modelSource": {"copyFrom": SYSTEMS}}}}}
REGIONS = ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3")
MODELS = [f"arn:aws:bedrock:{region}::foundation-model/{HAIKU_45}" for region in REGIONS]
INVOKE = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
GROUP, KEPT = "/aws/bedrock/models", "/aws/bedrock/kept"


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    return launch(DOCUMENTS)


@pytest.fixture(autouse=True)
def _as_at_first(cloud: Running) -> Iterator[None]:
    yield
    httpx.delete(f"{cloud.info['endpoint_url']}/_localcloud/faults")
    settings(cloud, first_token_ms=0, token_ms=0, tokens_per_minute=None, requests_per_minute=None)


def settings(cloud: Running, **given: Any) -> None:
    answer = httpx.post(f"{cloud.info['endpoint_url']}/_localcloud/bedrock", json=given)
    assert answer.status_code == 200, answer.text


def fault(cloud: Running, **given: Any) -> None:
    body = {"service": "bedrock-runtime", "caller": "anyone", **given}
    assert httpx.post(f"{cloud.info['endpoint_url']}/_localcloud/faults", json=body).status_code == 201


def client(cloud: Running, key: dict[str, str] | None = None, **config: Any) -> Any:
    make: Any = boto3.client
    return make(
        "bedrock-runtime",
        endpoint_url=cloud.info["endpoint_url"],
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"] if key else "LOCALTEST",
        aws_secret_access_key=key["SecretAccessKey"] if key else "none",
        aws_session_token=key["SessionToken"] if key else None,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def role(cloud: Running, name: str, service: str, *statements: dict[str, Any]) -> str:
    trust: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if service == "bedrock.amazonaws.com":  # as Bedrock's guide has it
        trust["Condition"] = {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:*"},
        }
    iam = cloud.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    return arn


def key_of(cloud: Running, arn: str) -> dict[str, str]:
    answer = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="assistant")
    key: dict[str, str] = answer["Credentials"]
    return key


def writes_to(cloud: Running, group: str, name: str) -> str:
    """The role that lets Bedrock write to a new group."""
    cloud.client("logs").create_log_group(logGroupName=group)
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:aws/bedrock/modelinvocations"
    return role(cloud, name, "bedrock.amazonaws.com", allow(["logs:CreateLogStream", "logs:PutLogEvents"], stream))


def allow(action: Any, resource: Any, **condition: Any) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def refused(call: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_answer_is_what_botocores_model_says_and_labelled(cloud: Running) -> None:
    request = asked(user("Hello"))
    raw = httpx.post(
        f"{cloud.info['endpoint_url']}/model/{HAIKU}/converse",
        json=request,
        headers={"Authorization": f"AWS4-HMAC-SHA256 Credential=LOCALTEST/20260101/{REGION}/bedrock/aws4_request"},
    )
    model = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
    shape: Any = model.operation_model("Converse").output_shape
    report = ParamValidator().validate(raw.json(), shape)
    assert not report.has_errors(), report.generate_report()
    assert raw.headers["x-localcloud-stand-in"] == "bedrock"
    answer = client(cloud).converse(modelId=HAIKU, **request)
    assert answer["output"]["message"]["content"] == [{"text": "[stand-in] You asked: Hello"}]
    assert answer["usage"] == {**raw.json()["usage"], "inputTokens": 14, "outputTokens": 7, "totalTokens": 21}
    assert answer["metrics"]["latencyMs"] >= 1


def test_a_stream_comes_token_by_token_and_counts_as_the_whole_answer(cloud: Running) -> None:
    settings(cloud, first_token_ms=200, token_ms=50)
    began = time.monotonic()
    arrived, events = [], []
    for event in client(cloud).converse_stream(modelId=HAIKU, **asked(user("[[length 40]]")))["stream"]:
        arrived.append(time.monotonic() - began)
        events.append(event)
    assert arrived[0] >= 0.2
    assert arrived[-1] - arrived[0] >= 0.3, "all at once is no stream"
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 40
    assert events[-1]["metadata"]["metrics"]["latencyMs"] >= 500
    assert events[-2] == {"messageStop": {"stopReason": "end_turn"}}


def test_tokens_are_counted_as_the_call_then_bills_them(cloud: Running) -> None:
    request = asked(user("stock?"), system=[{"text": "You sell."}], **tools("list_stock"))
    counted = client(cloud).count_tokens(modelId=HAIKU, input={"converse": request})["inputTokens"]
    assert counted == client(cloud).converse(modelId=HAIKU, **request)["usage"]["inputTokens"]
    for model in (NOVA, HAIKU_45):
        count = {"modelId": model, "input": {"converse": asked(user("a"))}}
        assert refused(lambda count=count: client(cloud).count_tokens(**count)) == ("ValidationException", 400)  # type: ignore[misc]


def test_a_prompt_that_was_cached_is_read_by_the_next_call(cloud: Running) -> None:
    request = asked(user("a"), system=[{"text": "rule " * 4000}, POINT])
    first, second = (client(cloud).converse(modelId=PROFILE, **request)["usage"] for _ in range(2))
    assert first["cacheDetails"] == [{"ttl": "5m", "inputTokens": 5000}]
    assert (first["cacheWriteInputTokens"], first["cacheReadInputTokens"]) == (5000, 0)
    assert (second["cacheWriteInputTokens"], second["cacheReadInputTokens"]) == (0, 5000)
    assert first["totalTokens"] == second["totalTokens"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *(("ThrottlingException", 429), ("ModelTimeoutException", 408), ("ModelNotReadyException", 429)),
        *(("ModelErrorException", 424), ("ServiceUnavailableException", 503), ("InternalServerException", 500)),
        ("AccessDeniedException", 403),
    ],
)
def test_every_exception_can_be_asked_for_and_of_one_model_alone(cloud: Running, code: str, status: int) -> None:
    question = asked(user(f"[[error {code} *haiku*]]"))
    for name in ("converse", "converse_stream"):
        assert refused(lambda name=name: getattr(client(cloud), name)(modelId=HAIKU, **question)) == (code, status)  # type: ignore[misc]
    assert client(cloud).converse(modelId=NOVA, **question)["stopReason"] == "end_turn"


def test_what_is_not_there_and_what_is_not_answered_is_refused(cloud: Running) -> None:
    hello = asked(user("Hello"))
    assert refused(lambda: client(cloud).converse(modelId="gpt", **hello)) == ("ValidationException", 400)
    assert refused(lambda: client(cloud).converse(modelId=HAIKU_45, **hello)) == ("ValidationException", 400)
    gone = PROFILE.replace("abc", "xyz")
    assert refused(lambda: client(cloud).converse(modelId=gone, **hello)) == ("ResourceNotFoundException", 404)
    assert refused(lambda: client(cloud).invoke_model(modelId=HAIKU, body=b"{}"))[0] == "UnknownOperationException"


def test_quotas_throttle(cloud: Running) -> None:
    settings(cloud, requests_per_minute=1)
    model = "eu.amazon.nova-pro-v1:0"
    client(cloud).converse(modelId=model, **asked(user("a")))
    assert refused(lambda: client(cloud).converse(modelId=model, **asked(user("a")))) == ("ThrottlingException", 429)
    settings(cloud, requests_per_minute=None, tokens_per_minute=100)
    assert refused(lambda: client(cloud).converse(modelId=HAIKU, **asked(user("a"))))[0] == "ThrottlingException"


def test_nothing_waits_for_a_model_that_thinks(cloud: Running) -> None:
    slow = threading.Thread(
        target=lambda: client(cloud).converse(modelId=HAIKU, **asked(user("[[wait 5]]"))), daemon=True
    )
    began = time.monotonic()
    slow.start()
    cloud.client("dynamodb").list_tables()
    client(cloud).converse(modelId=HAIKU, **asked(user("quick")))
    assert slow.is_alive()
    slow.join()
    assert time.monotonic() - began >= 5


def test_a_profile_needs_itself_and_its_model_in_every_region(cloud: Running) -> None:
    by_profile = {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}
    whole = role(cloud, "whole", "lambda.amazonaws.com", allow(INVOKE, PROFILE), allow(INVOKE, MODELS, **by_profile))
    lacks = role(
        cloud, "lacks", "lambda.amazonaws.com", allow(INVOKE, PROFILE), allow(INVOKE, MODELS[:-1], **by_profile)
    )
    models = role(cloud, "models", "lambda.amazonaws.com", allow(INVOKE, MODELS, **by_profile))
    hello = asked(user("Hello"))
    assert client(cloud, key_of(cloud, whole)).converse(modelId=PROFILE, **hello)["stopReason"] == "end_turn"
    stream = client(cloud, key_of(cloud, whole)).converse_stream(modelId=PROFILE, **hello)["stream"]
    assert list(stream)[-1]["metadata"]
    for name in (lacks, models):
        key = key_of(cloud, name)
        assert refused(lambda key=key: client(cloud, key).converse(modelId=PROFILE, **hello)) == (  # type: ignore[misc]
            "AccessDeniedException", 403,
        )  # fmt: skip
    # not round the profile: neither the system's nor the model itself
    key = key_of(cloud, whole)
    assert refused(lambda: client(cloud, key).converse(modelId=SYSTEMS, **hello))[0] == "AccessDeniedException"
    assert refused(lambda: client(cloud, key).count_tokens(modelId=HAIKU, input={"converse": hello}))[1] == 403


def test_a_denial_attached_to_the_role_ends_its_calls(cloud: Running) -> None:
    arn = role(cloud, "spends", "lambda.amazonaws.com", allow(INVOKE, "*"))
    model = client(cloud, key_of(cloud, arn))
    assert model.converse(modelId=HAIKU, **asked(user("Hello")))["stopReason"] == "end_turn"
    denial = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "bedrock:Invoke*", "Resource": "*"}]}
    iam = cloud.client("iam")
    policy = iam.create_policy(PolicyName="over-budget", PolicyDocument=json.dumps(denial))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="spends", PolicyArn=policy)
    assert refused(lambda: model.converse(modelId=HAIKU, **asked(user("Hello")))) == ("AccessDeniedException", 403)


def test_every_call_is_logged_once_logging_is_configured(cloud: Running) -> None:
    writer = writes_to(cloud, GROUP, "writer")
    nobody = role(cloud, "nobody", "bedrock.amazonaws.com")
    put = cloud.client("bedrock").put_model_invocation_logging_configuration
    for group, arn in ((GROUP, nobody), ("/none", writer)):
        config = {"cloudWatchConfig": {"logGroupName": group, "roleArn": arn}}
        assert refused(lambda config=config: put(loggingConfig=config)) == ("ValidationException", 400)  # type: ignore[misc]
    put(loggingConfig={"cloudWatchConfig": {"logGroupName": GROUP, "roleArn": writer}, "textDataDeliveryEnabled": True})

    metadata = {"tenant": "t1", "reservation": "r-1"}
    answer = client(cloud).converse(modelId=PROFILE, requestMetadata=metadata, **asked(user("Hello")))
    list(client(cloud).converse_stream(modelId=HAIKU, **asked(user("Hello")))["stream"])
    refused(lambda: client(cloud).converse(modelId=HAIKU, **asked(user("[[error ThrottlingException]]"))))
    first, second, third = logged(cloud, 3)
    assert first == {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": first["timestamp"],
        "accountId": ACCOUNT,
        "identity": {"arn": f"arn:aws:iam::{ACCOUNT}:root"},
        "region": REGION,
        "requestId": answer["ResponseMetadata"]["RequestId"],
        "operation": "Converse",
        "modelId": PROFILE,
        "inferenceRegion": REGION,
        "requestMetadata": metadata,
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"requestMetadata": metadata, **asked(user("Hello"))},
            "inputTokenCount": 14,
            "cacheReadInputTokenCount": 0,
            "cacheWriteInputTokenCount": 0,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": first["output"]["outputBodyJson"],
            "outputTokenCount": answer["usage"]["outputTokens"],
        },
    }
    assert (second["operation"], second["output"]["outputTokenCount"]) == ("ConverseStream", 7)
    assert third["errorCode"] == "ThrottlingException"
    assert "output" not in third

    put(
        loggingConfig={"cloudWatchConfig": {"logGroupName": GROUP, "roleArn": writer}, "textDataDeliveryEnabled": False}
    )
    client(cloud).converse(modelId=HAIKU, **asked(user("a secret")))
    assert "a secret" not in json.dumps(logged(cloud, 4)[-1])


def logged(cloud: Running, many: int, group: str = GROUP) -> list[dict[str, Any]]:
    """The events once there are so many; a test ends with how many there are."""
    events: list[Any] = []
    for _ in range(50):
        events = cloud.client("logs").filter_log_events(logGroupName=group)["events"]
        if len(events) >= many:
            break
        time.sleep(0.1)
    assert len(events) == many
    return [json.loads(one["message"]) for one in events]


def test_faults_take_one_model_of_several(cloud: Running) -> None:
    fault(cloud, kind="throttle", resource="*claude*")
    assert refused(lambda: client(cloud).converse(modelId=PROFILE, **asked(user("a")))) == ("ThrottlingException", 429)
    assert client(cloud).converse(modelId=NOVA, **asked(user("a")))["stopReason"] == "end_turn"


def test_a_stream_that_is_cut_in_its_middle_ends_in_an_error_after_some_events(cloud: Running) -> None:
    fault(cloud, kind="cut_answer")
    events: list[Any] = []
    stream = client(cloud).converse_stream(modelId=HAIKU, **asked(user("[[length 50]]")))["stream"]
    with pytest.raises(ProtocolError):  # of urllib3: botocore wraps nothing here
        events.extend(stream)
    assert "metadata" not in {name for event in events for name in event}


def test_a_model_that_fails_while_it_streams_says_so_in_the_stream(cloud: Running) -> None:
    question = asked(user("[[length 50]] [[break ModelStreamErrorException]]"))
    seen: list[Any] = []
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        seen.extend(client(cloud).converse_stream(modelId=HAIKU, **question)["stream"])
    assert refused(lambda: client(cloud).converse(modelId=HAIKU, **question)) == ("ModelErrorException", 424)


def test_profiles_and_the_log_are_there_after_a_restart(cloud: Running) -> None:
    config = {"logGroupName": KEPT, "roleArn": writes_to(cloud, KEPT, "keeper")}
    bedrock = cloud.client("bedrock")
    bedrock.put_model_invocation_logging_configuration(loggingConfig={"cloudWatchConfig": config})
    cloud.restart()
    bedrock = cloud.client("bedrock")  # the ports are others
    assert client(cloud).converse(modelId=PROFILE, **asked(user("a")))["stopReason"] == "end_turn"
    found = bedrock.get_model_invocation_logging_configuration()["loggingConfig"]
    assert found["cloudWatchConfig"]["logGroupName"] == KEPT
    assert logged(cloud, 1, KEPT)[0]["operation"] == "Converse"
    bedrock.delete_model_invocation_logging_configuration()
