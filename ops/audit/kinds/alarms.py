"""CloudWatch alarms: what watches a resource that goes must go before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.ALARM,)


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's metric and composite alarms, or the one named `only`."""
    narrowed: dict[str, Any] = {"AlarmNames": [only]} if only else {}
    pages = reader.raw(
        "cloudwatch", "describe_alarms", region, KINDS, AlarmTypes=["MetricAlarm", "CompositeAlarm"], **narrowed
    )
    for alarm in (one for page in pages for key in ("MetricAlarms", "CompositeAlarms") for one in page.get(key) or []):
        facts = chosen(
            alarm, "Namespace", "MetricName", "Dimensions", "Metrics", "AlarmRule", "AlarmActions", "Threshold"
        )
        resource = Resource(
            kind=Kind.ALARM, arn=alarm["AlarmArn"], name=alarm["AlarmName"], region=region,
            account_id=reader.account_id, facts=facts,
            # the last change of the definition is the oldest time that is known
            created_at=moment(alarm.get("AlarmConfigurationUpdatedTimestamp")),
            measures={"state": alarm.get("StateValue")},
        )  # fmt: skip
        yield Seen(resource, _subjects(alarm))


def _subjects(alarm: dict[str, Any]) -> dict[str, str]:
    """Each dimension's value; of metric maths those of all its metrics."""
    queried = [one.get("MetricStat", {}).get("Metric", {}) for one in alarm.get("Metrics") or []]
    rows = [row for metric in (alarm, *queried) for row in metric.get("Dimensions") or []]
    found = {f"dimension {row['Name']}": row["Value"] for row in rows}
    return found | {"rule": json.dumps(alarm.get("AlarmRule") or "")}
