"""Service health: system routes, the served contract, and the AWS resources that every request depends on."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from omnix import table_names
from ops.readiness.answers import answered, json_error, json_object
from ops.readiness.checks import Check, Failed, Site, require
from ops.readiness.verdict import Category
from ops.stack import Cloud

if TYPE_CHECKING:
    from ops.readiness.contract import Contract
    from ops.stack import Stack

_NOT_READY = 503
_READY_OR_NOT = (200, _NOT_READY)
_READINESS_EVENT = b'{"source": "omnix.readiness"}'
_SECURE_PARAMETERS = ("api/usage-key",)
_PLAIN_PARAMETERS = (
    "database/endpoint",
    table_names.PARAMETER,
    "api/cors-origins",
    "api/url",
    "bedrock/model-id",
    "monitoring/log-level",
)


def checks(stack: Stack, contract: Contract) -> list[Check]:
    """The category's checks: one per function, table and secret that the stack says it has."""
    outputs = stack.outputs
    named: list[tuple[str, Any]] = [
        ("GET /system/health answers ok", _health),
        ("GET /system/readiness answers ok", _readiness),
        ("GET /system/version names this environment", _version),
        ("the served openapi.json is the contract", partial(_served_contract, expected=contract)),
        ("the stack exports its functions, tables and secrets", _exports),
    ]
    named += [
        (f"function {name}: its live version is ready", partial(_function, name=name)) for name in outputs.functions
    ]
    named += [
        (f"table {name}: active, with point-in-time recovery", partial(_table, physical=physical))
        for name, physical in outputs.tables.items()
    ]
    named += [
        ("every parameter is in Parameter Store", _parameters_present),
        ("parameters agree with the stack", _parameters_agree),
    ]
    named += [
        (f"secret {name}: has a current version and rotates", partial(_secret, arn=arn))
        for name, arn in outputs.secrets.items()
    ]
    return [Check(Category.SERVICE_HEALTH, name, run) for name, run in named]


def _health(site: Site) -> None:
    body = json_object(answered(site.api.send("GET", "/system/health"), 200))
    require(body.get("status") == "ok", f"status is {body.get('status')!r} where 'ok' was expected")


def _readiness(site: Site) -> None:
    response = answered(site.api.send("GET", "/system/readiness"), *_READY_OR_NOT)
    if response.status_code == _NOT_READY:
        failing = [check["name"] for check in json_error(response, _NOT_READY)["details"] if not check["ok"]]
        raise Failed(f"not ready: {', '.join(failing) or 'no check named'}")
    body = json_object(response)
    require(body.get("ok") is True, f"ok is {body.get('ok')!r}")


def _version(site: Site) -> None:
    body = json_object(answered(site.api.send("GET", "/system/version"), 200))
    require(bool(body.get("version")), "no version is named")
    environment = body.get("environment")
    require(environment == site.stack.name, f"it calls itself {environment!r}, not {site.stack.name!r}")


def _served_contract(site: Site, *, expected: Contract) -> None:
    served = json_object(answered(site.api.send("GET", "/openapi.json"), 200))
    if served == expected.document:
        return
    ours, theirs = expected.document.get("paths", {}), served.get("paths", {})
    only_here, only_there = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    other = sorted(path for path in set(ours) & set(theirs) if ours[path] != theirs[path])
    parts = [
        f"{what}: {', '.join(paths)}"
        for what, paths in (
            ("not served", only_here),
            ("only served", only_there),
            ("different", other),
        )
        if paths
    ]
    raise Failed("; ".join(parts) or "info, servers or components differ; deploy this working copy, or check out its")


def _exports(site: Site) -> None:
    outputs = site.stack.outputs
    empty = [name for name in ("functions", "tables", "secrets") if not getattr(outputs, name)]
    require(not empty, f"the stack's outputs name no {', no '.join(empty)}")


def _function(site: Site, *, name: str) -> None:
    answer = site.client("lambda").invoke(
        FunctionName=site.stack.outputs.functions[name].alias_arn, Payload=_READINESS_EVENT
    )
    payload = answer["Payload"].read()
    if error := answer.get("FunctionError"):
        kind = _error_type(payload)
        raise Failed(f"the function ended with an error ({error}: {kind}); see its log group")
    version = answer.get("ExecutedVersion", "")
    require(version != "$LATEST", "the alias `live` points at $LATEST, not at a published version")
    report = json.loads(payload)
    failing = [f"{check['name']} ({check['detail']})" for check in report["checks"] if not check["ok"]]
    require(report["ok"] is True and not failing, f"not ready: {', '.join(failing) or 'no check named'}")


def _error_type(payload: bytes) -> str:
    try:
        return str(json.loads(payload).get("errorType", "unknown"))
    except (ValueError, AttributeError):
        return "unknown"


def _table(site: Site, *, physical: str) -> None:
    dynamodb = site.client("dynamodb")
    table = dynamodb.describe_table(TableName=physical)["Table"]
    require(table["TableStatus"] == "ACTIVE", f"{physical} is {table['TableStatus']}")
    backups = dynamodb.describe_continuous_backups(TableName=physical)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "DISABLED")
    require(recovery == "ENABLED", f"point-in-time recovery of {physical} is {recovery}")


def _stored(site: Site) -> dict[str, dict[str, Any]]:
    """Parameters of the environment by name below its prefix; secure ones stay encrypted."""
    prefix = site.stack.outputs.parameter_prefix
    pages = (
        site.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=prefix, Recursive=True, WithDecryption=False)
    )
    return {
        parameter["Name"].removeprefix(f"{prefix}/"): parameter for page in pages for parameter in page["Parameters"]
    }


def _parameters_present(site: Site) -> None:
    stored = _stored(site)
    site.kept["parameters"] = stored
    missing = [name for name in (*_PLAIN_PARAMETERS, *_SECURE_PARAMETERS) if name not in stored]
    require(not missing, f"missing below {site.stack.outputs.parameter_prefix}: {', '.join(missing)}")
    clear = [name for name in _SECURE_PARAMETERS if stored[name]["Type"] != "SecureString"]
    require(not clear, f"not a SecureString: {', '.join(clear)}")


def _parameters_agree(site: Site) -> None:
    stored, outputs = site.need("parameters"), site.stack.outputs
    expected: dict[str, str] = {}
    # On this machine a restarted gateway may have another port than the one that the stack was told.
    if site.stack.place.cloud is Cloud.AWS:
        expected["api/url"] = outputs.api_url
    wrong = [name for name, value in expected.items() if stored[name]["Value"].rstrip("/") != value.rstrip("/")]
    if set(stored["api/cors-origins"]["Value"].split(",")) - {""} != set(outputs.cors_origins):
        wrong.append("api/cors-origins")
    # while a cut-over is not complete, either table may serve
    names = table_names.parse(stored[table_names.PARAMETER]["Value"]).tables
    known = {name: {physical, outputs.legacy_tables.get(name, physical)} for name, physical in outputs.tables.items()}
    if names.keys() != known.keys() or any(names[name] not in known[name] for name in names):
        wrong.append(table_names.PARAMETER)
    require(not wrong, f"other values than the stack's outputs: {', '.join(wrong)}")


def _secret(site: Site, *, arn: str) -> None:
    secret = site.client("secretsmanager").describe_secret(SecretId=arn)
    stages = [stage for stages in secret.get("VersionIdsToStages", {}).values() for stage in stages]
    require("AWSCURRENT" in stages, "it has no version AWSCURRENT: its first value was never written")
    require(secret.get("RotationEnabled") is True, "rotation is off")
