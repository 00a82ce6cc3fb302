"""Amazon API Gateway: the account's log role, stages and their settings, usage plans and API keys."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

import json
import threading
from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import (
    Label,
    ResourceType,
    Scope,
    document,
    failed_precondition,
)
from localcloud.provider.resources.apigateway_api import DEPLOYMENT, STAGE, timestamp
from localcloud.provider.wire import Properties

ACCOUNT, USAGE_PLAN = "apigateway:account", "apigateway:usageplan"
_LOCK = threading.Lock()  # stage and usage-plan documents are shared by several resources
_NO_LOG_ROLE = (
    "BadRequestException: CloudWatch Logs role ARN must be set in account settings to enable logging"
    " (aws.apigateway.Account of this region, before the stage)"
)


class Account(ResourceType):
    id_format = "api-gateway-account"
    pulumi_type = "aws:apigateway/account:Account"
    label = Label.ENFORCED

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        arn = news.get("cloudwatchRoleArn") or None
        if arn:
            role = scope.client("iam").get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]
            if "apigateway.amazonaws.com" not in json.dumps(document(role["AssumeRolePolicyDocument"])):
                raise failed_precondition(
                    "BadRequestException: The role ARN does not have required permissions configured. Please"
                    f" grant trust permission for API Gateway and add the required role policy ({arn})"
                )
        scope.registry.put(ACCOUNT, scope.region, {"cloudwatch_role_arn": arn})

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.registry.get(ACCOUNT, scope.region)
        if found is None:
            return None
        return {
            "cloudwatchRoleArn": found["cloudwatch_role_arn"],
            "apiKeyVersion": "4",
            "features": ["UsagePlans"],
            "throttleSettings": [{"burstLimit": 5000, "rateLimit": 10000}],
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.registry.delete(ACCOUNT, scope.region)


def _require_log_role(scope: Scope) -> None:
    if not (scope.registry.get(ACCOUNT, scope.region) or {}).get("cloudwatch_role_arn"):
        raise failed_precondition(_NO_LOG_ROLE)


class Stage(ResourceType):
    id_format = "ags-{restApi}-{stageName}"
    pulumi_type = "aws:apigateway/stage:Stage"
    label = Label.EXECUTED
    naming = Naming(r"[A-Za-z0-9_-]+", 128, property="stageName", auto=False)
    force_new = frozenset({"restApi"})
    defaults: ClassVar = {"cacheClusterEnabled": False, "xrayTracingEnabled": False}

    def create(self, scope: Scope, inputs: Properties) -> str:
        _check_stage(scope, inputs)
        scope.client("apigateway").create_stage(
            restApiId=inputs["restApi"], stageName=inputs["stageName"], deploymentId=inputs["deployment"]
        )
        return f"ags-{inputs['restApi']}-{inputs['stageName']}"

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        _check_stage(scope, news)
        api, name = news["restApi"], news["stageName"]
        if olds and news["deployment"] != olds.get("deployment"):
            patch = [{"op": "replace", "path": "/deploymentId", "value": news["deployment"]}]
            scope.client("apigateway").update_stage(restApiId=api, stageName=name, patchOperations=patch)
        logs = news.get("accessLogSettings")
        with _LOCK:
            old = scope.registry.get(STAGE, f"{api}/{name}") or {"method_settings": []}
            row = {
                "rest_api_id": api,
                "stage_name": name,
                "deployment_id": news["deployment"],
                "variables": news.get("variables", {}),
                "access_log": {"destination_arn": logs["destinationArn"], "format": logs["format"]} if logs else None,
                "xray": news.get("xrayTracingEnabled", False),
                "method_settings": old["method_settings"],
                "region": scope.region,
            }
            scope.registry.put(STAGE, f"{api}/{name}", row)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        api, name = state["restApi"], state["stageName"]
        row = scope.registry.get(STAGE, f"{api}/{name}")
        scope.client("apigateway").get_stage(restApiId=api, stageName=name)
        if row is None:
            return None
        return {
            "arn": f"arn:aws:apigateway:{scope.region}::/restapis/{api}/stages/{name}",
            "deployment": row["deployment_id"],
            "executionArn": scope.arn("execute-api", f"{api}/{name}"),
            "invokeUrl": f"{scope.cloud.gateway_url}/{api}/{name}",
            "xrayTracingEnabled": row["xray"],
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        api, name = state["restApi"], state["stageName"]
        for plan in scope.registry.all(USAGE_PLAN).values():
            if {"apiId": api, "stage": name} in plan["stages"]:
                raise failed_precondition(
                    f"BadRequestException: Cannot delete stage {name}, it is in usage plan {plan['name']}"
                )
        scope.registry.delete(STAGE, f"{api}/{name}")
        scope.client("apigateway").delete_stage(restApiId=api, stageName=name)

    def tagged(self, id: str, state: Properties) -> str:
        return str(state["arn"])


def _check_stage(scope: Scope, inputs: Properties) -> None:
    if scope.registry.get(DEPLOYMENT, f"{inputs['restApi']}/{inputs['deployment']}") is None:
        raise failed_precondition(f"NotFoundException: Invalid deployment identifier {inputs['deployment']}")
    if logs := inputs.get("accessLogSettings"):
        _require_log_role(scope)
        if ":log-group:" not in logs["destinationArn"] and ":deliverystream/" not in logs["destinationArn"]:
            raise failed_precondition(f"BadRequestException: Invalid ARN specified {logs['destinationArn']}")


class MethodSettings(ResourceType):
    """Throttles, logging and metrics of a stage's methods; they live in the stage's document."""

    id_format = "{restApi}-{stageName}-{methodPath}"
    pulumi_type = "aws:apigateway/methodSettings:MethodSettings"
    label = Label.EXECUTED
    force_new = frozenset({"restApi", "stageName", "methodPath"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        self._require(scope, inputs)
        return f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}"

    def _require(self, scope: Scope, inputs: Properties) -> dict[str, Any]:
        if inputs.get("settings", {}).get("loggingLevel", "OFF") != "OFF":
            _require_log_role(scope)
        stage = scope.registry.get(STAGE, f"{inputs['restApi']}/{inputs['stageName']}")
        if stage is None:
            raise failed_precondition(f"NotFoundException: Invalid stage identifier {inputs['stageName']}")
        return stage

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        with _LOCK:
            stage = self._require(scope, news)
            rows = [row for row in stage["method_settings"] if row["methodPath"] != news["methodPath"]]
            rows.append({"methodPath": news["methodPath"], "settings": news["settings"]})
            rows.sort(key=lambda row: str(row["methodPath"]))
            scope.registry.put(STAGE, f"{news['restApi']}/{news['stageName']}", {**stage, "method_settings": rows})

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        stage = scope.registry.get(STAGE, f"{state['restApi']}/{state['stageName']}")
        rows = stage["method_settings"] if stage else []
        return next(({"settings": r["settings"]} for r in rows if r["methodPath"] == state["methodPath"]), None)

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        key = f"{state['restApi']}/{state['stageName']}"
        with _LOCK:
            stage = scope.registry.get(STAGE, key)
            if stage is not None:
                rows = [row for row in stage["method_settings"] if row["methodPath"] != state["methodPath"]]
                scope.registry.put(STAGE, key, {**stage, "method_settings": rows})


class UsagePlan(ResourceType):
    """moto makes it (id, boto3's view at creation); the registry document is what the gateway counts by."""

    pulumi_type = "aws:apigateway/usagePlan:UsagePlan"
    label = Label.EXECUTED
    naming = Naming(r"(?s).+", 1024, renames=True)
    unordered = frozenset({"apiStages"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        _require_stages(scope, inputs)
        given: dict[str, Any] = {"name": inputs["name"], "description": inputs.get("description", "")}
        return str(scope.client("apigateway").create_usage_plan(**given)["id"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        _require_stages(scope, news)
        if olds:
            values = {"/name": news["name"], "/description": news.get("description", "")}
            patch = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
            scope.client("apigateway").update_usage_plan(usagePlanId=id, patchOperations=patch)
        with _LOCK:
            old = scope.registry.get(USAGE_PLAN, id) or {"keys": []}
            stages = [{"apiId": row["apiId"], "stage": row["stage"]} for row in news.get("apiStages", ())]
            row = {
                "id": id,
                "name": news["name"],
                "throttle": news.get("throttleSettings"),
                "quota": news.get("quotaSettings"),
                "stages": stages,
                "keys": old["keys"],
            }
            scope.registry.put(USAGE_PLAN, id, row)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        scope.client("apigateway").get_usage_plan(usagePlanId=id)
        if scope.registry.get(USAGE_PLAN, id) is None:
            return None
        return {"arn": f"arn:aws:apigateway:{scope.region}::/usageplans/{id}"}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.client("apigateway").delete_usage_plan(usagePlanId=id)
        scope.registry.delete(USAGE_PLAN, id)


def _require_stages(scope: Scope, inputs: Properties) -> None:
    for row in inputs.get("apiStages", ()):
        if scope.registry.get(STAGE, f"{row['apiId']}/{row['stage']}") is None:
            raise failed_precondition(f"NotFoundException: API Stage not found: {row['apiId']}:{row['stage']}")


class ApiKey(ResourceType):
    pulumi_type = "aws:apigateway/apiKey:ApiKey"
    label = Label.EXECUTED
    remove = ("apigateway", "delete_api_key", "apiKey")
    naming = Naming(r"(?s).+", 1024)
    force_new = frozenset({"value"})
    secret_outputs = frozenset({"value"})
    defaults: ClassVar = {"enabled": True, "description": "Managed by Pulumi"}

    def create(self, scope: Scope, inputs: Properties) -> str:
        given = {"name": inputs["name"], "enabled": inputs.get("enabled", True)}
        given["description"] = _described(inputs)
        if "value" in inputs:
            given["value"] = inputs["value"]
        return str(scope.client("apigateway").create_api_key(**given)["id"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        if olds:
            values = {"/enabled": str(news.get("enabled", True)).lower(), "/description": _described(news)}
            patch = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
            scope.client("apigateway").update_api_key(apiKey=id, patchOperations=patch)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("apigateway").get_api_key(apiKey=id, includeValue=True)
        created = found["createdDate"].strftime("%Y-%m-%dT%H:%M:%SZ") if "createdDate" in found else timestamp()
        return {
            "arn": f"arn:aws:apigateway:{scope.region}::/apikeys/{id}",
            "value": found["value"],
            "createdDate": state.get("createdDate", created),
            "lastUpdatedDate": state.get("lastUpdatedDate", created),
        }


def _described(inputs: Properties) -> str:
    return str(inputs.get("description", ApiKey.defaults["description"]))


class UsagePlanKey(ResourceType):
    id_format = "{keyId}"
    pulumi_type = "aws:apigateway/usagePlanKey:UsagePlanKey"
    label = Label.EXECUTED
    force_new = frozenset({"keyId", "keyType", "usagePlanId"})
    secret_outputs = frozenset({"value"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        client = scope.client("apigateway")
        value = client.get_api_key(apiKey=inputs["keyId"], includeValue=True)["value"]
        client.create_usage_plan_key(usagePlanId=inputs["usagePlanId"], keyId=inputs["keyId"], keyType="API_KEY")
        with _LOCK:
            plan = self._plan(scope, inputs)
            keys = [*plan["keys"], {"id": inputs["keyId"], "value": value}]
            scope.registry.put(USAGE_PLAN, inputs["usagePlanId"], {**plan, "keys": keys})
        return str(inputs["keyId"])

    def _plan(self, scope: Scope, inputs: Properties) -> dict[str, Any]:
        plan = scope.registry.get(USAGE_PLAN, inputs["usagePlanId"])
        if plan is None:
            raise failed_precondition(f"NotFoundException: Invalid Usage Plan ID {inputs['usagePlanId']}")
        return plan

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        plan = scope.registry.get(USAGE_PLAN, state["usagePlanId"])
        found = next((key for key in plan["keys"] if key["id"] == id), None) if plan else None
        if found is None:
            return None
        name = scope.client("apigateway").get_api_key(apiKey=id)["name"]
        return {"name": name, "value": found["value"]}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        with _LOCK:
            plan = scope.registry.get(USAGE_PLAN, state["usagePlanId"])
            if plan is not None:
                keys = [key for key in plan["keys"] if key["id"] != id]
                scope.registry.put(USAGE_PLAN, state["usagePlanId"], {**plan, "keys": keys})
        scope.client("apigateway").delete_usage_plan_key(usagePlanId=state["usagePlanId"], keyId=id)


TYPES = (Account(), Stage(), MethodSettings(), UsagePlan(), ApiKey(), UsagePlanKey())
