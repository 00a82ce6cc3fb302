import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import moto.logs.models
import pytest
from moto import mock_aws

from omnix import clock
from omnix.costs.guard import Guard
from omnix.costs.limits import parse as parse_limits
from omnix.costs.model import Feature, Model, Reservation, Usage
from omnix.costs.prices import parse as parse_models
from omnix.dynamodb import Table
from omnix.table_names import TableNames

REGION = "eu-central-1"
GROUP = "/omnix-ai/dev/bedrock/invocations"
STREAM = "aws/bedrock/modelinvocations"
PREFIX = "/omnix-ai/dev"
NOON = 1_795_348_800  # 2026-11-22T12:00:00Z
TODAY = "2026-11-22"
HAIKU, MICRO = "eu.anthropic.claude-haiku", "eu.amazon.nova-micro"
PROFILE = f"arn:aws:bedrock:{REGION}:123456789012:application-inference-profile/h"
ROLE = "omnix-ai-dev-assistant-role"
IDENTITY = f"arn:aws:sts::123456789012:assumed-role/{ROLE}/omnix-ai-dev-assistant"
_DEAR = {"input": 1100, "output": 5500, "cache_read": 110, "cache_write": 1375, "cache_write_1h": 2200}
_CHEAP = {"input": 46, "output": 184}
MODELS: dict[str, Any] = {
    HAIKU: {"call": PROFILE, "prices": _DEAR, "max_output": 4096, "context": 200_000, "caching": True, "tools": True},
    MICRO: {"call": MICRO, "prices": _CHEAP, "max_output": 4096, "context": 128_000, "caching": False, "tools": True},
}
LIMITS: dict[str, Any] = {
    "environment": {"daily": 50 * 10**9, "monthly": 1000 * 10**9},
    "features": {"chat": {"daily": 10**9, "monthly": 10**10}},
    "tenant": {"daily": 10**8, "monthly": 10**9},
    "tenants": {"vip": {"daily": 10**9, "monthly": None}},
    "max_output": {"chat": 100},
}
ANSWER = Usage(input=400, output=50, cache_read=100)


@dataclass
class World:
    """An environment in moto: calls are made through the guard itself, and recorded as Bedrock does."""

    folder: Path
    now: int = NOON
    events: int = 0
    made: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]

    @property
    def table(self) -> Table:
        return Table(self.client("dynamodb"), "omnix-ai-dev-analytics")

    @property
    def guard(self) -> Guard:
        return Guard(lambda: self.table, lambda: parse_limits(json.dumps(LIMITS)))

    def model(self, model_id: str = HAIKU) -> Model:
        return parse_models(json.dumps(MODELS)).model(model_id)

    def reserve(
        self, tenant: str = "t1", *, user: str = "u1", feature: Feature = Feature.CHAT, model: str = HAIKU
    ) -> Reservation:
        return self.guard.reserve(
            tenant_id=tenant, user_id=user, feature=feature, model=self.model(model), input_tokens=1000,
            max_output=100, request_id="r",
        )  # fmt: skip

    def call(
        self, tenant: str = "t1", used: Usage = ANSWER, *, stop: str = "end_turn", record: bool = True, **who: Any
    ) -> Reservation:
        """A call that is answered, settled and recorded."""
        reserved = self.reserve(tenant, **who)
        self.guard.settle(reserved, used, stop_reason=stop, latency_ms=80)
        if record:
            self.record(reserved, used)
        return reserved

    def record(self, reserved: Any, used: Usage | None, **changes: Any) -> None:
        """Bedrock's event of a call; `used` None for one that it refused."""
        said = {
            "reservation": reserved.reservation_id,
            "tenant": reserved.tenant_id,
            "feature": reserved.feature.value,
            "environment": "dev",
            "attempt": str(changes.pop("attempt", 1)),
        }
        tokens = used or Usage()
        counted = {
            "inputTokenCount": tokens.input,
            "cacheReadInputTokenCount": tokens.cache_read,
            "cacheWriteInputTokenCount": tokens.cache_write,
        }
        self.event(
            requestMetadata=said,
            input=counted if used else {},
            **({"output": {"outputTokenCount": tokens.output}} if used else {"errorCode": "ThrottlingException"}),
            **changes,
        )

    def event(self, **changes: Any) -> None:
        """An event of the record; `message` writes something else into the group."""
        self.events += 1
        at = changes.pop("at", self.now + 3)
        known = {
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
            "timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "accountId": "123456789012",
            "identity": {"arn": IDENTITY},
            "region": REGION,
            "requestId": f"request-{self.events}",
            "operation": "ConverseStream",
            "modelId": PROFILE,
        }
        text = changes.pop("message", None) or json.dumps(known | changes)
        self.client("logs").put_log_events(
            logGroupName=GROUP, logStreamName=STREAM, logEvents=[{"timestamp": at * 1000, "message": text}]
        )

    @property
    def outputs(self) -> Path:
        """The stack's outputs in a file."""
        path = self.folder / "outputs.json"
        document = {
            "environment": "dev",
            "region": REGION,
            "account_id": "123456789012",
            "api_url": "https://x.execute-api.eu-central-1.amazonaws.com/dev",
            "parameter_prefix": PREFIX,
            "functions": {"assistant": {"name": "omnix-ai-dev-assistant", "arn": "arn:a", "alias_arn": "arn:a:live"}},
            "bedrock_models": {HAIKU: PROFILE},
            "invocation_log_group": GROUP,
        }
        path.write_text(json.dumps(document))
        return path


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("OMNIX_ENVIRONMENT", "dev")
    with mock_aws():
        made = World(tmp_path)
        monkeypatch.setattr(clock, "epoch_seconds", lambda: made.now)
        # CloudWatch Logs takes events of the last 14 days and the next 2 hours alone
        monkeypatch.setattr(
            moto.logs.models, "utcnow", lambda: datetime.fromtimestamp(made.now, UTC).replace(tzinfo=None)
        )
        _table(made)
        _parameters(made)
        made.client("logs").create_log_group(logGroupName=GROUP)
        made.client("logs").create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
        _function(made)
        yield made


def _table(made: World) -> None:
    keys = {"pk": "HASH", "sk": "RANGE"}
    made.client("dynamodb").create_table(
        TableName="omnix-ai-dev-analytics",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
    )


def _parameters(made: World) -> None:
    values = {
        "database/tables": TableNames({"analytics": "omnix-ai-dev-analytics"}).text(),
        "bedrock/model-id": HAIKU,
        "bedrock/models": json.dumps(MODELS),
        "bedrock/limits": json.dumps(LIMITS),
    }
    for name, value in values.items():
        made.client("ssm").put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="String")


def _function(made: World) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    role = made.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    made.client("lambda").create_function(
        FunctionName="omnix-ai-dev-assistant", Runtime="python3.13", Role=role, Handler="x.y", Code={"ZipFile": b"x"}
    )
