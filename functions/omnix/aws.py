"""botocore clients: no boto3 resource layer, connections kept, and no call that could outlive its function.

A call takes at most two attempts of one second to connect and two to read with a pause of up to a second between,
7 s; every function's timeout is above that, and no attempt begins for which too little is left of it
(`omnix.deadline`): a slow dependency ends as 503 and never as a hang, however many calls a request makes.
"""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING, Any, Literal, overload

from botocore.config import Config
from botocore.session import Session

from omnix import deadline, errors, metrics
from omnix.attribute_values import Parsers
from omnix.deadline import OutOfTimeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSResponse
    from botocore.client import BaseClient
    from types_boto3_backup import BackupClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_ssm import SSMClient

CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 2.0
ATTEMPTS = 2
# botocore's standard mode waits up to a second after a throttle, less after any other failure.
PAUSE_SECONDS = 1.0
# Enough to make an answer of a failure.
ANSWER_SECONDS = 0.5
ATTEMPT_SECONDS = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS + ANSWER_SECONDS

# At DEBUG botocore writes whole requests and answers, secrets' values among them, and Lambda hands its log level to the
# root logger: these never say more than INFO, whatever the level is.
for _name in ("botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.INFO)

_CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    tcp_keepalive=True,
)


@functools.cache
def _session() -> Session:
    made = Session()
    made.register_component("response_parser_factory", Parsers())
    return made


@functools.cache
def _client(service: str, endpoint_url: str | None, config: Config | None = None) -> BaseClient:
    made = _session().create_client(
        service, region_name=os.environ["AWS_REGION"], endpoint_url=endpoint_url, config=config or _CONFIG
    )
    made.meta.events.register("before-send", _in_time)
    # on the very event of botocore's own handler: "first" is first among those of one event name
    event = f"needs-retry.{made.meta.service_model.service_id.hyphenize()}"
    made.meta.events.register_first(event, _no_late_retry)  # type: ignore[arg-type] # its answer counts
    return made


def _in_time(**_: object) -> None:
    """What is raised here ends the call: botocore retries no error but a connection's."""
    deadline.require(ATTEMPT_SECONDS)


def _no_late_retry(
    response: tuple[AWSResponse, Mapping[str, Any]] | None = None,
    caught_exception: Exception | None = None,
    **_: object,
) -> bool | None:
    """False, the first answer and so the one that counts, where there is no time for the pause and another attempt.

    A service may ask for up to 5 s more of pause: then the caller is told to come back. Every attempt's end is seen
    here, so failures are counted here too, those that a retry makes good among them.
    """
    if isinstance(caught_exception, OutOfTimeError):
        return False
    if response is None or errors.passing(response[1]):
        metrics.count(metrics.DEPENDENCY_FAILURES)
    asked = response[0].headers.get("x-amz-retry-after", "0") if response else "0"
    late = deadline.remaining() < PAUSE_SECONDS + ATTEMPT_SECONDS
    return False if late or not asked.isdecimal() or int(asked) > PAUSE_SECONDS * 1000 else None


@overload
def client(service: Literal["backup"], endpoint_url: str | None = None) -> BackupClient: ...
@overload
def client(service: Literal["dynamodb"], endpoint_url: str | None = None) -> DynamoDBClient: ...
@overload
def client(service: Literal["ssm"], endpoint_url: str | None = None) -> SSMClient: ...
@overload
def client(service: Literal["secretsmanager"], endpoint_url: str | None = None) -> SecretsManagerClient: ...
def client(service: str, endpoint_url: str | None = None) -> object:
    """The process's one client of a service; made in Lambda's init phase by `prepare`, where CPU is not rationed."""
    return _client(service, endpoint_url)


@functools.cache
def models(silence: float) -> Any:
    """The client of bedrock-runtime that waits so many seconds for the first word of an answer.

    One attempt a call: another one is another call to pay for, which who keeps the money for it decides.
    """
    config = _CONFIG.merge(Config(read_timeout=silence, retries={"total_max_attempts": 1, "mode": "standard"}))
    return _client("bedrock-runtime", None, config)


def prepare(*services: str) -> None:
    """Make clients now: Lambda gives the init phase a whole CPU and an invocation only its memory's share."""
    for service in services:
        _client(service, None)


def dynamodb(endpoint: str) -> DynamoDBClient:
    """The DynamoDB client for the endpoint that Parameter Store names.

    `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL`, the SDKs' own variables, win: the local cloud sets them.
    """
    regional = f"https://dynamodb.{os.environ['AWS_REGION']}.amazonaws.com"
    if endpoint == regional or os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL"):
        return client("dynamodb")
    return client("dynamodb", endpoint)
