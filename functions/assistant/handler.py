"""The function `assistant`: chat and insights on Bedrock, their usage, and MCP."""

from typing import Any

from omnix import aws, deadline, http, readiness
from omnix.mcp.routes import router as mcp
from omnix.parameters import parameters
from omnix.probes import table_probes
from omnix.settings import ApiSettings, load

load(ApiSettings)
aws.prepare("ssm", "dynamodb")
app = http.application(mcp)


def handler(event: dict[str, Any], context: object) -> Any:
    """REST proxy events, and the direct readiness event."""
    deadline.begin(context)
    if event.get("source") == readiness.SOURCE:
        return readiness.report("assistant", table_probes("analytics", "sessions")).as_dict()
    return http.serve(app, parameters(), event, context)
