"""`DataStack`: the nine tables and the parameters that tell functions where things are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.commit import UNKNOWN_COMMIT
from components.config import Capacity, LegacyTable
from components.data.capacity import SCALED_PROPERTIES, scale, scalings
from components.data.files import FileBucket, FileBucketArgs
from components.data.parameters import Entry, Parameters, entries
from components.data.table import Table
from components.data.tables import PARTITION_KEY, SORT_KEY, TABLES, TableDefinition
from components.lifecycle import Protection, serving, stateful
from components.naming import Names
from components.recovery import Recovery
from components.tags import component_tags

_TAGS = component_tags("DataStack")


@dataclass(frozen=True)
class DataStackArgs:
    """What is retained has DynamoDB's deletion protection too.

    `recovery`: where files are copied to, if anywhere. `adopt`: import ids, table names by `tables/{name}` and buckets
    by `file-bucket` and `file-bucket-dr`. A table in `capacity` is provisioned and scaled, every other one on-demand.
    `bedrock`: the parameters about models.
    """

    names: Names
    recovery: Recovery | None
    key_arn: pulumi.Input[str]
    protection: Protection
    cors_origins: Sequence[str]
    bedrock: Sequence[Entry]
    log_level: str
    adopt: Mapping[str, str] = field(default_factory=dict)
    capacity: Mapping[str, Capacity] = field(default_factory=dict)
    commit: str = UNKNOWN_COMMIT
    legacy: Mapping[str, LegacyTable] = field(default_factory=dict)


class DataStack(pulumi.ComponentResource):
    """Where data lives.

    Makes: nine `aws:dynamodb:Table` (on-demand or provisioned, point-in-time recovery, CMK, indexes, TTL,
    streams, deletion protection by config); for a provisioned table, `aws:appautoscaling:Target` and
    `aws:appautoscaling:Policy` for reads and writes of it and of each index; `aws:ssm:Parameter` for the
    database, CORS origins, model, log level and commit; a `FileBucket`.
    """

    tables: Mapping[str, Table]
    files: FileBucket
    parameters: Parameters

    def __init__(self, name: str, args: DataStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:DataStack", name, None, opts)
        self._name, self._args = name, args
        self.tables = {table.name: self._table(table) for table in TABLES.values()}
        written = [self._parameter(entry).name for entry in self._entries()]
        self.parameters = Parameters(args.names, args.key_arn, pulumi.Output.all(*written))
        self.files = self._files()
        self.register_outputs({"tables": {logical: table.name for logical, table in self.tables.items()}})

    def _table(self, definition: TableDefinition) -> Table:
        args = self._args
        capacity = args.capacity.get(definition.name)
        prefix = f"{self._name}-table-{definition.name}"
        resource = aws.dynamodb.Table(
            prefix,
            name=args.names.table(definition.name),
            billing_mode="PROVISIONED" if capacity else "PAY_PER_REQUEST",
            read_capacity=capacity.read_min if capacity else None,
            write_capacity=capacity.write_min if capacity else None,
            hash_key=PARTITION_KEY,
            range_key=SORT_KEY,
            attributes=[{"name": attribute, "type": "S"} for attribute in definition.attributes],
            global_secondary_indexes=[_index(index, capacity) for index in definition.indexes],
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
            ttl={"attribute_name": definition.ttl, "enabled": True} if definition.ttl else None,
            stream_enabled=True if definition.stream else None,
            stream_view_type="NEW_AND_OLD_IMAGES" if definition.stream else None,
            deletion_protection_enabled=args.protection.retain,
            tags=_TAGS,
            opts=stateful(
                self,
                protection=args.protection,
                adopt=args.adopt.get(f"tables/{definition.name}"),
                ignore_changes=SCALED_PROPERTIES if capacity and not capacity.switching else (),
            ),
        )
        if capacity:
            for scaling in scalings(args.names.table(definition.name), definition.indexes, capacity):
                scale(prefix, scaling, capacity.target_percent, self, resource)
        return Table(
            logical=definition.name,
            name=resource.name,
            arn=resource.arn,
            stream_arn=resource.stream_arn,
            indexes=definition.indexes,
            key_arn=args.key_arn,
            names=args.names,
            legacy=args.legacy.get(definition.name),
        )

    def _files(self) -> FileBucket:
        args = self._args
        files = FileBucketArgs(
            names=args.names,
            recovery=args.recovery,
            key_arn=args.key_arn,
            protection=args.protection,
            adopt=args.adopt,
        )
        return FileBucket(f"{self._name}-files", files, pulumi.ResourceOptions(parent=self))

    def _entries(self) -> Sequence[Entry]:
        args = self._args
        return entries(
            args.names,
            tables=TABLES,
            origins=args.cors_origins,
            bedrock=args.bedrock,
            log_level=args.log_level,
            commit=args.commit,
            legacy={logical: table.name for logical, table in args.legacy.items()},
        )

    def _parameter(self, entry: Entry) -> aws.ssm.Parameter:
        area, *levels = entry.path.split("/")
        return aws.ssm.Parameter(
            f"{self._name}-parameter-{entry.slug}",
            name=self._args.names.parameter(area, *levels),
            type=entry.type,
            value=entry.value,
            description=entry.description,
            tags=_TAGS,
            # Without them no function finds its tables.
            opts=serving(self, locked=self._args.protection.locked, ignore_changes=entry.ignore_changes),
        )


def _index(index: str, capacity: Capacity | None) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    definition: aws.dynamodb.TableGlobalSecondaryIndexArgsDict = {
        "name": index,
        "key_schemas": [
            {"attribute_name": f"{index}pk", "key_type": "HASH"},
            {"attribute_name": f"{index}sk", "key_type": "RANGE"},
        ],
        "projection_type": "ALL",
    }
    if capacity:
        definition["read_capacity"] = capacity.read_min
        definition["write_capacity"] = capacity.write_min
    return definition
