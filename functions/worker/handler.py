"""The function `worker`: what follows a write, from the tables' streams."""

import logging
from typing import Any

from omnix import aws, deadline, readiness
from omnix.events.consumer import consume
from omnix.events.reactions import reactions
from omnix.parameters import LOG_LEVEL, parameters
from omnix.probes import table_probes
from omnix.settings import FunctionSettings, load

settings = load(FunctionSettings)
aws.prepare("ssm", "dynamodb")

_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A batch of a table's stream (`ReportBatchItemFailures`), and the direct readiness event."""
    deadline.begin(context)
    if event.get("source") == readiness.SOURCE:
        return readiness.report("worker", table_probes("analytics")).as_dict()
    level = parameters().get(LOG_LEVEL).upper()
    if level in _LEVELS:
        logging.getLogger("omnix").setLevel(level)
    prefix = f"omnix-ai-{settings.environment}-"
    return consume(event, prefix, reactions(), context.get_remaining_time_in_millis)
