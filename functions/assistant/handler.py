"""The function `assistant`: chat and insights on Bedrock, their usage, and MCP."""

from typing import Any

from omnix import aws, deadline, http, readiness
from omnix.assistant.calling import SILENCES
from omnix.assistant.readiness import probes
from omnix.assistant.routes import router as assistant
from omnix.costs.guard import guard
from omnix.mcp.routes import router as mcp
from omnix.parameters import parameters
from omnix.settings import ApiSettings, load

SWEEP = "omnix.assistant.sweep"

load(ApiSettings)
aws.prepare("ssm", "dynamodb")
aws.models(SILENCES[0])
app = http.application(assistant, mcp)


def handler(event: dict[str, Any], context: object) -> Any:
    """REST proxy events, the schedule's sweep, and the direct readiness event."""
    deadline.begin(context)
    match event.get("source"):
        case readiness.SOURCE:
            return readiness.report("assistant", probes()).as_dict()
        case source if source == SWEEP:
            return {"ended": guard().sweep()}
    return http.serve(app, parameters(), event, context)
