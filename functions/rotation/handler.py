"""The function `rotation`: Secrets Manager's steps, the first value of a secret, and readiness."""

from typing import Any

from omnix import aws, deadline, readiness
from omnix.rotation.steps import Rotation
from omnix.settings import RotationSettings, load

INITIALISE = "omnix.initialise"

rotation = Rotation(aws.client("secretsmanager"), load(RotationSettings).rotation_secret_ids)


def handler(event: dict[str, Any], context: object) -> dict[str, Any] | None:
    """A step of a rotation, or one of the platform's direct events. Never returns a value of a secret."""
    deadline.begin(context)
    source = event.get("source")
    if source == readiness.SOURCE:
        return rotation.ready().as_dict()
    if source == INITIALISE:
        return {"written": rotation.initialise(str(event.get("secret_id", "")))}
    rotation.run(event)
    return None
