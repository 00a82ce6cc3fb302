"""Faults of a running cloud, as boto3 meets them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.unit.localcloud.conftest import REGION, ROLE, Running, command, create_echo


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    running = launch()
    for name in ("t", "other"):
        running.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    create_echo(running)
    return running


@pytest.fixture(autouse=True)
def _end_of_faults(cloud: Running) -> Iterator[None]:
    yield
    httpx.delete(page(cloud))


def page(cloud: Running) -> str:
    return f"{cloud.info['endpoint_url']}/_localcloud/faults"


def put(cloud: Running, **fault: Any) -> dict[str, Any]:
    answer = httpx.post(page(cloud), json={"caller": "anyone", **fault})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["faults"][0]
    return made


def impatient(cloud: Running, service: str = "dynamodb", attempts: int = 1, seconds: float = 0.5) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=cloud.info["endpoint_url"],
        region_name=REGION,
        aws_access_key_id="LOCALTEST",
        aws_secret_access_key="none",
        config=Config(
            read_timeout=seconds,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            s3={"addressing_style": "path"},
        ),
    )


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("get_item", {"TableName": "t", "Key": {"pk": {"S": "a"}}}),
    "ssm": ("get_parameters", {"Names": ["/a"]}),
    "secretsmanager": ("get_secret_value", {"SecretId": "s"}),
    "sqs": ("list_queues", {}),
    "kms": ("list_keys", {}),
    "sns": ("list_topics", {}),
    "s3": ("list_buckets", {}),
    "lambda": ("list_functions", {}),
    "iam": ("list_roles", {}),
    "logs": ("describe_log_groups", {}),
}


@pytest.mark.parametrize(
    ("service", "throttled", "failed"),
    [
        ("dynamodb", ("ProvisionedThroughputExceededException", 400), ("InternalServerError", 500)),
        ("ssm", ("ThrottlingException", 400), ("InternalServerError", 500)),
        ("secretsmanager", ("ThrottlingException", 400), ("InternalServiceError", 500)),
        ("sqs", ("RequestThrottled", 403), ("InternalFailure", 500)),
        ("kms", ("ThrottlingException", 400), ("KMSInternalException", 500)),
        ("sns", ("Throttled", 429), ("InternalError", 500)),
        ("s3", ("SlowDown", 503), ("InternalError", 500)),
        ("lambda", ("TooManyRequestsException", 429), ("ServiceException", 500)),
        ("iam", ("Throttling", 400), ("InternalFailure", 500)),
        ("logs", ("ThrottlingException", 400), ("InternalFailure", 500)),
    ],
)
def test_throttling_and_failing_are_raised_in_the_services_own_words(
    cloud: Running, service: str, throttled: tuple[str, int], failed: tuple[str, int]
) -> None:
    method, arguments = CALLS[service]
    for kind, (code, status) in (("throttle", throttled), ("fail", failed)):
        put(cloud, kind=kind, service=service, count=1)
        with pytest.raises(ClientError) as caught:
            # an answer comes, however busy the machine is
            getattr(impatient(cloud, service, seconds=30), method)(**arguments)
        response: Any = caught.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


def write(token: str, table: str = "t", value: str = "1") -> dict[str, Any]:
    item = {"pk": {"S": token}, "v": {"N": value}}
    entry = {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
    return {"TransactItems": [entry], "ClientRequestToken": token}


def stored(cloud: Running, key: str, table: str = "t") -> Any:
    return cloud.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": key}}).get("Item")


def test_a_throttled_transaction_says_which_of_its_items_was_too_many(cloud: Running) -> None:
    put(cloud, kind="throttle", resource="other")
    both = {"TransactItems": [*write("x")["TransactItems"], *write("x", "other")["TransactItems"]]}
    with pytest.raises(ClientError) as caught:
        impatient(cloud, seconds=30).transact_write_items(**both)
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["None", "ThrottlingError"]
    assert stored(cloud, "x") is None


def test_a_lost_answer_leaves_what_was_done(cloud: Running) -> None:
    put(cloud, kind="drop_answer", operation="PutItem", count=1)
    with pytest.raises(ConnectionClosedError):
        impatient(cloud, seconds=30).put_item(TableName="t", Item={"pk": {"S": "dropped"}})
    assert stored(cloud, "dropped")


def test_a_transaction_whose_answer_was_lost_is_sent_again_and_done_once(cloud: Running) -> None:
    put(cloud, kind="drop_answer", operation="TransactWriteItems", count=1)
    impatient(cloud, attempts=2, seconds=30).transact_write_items(**write("once"))
    assert stored(cloud, "once")["v"] == {"N": "1"}


def test_a_token_with_another_request_is_a_mismatch(cloud: Running) -> None:
    client = cloud.client("dynamodb")
    client.transact_write_items(**write("mine"))
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.transact_write_items(**write("mine", value="2"))
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=write("mine")["TransactItems"])


def test_a_transaction_that_was_cancelled_may_be_sent_again_under_its_token(cloud: Running) -> None:
    client = cloud.client("dynamodb")
    client.put_item(TableName="t", Item={"pk": {"S": "again"}})
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(**write("again"))
    client.delete_item(TableName="t", Key={"pk": {"S": "again"}})
    client.transact_write_items(**write("again"))
    assert stored(cloud, "again")


def test_a_slow_call_is_late_and_others_do_not_wait_for_it(cloud: Running) -> None:
    put(cloud, kind="slow", seconds=4, resource="other")
    slow = threading.Thread(target=stored, args=(cloud, "a", "other"))
    started = time.monotonic()
    slow.start()
    stored(cloud, "a")
    assert slow.is_alive()
    slow.join()
    assert time.monotonic() - started > 3.9


def test_a_slow_call_that_nobody_waits_for_any_more_is_done_all_the_same(cloud: Running) -> None:
    put(cloud, kind="slow", seconds=3, operation="PutItem")
    with pytest.raises(ReadTimeoutError):
        impatient(cloud).put_item(TableName="t", Item={"pk": {"S": "late"}})
    assert stored(cloud, "late") is None
    ends = time.monotonic() + 20
    while stored(cloud, "late") is None:
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_call_that_hangs_is_never_done_and_holds_nothing_up_once_its_caller_is_gone(cloud: Running) -> None:
    """More of them than the endpoint has threads: each ends when its caller hangs up."""
    put(cloud, kind="hang", resource="other")

    def one() -> None:
        with pytest.raises(ReadTimeoutError):
            # a request that waits for a thread for longer is never looked at
            impatient(cloud, seconds=3).put_item(TableName="other", Item={"pk": {"S": "hung"}})

    for _ in range(3):
        crowd = [threading.Thread(target=one) for _ in range(40)]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
    assert httpx.get(page(cloud)).json()["faults"][0]["applied"] == 120
    httpx.delete(page(cloud))
    assert stored(cloud, "hung", "other") is None


def test_clearing_ends_what_hangs(cloud: Running) -> None:
    put(cloud, kind="hang", operation="ListTables")
    failed: list[type[Exception]] = []

    def hang() -> None:
        try:
            patient.list_tables()
        except ConnectionClosedError as error:
            failed.append(type(error))

    patient = impatient(cloud, seconds=60)
    waiting = threading.Thread(target=hang)
    waiting.start()
    ends = time.monotonic() + 20
    while not httpx.get(page(cloud)).json()["faults"][0]["applied"]:
        assert time.monotonic() < ends
        time.sleep(0.05)
    httpx.delete(page(cloud))
    waiting.join(20)
    assert failed == [ConnectionClosedError]


def test_only_functions_meet_a_fault_that_names_no_caller(cloud: Running) -> None:
    policy = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    cloud.client("iam").put_role_policy(RoleName="echo", PolicyName="read", PolicyDocument=document)
    session = cloud.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="echo")["Credentials"]
    make: Any = boto3.client
    function = make(
        "dynamodb",
        endpoint_url=cloud.info["endpoint_url"],
        region_name=REGION,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    put(cloud, kind="fail", caller="*")
    stored(cloud, "a")
    with pytest.raises(ClientError, match="InternalServerError"):
        function.get_item(TableName="t", Key={"pk": {"S": "a"}})
    httpx.delete(page(cloud))
    put(cloud, kind="fail", caller="another")
    function.get_item(TableName="t", Key={"pk": {"S": "a"}})


def test_the_command_sets_lists_and_clears(cloud: Running) -> None:
    def faults(*arguments: str) -> tuple[int, str, str]:
        done = command("faults", "--state-dir", cloud.directory, *arguments)
        return done.returncode, done.stdout, done.stderr

    code, out, _ = faults("set", "kind=throttle", "service=ssm", "probability=0.5", "for_seconds=60")
    made = json.loads(out)["faults"][0]
    assert (code, made["probability"]) == (0, 0.5)
    assert json.loads(faults("list")[1])["faults"][0]["id"] == made["id"]
    assert json.loads(faults("clear", made["id"])[1]) == {"cleared": 1}
    assert faults("clear", made["id"])[0] == 1
    code, _, said = faults("set", "kind=nothing")
    assert (code, "kind is one of" in said) == (1, True)
    assert faults("set", "kind")[0] == 1


def test_a_restart_ends_every_fault(cloud: Running) -> None:
    put(cloud, kind="fail", service="dynamodb")
    cloud.restart()
    assert httpx.get(page(cloud)).json() == {"faults": []}
    stored(cloud, "a")
    assert command("faults", "--state-dir", cloud.directory.parent, "list").returncode == 1
