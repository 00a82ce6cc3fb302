"""The function `authorizer`: decides about the credential of every protected request."""

import json
import logging
from typing import Any

from omnix import aws, deadline, readiness
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
    try:
        answer = gate.admit(event)
    except RefusedError as refusal:
        _logger.setLevel(gate.log_level())
        _logger.info(json.dumps({"message": "refused", "reason": refusal.reason}))
        raise Exception("Unauthorized") from None  # noqa: TRY002 - API Gateway knows this text, no type
    return answer
