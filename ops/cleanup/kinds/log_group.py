"""Log groups: their events are written to a file before they go, up to a stated size."""

from __future__ import annotations

import gzip
import json
from typing import Any, override

from botocore.exceptions import ClientError

from ops.cleanup.account import code, pages, present
from ops.cleanup.kinds.removal import Known, Removal, Step

# FilterLogEvents gives 1 MB a page and few pages a second: beyond this an export to S3 is the right way.
MAX_BYTES = 256 * 1024 * 1024
STANDARD = "STANDARD"
_SUBSCRIPTION_INPUTS = (
    "filterName", "filterPattern", "destinationArn", "roleArn", "distribution", "applyOnTransformedLogs",
)  # fmt: skip
_METRIC_INPUTS = ("filterName", "filterPattern", "metricTransformations", "applyOnTransformedLogs")


class LogGroupRemoval(Removal):
    """One log group with its settings and its events."""

    lasting = (
        "its events come back as the file of the archive, not into CloudWatch, which takes none older than 14 days"
    )

    @property
    def _name(self) -> dict[str, str]:
        return {"logGroupName": self.entry.name}

    def _group(self) -> Any:
        groups = pages(self.client("logs"), "describe_log_groups", "logGroups", logGroupNamePrefix=self.entry.name)
        return next((one for one in groups if one["logGroupName"] == self.entry.name), None)

    @override
    def exists(self) -> bool:
        return self._group() is not None

    @override
    def obstacles(self) -> list[str]:
        group = self._group() or {}
        reasons = []
        if (stored_as := group.get("logGroupClass", STANDARD)) != STANDARD:
            reasons.append(
                f"it is of class {stored_as}, whose events FilterLogEvents does not give: keep what "
                "somebody needs by a query of CloudWatch Logs Insights, and delete it yourself"
            )
        if group.get("deletionProtectionEnabled"):
            reasons.append("its deletion protection is on: whoever switched it on switches it off")
        if (stored := group.get("storedBytes", 0)) > MAX_BYTES:
            reasons.append(
                f"it holds {stored / 1e6:.0f} MB: export it to S3 (aws logs create-export-task) and let its retention "
                f"empty it below {MAX_BYTES / 1e6:.0f} MB, or delete it yourself"
            )
        return reasons

    @override
    def described(self) -> dict[str, Any]:
        logs = self.client("logs")
        group = self._group()
        tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        return {
            "group": group,
            "tags": tags,
            "subscriptions": pages(logs, "describe_subscription_filters", "subscriptionFilters", **self._name),
            "metrics": pages(logs, "describe_metric_filters", "metricFilters", **self._name),
        }

    @override
    def securing(self) -> list[Step]:
        return [*super().securing(), Step("export events", self._export)]

    def _export(self, _: Known) -> dict[str, Any]:
        events = pages(self.client("logs"), "filter_log_events", "events", **self._name)
        lines = b"".join(json.dumps(one, sort_keys=True).encode() + b"\n" for one in events)
        kept = self.account.archive.keep(self.file(".ndjson.gz"), gzip.compress(lines, mtime=0))
        return {"events": kept, "event_count": len(events)}

    @override
    def proof(self, known: Known) -> None:
        super().proof(known)
        self.account.archive.content(known["events"])

    @override
    def removing(self) -> list[Step]:
        return [Step("delete log group", self._delete)]

    def _delete(self, _: Known) -> None:
        present(lambda: self.account.settled(lambda: self.client("logs").delete_log_group(**self._name)))

    @override
    def undoing(self) -> list[Step]:
        return [Step("create log group", self._create)]

    def _create(self, known: Known) -> None:
        archived, logs = self.archived(known), self.client("logs")
        group = archived["group"]
        more = {"kmsKeyId": group["kmsKeyId"]} if group.get("kmsKeyId") else {}
        if archived["tags"]:
            more["tags"] = archived["tags"]
        try:
            logs.create_log_group(**self._name, **more)
        except ClientError as error:
            if code(error) != "ResourceAlreadyExistsException":  # a function that came back may have made it
                raise
        if days := group.get("retentionInDays"):
            logs.put_retention_policy(**self._name, retentionInDays=days)
        for one in archived["subscriptions"]:
            logs.put_subscription_filter(**self._name, **{key: one[key] for key in _SUBSCRIPTION_INPUTS if key in one})
        for one in archived["metrics"]:
            logs.put_metric_filter(**self._name, **{key: one[key] for key in _METRIC_INPUTS if key in one})
