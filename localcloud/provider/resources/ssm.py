"""AWS Systems Manager Parameter Store."""
# ruff: noqa: A002, ARG002, D101, D102, PLR2004 - `ResourceType` says what each method does

from collections.abc import Iterable
from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, Violation
from localcloud.provider.tagging import SSM
from localcloud.provider.wire import Properties

_BYTES = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


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
    choices: ClassVar = {"type": ("String", "StringList", "SecureString"), "tier": _BYTES}
    exclusive = (("value", "insecureValue", "valueWo"),)

    def check(self, inputs: Properties) -> Iterable[Violation]:
        if inputs.get("type") == "SecureString" and "insecureValue" in inputs:
            yield "insecureValue", "a SecureString takes value"
        limit = _BYTES.get(inputs.get("tier", "Standard"), 8192)
        for key in ("value", "insecureValue", "valueWo"):
            text = inputs.get(key)
            if isinstance(text, str) and not 1 <= len(text.encode()) <= limit:
                yield key, f"{len(text.encode())} bytes; the tier takes 1 to {limit}"
        name = str(inputs.get("name", ""))
        if name.count("/") > 15:
            yield "name", "AWS takes 15 levels at most"
        if name.strip("/").lower().startswith(("aws", "ssm")):
            yield "name", "a parameter's name must not begin with aws or ssm"

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
