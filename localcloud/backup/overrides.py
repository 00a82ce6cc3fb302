"""What a caller of DynamoDB's own restores may have otherwise than the source has it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.backup.contents import Definition
from localcloud.backup.refused import Refused


def overridden(definition: Definition, parameters: Mapping[str, Any]) -> Definition:
    """The definition with the call's `…Override` parameters. Raises `Refused`."""
    changes: dict[str, Any] = {}
    if mode := parameters.get("BillingModeOverride"):
        changes["billing_mode"] = mode
    if throughput := parameters.get("ProvisionedThroughputOverride"):
        changes["throughput"] = dict(throughput)
    for name, field in (("GlobalSecondaryIndexOverride", "global_indexes"), ("LocalSecondaryIndexOverride", "indexes")):
        if (wanted := parameters.get(name)) is not None:
            changes[field] = _indexes(getattr(definition, field), wanted)
    made = dataclasses.replace(definition, **changes)
    return dataclasses.replace(made, attributes=_used(made))


def _indexes(known: Sequence[Any], wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Fewer of the source's indexes; others cannot be made by a restore."""
    names = {one["IndexName"] for one in wanted}
    if unknown := sorted(names - {one.name for one in known}):
        message = f"Index override is not an index of the source table: {', '.join(unknown)}"
        raise Refused("ValidationException", f"One or more parameter values were invalid: {message}")
    return [one for one in known if one.name in names]


def _used(definition: Definition) -> list[dict[str, str]]:
    schemas = [definition.schema, *(one.schema for one in (*definition.indexes, *definition.global_indexes))]
    used = {key["AttributeName"] for schema in schemas for key in schema}
    return [one for one in definition.attributes if one["AttributeName"] in used]


def encryption(definition: Definition, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The source's, or what `SSESpecificationOverride` says; empty for DynamoDB's own key."""
    wanted = parameters.get("SSESpecificationOverride")
    if wanted is None:
        return dict(definition.encryption)
    return dict(wanted) if wanted.get("Enabled") else {}
