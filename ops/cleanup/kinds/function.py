"""Lambda functions: code, configuration, aliases, policy and triggers archived; then the whole function goes."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from typing import Any, override

from ops.cleanup.account import pages, present
from ops.cleanup.kinds.removal import Known, Removal, Step
from ops.cleanup.kinds.wiring import create_mapping, delete_mapping, without
from ops.errors import Refused

LATEST = "$LATEST"
_INPUTS = (
    "FunctionName", "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "PackageType", "KMSKeyArn",
    "Architectures", "EphemeralStorage", "FileSystemConfigs", "DeadLetterConfig", "LoggingConfig",
)  # fmt: skip


class FunctionRemoval(Removal):
    """One function with all of its versions. The code of `$LATEST` and of every aliased version is kept."""

    lasting = "its version numbers (Lambda never gives one twice), versions without an alias, provisioned concurrency"

    @property
    def _name(self) -> dict[str, str]:
        return {"FunctionName": self.entry.name}

    def _function(self, qualifier: str | None = None) -> Any:
        more = {"Qualifier": qualifier} if qualifier else {}
        return present(lambda: self.client("lambda").get_function(**self._name, **more))

    @override
    def exists(self) -> bool:
        return self._function() is not None

    @override
    def described(self) -> dict[str, Any]:
        aws = self.client("lambda")
        latest = self._function()
        aliases = pages(aws, "list_aliases", "Aliases", **self._name)
        policy = present(lambda: aws.get_policy(**self._name))
        return {
            "configuration": latest["Configuration"],
            "tags": latest.get("Tags", {}),
            "concurrency": latest.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "aliases": aliases,
            "policy": json.loads(policy["Policy"])["Statement"] if policy else [],
            "alias_policies": {one["Name"]: self._alias_policy(one["Name"]) for one in aliases},
            "url": self._url(),
            "invoke": present(lambda: without(aws.get_function_event_invoke_config(**self._name))),
            "mappings": pages(aws, "list_event_source_mappings", "EventSourceMappings", **self._name),
        }

    def _alias_policy(self, alias: str) -> list[Any]:
        found = present(lambda: self.client("lambda").get_policy(**self._name, Qualifier=alias))
        statements: list[Any] = json.loads(found["Policy"])["Statement"] if found else []
        return statements

    def _url(self) -> Any:
        found = present(lambda: self.client("lambda").get_function_url_config(**self._name))
        return {name: found[name] for name in ("AuthType", "Cors", "InvokeMode") if name in found} if found else None

    @override
    def securing(self) -> list[Step]:
        return [*super().securing(), Step("archive code", self._archive_code)]

    def _archive_code(self, known: Known) -> dict[str, Any]:
        versions = {LATEST, *(one["FunctionVersion"] for one in self.archived(known)["aliases"])}
        return {"code": {version: self._code(version) for version in sorted(versions)}}

    def _code(self, version: str) -> dict[str, str]:
        found = self._function(version)
        code = found.get("Code", {})
        if code.get("RepositoryType") == "ECR":
            # The image stays in its repository; the digest, unlike a tag, means the same one for ever.
            return {"image": code.get("ResolvedImageUri") or code["ImageUri"]}
        if not code.get("Location"):
            raise Refused(f"{self.entry}: Lambda gives no address for the code of {version}", "nothing was removed")
        content = self.account.download(code["Location"])
        expected = found["Configuration"]["CodeSha256"]
        if b64encode(hashlib.sha256(content).digest()).decode() != expected:
            raise Refused(f"{self.entry}: the code of {version} did not come whole", "run again")
        return self.account.archive.keep(self.file(f"-{version.strip('$').lower()}.zip"), content)

    @override
    def proof(self, known: Known) -> None:
        super().proof(known)
        for kept in known.get("code", {}).values():
            if "file" in kept:
                self.account.archive.content(kept)
        if LATEST not in known.get("code", {}):
            raise Refused(f"{self.entry}: its code was not archived", "run again")

    @override
    def removing(self) -> list[Step]:
        return [Step("delete event-source mappings", self._delete_mappings), Step("delete function", self._delete)]

    def _delete_mappings(self, known: Known) -> None:
        # DeleteFunction leaves them, and a namesake of the function would be fed by them.
        for mapping in self.archived(known)["mappings"]:
            delete_mapping(self, mapping["UUID"])

    def _delete(self, _: Known) -> None:
        present(lambda: self.account.settled(lambda: self.client("lambda").delete_function(**self._name)))

    @override
    def undoing(self) -> list[Step]:
        return [
            Step("create function", self._create),
            Step("put settings back", self._settings),
            Step("create aliases", self._aliases),
            Step("create event-source mappings", self._create_mappings),
        ]

    def _create(self, known: Known) -> None:
        if self.exists():
            return
        archived = self.archived(known)
        inputs = self._inputs(archived["configuration"])
        # A role that came back seconds ago cannot be assumed everywhere yet.
        self.account.settled(
            lambda: self.client("lambda").create_function(
                **inputs, Code=self._package(known, LATEST), Tags=archived["tags"]
            ),
            {"InvalidParameterValueException"},
        )
        self._ready()

    def _ready(self) -> None:
        def ready() -> bool:
            found = self._function()["Configuration"]
            return not (found.get("State") == "Pending" or found.get("LastUpdateStatus") == "InProgress")

        self.account.until(f"{self.entry} being ready", ready, 300)

    def _inputs(self, configuration: dict[str, Any]) -> dict[str, Any]:
        inputs = {name: configuration[name] for name in _INPUTS if configuration.get(name)}
        if variables := configuration.get("Environment", {}).get("Variables"):
            inputs["Environment"] = {"Variables": variables}
        if layers := configuration.get("Layers"):
            inputs["Layers"] = [one["Arn"] for one in layers]
        if (tracing := configuration.get("TracingConfig", {})).get("Mode"):
            inputs["TracingConfig"] = {"Mode": tracing["Mode"]}
        if (network := configuration.get("VpcConfig") or {}).get("SubnetIds"):
            inputs["VpcConfig"] = {name: network[name] for name in ("SubnetIds", "SecurityGroupIds")}
        if (snap := configuration.get("SnapStart", {}).get("ApplyOn", "None")) != "None":
            inputs["SnapStart"] = {"ApplyOn": snap}
        if image := configuration.get("ImageConfigResponse", {}).get("ImageConfig"):
            inputs["ImageConfig"] = image
        return inputs

    def _package(self, known: Known, version: str) -> dict[str, Any]:
        kept = known["code"][version]
        return {"ImageUri": kept["image"]} if "image" in kept else {"ZipFile": self.account.archive.content(kept)}

    def _settings(self, known: Known) -> None:
        archived, aws = self.archived(known), self.client("lambda")
        if archived["concurrency"] is not None:
            aws.put_function_concurrency(**self._name, ReservedConcurrentExecutions=archived["concurrency"])
        if archived["url"] and not self._url():
            aws.create_function_url_config(**self._name, **archived["url"])
        if invoke := archived["invoke"]:
            fields = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
            aws.put_function_event_invoke_config(**self._name, **{one: invoke[one] for one in fields if one in invoke})
        self._permit(archived["policy"])

    def _permit(self, statements: list[dict[str, Any]], **qualifier: str) -> None:
        aws = self.client("lambda")
        there = present(lambda: aws.get_policy(**self._name, **qualifier))
        known = {one["Sid"] for one in json.loads(there["Policy"])["Statement"]} if there else set()
        for statement in statements:
            if statement["Sid"] not in known:
                aws.add_permission(**self._name, **qualifier, **permission(statement))

    def _aliases(self, known: Known) -> None:
        archived, aws = self.archived(known), self.client("lambda")
        missing = [one for one in archived["aliases"] if not self._has_alias(one["Name"])]
        for version in sorted({one["FunctionVersion"] for one in missing}):
            number = version if version == LATEST else self._published(known, version)
            for alias in (one for one in missing if one["FunctionVersion"] == version):
                aws.create_alias(
                    **self._name, Name=alias["Name"], FunctionVersion=number, Description=alias.get("Description", "")
                )
        for alias, statements in archived["alias_policies"].items():
            self._permit(statements, Qualifier=alias)

    def _has_alias(self, name: str) -> bool:
        return present(lambda: self.client("lambda").get_alias(**self._name, Name=name)) is not None

    def _published(self, known: Known, version: str) -> str:
        """A new version with an old one's code; `$LATEST` gets its own code back."""
        aws, codes = self.client("lambda"), known["code"]
        if codes[version] == codes[LATEST] or codes[version].get("sha256") == codes[LATEST].get("sha256"):
            self._ready()
            return str(aws.publish_version(**self._name)["Version"])
        number = ""
        for code, publish in ((version, True), (LATEST, False)):
            aws.update_function_code(**self._name, **self._package(known, code))
            self._ready()
            if publish:
                number = str(aws.publish_version(**self._name)["Version"])
        return number

    def _create_mappings(self, known: Known) -> None:
        for mapping in self.archived(known)["mappings"]:
            create_mapping(self, mapping)


def permission(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement of a function's policy as what AddPermission takes."""
    principal = statement["Principal"]
    who = principal if isinstance(principal, str) else principal.get("Service") or principal.get("AWS")
    found = {"StatementId": statement["Sid"], "Action": statement["Action"], "Principal": who}
    inputs = {
        "aws:sourcearn": "SourceArn",
        "aws:sourceaccount": "SourceAccount",
        "aws:principalorgid": "PrincipalOrgID",
        "lambda:functionurlauthtype": "FunctionUrlAuthType",
        "lambda:eventsourcetoken": "EventSourceToken",
    }
    for conditions in statement.get("Condition", {}).values():
        found |= {inputs[key.lower()]: value for key, value in conditions.items() if key.lower() in inputs}
        lowered = {key.lower(): value for key, value in conditions.items()}
        if via := lowered.get("lambda:invokedviafunctionurl"):  # without it everybody could call, and not by the URL
            found["InvokedViaFunctionUrl"] = str(via).lower() == "true"
    return found
