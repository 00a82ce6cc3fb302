"""The function `authorizer`: decides about the credential of every protected request."""

import logging
from typing import Any

from omnix import aws, clock, deadline, logs, metrics, readiness
from omnix.admission.refusal import RefusedError
from omnix.admission.service import admission

aws.prepare("ssm", "secretsmanager", "dynamodb")
gate = admission()

_logger = logging.getLogger("omnix")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """REQUEST authorizer events, and the direct readiness event.

    The text `Unauthorized` is what API Gateway turns into 401; any other exception, a dependency's among them, is its
    response AUTHORIZER_FAILURE, which is our 503, so that an outage never looks like a bad password.
    """
    deadline.begin(context)
    if event.get("source") == readiness.SOURCE:
        return gate.ready().as_dict()
    started = clock.monotonic()
    refused = failed = 0
    try:
        return gate.admit(event)
    except RefusedError as refusal:
        refused = 1
        _logger.setLevel(gate.log_level())
        _logger.info(logs.line("refused", reason=refusal.reason, **_ids(event)))
        raise Exception("Unauthorized") from None  # noqa: TRY002 - API Gateway knows this text, no type
    except Exception as error:  # noqa: BLE001 - Lambda logs what is raised, and texts of errors repeat what they refuse
        failed = 1
        _logger.error(logs.line("no decision", **logs.failure(error), **_ids(event)))  # noqa: TRY400
        raise Exception("no decision") from None  # noqa: TRY002 - API Gateway knows no type
    finally:
        ms = round((clock.monotonic() - started) * 1000, 1)
        values = {"Requests": 1, "Refusals": refused, metrics.SERVER_ERRORS: failed, metrics.LATENCY: ms}
        metrics.flush({**values, "ColdStart": int(logs.cold_start())})


def _ids(event: dict[str, Any]) -> dict[str, Any]:
    """What binds the line to the gateway's and the function's: the request's id and its route."""
    request = event.get("requestContext") or {}
    return {"request_id": request.get("requestId"), "route": event.get("resource")}
