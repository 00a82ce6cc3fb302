"""AWS Lambda functions: code from S3, versions published when something changed."""
# ruff: noqa: A002, D101, D102, D103 - `ResourceType` says what each method does

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from localcloud.provider import packages
from localcloud.provider.naming import Naming
from localcloud.provider.resource import (
    Label,
    ResourceType,
    Scope,
    Violation,
    document,
    failed_precondition,
)
from localcloud.provider.resources.lambda_permission import KIND as PERMISSIONS
from localcloud.provider.tagging import LAMBDA
from localcloud.provider.wire import Properties

_CODE = frozenset({"code", "imageUri", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash", "codeSha256"})
_CONFIGURATION = {  # property → parameter, where the value passes unchanged
    "description": "Description",
    "handler": "Handler",
    "kmsKeyArn": "KMSKeyArn",
    "layers": "Layers",
    "memorySize": "MemorySize",
    "role": "Role",
    "runtime": "Runtime",
    "timeout": "Timeout",
}
_BLOCKS = ("environment", "ephemeralStorage", "loggingConfig", "tracingConfig", "deadLetterConfig", "snapStart")
_ON_PUBLISH = frozenset({"version", "qualifiedArn", "qualifiedInvokeArn", "lastModified"})


def invoke_arn(arn: str) -> str:
    region = arn.split(":")[3]
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"


class Function(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:lambda/function:Function"
    label = Label.EXECUTED
    naming = Naming(r"[A-Za-z0-9_-]+", 64)
    tagging = LAMBDA
    force_new = frozenset({"packageType"})
    local_only = frozenset({"skipDestroy", "useResourceTimeoutForPropagation"})
    defaults: ClassVar = {
        "memorySize": 128,
        "timeout": 3,
        "packageType": "Zip",
        "publish": False,
        "reservedConcurrentExecutions": -1,
        "skipDestroy": False,
        "architectures": ["x86_64"],
    }
    choices: ClassVar = {"packageType": ("Zip",)}

    def look(self, scope: Scope, inputs: Properties) -> Iterable[Violation]:
        return packages.violations(scope, inputs)

    def create(self, scope: Scope, inputs: Properties) -> str:
        _check_role(scope, inputs["role"])
        if missing := [key for key in ("handler", "runtime") if key not in inputs]:
            raise failed_precondition(f"InvalidParameterValueException: a zip function needs {' and '.join(missing)}")
        given = {"FunctionName": inputs["name"], "Code": _code(scope, inputs), "Publish": False}
        scope.client("lambda").create_function(
            **given,
            **_configuration(inputs),
            Architectures=inputs.get("architectures", ["x86_64"]),
            PackageType="Zip",
        )
        return str(inputs["name"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        client = scope.client("lambda")
        code = not olds or _differ(_CODE | {"architectures"}, news, olds)
        settings = _differ({*_CONFIGURATION, *_BLOCKS}, news, olds)
        if olds and settings:
            _check_role(scope, news["role"])
            client.update_function_configuration(FunctionName=id, **_configuration(news))
        if olds and code:
            architectures = news.get("architectures", ["x86_64"])
            client.update_function_code(
                FunctionName=id, **_code(scope, news), Architectures=architectures, Publish=False
            )
        reserved = news.get("reservedConcurrentExecutions", -1)
        if reserved >= 0:
            client.put_function_concurrency(FunctionName=id, ReservedConcurrentExecutions=reserved)
        elif olds.get("reservedConcurrentExecutions", -1) >= 0:
            client.delete_function_concurrency(FunctionName=id)
        # AWS makes no version when code and configuration equal the last one; moto would.
        if news.get("publish") and (code or settings or not olds.get("publish")):
            client.publish_version(FunctionName=id)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        client = scope.client("lambda")
        found = client.get_function_configuration(FunctionName=id)
        arn = found["FunctionArn"].removesuffix(":$LATEST")
        version = _latest_version(client, id) if state.get("publish") else "$LATEST"
        return {
            **{name: found[key] for name, key in _CONFIGURATION.items() if found.get(key) and name != "layers"},
            "name": id,
            "arn": arn,
            "invokeArn": invoke_arn(arn),
            "responseStreamingInvokeArn": invoke_arn(arn)
            .replace("2015-03-31", "2021-11-15")
            .replace("/invocations", "/response-streaming-invocations"),
            "version": version,
            "qualifiedArn": f"{arn}:{version}",
            "qualifiedInvokeArn": invoke_arn(f"{arn}:{version}"),
            "lastModified": found["LastModified"],
            "codeSha256": found["CodeSha256"],
            "sourceCodeHash": state.get("sourceCodeHash", found["CodeSha256"]),
            "sourceCodeSize": found["CodeSize"],
            "ephemeralStorage": {"size": found.get("EphemeralStorage", {}).get("Size", 512)},
            "tracingConfig": {"mode": found.get("TracingConfig", {}).get("Mode", "PassThrough")},
            "loggingConfig": state.get("loggingConfig", {"logFormat": "Text", "logGroup": f"/aws/lambda/{id}"}),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        if state.get("skipDestroy"):
            return
        scope.client("lambda").delete_function(FunctionName=id)
        for row, permission in scope.registry.all(PERMISSIONS).items():
            if permission["function"] == id:
                scope.registry.delete(PERMISSIONS, row)

    def volatile(self, olds: Properties, changed: frozenset[str]) -> frozenset[str]:
        effective = changed & ({*_CONFIGURATION, *_BLOCKS, "publish"} | _CODE)
        found = {"lastModified"} if effective else set()
        if changed & _CODE:
            found |= {"codeSha256", "sourceCodeSize"} - changed
        if effective and olds.get("publish", False) is not False:
            found |= _ON_PUBLISH
        return frozenset(found)


def _differ(keys: Iterable[str], news: Properties, olds: Properties) -> bool:
    """Only inputs that are given count: what the service filled in is in `olds` alone."""
    return any(news.get(key) != olds.get(key) for key in keys if key in news) or any(
        olds.get(key) and key not in news for key in ("environment", "layers", "deadLetterConfig") if key in keys
    )


def _configuration(inputs: Properties) -> dict[str, Any]:
    given = {parameter: inputs[key] for key, parameter in _CONFIGURATION.items() if key in inputs}
    given["Environment"] = {"Variables": inputs.get("environment", {}).get("variables", {})}
    given.setdefault("MemorySize", 128)
    given.setdefault("Timeout", 3)
    if "ephemeralStorage" in inputs:
        given["EphemeralStorage"] = {"Size": inputs["ephemeralStorage"].get("size", 512)}
    if "tracingConfig" in inputs:
        given["TracingConfig"] = {"Mode": inputs["tracingConfig"]["mode"]}
    if "deadLetterConfig" in inputs:
        given["DeadLetterConfig"] = {"TargetArn": inputs["deadLetterConfig"]["targetArn"]}
    if logging := inputs.get("loggingConfig"):
        names = {"logFormat": "LogFormat", "logGroup": "LogGroup"}
        names |= {"applicationLogLevel": "ApplicationLogLevel", "systemLogLevel": "SystemLogLevel"}
        given["LoggingConfig"] = {names[key]: value for key, value in logging.items()}
    return given


def _code(scope: Scope, inputs: Properties) -> dict[str, Any]:
    """By S3 key where that is the asked-for object version, as moto knows only the latest; else its bytes."""
    if "s3Bucket" not in inputs or "s3Key" not in inputs:
        raise failed_precondition("InvalidParameterValueException: this cloud takes code by s3Bucket and s3Key")
    where = {"Bucket": inputs["s3Bucket"], "Key": inputs["s3Key"]}
    version, s3 = inputs.get("s3ObjectVersion"), scope.client("s3")
    home = s3.get_bucket_location(Bucket=where["Bucket"]).get("LocationConstraint") or "us-east-1"
    if home != scope.region:
        raise failed_precondition(
            "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: PermanentRedirect."
            f" S3 Error Message: The bucket is in this region: {home}. Please use this region to retry the request"
        )
    content = s3.get_object(**where, **({"VersionId": version} if version else {}))["Body"].read()
    if fault := packages.fault(content):
        raise failed_precondition(f"InvalidParameterValueException: {fault}")
    if version is None or s3.head_object(**where).get("VersionId") == version:
        return {"S3Bucket": where["Bucket"], "S3Key": where["Key"]}
    return {"ZipFile": content}


def _check_role(scope: Scope, arn: str) -> None:
    role = scope.client("iam").get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]
    trust = json.dumps(document(role["AssumeRolePolicyDocument"]))
    if "lambda.amazonaws.com" not in trust:
        raise failed_precondition(
            f"InvalidParameterValueException: the role {arn} cannot be assumed by Lambda:"
            " its trust policy needs sts:AssumeRole for lambda.amazonaws.com"
        )


def _latest_version(client: Any, name: str) -> str:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions = [row["Version"] for page in pages for row in page["Versions"] if row["Version"] != "$LATEST"]
    return str(max(map(int, versions))) if versions else "$LATEST"


TYPES = (Function(),)
