"""A stage's access log: one line a request, by the stage's own format."""

import json
from dataclasses import dataclass

from localcloud.functions.logs import LogWriter
from localcloud.gateway.context import Exchange, render
from localcloud.gateway.permission import Permissions


@dataclass(frozen=True)
class Measured:
    """An answer: HTTP status, body's bytes, milliseconds."""

    status: int
    size: int
    latency_ms: int


def write(exchange: Exchange, logs: LogWriter, permissions: Permissions, measured: Measured) -> None:
    """Send the line to the stage's log group, if it has one. Unknown variables are `-`, as on AWS."""
    settings = exchange.stage.get("access_log")
    if not settings:
        return
    exchange.variables |= {
        "status": str(measured.status),
        "responseLength": str(measured.size),
        "responseLatency": str(measured.latency_ms),
    }
    # arn:aws:logs:region:account:log-group:name[:*]
    group = settings["destination_arn"].split(":log-group:", 1)[-1].removesuffix(":*")
    # one stream an API and stage; AWS spreads them over many
    stream = f"{exchange.api.id}-{exchange.stage_name}"
    if not permissions.may_log(group, stream):
        return
    line = render(settings["format"], exchange, missing="-", written=_inside_quotes)
    logs.write(exchange.region, group, stream, line)


def _inside_quotes(value: str) -> str:
    """A value as it stands inside a JSON string, so that no caller can forge a field or a line."""
    return json.dumps(value)[1:-1]
