"""One request on its way through the gateway, and the `$context` variables that it fills."""

import datetime
import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from localcloud.gateway.api import Api, Method

Pairs = list[tuple[str, str]]
# A full stop after a variable ends the sentence; it is not part of the name.
_VARIABLE = re.compile(r"\$(?:context\.(?P<context>\w+(?:\.[\w-]+)*)|stageVariables\.(?P<stage>\w+))")
# What does not look like one is replaced (X-Ray developer guide, "Tracing header").
_TRACE = re.compile(r"(?:[A-Za-z]+=[A-Za-z0-9:.-]+;)*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;[A-Za-z]+=[A-Za-z0-9:.-]+)*")
_UNSUPPORTED = re.compile(r"#(?:set|if|foreach|else|end)\b|\$(?:input|util)\b")


class UnsupportedTemplateError(Exception):
    """A mapping template uses more of VTL than the gateway speaks; the message names it."""


@dataclass
class Exchange:
    """A request as received, what the gateway found out about it, and `$context` so far.

    `path` is the path below the stage, percent-encoded as sent; `headers` and `query` keep order and repeats.
    """

    verb: str
    path: str
    query_string: str
    headers: Pairs
    body: bytes
    source_ip: str
    protocol: str
    host: str
    api: Api
    stage: dict[str, Any]
    account_id: str
    region: str
    method: Method | None = None
    path_parameters: dict[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] = field(default_factory=dict)
    api_key: tuple[str, str] | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_id: str = field(default_factory=lambda: secrets.token_urlsafe(11) + "=")
    started: float = field(default_factory=time.time)
    trace_id: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sent = self.header("X-Amzn-Trace-Id") or ""
        self.trace_id = sent if _TRACE.fullmatch(sent) else f"Root=1-{int(self.started):08x}-{secrets.token_hex(12)}"
        moment = datetime.datetime.fromtimestamp(self.started, datetime.UTC)
        self.variables = {
            "accountId": self.account_id,
            "apiId": self.api.id,
            "deploymentId": self.api.deployment_id,
            "domainName": self.host.partition(":")[0],
            "domainPrefix": self.api.id,
            "extendedRequestId": self.extended_id,
            "httpMethod": self.verb,
            "identity.sourceIp": self.source_ip,
            "identity.userAgent": self.header("User-Agent") or "",
            "path": f"/{self.stage_name}{self.path}",
            "protocol": self.protocol,
            "requestId": self.request_id,
            "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": str(int(self.started * 1000)),
            "stage": self.stage_name,
            "xrayTraceId": self.trace_id.removeprefix("Root=").partition(";")[0],
        }

    @property
    def stage_name(self) -> str:
        """The stage's name."""
        return str(self.stage["stage_name"])

    @property
    def query(self) -> Pairs:
        """The query's parameters, decoded."""
        # a semicolon ends a parameter too ("important notes for REST APIs", developer guide)
        return parse_qsl(self.query_string.replace(";", "&"), keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in reversed(self.headers) if key.lower() == wanted), None)

    def found(self, method: Method, parameters: dict[str, str]) -> None:
        """The route is known now."""
        self.method, self.path_parameters = method, parameters
        self.variables |= {"resourcePath": method.resource, "resourceId": method.resource_id}

    def method_arn(self) -> str:
        """The ARN of this very call: `…:{api}/{stage}/{METHOD}/{path}`."""
        return f"{self.api_arn()}/{self.stage_name}/{self.verb}/{self.path.removeprefix('/')}"

    def api_arn(self) -> str:
        """`arn:aws:execute-api:{region}:{account}:{api}`."""
        return f"arn:aws:execute-api:{self.region}:{self.account_id}:{self.api.id}"


def render(
    template: str, exchange: Exchange, *, missing: str = "", written: Callable[[str], str] = lambda text: text
) -> str:
    """A template with its `$context` and `$stageVariables` filled in; `missing` stands for unknown ones.

    `written` is how a value is written into the text around it.
    """
    if (construct := _UNSUPPORTED.search(template)) is not None:
        raise UnsupportedTemplateError(f"mapping templates with {construct[0]} are not supported here")

    def value(match: re.Match[str]) -> str:
        if match["context"]:
            return written(exchange.variables.get(match["context"], missing))
        return written(str((exchange.stage.get("variables") or {}).get(match["stage"], missing)))

    return _VARIABLE.sub(value, template)
