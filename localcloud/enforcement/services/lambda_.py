"""Lambda."""

from collections.abc import Iterator

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Keys, Need, Operations, anything, arn, given, on, pass_role


def function_arn(named: str, qualifier: str | None, region: str, account: Account) -> str:
    """A function's ARN from its name, partial ARN or ARN, each with or without `:qualifier`."""
    parts = named.split(":")
    if parts[0] != "arn":
        parts = parts[parts.index("function") + 1 :] if "function" in parts else parts
        parts = ["arn", "aws", "lambda", region, account.id, "function", *parts]
    return ":".join([*parts, qualifier] if qualifier and len(parts) == 7 else parts)  # noqa: PLR2004 - arn:…:function:name


def _function(call: Call, account: Account) -> str:
    named = str(call.parameters.get("FunctionName") or "*")
    return function_arn(named, call.parameters.get("Qualifier"), call.region, account)


def _unqualified(call: Call, account: Account) -> str:
    return ":".join(_function(call, account).split(":")[:7])


def _role(call: Call, _account: Account) -> Iterator[Need]:
    yield from pass_role(call.parameters.get("Role"), "lambda.amazonaws.com")


def _mapping_keys(call: Call) -> Keys:
    named = str(call.parameters.get("FunctionName") or "")
    return {"lambda:functionarn": (named,)} if named.startswith("arn:") else {}


def _url_keys(call: Call) -> Keys:
    return given(
        call.parameters, {"lambda:principal": "Principal", "lambda:functionurlauthtype": "FunctionUrlAuthType"}
    )


_MAPPING = arn("lambda", "event-source-mapping:{UUID}")
OPERATIONS: Operations = {
    **on("lambda", _function, "Invoke InvokeWithResponseStream", action="InvokeFunction"),
    **on(
        "lambda",
        _function,
        """GetFunction GetFunctionConfiguration DeleteFunction GetPolicy RemovePermission DeleteAlias GetAlias
        UpdateAlias ListProvisionedConcurrencyConfigs""",
    ),
    **on("lambda", _function, "AddPermission", keys=_url_keys),
    **on(
        "lambda",
        _unqualified,
        """CreateAlias DeleteFunctionConcurrency GetFunctionConcurrency ListAliases ListVersionsByFunction
        PublishVersion PutFunctionConcurrency UpdateFunctionCode GetFunctionEventInvokeConfig
        PutFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig GetFunctionCodeSigningConfig
        GetRuntimeManagementConfig""",
    ),
    **on("lambda", _function, "CreateFunction UpdateFunctionConfiguration", also=_role),
    **on(
        "lambda",
        _function,
        "DeleteProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig PutProvisionedConcurrencyConfig",
    ),
    **on("lambda", anything, "CreateEventSourceMapping", keys=_mapping_keys),
    **on("lambda", _MAPPING, "GetEventSourceMapping"),
    **on("lambda", _MAPPING, "DeleteEventSourceMapping UpdateEventSourceMapping", keys=_mapping_keys),
    **on("lambda", arn("lambda", "{Resource}"), "ListTags TagResource UntagResource"),
    **on("lambda", anything, "GetAccountSettings ListEventSourceMappings ListFunctions ListLayers"),
}
