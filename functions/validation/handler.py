"""The function `validation`: judges the tables that AWS Backup's weekly restore test brings back."""

from typing import Any

from omnix import aws, clock, deadline, logs, metrics, readiness
from omnix.recovery.validation import Validation
from omnix.settings import ValidationSettings, load

settings = load(ValidationSettings)
aws.prepare("backup", "dynamodb")


def handler(event: dict[str, Any], context: object) -> dict[str, Any] | None:
    """EventBridge's `Restore Job State Change`, or the direct readiness event."""
    deadline.begin(context)
    backup, dynamodb = aws.client("backup"), aws.client("dynamodb")
    if event.get("source") == readiness.SOURCE:
        table = f"omnix-ai-{settings.environment}-products"
        probes = {f"table:{table}": lambda: dynamodb.describe_table(TableName=table)}
        return readiness.report("validation", probes).as_dict()
    started = clock.monotonic()
    verdict = Validation(backup, dynamodb, settings.key_arn).validate(event["detail"]["restoreJobId"])
    failed = verdict is not None and not verdict.passed
    metrics.flush(
        {
            "Requests": 1,
            "RestoresValidated": int(verdict is not None),
            "RestoreValidationsFailed": int(failed),
            metrics.LATENCY: round((clock.monotonic() - started) * 1000, 1),
            "ColdStart": int(logs.cold_start()),
        }
    )
    return None if verdict is None else {"status": verdict.status, "message": verdict.message}
