"""REST APIs: exported as OpenAPI 3.0 with their integrations, with stages, plans and domain mappings."""

from __future__ import annotations

import json
from typing import Any, override

from ops.cleanup.account import pages, present
from ops.cleanup.kinds.admission import functions_in, readmit
from ops.cleanup.kinds.removal import Known, Removal, Step
from ops.cleanup.kinds.rest_api_rebuilding import described_parts, rebuilt
from ops.errors import Refused

# UpdateStage's paths of what CreateStage does not take.
_STAGE_INPUTS = (
    "stageName",
    "description",
    "cacheClusterEnabled",
    "cacheClusterSize",
    "variables",
    "tracingEnabled",
    "tags",
)
_UNPRINTED = ("ResponseMetadata",)


class RestApiRemoval(Removal):
    """One REST API with its stages; `name` is its id. Usage plans, keys and custom domains themselves stay."""

    lasting = "its id and its address: it comes back under new ones, and callers must be told"

    @property
    def _id(self) -> dict[str, str]:
        return {"restApiId": self.entry.name}

    def _api(self) -> Any:
        return present(lambda: self.client("apigateway").get_rest_api(**self._id))

    @override
    def exists(self) -> bool:
        return self._api() is not None

    @override
    def described(self) -> dict[str, Any]:
        gateway = self.client("apigateway")
        stages = gateway.get_stages(**self._id)["item"]
        api = {name: value for name, value in self._api().items() if name not in _UNPRINTED}
        return {
            "api": api,
            "stages": stages,
            **described_parts(gateway, self.entry.name),
            "plans": [
                {"id": plan["id"], "stage": one["stage"], "throttle": one.get("throttle")}
                for plan in pages(gateway, "get_usage_plans", "items")
                for one in plan.get("apiStages", ())
                if one["apiId"] == self.entry.name
            ],
            "mappings": self._mappings(),
        }

    def _mappings(self) -> list[dict[str, str]]:
        gateway = self.client("apigateway")
        return [
            {"domain": domain["domainName"], "path": one.get("basePath", "(none)"), "stage": one.get("stage", "")}
            for domain in pages(gateway, "get_domain_names", "items")
            for one in pages(gateway, "get_base_path_mappings", "items", domainName=domain["domainName"])
            if one["restApiId"] == self.entry.name
        ]

    @override
    def securing(self) -> list[Step]:
        return [*super().securing(), Step("export stages", self._export)]

    def _export(self, known: Known) -> dict[str, Any]:
        """One OpenAPI 3.0 document a stage; an API that was never deployed has none, and its resources are archived."""
        kept = {}
        for stage in self.archived(known)["stages"]:
            answer = self.client("apigateway").get_export(
                **self._id, stageName=stage["stageName"], exportType="oas30",
                parameters={"extensions": "apigateway"}, accepts="application/json",
            )  # fmt: skip
            body = answer["body"]
            content = body.read() if hasattr(body, "read") else body
            json.loads(content)  # half a document would be found out too late
            kept[stage["stageName"]] = self.account.archive.keep(
                self.file(f"-{stage['stageName'].strip('$')}.openapi.json"), content
            )
        return {"exports": kept}

    @override
    def proof(self, known: Known) -> None:
        super().proof(known)
        if "exports" not in known:
            raise Refused(f"{self.entry}: its stages were not exported", "run again")
        for kept in known["exports"].values():
            self.account.archive.content(kept)

    @override
    def removing(self) -> list[Step]:
        return [
            Step("delete domain mappings", self._delete_mappings),
            Step("leave usage plans", self._leave_plans),
            Step("delete stages", self._delete_stages),
            Step("delete API", self._delete),
        ]

    def _delete_mappings(self, known: Known) -> None:
        gateway = self.client("apigateway")
        for one in self.archived(known)["mappings"]:
            present(lambda it=one: gateway.delete_base_path_mapping(domainName=it["domain"], basePath=it["path"]))  # type: ignore[misc]

    def _leave_plans(self, known: Known) -> None:
        # API Gateway deletes no stage that a usage plan has.
        gateway = self.client("apigateway")
        for one in self.archived(known)["plans"]:
            plan = present(lambda it=one: gateway.get_usage_plan(usagePlanId=it["id"]))  # type: ignore[misc]
            member = {"apiId": self.entry.name, "stage": one["stage"]}
            if plan and any(member.items() <= stage.items() for stage in plan.get("apiStages", ())):
                change = {"op": "remove", "path": "/apiStages", "value": f"{self.entry.name}:{one['stage']}"}
                gateway.update_usage_plan(usagePlanId=one["id"], patchOperations=[change])

    def _delete_stages(self, known: Known) -> None:
        gateway = self.client("apigateway")
        for stage in self.archived(known)["stages"]:
            name = stage["stageName"]
            present(lambda one=name: self.account.settled(lambda: gateway.delete_stage(**self._id, stageName=one)))  # type: ignore[misc]

    def _delete(self, _: Known) -> None:
        if self.exists():
            present(lambda: self.account.settled(lambda: self.client("apigateway").delete_rest_api(**self._id)))

    @override
    def undoing(self) -> list[Step]:
        return [
            Step("import API", self._import),
            Step("deploy stages", self._deploy),
            Step("put plans, mappings and permissions back", self._reconnect),
        ]

    def _import(self, known: Known) -> dict[str, Any]:
        if self.exists():
            return {"api": self.entry.name}
        archived = self.archived(known)
        gateway = self.client("apigateway")
        if (body := self._importable(known, archived)) is None:
            made = self.account.settled(lambda: rebuilt(gateway, archived))
            return {"api": made}
        made = self.account.settled(
            lambda: gateway.import_rest_api(body=body, parameters=_endpoint(archived["api"]))["id"]
        )
        return {"api": made}

    def _importable(self, known: Known, archived: dict[str, Any]) -> bytes | None:
        """The export of the stage that was deployed last, as ImportRestApi takes it; None when it is not whole."""
        if not known["exports"]:
            return None
        newest = max(archived["stages"], key=lambda one: str(one.get("lastUpdatedDate", "")))["stageName"]
        document = json.loads(self.account.archive.content(known["exports"][newest]))
        if not whole(document, archived["resources"]):
            return None
        api = archived["api"]
        document["info"] |= {"title": api["name"], "description": api.get("description") or ""}
        document.pop("servers", None)  # the address that is gone
        return json.dumps(document).encode()

    def _deploy(self, known: Known) -> None:
        gateway, archived = self.client("apigateway"), self.archived(known)
        there = {one["stageName"] for one in gateway.get_stages(restApiId=known["api"])["item"]}
        for stage in (one for one in archived["stages"] if one["stageName"] not in there):
            deployment = self.account.settled(lambda: gateway.create_deployment(restApiId=known["api"]))
            inputs = {name: stage[name] for name in _STAGE_INPUTS if stage.get(name)}
            gateway.create_stage(restApiId=known["api"], deploymentId=deployment["id"], **inputs)
            if changes := _stage_changes(stage):
                gateway.update_stage(restApiId=known["api"], stageName=stage["stageName"], patchOperations=changes)

    def _reconnect(self, known: Known) -> None:
        gateway, archived = self.client("apigateway"), self.archived(known)
        readmit(self.client("lambda"), functions_in(_targets(archived)), self.entry.name, known["api"])
        for one in archived["plans"]:
            plan = gateway.get_usage_plan(usagePlanId=one["id"])
            member = {"apiId": known["api"], "stage": one["stage"]}
            if not any(member.items() <= stage.items() for stage in plan.get("apiStages", ())):
                change = {"op": "add", "path": "/apiStages", "value": f"{known['api']}:{one['stage']}"}
                gateway.update_usage_plan(usagePlanId=one["id"], patchOperations=[change])
        for one in archived["mappings"]:
            place = {"domainName": one["domain"], "basePath": one["path"]}
            if present(lambda at=place: gateway.get_base_path_mapping(**at)) is None:  # type: ignore[misc]
                gateway.create_base_path_mapping(**place, restApiId=known["api"], stage=one["stage"])


