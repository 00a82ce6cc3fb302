"""The function `auth`: identity routes; alone may read the refresh secret and password hashes."""

from typing import Any

from omnix import aws, deadline, http, readiness
from omnix.identity import service
from omnix.identity.routes import router as identity
from omnix.parameters import parameters

service.settings()
aws.prepare("ssm", "dynamodb", "secretsmanager")
app = http.application(identity)


def handler(event: dict[str, Any], context: object) -> Any:
    """REST proxy events, and the direct readiness event."""
    deadline.begin(context)
    if event.get("source") == readiness.SOURCE:
        return service.ready().as_dict()
    return http.serve(app, parameters(), event, context)
