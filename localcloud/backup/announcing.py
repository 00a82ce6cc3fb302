"""What AWS Backup tells others: events on the region's default bus, and a vault's notifications to its topic.

Sources: AWS Backup developer guide, "Monitoring AWS Backup events using Amazon EventBridge", "Notification options with
AWS Backup".
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException

from localcloud.backup.state import Document, RegionState, now
from localcloud.enforcement.acting import Acting
from localcloud.persistence.lock import StateLock

_LOG = logging.getLogger(__name__)
_SERVICE = "backup.amazonaws.com"


class Announcer:
    """Tells of a change after it was made. Delivery is best effort, as on AWS: nothing fails because of it."""

    def __init__(self, acting: Acting, lock: StateLock) -> None:
        self._acting = acting
        self._lock = lock

    def event(self, region: str, kind: str, resources: list[str], detail: Mapping[str, Any]) -> None:
        """`kind`: the detail-type; `detail`: what the event says, times as datetimes."""
        entry = {
            "Source": "aws.backup",
            "DetailType": kind,
            "Time": int(now().timestamp()),  # moto makes JSON of it without quotes
            "Resources": resources,
            "Detail": json.dumps(detail, default=_text),
        }
        with self._lock.hold():
            try:
                self._acting.gate.account.backend("events", region).put_events([entry])
            except (ServiceException, KeyError) as error:
                _LOG.warning("%s in %s: no event: %s", kind, region, error)

    def notification(self, region: str, state: RegionState, vault: Document, event: str, message: Document) -> None:
        """`event`: BACKUP_JOB_COMPLETED …; `vault`: its name and ARN; `message`: text and attributes."""
        wanted = state.notifications.get(vault["BackupVaultName"])
        if wanted is None or event not in wanted["BackupVaultEvents"]:
            return
        topic = str(wanted["SNSTopicArn"])
        decision = self._acting.send(_SERVICE, topic, vault["BackupVaultArn"])
        if not decision.allowed:
            _LOG.warning("%s: not told of %s: %s", topic, event, decision.message)
            return
        attributes = {name: {"Type": "String", "Value": str(value)} for name, value in message["attributes"].items()}
        with self._lock.hold():
            try:
                self._acting.gate.account.backend("sns", region).publish(
                    message["text"],
                    arn=topic,
                    subject="Notification from AWS Backup",
                    message_attributes=attributes,
                )
            except ServiceException as error:
                _LOG.warning("%s: not told of %s: %s", topic, event, error)


def _text(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)
