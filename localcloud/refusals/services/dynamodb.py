"""DynamoDB tables."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

from collections.abc import Iterator

from localcloud.refusals.check import Inputs, Of, Place, Violation

_TABLE = Of("aws:dynamodb/table:Table", "DynamoDB CreateTable")
_QUOTAS = "DynamoDB quotas"
_INDEXES = ("globalSecondaryIndexes", "localSecondaryIndexes")


def _keys(index: Inputs) -> Iterator[str]:
    yield from (index[key] for key in ("hashKey", "rangeKey") if index.get(key))
    yield from (schema["attributeName"] for schema in index.get("keySchemas", ()))


def _attributes(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if "restoreSourceName" in inputs or "attributes" not in inputs:
        return
    rows = (inputs, *(index for key in _INDEXES for index in inputs.get(key, ())))
    used = {name for row in rows for name in _keys(row)}
    defined = [row["name"] for row in inputs["attributes"]]
    if repeated := sorted({name for name in defined if defined.count(name) > 1}):
        yield "attributes", f"defined twice: {', '.join(repeated)}"
    if unused := sorted(set(defined) - used):
        yield "attributes", f"all attributes must be indexed; unused: {', '.join(unused)}: define keys only"
    if undefined := sorted(used - set(defined)):
        yield "attributes", f"keys without definition: {', '.join(undefined)}"


def _hash_key(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if "hashKey" not in inputs and not inputs.keys() & {
        "restoreSourceName",
        "restoreSourceTableArn",
        "restoreBackupArn",
    }:
        yield "hashKey", "a table needs a partition key"
    elif "hashKey" in inputs and inputs["hashKey"] == inputs.get("rangeKey"):
        yield "rangeKey", "the sort key must be another attribute than the partition key"


def _index_keys(inputs: Inputs, _: Place) -> Iterator[Violation]:
    names = [index.get("name") for key in _INDEXES for index in inputs.get(key, ())]
    for key in _INDEXES:
        for at, index in enumerate(inputs.get(key, ())):
            if names.count(index.get("name")) > 1:
                yield f"{key}[{at}].name", f"{index.get('name')!r} is the name of another index of this table"
    for at, index in enumerate(inputs.get("globalSecondaryIndexes", ())):
        if not list(_keys(index)):
            yield f"globalSecondaryIndexes[{at}].hashKey", "an index needs a partition key"
    for at, index in enumerate(inputs.get("localSecondaryIndexes", ())):
        if "rangeKey" not in inputs:
            yield f"localSecondaryIndexes[{at}]", "a table without a sort key takes no local index"
        elif index.get("rangeKey") == inputs["rangeKey"]:
            yield f"localSecondaryIndexes[{at}].rangeKey", "is the table's own sort key: choose another"


def _projection(inputs: Inputs, _: Place) -> Iterator[Violation]:
    total = 0
    for key in _INDEXES:
        for at, index in enumerate(inputs.get(key, ())):
            extra, include = index.get("nonKeyAttributes") or [], index.get("projectionType") == "INCLUDE"
            total += len(extra)
            if include and not extra:
                yield f"{key}[{at}].nonKeyAttributes", "required by projectionType INCLUDE"
            elif extra and not include:
                yield f"{key}[{at}].nonKeyAttributes", "only projectionType INCLUDE takes them"
            if repeated := sorted(set(extra) & {*_keys(index), *_keys(inputs)}):
                yield f"{key}[{at}].nonKeyAttributes", f"keys are projected anyway: leave out {', '.join(repeated)}"
    if total > 100:
        yield "globalSecondaryIndexes", f"{total} projected attributes over all indexes; AWS takes 100"


def _capacity(inputs: Inputs, _: Place) -> Iterator[Violation]:
    provisioned = inputs.get("billingMode", "PROVISIONED") == "PROVISIONED"
    rows = [("", inputs)] + [
        (f"globalSecondaryIndexes[{at}].", row) for at, row in enumerate(inputs.get("globalSecondaryIndexes", ()))
    ]
    for path, row in rows:
        for key in ("readCapacity", "writeCapacity"):
            units = int(row.get(key) or 0)
            if provisioned and units < 1:
                yield path + key, "required with billingMode PROVISIONED, at least 1"
            elif provisioned and units > 40000:
                yield path + key, f"{units} units; AWS takes 40000 a table (quota, can be raised)"
        if provisioned and row.get("onDemandThroughput"):
            yield f"{path}onDemandThroughput", "only billingMode PAY_PER_REQUEST takes it"


def _stream(inputs: Inputs, _: Place) -> Iterator[Violation]:
    view = inputs.get("streamViewType")
    if inputs.get("streamEnabled") and not view:
        yield "streamViewType", "required when streamEnabled is true"
    elif view and not inputs.get("streamEnabled"):
        yield "streamViewType", "give it with streamEnabled: true only"


def _flags(inputs: Inputs, _: Place) -> Iterator[Violation]:
    ttl, recovery = inputs.get("ttl", {}), inputs.get("pointInTimeRecovery", {})
    if ttl.get("enabled", bool(ttl)) and not ttl.get("attributeName"):
        yield "ttl.attributeName", "required when TTL is on"
    if recovery.get("recoveryPeriodInDays") and not recovery.get("enabled"):
        yield "pointInTimeRecovery.recoveryPeriodInDays", "only with enabled: true"
    encryption = inputs.get("serverSideEncryption", {})
    if encryption.get("kmsKeyArn") and not encryption.get("enabled"):
        yield "serverSideEncryption.kmsKeyArn", "a key of your own needs enabled: true"


def _replicas(inputs: Inputs, place: Place) -> Iterator[Violation]:
    regions = [replica.get("regionName") for replica in inputs.get("replicas", ())]
    if regions and not (inputs.get("streamEnabled") and inputs.get("streamViewType") == "NEW_AND_OLD_IMAGES"):
        yield "streamViewType", "a table with replicas needs a stream of NEW_AND_OLD_IMAGES"
    if place.region in regions or len(regions) != len(set(regions)):
        yield "replicas", "one replica a Region, and none in the table's own"


RULES = (
    _TABLE.length("name", 3, 255, _QUOTAS + ": table names"),
    _TABLE.rule(
        "attributes-used",
        "attributes hashKey rangeKey globalSecondaryIndexes localSecondaryIndexes restoreSourceName",
        _attributes,
        "attribute definitions that are not exactly the keys in use",
    ),
    _TABLE.rule(
        "hash-key",
        "hashKey rangeKey restoreSourceName",
        _hash_key,
        "a table without partition key, or with one attribute as both keys",
    ),
    _TABLE.rule(
        "index-keys",
        "rangeKey globalSecondaryIndexes localSecondaryIndexes",
        _index_keys,
        "indexes of one name, without key, or local without sort key",
    ),
    _TABLE.rule(
        "projection",
        "globalSecondaryIndexes localSecondaryIndexes",
        _projection,
        "nonKeyAttributes without INCLUDE, INCLUDE without them, more than 100 in all",
        "100 in all",
        _QUOTAS,
    ),
    _TABLE.rule(
        "capacity",
        "billingMode readCapacity writeCapacity globalSecondaryIndexes onDemandThroughput",
        _capacity,
        "capacity that does not go with the billing mode",
        "1 to 40000 provisioned",
    ),
    _TABLE.rule(
        "stream-view",
        "streamEnabled streamViewType",
        _stream,
        "a stream without view type, or a view type without stream",
    ),
    _TABLE.rule(
        "flags",
        "ttl pointInTimeRecovery serverSideEncryption",
        _flags,
        "settings of TTL, recovery and encryption that are off, TTL without attribute",
    ),
    _TABLE.rule(
        "replicas",
        "replicas streamEnabled streamViewType",
        _replicas,
        "replicas without the stream they need, two in a Region",
        source="DynamoDB global tables",
    ),
    _TABLE.count("globalSecondaryIndexes", 20, _QUOTAS),
    _TABLE.count("localSecondaryIndexes", 5, _QUOTAS),
)
