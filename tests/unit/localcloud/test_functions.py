"""The Lambda runtime through Invoke: isolation, limits, failures, logs, aliases."""

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.localcloud.conftest import ACCOUNT, ECHO, FUNCTION, REGION, ROLE, Running, create_echo, zipped


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    running = launch()
    create_echo(running)
    return running


def _create(cloud: Running, name: str, source: str, **options: Any) -> None:
    defaults = {"Runtime": "python3.13", "Handler": "code.handler", "Timeout": 2}
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName=name, Role=ROLE, Code={"ZipFile": zipped(code=source)}, **{**defaults, **options}
    )


def test_a_function_sees_lambdas_environment_and_its_own(cloud: Running) -> None:
    answer = cloud.invoke({})["Payload"]
    environ = answer["environ"]
    assert environ["OWN"] == "value"
    assert environ["AWS_LAMBDA_FUNCTION_NAME"] == "echo"
    assert environ["AWS_LAMBDA_FUNCTION_VERSION"] == "1"
    assert environ["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/echo"
    assert (environ["AWS_REGION"], environ["TZ"]) == (REGION, ":UTC")
    assert environ["AWS_ENDPOINT_URL"] == cloud.info["endpoint_url"]
    assert "HOME" not in environ
    assert answer["arn"] == f"{FUNCTION}:live"
    assert 0 < answer["left_ms"] <= 2000


def test_a_function_runs_under_its_roles_temporary_credentials(cloud: Running) -> None:
    source = """
import json, os, urllib.request
def handler(event, context):
    return {key: os.environ[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
"""
    _create(cloud, "whoami", source)
    keys = cloud.invoke({}, "whoami")["Payload"]
    import boto3

    session: Any = boto3.session.Session(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"], REGION
    )
    caller = session.client("sts", endpoint_url=cloud.info["endpoint_url"]).get_caller_identity()
    assert caller["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/echo/whoami"


@pytest.mark.parametrize("module", ["boto3", "pydantic", "moto", "localcloud", "aiohttp"])
def test_a_package_that_is_not_in_the_zip_is_missing_as_on_lambda(cloud: Running, module: str) -> None:
    answer = cloud.invoke({"import": module})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "ModuleNotFoundError"


def test_an_environment_is_used_again_for_the_next_event(cloud: Running) -> None:
    pids = {cloud.invoke({})["Payload"]["pid"] for _ in range(5)}
    assert len(pids) == 1


def test_an_exception_is_the_callers_to_see(cloud: Running) -> None:
    answer = cloud.invoke({"fail": "on purpose"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Payload"]["errorType"] == "ValueError"
    assert answer["Payload"]["errorMessage"] == "on purpose"


def test_a_process_that_dies_fails_its_call_only(cloud: Running) -> None:
    before = cloud.invoke({})["Payload"]["pid"]
    answer = cloud.invoke({"exit": 7})
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert "exit status 7" in answer["Payload"]["errorMessage"]
    after = cloud.invoke({})["Payload"]["pid"]
    assert after != before


@pytest.mark.parametrize("event", [{"sleep": 30}, {"loop": True}])
def test_a_function_that_takes_too_long_is_killed(cloud: Running, event: dict[str, Any]) -> None:
    started = time.monotonic()
    answer = cloud.invoke(event)
    assert time.monotonic() - started < 15
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 2.00 seconds" in answer["Payload"]["errorMessage"]
    assert cloud.invoke({})["StatusCode"] == 200


def test_a_module_that_fails_to_load_says_so_at_every_call(cloud: Running) -> None:
    _create(cloud, "unloadable", "import nothing_like_this\ndef handler(e, c): pass")
    for _ in range(2):
        answer = cloud.invoke({}, "unloadable")
        assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
        assert "nothing_like_this" in answer["Payload"]["errorMessage"]


def test_a_process_that_exits_while_loading_is_an_exit_error(cloud: Running) -> None:
    _create(cloud, "leaving", "import os\nos._exit(4)")
    assert cloud.invoke({}, "leaving")["Payload"]["errorType"] == "Runtime.ExitError"


def test_an_answer_over_six_megabytes_is_an_error(cloud: Running) -> None:
    assert cloud.invoke({"bytes": 6_000_000})["Payload"] == "x" * 6_000_000
    answer = cloud.invoke({"bytes": 6_291_556})
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"
    assert cloud.invoke({})["StatusCode"] == 200


def test_a_request_over_six_megabytes_is_refused(cloud: Running) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.invoke({"print": "x" * 6 * 1024 * 1024})
    assert caught.value.response["Error"]["Code"] == "RequestTooLargeException"


def test_an_unknown_function_alias_or_version_is_not_found(cloud: Running) -> None:
    for name in ("nothing", "echo:nothing", "echo:99"):
        with pytest.raises(ClientError) as caught:
            cloud.invoke({}, name)
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_function_answers_to_its_name_partial_arn_and_arn(cloud: Running) -> None:
    for name in ("echo", f"{ACCOUNT}:function:echo", f"{FUNCTION}:live", f"{FUNCTION}:1"):
        assert cloud.invoke({}, name)["StatusCode"] == 200
    assert cloud.invoke({}, FUNCTION)["ExecutedVersion"] == "$LATEST"
    assert cloud.invoke({}, FUNCTION, Qualifier="live")["ExecutedVersion"] == "1"


def test_the_log_has_the_functions_lines_between_start_and_report(cloud: Running) -> None:
    mark = f"mark {time.time_ns()}"
    answer = cloud.invoke({"print": mark}, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode().splitlines()
    position = tail.index(mark)
    assert tail[position - 1].startswith("START RequestId: ")
    assert tail[position + 1].startswith("END RequestId: ")
    assert tail[position + 2].startswith("REPORT RequestId: ")
    deadline = time.monotonic() + 10
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        logs = cloud.client("logs")
        found = logs.filter_log_events(logGroupName="/aws/lambda/echo", filterPattern=f'"{mark}"')["events"]
    assert [event["message"] for event in found] == [mark]
    assert found[0]["logStreamName"].split("/")[-1].startswith("[1]")


def test_an_event_is_accepted_at_once_and_run(cloud: Running) -> None:
    mark = f"event {time.time_ns()}"
    answer = cloud.invoke({"print": mark}, InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"]) == (202, None)
    assert cloud.logged(mark)
    assert cloud.invoke({}, InvocationType="DryRun")["StatusCode"] == 204


def test_new_code_is_what_latest_runs_while_the_alias_stays(cloud: Running) -> None:
    _create(cloud, "moving", "def handler(e, c): return 1", Publish=True)
    functions = cloud.client("lambda")
    functions.create_alias(FunctionName="moving", Name="live", FunctionVersion="1")
    assert cloud.invoke({}, "moving:live")["Payload"] == 1
    functions.update_function_code(
        FunctionName="moving", ZipFile=zipped(code="def handler(e, c): return 2"), Publish=True
    )
    assert cloud.invoke({}, "moving")["Payload"] == 2
    assert cloud.invoke({}, "moving:live")["Payload"] == 1
    functions.update_alias(FunctionName="moving", Name="live", FunctionVersion="2")
    assert cloud.invoke({}, "moving:live")["Payload"] == 2


def test_an_alias_splits_its_traffic_by_weight(cloud: Running) -> None:
    _create(
        cloud, "split", "import os\ndef handler(e, c): return os.environ['AWS_LAMBDA_FUNCTION_VERSION']", Publish=True
    )
    functions = cloud.client("lambda")
    other = zipped(code="import os\ndef handler(e, c):\n    return os.environ['AWS_LAMBDA_FUNCTION_VERSION']")
    functions.update_function_code(FunctionName="split", ZipFile=other, Publish=True)
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    functions.create_alias(FunctionName="split", Name="live", FunctionVersion="1", RoutingConfig=weights)
    seen = [cloud.invoke({}, "split:live")["Payload"] for _ in range(60)]
    assert {"1", "2"} == set(seen)
    assert 12 < seen.count("2") < 48


def test_reserved_concurrency_is_a_limit(cloud: Running) -> None:
    _create(cloud, "narrow", ECHO, Timeout=30)
    cloud.client("lambda").put_function_concurrency(FunctionName="narrow", ReservedConcurrentExecutions=1)

    def call(_: int) -> str:
        try:
            return str(cloud.invoke({"sleep": 5}, "narrow")["StatusCode"])
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    with ThreadPoolExecutor(3) as pool:
        outcomes = sorted(pool.map(call, range(3)))
    assert outcomes == ["200", "TooManyRequestsException", "TooManyRequestsException"]


def test_parallel_calls_get_environments_of_their_own(cloud: Running) -> None:
    _create(cloud, "sleeper", ECHO, Timeout=30)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: cloud.invoke({"sleep": 5}, "sleeper"), range(3)))
    assert len({answer["Payload"]["pid"] for answer in answers}) == 3


def test_a_function_may_call_the_cloud_while_many_are_invoked(cloud: Running) -> None:
    source = """
import json, os, urllib.request
def handler(event, context):
    url = os.environ["AWS_ENDPOINT_URL"] + "/_localcloud/health"
    return json.load(urllib.request.urlopen(url, timeout=25))["status"]
"""
    _create(cloud, "nested", source, Timeout=30)
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: cloud.invoke({}, "nested")["Payload"], range(60)))
    assert set(answers) == {"ok"}


def test_motos_own_invocations_run_the_same_process(cloud: Running) -> None:
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="to-function")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{FUNCTION}:live")
    mark = f"sns {time.time_ns()}"
    _create(cloud, "listener", "def handler(e, c): print(e['Records'][0]['Sns']['Message'])")
    cloud.client("lambda").add_permission(
        FunctionName="listener", StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION.replace("echo", "listener"))
    sns.publish(TopicArn=topic, Message=mark)
    assert cloud.logged(f"/aws/lambda/listener: {mark}")


def test_a_conditional_write_has_one_winner(cloud: Running) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="race",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )

    def claim(number: int) -> bool:
        item = {"pk": {"S": f"slot-{number // 16}"}}
        try:
            dynamodb.put_item(TableName="race", Item=item, ConditionExpression="attribute_not_exists(pk)")
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(claim, range(16 * 20)))
    assert sum(won) == 20


def test_the_payload_is_json_as_sent(cloud: Running) -> None:
    event = {"text": "ü€", "n": 1.5, "list": [None, True]}
    assert cloud.invoke(event)["Payload"]["event"] == json.loads(json.dumps(event))
