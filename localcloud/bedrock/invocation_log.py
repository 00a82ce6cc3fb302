"""Model invocation logging: one event a call in the log group that the account's region has configured.

Source: Bedrock user guide, "Monitor model invocation using CloudWatch Logs and Amazon S3" (schema ModelInvocationLog
1.0). The events go to the stream `aws/bedrock/modelinvocations`, with the configured role, which must be allowed to.
"""

import datetime
import json
from collections.abc import Mapping
from typing import Any, Protocol

from localcloud.bedrock.target import Target
from localcloud.endpoint.call import Call
from localcloud.enforcement.acting import Acting
from localcloud.enforcement.callers import UnknownKey
from localcloud.enforcement.need import Need
from localcloud.persistence.lock import StateLock

STREAM = "aws/bedrock/modelinvocations"
_MOST_BYTES = 100 * 1024  # a larger body goes to the bucket for large data, if there is one

type Document = dict[str, Any]


class Writer(Protocol):
    """Where a line goes: `functions.logs.LogWriter`."""

    def write(self, region: str, group: str, stream: str, message: str) -> None: ...  # noqa: D102


class InvocationLog:
    """Writes what is configured; nothing where nothing is."""

    def __init__(self, acting: Acting, lock: StateLock, logs: Writer) -> None:
        self._acting = acting
        self._lock = lock
        self._logs = logs

    def answered(
        self, call: Call, body: Document, request_id: str, target: Target, output: Document, usage: Document,
        broken: str | None,
    ) -> None:  # fmt: skip
        """A call that the model answered; `broken` where its stream ended with this exception."""
        entry = {
            "input": {
                "inputTokenCount": usage["inputTokens"],
                "cacheReadInputTokenCount": usage["cacheReadInputTokens"],
                "cacheWriteInputTokenCount": usage["cacheWriteInputTokens"],
            },
            "output": {"outputTokenCount": usage["outputTokens"]},
            "inferenceRegion": target.region,
            **({"errorCode": broken} if broken else {}),
        }
        self._write(call, body, request_id, entry, output)

    def refused(self, call: Call, body: Document, request_id: str, code: str) -> None:
        """A call that was authorised and not answered."""
        self._write(call, body, request_id, {"input": {}, "errorCode": code}, None)

    def _write(self, call: Call, body: Document, request_id: str, entry: Document, output: Document | None) -> None:
        with self._lock.hold():
            config = self._acting.gate.account.backend(
                "bedrock", call.region
            ).get_model_invocation_logging_configuration()
            config = (config or {}).get("loggingConfig", config) or {}
            identity = self._identity(call)
        target = config.get("cloudWatchConfig")
        if not target:
            return
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = config.get("textDataDeliveryEnabled", True)
        sides = {"input": _body(entry["input"], "input", body if text else None)}
        if output is not None:
            sides["output"] = _body(entry["output"], "output", output if text else None)
        event = {
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
            "timestamp": now,
            "accountId": self._acting.gate.account.id,
            "identity": {"arn": identity},
            "region": call.region,
            "requestId": request_id,
            "operation": call.operation,
            "modelId": str(call.parameters.get("modelId")),
            **entry,
            **sides,
            **({"requestMetadata": body["requestMetadata"]} if body.get("requestMetadata") else {}),
        }
        if may_write(self._acting, call.region, target):
            self._logs.write(call.region, target["logGroupName"], STREAM, json.dumps(event, ensure_ascii=False))

    def _identity(self, call: Call) -> str:
        try:
            return self._acting.gate.callers.find(call.access_key_id or "").principal.arn
        except UnknownKey:
            return ""


def may_write(acting: Acting, region: str, config: Mapping[str, Any]) -> bool:
    """Whether Bedrock may write to a `cloudWatchConfig` with its role, trusted as its guide has it."""
    account = acting.gate.account.id
    group, role = str(config.get("logGroupName")), str(config.get("roleArn"))
    stream = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{STREAM}"
    source = {"aws:SourceArn": (f"arn:aws:bedrock:{region}:{account}:*",), "aws:SourceAccount": (account,)}
    needs = [Need(f"logs:{action}", stream) for action in ("CreateLogStream", "PutLogEvents")]
    assumed = acting.assume("bedrock.amazonaws.com", role, source)
    return assumed.allowed and acting.as_role(role, "bedrock", needs).allowed


def _body(counts: Document, side: str, body: Document | None) -> Document:
    """With the body itself where text is delivered and it is not too large for an event."""
    named = {f"{side}ContentType": "application/json"}
    small = body is not None and len(json.dumps(body)) <= _MOST_BYTES
    return {**named, **({f"{side}BodyJson": body} if small else {}), **counts}
