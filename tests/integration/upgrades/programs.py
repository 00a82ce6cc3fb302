"""Programs of our real components in several versions: what a deployment N and its successor N+1 are made of.

The engine runs `main` in a process of its own; the test says in the variable `UPGRADE` which program, with which
arguments. What an argument changes stands for what a commit, or a config change, would.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components.artefacts import Artefact, FunctionCode
from components.config import Capacity, FunctionSizing
from components.data import stack as data_stack
from components.data.parameters import TABLES_PATH, Entry, entries
from components.data.stack import DataStack, DataStackArgs
from components.data.tables import TableDefinition
from components.delivery.stack import DeliveryStack, DeliveryStackArgs
from components.iam import policy_json
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.lifecycle import Protection, stateful
from components.naming import Names
from components.recovery import Recovery
from components.security.key import key_policy
from components.security.stack import SecurityStack, SecurityStackArgs
from components.tags import component_tags

ACCOUNT = "100000000001"
REGION = "eu-central-1"
VARIABLE = "UPGRADE"
KEYS = ("first", "second")
TABLES: Mapping[str, Mapping[str, Any]] = {"users": {"indexes": ["gsi1"]}, "orders": {"indexes": ["gsi1"]}}


def main() -> None:
    """Run the program that the test asks for."""
    asked = json.loads(os.environ[VARIABLE])
    names = Names(asked["environment"], ACCOUNT, REGION)
    tags = {"Project": "omnix-ai", "Environment": names.environment, **asked["tags"]}
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT], default_tags={"tags": tags})
    program: Any = PROGRAMS[asked["program"]]
    program(names, provider, **asked["arguments"])


def options(provider: aws.Provider, was: str | None = None) -> pulumi.ResourceOptions:
    """As `environment` gives them to every stack; `was` is the component's name before it was renamed."""
    return pulumi.ResourceOptions(providers=[provider], aliases=[pulumi.Alias(name=was)] if was else [])


def key(names: Names, provider: aws.Provider, name: str, protection: Protection) -> aws.kms.Key:
    return aws.kms.Key(
        f"key-{name}",
        policy=policy_json(*key_policy(names)),
        enable_key_rotation=True,
        opts=pulumi.ResourceOptions(provider=provider, protect=protection.locked),
    )


def data(
    names: Names,
    provider: aws.Provider,
    *,
    name: str = "data",
    was: str | None = None,
    tables: Mapping[str, Mapping[str, Any]] = TABLES,
    use_key: str = "first",
    retain: bool = False,
    locked: bool = False,
    capacity: Mapping[str, Mapping[str, int]] | None = None,
    adopt: Mapping[str, str] | None = None,
    log_level: str = "INFO",
    code_changes: Mapping[str, Any] | None = None,
    moved: Sequence[str] = (),
) -> None:
    """The data stack with two keys. `code_changes` are made to every table, `moved` tables are `MovedTables`' now."""
    protection = Protection(retain=retain, locked=locked)
    keys = {made: key(names, provider, made, protection).arn for made in KEYS}
    definitions = {table: _definition(table, **given) for table, given in tables.items()}
    stays = {table: given for table, given in definitions.items() if table not in moved}
    vars(data_stack)["TABLES"] = stays  # another version of the code
    vars(data_stack)["entries"] = partial(_entries, list(definitions), moved)
    if code_changes:
        pulumi.runtime.register_stack_transformation(_changing(code_changes))
    args = DataStackArgs(
        names=names,
        recovery=Recovery("eu-west-1", f"arn:aws:kms:eu-west-1:{names.account_id}:key/replicas"),
        key_arn=keys[use_key],
        protection=protection,
        cors_origins=["https://shop.example"],
        bedrock=(),
        log_level=log_level,
        adopt=adopt or {},
        capacity={table: Capacity.model_validate(given) for table, given in (capacity or {}).items()},
    )
    DataStack(name, args, options(provider, was))
    if moved:
        MovedTables("moved", args, [definitions[table] for table in moved], options(provider))


