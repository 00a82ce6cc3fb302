"""Audit Manager's frameworks as the API says them; the provider keeps them in the registry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from localcloud.backup.refused import missing
from localcloud.backup.service import Backup
from localcloud.backup.state import Document
from localcloud.endpoint.call import Call
from localcloud.registry import Registry

FRAMEWORK = "backup:framework"


class Frameworks:
    """Read-only, like plans. Nothing fails here as AWS Config's rules may there: what is deployed is complete."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def operations(self) -> Mapping[str, Any]:
        """By botocore's name."""
        return {"DescribeFramework": self._describe}

    def _describe(self, _backup: Backup, call: Call) -> Document:
        name = str(call.parameters["FrameworkName"])
        row = self._registry.get(FRAMEWORK, f"{call.region}/{name}")
        if row is None:
            raise missing(f"Framework {name} not found.")
        inputs, computed = row["inputs"], row["computed"]
        return {
            "FrameworkName": name,
            "FrameworkArn": computed["arn"],
            "FrameworkDescription": inputs.get("description") or "",
            "FrameworkControls": [_control(one) for one in inputs["controls"]],
            "CreationTime": datetime.fromisoformat(computed["creationTime"]),
            "DeploymentStatus": computed["deploymentStatus"],
            "FrameworkStatus": computed["status"],
        }


def _control(given: Mapping[str, Any]) -> Document:
    parameters = [
        {"ParameterName": one["name"], "ParameterValue": one["value"]} for one in given.get("inputParameters") or ()
    ]
    types = (given.get("scope") or {}).get("complianceResourceTypes")
    return {
        "ControlName": given["name"],
        "ControlInputParameters": parameters,
        **({"ControlScope": {"ComplianceResourceTypes": list(types)}} if types else {}),
    }
