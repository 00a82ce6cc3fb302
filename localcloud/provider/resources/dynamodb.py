"""Amazon DynamoDB."""
# ruff: noqa: A002, ARG002, D101, D102, PLR2004 - `ResourceType` says what each method does

from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, failed_precondition
from localcloud.provider.tagging import DYNAMODB
from localcloud.provider.wire import Properties

_KEY = "hashKey", "rangeKey"


class Table(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:dynamodb/table:Table"
    label = Label.EXECUTED
    naming = Naming(r"[A-Za-z0-9_.-]+", 255, 3)
    tagging = DYNAMODB
    importable = True
    force_new = frozenset({"hashKey", "rangeKey", "localSecondaryIndexes", "importTable", "restoreSourceName"})
    unordered = frozenset({"attributes", "globalSecondaryIndexes", "localSecondaryIndexes"})
    defaults: ClassVar = {
        "billingMode": "PROVISIONED",
        "deletionProtectionEnabled": False,
        "tableClass": "STANDARD",
        "streamEnabled": False,
        "pointInTimeRecovery": {"enabled": False},
        "serverSideEncryption": {"enabled": False},
        "ttl": {"enabled": False},
    }

    def create(self, scope: Scope, inputs: Properties) -> str:
        given: dict[str, Any] = {
            "TableName": inputs["name"],
            "KeySchema": _key_schema(inputs),
            "AttributeDefinitions": _attributes(inputs),
            "BillingMode": inputs.get("billingMode", "PROVISIONED"),
            "TableClass": inputs.get("tableClass", "STANDARD"),
            "DeletionProtectionEnabled": inputs.get("deletionProtectionEnabled", False),
        }
        if given["BillingMode"] == "PROVISIONED":
            given["ProvisionedThroughput"] = _throughput(inputs)
        if indexes := inputs.get("globalSecondaryIndexes"):
            given["GlobalSecondaryIndexes"] = [_index(index, given["BillingMode"]) for index in indexes]
        if indexes := inputs.get("localSecondaryIndexes"):
            partition = {"AttributeName": inputs["hashKey"], "KeyType": "HASH"}
            given["LocalSecondaryIndexes"] = [_local_index(index, partition) for index in indexes]
        if inputs.get("streamEnabled"):
            given["StreamSpecification"] = _stream(inputs)
        if inputs.get("serverSideEncryption", {}).get("enabled"):
            given["SSESpecification"] = _encryption(inputs)
        scope.client("dynamodb").create_table(**given)
        return str(inputs["name"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        client = scope.client("dynamodb")
        if olds:
            self._update_table(client, id, news, olds)
        _recovery(client, id, news, olds)
        _time_to_live(client, id, news, olds)

    def _update_table(self, client: Any, name: str, news: Properties, olds: Properties) -> None:
        wanted: dict[str, Any] = {}
        if news.get("deletionProtectionEnabled", False) != olds.get("deletionProtectionEnabled", False):
            wanted["DeletionProtectionEnabled"] = news.get("deletionProtectionEnabled", False)
        if news.get("tableClass", "STANDARD") != olds.get("tableClass", "STANDARD"):
            wanted["TableClass"] = news.get("tableClass", "STANDARD")
        capacity = ("billingMode", "readCapacity", "writeCapacity")
        if any(news.get(key) != olds.get(key) for key in capacity if key in news):
            wanted["BillingMode"] = news.get("billingMode", "PROVISIONED")
            if wanted["BillingMode"] == "PROVISIONED":
                wanted["ProvisionedThroughput"] = _throughput(news)
        if news.get("serverSideEncryption") != olds.get("serverSideEncryption"):
            wanted["SSESpecification"] = _encryption(news)
        if wanted:
            client.update_table(TableName=name, **wanted)
        if (news.get("streamEnabled", False), news.get("streamViewType")) != (
            olds.get("streamEnabled", False),
            olds.get("streamViewType") or None,
        ):
            if olds.get("streamEnabled"):
                client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
            if news.get("streamEnabled"):
                client.update_table(TableName=name, StreamSpecification=_stream(news))
        self._update_indexes(client, name, news, olds)

    def _update_indexes(self, client: Any, name: str, news: Properties, olds: Properties) -> None:
        """DynamoDB changes one index a call; a changed key or projection is a new index."""
        wanted = {index["name"]: index for index in news.get("globalSecondaryIndexes", ())}
        current = {index["name"]: index for index in olds.get("globalSecondaryIndexes", ())}
        changed = {key for key in wanted.keys() & current.keys() if _shape(wanted[key]) != _shape(current[key])}
        for key in sorted((current.keys() - wanted.keys()) | changed):
            client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": key}}])
        for key in sorted((wanted.keys() - current.keys()) | changed):
            index = _index(wanted[key], news.get("billingMode", "PROVISIONED"))
            client.update_table(
                TableName=name,
                AttributeDefinitions=_attributes(news),
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        client = scope.client("dynamodb")
        found = client.describe_table(TableName=id)["Table"]
        recovery = client.describe_continuous_backups(TableName=id)["ContinuousBackupsDescription"]
        period = recovery["PointInTimeRecoveryDescription"]
        ttl = client.describe_time_to_live(TableName=id)["TimeToLiveDescription"]
        return {
            **_described(found, {index["name"]: index for index in state.get("globalSecondaryIndexes", ())}),
            "pointInTimeRecovery": _point_in_time(period),
            "ttl": _ttl(ttl),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        client = scope.client("dynamodb")
        if client.describe_table(TableName=id)["Table"].get("DeletionProtectionEnabled"):
            raise failed_precondition(
                f"ValidationException: Resource cannot be deleted as it is currently protected against deletion:"
                f" {id}. Disable deletion protection first (deletion_protection_enabled=False, then up)"
            )
        client.delete_table(TableName=id)

    def volatile(self, olds: Properties, changed: frozenset[str]) -> frozenset[str]:
        return frozenset({"streamArn", "streamLabel"}) if changed & {"streamEnabled", "streamViewType"} else frozenset()


def _key_schema(source: Properties) -> list[dict[str, str]]:
    if source.get("keySchemas"):
        return [{"AttributeName": k["attributeName"], "KeyType": k["keyType"]} for k in source["keySchemas"]]
    kinds = zip(_KEY, ("HASH", "RANGE"), strict=True)
    return [{"AttributeName": source[key], "KeyType": kind} for key, kind in kinds if source.get(key)]


def _attributes(inputs: Properties) -> list[dict[str, str]]:
    return [{"AttributeName": a["name"], "AttributeType": a["type"]} for a in inputs.get("attributes", ())]


def _throughput(source: Properties) -> dict[str, int]:
    return {
        "ReadCapacityUnits": int(source.get("readCapacity", 1)),
        "WriteCapacityUnits": int(source.get("writeCapacity", 1)),
    }


def _projection(index: Properties) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    return projection


def _index(index: Properties, billing: str) -> dict[str, Any]:
    made = {"IndexName": index["name"], "KeySchema": _key_schema(index), "Projection": _projection(index)}
    return {**made, "ProvisionedThroughput": _throughput(index)} if billing == "PROVISIONED" else made


def _local_index(index: Properties, partition: dict[str, str]) -> dict[str, Any]:
    keys = [partition, {"AttributeName": index["rangeKey"], "KeyType": "RANGE"}]
    return {"IndexName": index["name"], "KeySchema": keys, "Projection": _projection(index)}


def _shape(index: Properties) -> tuple[Any, ...]:
    return _key_schema(index), index["projectionType"], sorted(index.get("nonKeyAttributes") or ())


def _stream(inputs: Properties) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}


def _encryption(inputs: Properties) -> dict[str, Any]:
    wanted = inputs.get("serverSideEncryption", {})
    made: dict[str, Any] = {"Enabled": bool(wanted.get("enabled"))}
    if wanted.get("kmsKeyArn"):
        made |= {"SSEType": "KMS", "KMSMasterKeyId": wanted["kmsKeyArn"]}
    return made


def _recovery(client: Any, name: str, news: Properties, olds: Properties) -> None:
    wanted = news.get("pointInTimeRecovery") or {"enabled": False}
    if wanted == olds.get("pointInTimeRecovery") or (not olds and not wanted["enabled"]):
        return
    setting: dict[str, Any] = {"PointInTimeRecoveryEnabled": wanted["enabled"]}
    if wanted["enabled"] and wanted.get("recoveryPeriodInDays"):
        setting["RecoveryPeriodInDays"] = wanted["recoveryPeriodInDays"]
    client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=setting)


def _time_to_live(client: Any, name: str, news: Properties, olds: Properties) -> None:
    wanted, current = news.get("ttl") or {}, olds.get("ttl") or {}
    if (wanted.get("enabled", False), wanted.get("attributeName")) == (
        current.get("enabled", False),
        current.get("attributeName") or None,
    ):
        return
    attribute = wanted.get("attributeName") or current.get("attributeName")
    setting = {"Enabled": bool(wanted.get("enabled")), "AttributeName": attribute}
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=setting)


def _point_in_time(period: dict[str, Any]) -> Properties:
    if period["PointInTimeRecoveryStatus"] != "ENABLED":
        return {"enabled": False}
    days = period.get("RecoveryPeriodInDays", 35)  # 35 is AWS's own choice
    return {"enabled": True} if days == 35 else {"enabled": True, "recoveryPeriodInDays": days}


def _ttl(found: dict[str, Any]) -> Properties:
    enabled = found["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    return {"enabled": True, "attributeName": found["AttributeName"]} if enabled else {"enabled": False}


def _described(found: dict[str, Any], given: dict[str, Properties]) -> Properties:
    keys = {entry["KeyType"]: entry["AttributeName"] for entry in found["KeySchema"]}
    billing = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    stream = found.get("StreamSpecification", {})
    throughput = found["ProvisionedThroughput"]
    provisioned = billing == "PROVISIONED"
    encryption = found.get("SSEDescription", {})
    encrypted = encryption.get("Status") in {"ENABLED", "UPDATING"}
    return {
        "arn": found["TableArn"],
        "name": found["TableName"],
        "hashKey": keys["HASH"],
        "rangeKey": keys.get("RANGE"),
        "billingMode": billing,
        "tableClass": found.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "deletionProtectionEnabled": found.get("DeletionProtectionEnabled", False),
        "attributes": [{"name": a["AttributeName"], "type": a["AttributeType"]} for a in found["AttributeDefinitions"]],
        "globalSecondaryIndexes": [
            _described_index(index, given.get(index["IndexName"], {}), provisioned=provisioned)
            for index in found.get("GlobalSecondaryIndexes", ())
        ],
        "localSecondaryIndexes": [
            _described_index(index, {}, provisioned=False, local=True)
            for index in found.get("LocalSecondaryIndexes", ())
        ],
        "readCapacity": throughput["ReadCapacityUnits"] if provisioned else None,
        "writeCapacity": throughput["WriteCapacityUnits"] if provisioned else None,
        "serverSideEncryption": {"enabled": encrypted, "kmsKeyArn": encryption.get("KMSMasterKeyArn")}
        if encrypted
        else {"enabled": False},
        "streamEnabled": stream.get("StreamEnabled", False),
        "streamViewType": stream.get("StreamViewType"),
        "streamArn": found.get("LatestStreamArn"),
        "streamLabel": found.get("LatestStreamLabel"),
    }


def _described_index(index: dict[str, Any], given: Properties, *, provisioned: bool, local: bool = False) -> Properties:
    """In the spelling of `given` (keySchemas, or hashKey and rangeKey) where both name the same keys."""
    keys = {entry["KeyType"]: entry["AttributeName"] for entry in index["KeySchema"]}
    made: Properties = {"name": index["IndexName"], "projectionType": index["Projection"]["ProjectionType"]}
    if given.get("keySchemas"):
        made["keySchemas"] = [
            {"attributeName": entry["AttributeName"], "keyType": entry["KeyType"]} for entry in index["KeySchema"]
        ]
    else:
        made |= {"hashKey": keys["HASH"], "rangeKey": keys.get("RANGE")}
    if local:
        made.pop("hashKey", None)
    if index["Projection"].get("NonKeyAttributes"):
        made["nonKeyAttributes"] = index["Projection"]["NonKeyAttributes"]
    if provisioned:
        throughput = index["ProvisionedThroughput"]
        made["readCapacity"] = throughput["ReadCapacityUnits"]
        made["writeCapacity"] = throughput["WriteCapacityUnits"]
    return {key: value for key, value in made.items() if value is not None}


TYPES = (Table(),)
