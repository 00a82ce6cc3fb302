"""Plans, their selections and restore tests as the API says them; the provider keeps them in the registry."""

from collections.abc import Mapping
from typing import Any

from localcloud.backup.listing import page
from localcloud.backup.refused import missing
from localcloud.backup.service import Backup
from localcloud.backup.state import Document
from localcloud.endpoint.call import Call
from localcloud.registry import Registry

PLAN, SELECTION = "backup:plan", "backup:selection"
_RULE = {
    "ruleName": "RuleName",
    "targetVaultName": "TargetBackupVaultName",
    "schedule": "ScheduleExpression",
    "scheduleExpressionTimezone": "ScheduleExpressionTimezone",
    "startWindow": "StartWindowMinutes",
    "completionWindow": "CompletionWindowMinutes",
    "enableContinuousBackup": "EnableContinuousBackup",
    "recoveryPointTags": "RecoveryPointTags",
}


class Plans:
    """Read-only: a plan is changed through what deploys it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def operations(self) -> Mapping[str, Any]:
        """By botocore's name."""
        return {
            "ListBackupPlans": self._list,
            "GetBackupPlan": self._get,
            "ListBackupSelections": self._selections,
            "GetBackupSelection": self._selection,
        }

    def _rows(self, kind: str, region: str) -> dict[str, Document]:
        found = self._registry.all(kind)
        return {key.partition("/")[2]: row for key, row in found.items() if key.startswith(f"{region}/")}

    def _plan(self, call: Call) -> Document:
        row = self._rows(PLAN, call.region).get(str(call.parameters["BackupPlanId"]))
        if row is None:
            raise missing("Failed reading Backup plan with provided version")
        return row

    def _list(self, _backup: Backup, call: Call) -> Document:
        rows = [
            {
                "BackupPlanArn": row["computed"]["arn"],
                "BackupPlanId": id_,
                "BackupPlanName": row["inputs"]["name"],
                "VersionId": row["computed"]["version"],
            }
            for id_, row in self._rows(PLAN, call.region).items()
        ]
        return page(rows, call.parameters, "BackupPlansList")

    def _get(self, _backup: Backup, call: Call) -> Document:
        row = self._plan(call)
        rules = [_rule(rule) for rule in row["inputs"]["rules"]]
        return {
            "BackupPlan": {"BackupPlanName": row["inputs"]["name"], "Rules": rules},
            "BackupPlanId": call.parameters["BackupPlanId"],
            "BackupPlanArn": row["computed"]["arn"],
            "VersionId": row["computed"]["version"],
        }

    def _selections(self, _backup: Backup, call: Call) -> Document:
        self._plan(call)
        rows = [
            {
                "SelectionId": id_,
                "SelectionName": row["inputs"]["name"],
                "BackupPlanId": row["inputs"]["planId"],
                "IamRoleArn": row["inputs"]["iamRoleArn"],
            }
            for id_, row in self._rows(SELECTION, call.region).items()
            if row["inputs"]["planId"] == call.parameters["BackupPlanId"]
        ]
        return page(rows, call.parameters, "BackupSelectionsList")

    def _selection(self, _backup: Backup, call: Call) -> Document:
        row = self._rows(SELECTION, call.region).get(str(call.parameters["SelectionId"]))
        if row is None or row["inputs"]["planId"] != call.parameters["BackupPlanId"]:
            raise missing("Failed reading backup selection")
        inputs = row["inputs"]
        selection = {
            "SelectionName": inputs["name"],
            "IamRoleArn": inputs["iamRoleArn"],
            "Resources": list(inputs.get("resources") or ()),
            "NotResources": list(inputs.get("notResources") or ()),
        }
        kept = ("SelectionId", "BackupPlanId")
        return {"BackupSelection": selection, **{name: call.parameters[name] for name in kept}}


def _rule(rule: Mapping[str, Any]) -> Document:
    made = {said: rule[name] for name, said in _RULE.items() if rule.get(name) is not None}
    for name in ("StartWindowMinutes", "CompletionWindowMinutes"):
        if name in made:
            made[name] = int(made[name])
    if lifecycle := _lifecycle(rule.get("lifecycle")):
        made["Lifecycle"] = lifecycle
    made["CopyActions"] = [
        {
            "DestinationBackupVaultArn": one["destinationVaultArn"],
            **({"Lifecycle": kept} if (kept := _lifecycle(one.get("lifecycle"))) else {}),
        }
        for one in rule.get("copyActions") or ()
    ]
    return made


def _lifecycle(given: Mapping[str, Any] | None) -> Document:
    names = {"coldStorageAfter": "MoveToColdStorageAfterDays", "deleteAfter": "DeleteAfterDays"}
    return {said: int(given[name]) for name, said in names.items() if given and given.get(name)}
