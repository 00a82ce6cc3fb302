"""Lambda functions, aliases, permissions, provisioned concurrency, invocations."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import datetime
import json
from collections.abc import Iterator
from typing import Any

from localcloud.provider.wire import has_unknown
from localcloud.refusals.check import Inputs, Of, Place, Violation, values

_FUNCTION = Of("aws:lambda/function:Function", "Lambda CreateFunction")
_ALIAS = Of("aws:lambda/alias:Alias", "Lambda CreateAlias")
_PERMISSION = Of("aws:lambda/permission:Permission", "Lambda AddPermission")
_CONCURRENCY = Of(
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", "Lambda PutProvisionedConcurrencyConfig"
)
_INVOCATION = Of("aws:lambda/invocation:Invocation", "Lambda Invoke")
_QUOTAS = "Lambda quotas"

# Environment variables: "Lambda: reserved environment variables".
_RESERVED = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
    ]
)
# From these days on Lambda creates no function of the runtime ("Lambda runtimes: deprecation, block function create").
BLOCKED = {
    runtime: day
    for day, runtimes in {
        "2016-09-30": "nodejs",
        "2019-03-31": "nodejs4.3-edge",
        "2019-04-30": "dotnetcore2.0",
        "2019-06-30": "dotnetcore1.0",
        "2019-07-12": "nodejs6.10",
        "2020-02-03": "nodejs4.3",
        "2020-02-04": "nodejs8.10",
        "2021-07-15": "python2.7",
        "2021-07-30": "nodejs10.x ruby2.5",
        "2022-01-05": "dotnetcore2.1",
        "2022-07-18": "python3.6",
        "2023-03-31": "nodejs12.x",
        "2023-04-03": "dotnetcore3.1",
        "2024-01-09": "nodejs14.x python3.7 ruby2.7",
        "2024-02-08": "go1.x java8 provided",
        "2027-02-01": "dotnet6 dotnet8 nodejs16.x nodejs18.x nodejs20.x provided.al2 ruby3.2"
        " python3.8 python3.9 python3.10",
        "2027-04-30": "ruby3.3",
        "2027-06-01": "nodejs22.x",
        "2027-07-31": "java11 java17 java8.al2 python3.11",
        "2028-04-30": "ruby3.4",
        "2028-06-01": "nodejs24.x",
        "2028-11-30": "python3.12",
        "2028-12-14": "dotnet10",
        "2029-04-30": "ruby4.0",
        "2029-07-31": "java21 java25 provided.al2023 python3.13 python3.14",
    }.items()
    for runtime in runtimes.split()
}

_SNAP_START = frozenset(
    ["java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10"]
)


def _package(inputs: Inputs, _: Place) -> Iterator[Violation]:
    image = inputs.get("packageType", "Zip") == "Image"
    for key in ("handler", "runtime", "layers"):
        if image and inputs.get(key):
            yield key, "an image carries it: leave it out with packageType Image"
        elif not image and key != "layers" and not inputs.get(key):
            yield key, "required with packageType Zip"
    if image != bool(inputs.get("imageUri")):
        yield "imageUri", "required with packageType Image, and only there"
    sources = [key for key in ("code", "imageUri", "s3Bucket") if inputs.get(key)]
    if len(sources) != 1 or bool(inputs.get("s3Bucket")) != bool(inputs.get("s3Key")):
        yield "s3Key", "code comes from one of code, imageUri, s3Bucket with s3Key"


def _runtime(value: Any) -> str | None:
    day = BLOCKED.get(str(value))
    if day is None or datetime.date.fromisoformat(day) > datetime.datetime.now(datetime.UTC).date():
        return None
    return f"{value}: since {day} Lambda creates no function of this runtime: choose a supported one"


def _environment(inputs: Inputs, _: Place) -> Iterator[Violation]:
    path = "environment.variables"
    known = {at.removeprefix(f"{path}."): value for at, value in values(inputs, f"{path}{{}}")}
    measured = {key: "" if has_unknown(value) else value for key, value in known.items()}
    size = len(json.dumps(measured, separators=(",", ":"), ensure_ascii=False).encode())
    if size > 4096:
        yield path, f"{size} bytes; AWS takes 4096 for all variables together: keep long values in Parameter Store"
    for key in known:
        if key in _RESERVED:
            yield f"{path}.{key}", "reserved by Lambda: choose another name"
        elif not key[:1].isalpha() or not key.replace("_", "").isalnum() or not key.isascii() or len(key) < 2:
            yield f"{path}.{key}", "a name is 2 or more letters, digits and underscores, and begins with a letter"


def _layers(inputs: Inputs, _: Place) -> Iterator[Violation]:
    names = [str(arn).rsplit(":", 1)[0] for arn in inputs.get("layers", ())]
    if len(names) != len(set(names)):
        yield "layers", "two versions of one layer: keep one"


def _snap_start(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if inputs.get("snapStart", {}).get("applyOn") != "PublishedVersions":
        return
    if inputs.get("runtime", "java21") not in _SNAP_START:
        yield "snapStart.applyOn", f"{inputs['runtime']} has no SnapStart: Java 11, Python 3.12, .NET 8 and later have"
    if inputs.get("ephemeralStorage", {}).get("size", 512) > 512 or inputs.get("fileSystemConfig"):
        yield "snapStart.applyOn", "not with more than 512 MB of ephemeral storage or a file system"


def _log_levels(inputs: Inputs, _: Place) -> Iterator[Violation]:
    logging = inputs.get("loggingConfig", {})
    for key in ("applicationLogLevel", "systemLogLevel"):
        if logging.get(key) and logging.get("logFormat", "Text") != "JSON":
            yield f"loggingConfig.{key}", "log levels need logFormat JSON"


def _routing(inputs: Inputs, _: Place) -> Iterator[Violation]:
    weights = inputs.get("routingConfig", {}).get("additionalVersionWeights") or {}
    version = str(inputs.get("functionVersion"))
    path = "routingConfig.additionalVersionWeights"
    if weights and version.startswith("$LATEST"):
        yield path, "an alias that shifts traffic needs a published version, not $LATEST"
    if len(weights) > 1:
        yield path, "AWS shifts to one additional version"
    if version in weights:
        yield path, f"{version} is functionVersion itself: name another version"
    for name in weights:
        if not str(name).isdigit():
            yield f"{path}.{name}", "only a published version, by number"


def _principal(inputs: Inputs, _: Place) -> Iterator[Violation]:
    principal = str(inputs.get("principal", ""))
    by_service = principal.endswith((".amazonaws.com", ".amazon.com"))  # Alexa's are alexa-….amazon.com
    arn = principal.startswith(("arn:aws:iam::", "arn:aws:sts::"))
    if principal and not (by_service or arn or principal == "*" or (principal.isdigit() and len(principal) == 12)):
        yield "principal", f"{principal!r} is no service, account, IAM ARN or *"
    if inputs.get("qualifier") and ":" in str(inputs.get("function", "")).split(":function:")[-1]:
        own = str(inputs["function"]).rsplit(":", 1)[-1]
        if own != inputs["qualifier"]:
            yield "qualifier", f"{inputs['qualifier']!r} contradicts the function's own qualifier {own!r}"
    if inputs.get("qualifier") == "$LATEST":
        yield "qualifier", "AddPermission takes no $LATEST: leave the qualifier out"
    if inputs.get("functionUrlAuthType") and inputs.get("action") != "lambda:InvokeFunctionUrl":
        yield "functionUrlAuthType", "only with action lambda:InvokeFunctionUrl"


def _json(value: Any) -> str | None:
    try:
        json.loads(str(value))
    except json.JSONDecodeError as error:
        return f"not JSON: {error}"
    return None


def _latest(value: Any) -> str | None:
    return "needs a published version or an alias, not $LATEST" if value == "$LATEST" else None


RULES = (
    _FUNCTION.within("memorySize", 128, 10240, _QUOTAS + ": memory (more on managed instances only)"),
    _FUNCTION.within("timeout", 1, 900, _QUOTAS + ": function timeout"),
    _FUNCTION.within("ephemeralStorage.size", 512, 10240, _QUOTAS + ": /tmp"),
    _FUNCTION.within(
        "reservedConcurrentExecutions", -1, 900, _QUOTAS + ": 1000 concurrent executions, 100 of them unreserved"
    ),
    _FUNCTION.length("name", 1, 64, _QUOTAS + ": function names"),
    _FUNCTION.count("layers", 5, _QUOTAS + ": layers"),
    _FUNCTION.each(
        "runtime-blocked",
        "runtime",
        _runtime,
        "a runtime that Lambda creates no functions of",
        "by day",
        "Lambda runtimes: block function create",
    ),
    _FUNCTION.rule(
        "package",
        "packageType handler runtime layers imageUri code s3Bucket s3Key",
        _package,
        "handler, runtime and code that do not go with the package type",
    ),
    _FUNCTION.rule(
        "environment",
        "environment",
        _environment,
        "environment variables too large, reserved or misnamed",
        "4096 bytes, names included",
        _QUOTAS + ": environment variables; reserved variables",
        whole=False,
    ),
    _FUNCTION.rule("layers-differ", "layers", _layers, "two versions of one layer", source="Lambda layers"),
    _FUNCTION.rule(
        "snap-start",
        "snapStart runtime ephemeralStorage fileSystemConfig",
        _snap_start,
        "SnapStart where the function cannot have it",
        source="Lambda SnapStart: supported features",
    ),
    _FUNCTION.rule(
        "log-levels",
        "loggingConfig",
        _log_levels,
        "log levels with the Text format",
        source="Lambda advanced logging controls",
    ),
    _ALIAS.rule(
        "routing",
        "functionVersion routingConfig",
        _routing,
        "routing from $LATEST, to more than one version, to itself, to no version",
        source="Lambda alias routing",
    ),
    _PERMISSION.rule(
        "principal-form",
        "principal function qualifier action functionUrlAuthType",
        _principal,
        "a principal that is none, a qualifier that contradicts the function",
    ),
    _PERMISSION.exclusive("statementId", "statementIdPrefix", source="pulumi-aws Permission"),
    _CONCURRENCY.each("qualifier-published", "qualifier", _latest, "provisioned concurrency on $LATEST"),
    _INVOCATION.each("input-json", "input", _json, "input that is not JSON"),
    _INVOCATION.one_of("lifecycleScope", ("CREATE_ONLY", "CRUD"), "pulumi-aws Invocation"),
)
