"""AWS Systems Manager Parameter Store."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.tagging import SSM
from localcloud.provider.wire import Properties


class Parameter(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:ssm/parameter:Parameter"
    label = Label.EXECUTED
    remove = ("ssm", "delete_parameter", "Name")
    naming = Naming(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", 1011)
    tagging = SSM
    importable = True
    secret_outputs = frozenset({"value"})
    filled = frozenset({"arn", "dataType", "tier"})
    local_only = frozenset({"overwrite"})
    defaults: ClassVar = {"tier": "Standard", "dataType": "text", "keyId": "alias/aws/ssm"}

    def create(self, scope: Scope, inputs: Properties) -> str:
        self._put(scope, inputs, overwrite=bool(inputs.get("overwrite")))
        return str(inputs["name"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        keys = ("type", "value", "insecureValue", "valueWoVersion", "description", "tier", "keyId", "allowedPattern")
        if olds and any(news.get(key) != olds.get(key) for key in keys if key in news or key == "description"):
            self._put(scope, news, overwrite=True)

    def _put(self, scope: Scope, inputs: Properties, *, overwrite: bool) -> None:
        given: dict[str, Any] = {
            "Name": inputs["name"],
            "Type": inputs["type"],
            "Value": str(inputs.get("value") or inputs.get("insecureValue") or inputs.get("valueWo")),
            "Description": inputs.get("description", ""),
            "Tier": inputs.get("tier", "Standard"),
            "Overwrite": overwrite,
        }
        if inputs["type"] == "SecureString" and "keyId" in inputs:
            given["KeyId"] = inputs["keyId"]
        if "allowedPattern" in inputs:
            given["AllowedPattern"] = inputs["allowedPattern"]
        scope.client("ssm").put_parameter(**given)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        ssm = scope.client("ssm")
        found = ssm.get_parameter(Name=id, WithDecryption=True)["Parameter"]
        rows = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [id]}])["Parameters"]
        row = rows[0] if rows else {}
        value = "insecureValue" if state.get("insecureValue") else "value"
        return {
            "arn": found["ARN"],
            "name": id,
            "type": found["Type"],
            value: None if "valueWo" in state else found["Value"],
            "version": found["Version"],
            "dataType": found.get("DataType", "text"),
            "description": row.get("Description") or "",
            "tier": row.get("Tier", "Standard"),
            "keyId": row.get("KeyId") if found["Type"] == "SecureString" else None,
            "hasValueWo": "valueWo" in state,
        }

    def volatile(self, olds: Properties, changed: frozenset[str]) -> frozenset[str]:
        return frozenset({"version"}) if changed - {"tags", "tagsAll"} else frozenset()

    def tagged(self, id: str, state: Properties) -> str:
        return id


TYPES = (Parameter(),)