def whole(document: dict[str, Any], resources: list[dict[str, Any]]) -> bool:
    """True when an export is OpenAPI 3 and has an integration for every method that has one."""
    if not str(document.get("openapi", "")).startswith("3."):
        return False
    paths = document.get("paths", {})
    for resource in resources:
        for verb, method in (resource.get("resourceMethods") or {}).items():
            name = "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()
            exported = paths.get(resource["path"], {}).get(name, {})
            if method.get("methodIntegration") and "x-amazon-apigateway-integration" not in exported:
                return False
    return True


def _targets(archived: dict[str, Any]) -> list[str]:
    methods = [one for row in archived["resources"] for one in (row.get("resourceMethods") or {}).values()]
    return [(one.get("methodIntegration") or {}).get("uri", "") for one in methods]


def _endpoint(api: dict[str, Any]) -> dict[str, str]:
    types = (api.get("endpointConfiguration") or {}).get("types") or []
    return {"endpointConfigurationTypes": types[0]} if types else {}


def _stage_changes(stage: dict[str, Any]) -> list[dict[str, str]]:
    """Access logs and the methods' settings, as UpdateStage takes them."""
    changes = []
    for name, value in (stage.get("accessLogSettings") or {}).items():
        changes.append({"op": "replace", "path": f"/accessLogSettings/{name}", "value": value})
    paths = {
        "loggingLevel": "logging/loglevel",
        "dataTraceEnabled": "logging/dataTrace",
        "metricsEnabled": "metrics/enabled",
        "throttlingBurstLimit": "throttling/burstLimit",
        "throttlingRateLimit": "throttling/rateLimit",
        "cachingEnabled": "caching/enabled",
        "cacheTtlInSeconds": "caching/ttlInSeconds",
        "cacheDataEncrypted": "caching/dataEncrypted",
    }
    for method, settings in (stage.get("methodSettings") or {}).items():
        for name, path in paths.items():
            value = settings.get(name)
            if value is not None and value != -1:  # -1: no limit of its own
                text = str(value).lower() if isinstance(value, bool) else str(value)
                changes.append({"op": "replace", "path": f"/{method}/{path}", "value": text})
    return changes
