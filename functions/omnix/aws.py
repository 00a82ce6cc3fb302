"""botocore clients: no boto3 resource layer, connections kept, and no call that could outlive its function.

A call takes at most two attempts of one second to connect and two to read, about 6.5 s with the pause between;
every function's timeout is above that, so a slow dependency ends as 503 and never as a hang.
"""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING, Literal, overload

from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_ssm import SSMClient

CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 2.0
ATTEMPTS = 2

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
    return Session()


@functools.cache
def _client(service: str, endpoint_url: str | None) -> BaseClient:
    return _session().create_client(
        service, region_name=os.environ["AWS_REGION"], endpoint_url=endpoint_url, config=_CONFIG
    )


@overload
def client(service: Literal["dynamodb"], endpoint_url: str | None = None) -> DynamoDBClient: ...
@overload
def client(service: Literal["ssm"], endpoint_url: str | None = None) -> SSMClient: ...
@overload
def client(service: Literal["secretsmanager"], endpoint_url: str | None = None) -> SecretsManagerClient: ...
def client(service: str, endpoint_url: str | None = None) -> object:
    """The process's one client of a service; made in Lambda's init phase by `prepare`, where CPU is not rationed."""
    return _client(service, endpoint_url)


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