def _entries(every: Sequence[str], moved: Sequence[str], names: Names, **given: Any) -> list[Entry]:
    """One parameter names all tables, in whichever component they are; a table's own goes with it."""
    found = entries(names, **{**given, "tables": every})
    return [entry for entry in found if entry.path.removeprefix(f"{TABLES_PATH}/") not in moved]


def _definition(name: str, *, indexes: Sequence[str] = (), ttl: str | None = None, stream: bool = False) -> Any:
    return TableDefinition(name, tuple(indexes), ttl, stream)


def _changing(changes: Mapping[str, Any]) -> Any:
    def transform(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if given.type_ != "aws:dynamodb/table:Table":
            return None
        return pulumi.ResourceTransformationResult({**given.props, **changes}, given.opts)

    return transform


class MovedTables(pulumi.ComponentResource):
    """What a split leaves: some of the data stack's tables in another component, with what each was as its alias."""

    def __init__(
        self, name: str, args: DataStackArgs, tables: Sequence[TableDefinition], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("omnix:components:MovedTables", name, None, opts)
        was = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::omnix:components:DataStack::data"
        for table in tables:
            aws.dynamodb.Table(
                f"{name}-table-{table.name}",
                name=args.names.table(table.name),
                billing_mode="PAY_PER_REQUEST",
                hash_key="pk",
                range_key="sk",
                attributes=[{"name": attribute, "type": "S"} for attribute in table.attributes],
                global_secondary_indexes=[data_stack._index(index, None) for index in table.indexes],
                point_in_time_recovery={"enabled": True},
                server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
                deletion_protection_enabled=args.protection.retain,
                tags=component_tags("DataStack"),
                opts=stateful(
                    self,
                    protection=args.protection,
                    aliases=[pulumi.Alias(name=f"data-table-{table.name}", parent=was)],
                ),
            )
            aws.ssm.Parameter(
                f"{name}-parameter-{table.name}",
                name=args.names.parameter("database", "tables", table.name),
                type="String",
                value=args.names.table(table.name),
                description=f"Name of the table {table.name}",
                tags=component_tags("DataStack"),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    aliases=[pulumi.Alias(name=f"data-parameter-database-tables-{table.name}", parent=was)],
                ),
            )
        self.register_outputs({})


def security(
    names: Names, provider: aws.Provider, *, recovery_days: int = 0, retain: bool = False, name: str = "security",
    was: str | None = None,
) -> None:  # fmt: skip
    """The key and the three secrets."""
    protection = Protection(retain=retain, locked=False)
    args = SecurityStackArgs(names, "eu-west-1", protection, recovery_days, account_baseline=False)
    SecurityStack(name, args, options(provider, was))


def functions(
    names: Names, provider: aws.Provider, *, zips: Mapping[str, Mapping[str, str]], alias_owner: Any = "pulumi",
    memory_mb: int = 128,
) -> None:  # fmt: skip
    """The artefact bucket and one function for each of `zips` (path and SHA-256 in base64, by name)."""
    protection = Protection(retain=False, locked=False)
    key_arn = key(names, provider, "first", protection).arn
    made = {name: Artefact(name, str(Path(zip_["path"])), zip_["sha256"], "handler.handler")
            for name, zip_ in zips.items()}  # fmt: skip
    delivery = DeliveryStack("delivery", DeliveryStackArgs(names, key_arn, protection, made, {}), options(provider))
    for name in zips:
        code: FunctionCode = delivery.code[name]
        args = LambdaFunctionArgs(
            names=names,
            code=code,
            sizing=FunctionSizing(memory_mb=memory_mb, timeout_seconds=10),
            key_arn=key_arn,
            log_retention_days=7,
            alias_owner=alias_owner,
            component="ApiStack",
            description=f"Says which version of {name} it is",
        )
        LambdaFunction(f"{name}-lambda", args, options(provider))


PROGRAMS = {"data": data, "security": security, "functions": functions}
