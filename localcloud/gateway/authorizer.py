"""Lambda authorizers: identity sources, the result cache, the policy, the context."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from localcloud.functions.invocation import InvokeRefused
from localcloud.functions.runtime import FunctionRuntime
from localcloud.gateway.api import Authorizer
from localcloud.gateway.context import Exchange
from localcloud.gateway.errors import GatewayError, request_value
from localcloud.gateway.events import authorizer_event
from localcloud.gateway.permission import Permissions
from localcloud.gateway.policy import MalformedPolicyError, decide

_EXPLICIT = "User is not authorized to access this resource with an explicit deny"


@dataclass(frozen=True)
class Verdict:
    """What an authorizer returned, and until when (monotonic seconds) it may be used again."""

    principal: str
    policy: Any
    context: dict[str, Any]
    usage_key: str | None
    until: float


class Authorizers:
    """Calls authorizers and keeps their verdicts, by stage, authorizer and identity, for the TTL."""

    def __init__(self, runtime: FunctionRuntime, permissions: Permissions) -> None:
        self._runtime = runtime
        self._permissions = permissions
        self._cache: dict[tuple[str, ...], Verdict] = {}

    async def authorize(self, authorizer: Authorizer, exchange: Exchange) -> str | None:
        """Fill the exchange's authorizer context; the usage key that the verdict names. Raises `GatewayError`."""
        identity = _identity(authorizer, exchange)
        started = time.monotonic()
        key = (exchange.api.id, exchange.stage_name, authorizer.name, *identity)
        verdict = self._cache.get(key) if authorizer.ttl and identity else None
        if verdict is None or verdict.until < started:
            verdict = await self._ask(authorizer, exchange)
            if authorizer.ttl and identity:
                self._remember(key, verdict)
        latency = int((time.monotonic() - started) * 1000)
        exchange.authorizer = {**verdict.context, "principalId": verdict.principal, "integrationLatency": latency}
        exchange.variables |= {f"authorizer.{name}": value for name, value in verdict.context.items()}
        exchange.variables |= {"authorizer.principalId": verdict.principal, "authorizer.latency": str(latency)}
        self._enforce(verdict, exchange)
        return verdict.usage_key

    def _remember(self, key: tuple[str, ...], verdict: Verdict) -> None:
        if len(self._cache) > 10_000:  # noqa: PLR2004 - a test with as many callers must not grow for ever
            now = time.monotonic()
            self._cache = {key: kept for key, kept in self._cache.items() if kept.until > now}
        self._cache[key] = verdict

    async def _ask(self, authorizer: Authorizer, exchange: Exchange) -> Verdict:
        self._permissions.require(
            authorizer.function_arn,
            f"{exchange.api_arn()}/authorizers/{authorizer.id}",
            "AUTHORIZER_CONFIGURATION_ERROR",
        )
        event = authorizer_event(exchange)
        if authorizer.kind == "TOKEN":
            token = request_value(authorizer.sources[0], exchange)
            event = {"type": "TOKEN", "methodArn": event["methodArn"], "authorizationToken": token}
        try:
            result = await self._runtime.call(authorizer.function_arn, None, json.dumps(event).encode())
        except InvokeRefused as refusal:
            raise GatewayError("AUTHORIZER_FAILURE", detail=refusal.message) from refusal
        answer = _json(result.payload)
        exchange.variables["authorizer.status"] = "500" if result.function_error else "200"
        if result.function_error:
            message = answer.get("errorMessage") if isinstance(answer, dict) else None
            exchange.variables["authorizer.error"] = str(message)
            if message == "Unauthorized":
                raise GatewayError("UNAUTHORIZED")
            raise GatewayError("AUTHORIZER_FAILURE", detail=result.payload.decode("utf-8", "replace"))
        return _verdict(answer, time.monotonic() + authorizer.ttl)

    def _enforce(self, verdict: Verdict, exchange: Exchange) -> None:
        try:
            decision = decide(verdict.policy, exchange.method_arn(), exchange.source_ip)
        except MalformedPolicyError as error:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail=str(error)) from error
        if decision != "allow":
            raise GatewayError("ACCESS_DENIED", message=_EXPLICIT if decision == "deny" else None)


def _identity(authorizer: Authorizer, exchange: Exchange) -> tuple[str, ...]:
    """The identity sources' values. API Gateway answers 401 by itself when one is missing or empty."""
    values = tuple(request_value(source, exchange) or "" for source in authorizer.sources)
    if not all(values):
        raise GatewayError("UNAUTHORIZED")
    if authorizer.validation and not re.fullmatch(authorizer.validation, values[0]):
        raise GatewayError("UNAUTHORIZED")
    return values


def _verdict(answer: Any, until: float) -> Verdict:
    if not isinstance(answer, dict) or not answer.get("principalId") or "policyDocument" not in answer:
        raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail="no principalId or no policyDocument")
    context = answer.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(value, dict | list) for value in context.values()):
        raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail="context holds more than scalars")
    return Verdict(
        principal=str(answer["principalId"]),
        policy=answer["policyDocument"],
        context={name: _text(value) for name, value in context.items() if value is not None},
        usage_key=answer.get("usageIdentifierKey"),
        until=until,
    )


def _text(value: Any) -> str:
    """Context values reach the function as strings: true is `true`, 1 is `1`."""
    return value if isinstance(value, str) else json.dumps(value)


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return None
