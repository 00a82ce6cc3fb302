"""The function `worker`: what follows a write, from the tables' streams."""

from typing import Any

from omnix import aws, clock, deadline, logs, metrics, readiness, tables
from omnix.events.consumer import consume
from omnix.events.reactions import reactions
from omnix.events.source import Source
from omnix.parameters import parameters
from omnix.probes import table_probes
from omnix.settings import FunctionSettings, load

settings = load(FunctionSettings)
aws.prepare("ssm", "dynamodb")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A batch of a table's stream (`ReportBatchItemFailures`), and the direct readiness event."""
    deadline.begin(context)
    if event.get("source") == readiness.SOURCE:
        return readiness.report(
            "worker", table_probes("analytics", "customer-profiles", batches=("recommendations",))
        ).as_dict()
    started = clock.monotonic()
    logs.configure(parameters())
    source = Source(f"omnix-ai-{settings.environment}-", tables.current)
    answer = consume(event, source, reactions(), context.get_remaining_time_in_millis)
    handed_back = len(answer["batchItemFailures"])
    values = {
        "Requests": 1,
        "Records": len(event["Records"]),
        "BatchesHandedBack": handed_back,
        metrics.LATENCY: round((clock.monotonic() - started) * 1000, 1),
        "ColdStart": int(logs.cold_start()),
    }
    metrics.flush(values)
    return answer
