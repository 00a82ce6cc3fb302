import functools
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from moto import mock_aws

from components.data.tables import PARTITION_KEY, SORT_KEY, TableDefinition
from components.data.tables import TABLES as DEFINITIONS
from omnix import aws, clock, deadline, metrics
from omnix.dynamodb import load_item
from omnix.table_names import TableNames
from tests.dynamodb_local.distribution import UnavailableError
from tests.dynamodb_local.server import REQUIRED, required, running

REGION = "eu-central-1"
ORIGIN = "https://console.dev.example"
MARKER = "dynamodb_local"
PATIENCE_SECONDS = 30
TABLES = (
    "analytics",
    "customer-profiles",
    "inventory",
    "orders",
    "products",
    "recommendations",
    "sessions",
    "users",
)
SECRETS = {
    "JWT_SECRET": "S" * 10 + "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcd",
    "JWT_REFRESH_SECRET": "R" * 10 + "zyxwvutsrqponmlkjihgfedcba9876543210ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcd",
    "API_KEY_1": "omx_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}


@dataclass
class Cloud:
    """An environment's parameters and secrets in moto, its tables there or in the DynamoDB Local at `database`."""

    database: str | None = None
    secrets: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return _client(service, self.database if service == "dynamodb" else None)

    def items(self, logical: str) -> list[dict[str, Any]]:
        return [load_item(item) for item in self.client("dynamodb").scan(TableName=table(logical))["Items"]]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        return {logical: self.items(logical) for logical in TABLES}

    def set_parameter(self, name: str, value: str, kind: str = "String") -> None:
        self.client("ssm").put_parameter(Name=f"/omnix-ai/dev/{name}", Value=value, Type=kind, Overwrite=True)

    def rotate(self, secret: str, value: str) -> str:
        answer = self.client("secretsmanager").put_secret_value(SecretId=self.secrets[secret], SecretString=value)
        return str(answer["VersionId"])


@dataclass
class Answer:
    """A proxy response, read."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@functools.cache
def _client(service: str, endpoint_url: str | None) -> Any:
    """Loading a service's model takes longer than a test."""
    return boto3.session.Session(region_name=REGION).client(service, endpoint_url=endpoint_url)  # type: ignore[call-overload]


def table(logical: str) -> str:
    return f"omnix-ai-dev-{logical}"


def event(method: str, path: str, **changes: Any) -> dict[str, Any]:
    """A REST proxy event as API Gateway makes it."""
    body = changes.pop("body", None)
    headers = {"Host": "x.execute-api", **changes.pop("headers", {})}
    if body is not None and not isinstance(body, str):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    query: dict[str, str] | None = changes.pop("query", None)
    authorizer = changes.pop("authorizer", None)
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "request-1",
            "stage": "dev",
            "path": f"/dev{path}",
            **({"authorizer": authorizer} if authorizer else {}),
        },
        "body": body,
        "isBase64Encoded": False,
        **changes,
    }


def caller(role: str = "owner", tenant: str = "t1", user: str = "u1", session: str = "s1") -> dict[str, str]:
    """The authorizer's context for a signed-in user."""
    return {"tenant_id": tenant, "user_id": user, "role": role, "session_id": session, "auth": "jwt"}


def read(answer: dict[str, Any]) -> Answer:
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return Answer(answer["statusCode"], headers, answer["body"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Unit tests stay fast and pure: those on DynamoDB Local run when they are asked for (`-m dynamodb_local`)."""
    if MARKER in config.option.markexpr:
        return
    left = [item for item in items if item.get_closest_marker(MARKER)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if not item.get_closest_marker(MARKER)]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OMNIX_", "AWS_")):
            monkeypatch.delenv(name)
    values = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "OMNIX_ENVIRONMENT": "dev",
        "OMNIX_FUNCTION": "api",
        "OMNIX_PARAMETER_PREFIX": "/omnix-ai/dev",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def time_has_no_end() -> None:
    """The last test's invocation had one, and a process has one invocation at a time."""
    deadline.begin(None)


@pytest.fixture(autouse=True)
def no_rollup_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests read right after they wrote; what is kept, and how long, is tested by itself."""
    from omnix.dashboard import service

    for kept in (service.recent_summaries, service.recent_trends):
        kept.clear()
        monkeypatch.setattr(kept, "seconds", 0)


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """The address of AWS's own DynamoDB Local, one a test process; skips, with the reason, where there is none."""
    try:
        with running() as endpoint:
            yield endpoint
    except UnavailableError as error:
        if required():
            pytest.fail(f"{REQUIRED} is set, and {error}")
        pytest.skip(str(error))


@pytest.fixture(params=["moto", pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local)])
def database(request: pytest.FixtureRequest) -> str | None:
    """Who judges what the data layer asks of DynamoDB: None for moto, else the endpoint of DynamoDB Local."""
    return request.getfixturevalue("dynamodb_local") if request.param == "dynamodb-local" else None


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, database: str | None) -> Iterator[Cloud]:
    if database:
        # 200 threads and a collecting JVM share two cores: what is judged is what DynamoDB says, not how soon
        monkeypatch.setattr(aws, "_CONFIG", aws._CONFIG.merge(Config(read_timeout=PATIENCE_SECONDS)))
    with mock_aws():
        made = Cloud(database)
        _parameters(made)
        for name, value in SECRETS.items():
            answer = made.client("secretsmanager").create_secret(Name=f"omnix-ai/dev/{name}", SecretString=value)
            made.secrets[name] = answer["ARN"]
        monkeypatch.setenv("OMNIX_JWT_SECRET_ID", made.secrets["JWT_SECRET"])
        monkeypatch.setenv("OMNIX_JWT_REFRESH_SECRET_ID", made.secrets["JWT_REFRESH_SECRET"])
        monkeypatch.setenv("OMNIX_API_KEY_SECRET_ID", made.secrets["API_KEY_1"])
        monkeypatch.setenv("OMNIX_ROTATION_SECRET_IDS", ",".join(made.secrets.values()))
        _forget()
        dynamodb = made.client("dynamodb")
        for left in dynamodb.list_tables()["TableNames"]:  # DynamoDB Local outlives a test
            dynamodb.delete_table(TableName=left)
        for logical in TABLES:
            _create(dynamodb, DEFINITIONS[logical])
        yield made


