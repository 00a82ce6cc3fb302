"""What a deployed stack is made of at this moment: its functions' live versions and its tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.stack import Stack


@dataclass(frozen=True)
class FunctionStatus:
    """One function. `routing` is the share (0 to 1) of other versions while a deployment shifts traffic."""

    name: str
    function: str
    version: str
    routing: dict[str, float]
    state: str
    modified: str
    code_sha256: str


@dataclass(frozen=True)
class TableStatus:
    """One table. Items and bytes are DynamoDB's own estimate, which it renews about every six hours."""

    name: str
    table: str
    state: str
    items: int
    bytes: int
    point_in_time_recovery: bool


@dataclass(frozen=True)
class StackStatus:
    """The stack at this moment."""

    stack: str
    cloud: str
    account_id: str
    region: str
    api_url: str
    site_url: str | None
    functions: tuple[FunctionStatus, ...]
    tables: tuple[TableStatus, ...]
    secrets: int
    parameters: int

    def document(self) -> dict[str, Any]:
        """The machine's form."""
        return asdict(self)


def inspect(stack: Stack, client: Callable[[str], Any]) -> StackStatus:
    """Ask AWS about everything that the stack's outputs name; `client` gives boto3 clients of its account."""
    outputs, place = stack.outputs, stack.place
    pages = (
        client("ssm").get_paginator("get_parameters_by_path").paginate(Path=outputs.parameter_prefix, Recursive=True)
    )
    return StackStatus(
        stack=stack.name,
        cloud=str(place.cloud),
        account_id=place.account_id,
        region=place.region,
        api_url=outputs.api_url,
        site_url=outputs.site_url,
        functions=tuple(_function(client, name, f.name) for name, f in sorted(outputs.functions.items())),
        tables=tuple(_table(client, name, physical) for name, physical in sorted(outputs.tables.items())),
        secrets=len(outputs.secrets),
        parameters=sum(len(page["Parameters"]) for page in pages),
    )


def _function(client: Callable[[str], Any], name: str, function: str) -> FunctionStatus:
    aws = client("lambda")
    alias = aws.get_alias(FunctionName=function, Name="live")
    live = aws.get_function_configuration(FunctionName=function, Qualifier=alias["FunctionVersion"])
    return FunctionStatus(
        name=name,
        function=function,
        version=alias["FunctionVersion"],
        routing=(alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {},
        state=live.get("State", "unknown"),
        modified=live.get("LastModified", ""),
        code_sha256=live.get("CodeSha256", ""),
    )


def _table(client: Callable[[str], Any], name: str, physical: str) -> TableStatus:
    aws = client("dynamodb")
    table = aws.describe_table(TableName=physical)["Table"]
    backups = aws.describe_continuous_backups(TableName=physical)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    return TableStatus(
        name=name,
        table=physical,
        state=table["TableStatus"],
        items=table.get("ItemCount", 0),
        bytes=table.get("TableSizeBytes", 0),
        point_in_time_recovery=recovery == "ENABLED",
    )