def _parameters(made: Cloud) -> None:
    made.set_parameter("database/tables", TableNames({logical: table(logical) for logical in TABLES}).text())
    made.set_parameter("database/endpoint", made.database or f"https://dynamodb.{REGION}.amazonaws.com")
    made.set_parameter("api/cors-origins", f"{ORIGIN},https://other.dev.example", "StringList")
    made.set_parameter("api/usage-key", "usage-key-value", "SecureString")
    made.set_parameter("monitoring/log-level", "INFO")
    made.set_parameter("release/commit", "c0ffee" * 6 + "beef")


def _create(client: Any, definition: TableDefinition) -> None:
    """The table as `DataStack` makes it: same keys, indexes, expiry and stream."""
    indexes = [
        {
            "IndexName": index,
            "KeySchema": _keys(f"{index}pk", f"{index}sk"),
            "Projection": {"ProjectionType": "ALL"},
        }
        for index in definition.indexes
    ]
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.create_table(
        TableName=table(definition.name),
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys(PARTITION_KEY, SORT_KEY),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in definition.attributes],
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        **({"StreamSpecification": stream} if definition.stream else {}),
    )
    if definition.ttl:
        expiry = {"Enabled": True, "AttributeName": definition.ttl}
        client.update_time_to_live(TableName=table(definition.name), TimeToLiveSpecification=expiry)


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _forget() -> None:
    """A new sandbox: nothing cached."""
    from omnix.admission.service import admission
    from omnix.costs import parameters as costs
    from omnix.identity import service
    from omnix.parameters import parameters

    secrets = (service.settings, service.signing_secret, service.refresh_secret)
    for cached in (admission, parameters, costs.parameters, *secrets):
        cached.cache_clear()
    metrics._counted.clear()


@pytest.fixture
def api(cloud: Cloud) -> Callable[..., Answer]:  # noqa: ARG001 - must exist first
    from api.handler import handler

    def call(method: str, path: str, **changes: Any) -> Answer:
        changes.setdefault("authorizer", caller())
        return read(handler(event(method, path, **changes), SimpleNamespace(aws_request_id="lambda-1")))

    return call


@pytest.fixture
def auth(cloud: Cloud) -> Callable[..., Answer]:  # noqa: ARG001 - must exist first
    from auth.handler import handler

    def call(method: str, path: str, **changes: Any) -> Answer:
        return read(handler(event(method, path, **changes), SimpleNamespace(aws_request_id="lambda-1")))

    return call


@pytest.fixture
def models(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Bedrock's runtime as the test scripts it (`bedrock.Models`); pauses before another attempt take no time."""
    from omnix import aws
    from tests.unit.functions.bedrock import Models

    made = Models(cloud)
    monkeypatch.setattr(aws, "models", made.client)
    monkeypatch.setattr("omnix.assistant.calling.time.sleep", lambda _: None)
    return made


@pytest.fixture
def assistant(models: Any) -> Callable[..., Answer]:  # noqa: ARG001 - must exist first
    from assistant.handler import handler

    def call(method: str, path: str, **changes: Any) -> Answer:
        changes.setdefault("authorizer", caller())
        return read(handler(event(method, path, **changes), SimpleNamespace(aws_request_id="lambda-1")))

    return call


@pytest.fixture
def atomic_writes(monkeypatch: pytest.MonkeyPatch, database: str | None) -> None:
    """DynamoDB checks and writes in one step; moto's threads would not."""
    if database:
        return  # it does so itself: the race is real
    lock = threading.RLock()
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def locked(self: Any, operation: str, arguments: Any) -> Any:
        with lock:
            return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", locked)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the functions' monotonic clock on by seconds."""
    shift, plain = [0.0], clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: plain() + shift[0])

    def move(seconds: float) -> None:
        shift[0] += seconds

    return move
