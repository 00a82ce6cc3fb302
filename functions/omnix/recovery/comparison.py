"""What a restored table must have: pure, over DynamoDB's own descriptions (`DescribeTable`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef


def differences(source: TableDescriptionTypeDef, restored: TableDescriptionTypeDef, key_arn: str) -> list[str]:
    """What `restored` lacks or has otherwise: state, keys, indexes, encryption. Empty for a true copy.

    `key_arn`: the environment's key, which a test restores every table under; a table of before may lie under another.

    A restore brings back no time to live, stream, tag, point-in-time recovery, deletion protection or scaling, so none
    of them is compared ("Restoring a DynamoDB table from a backup").
    """
    return [*_state(restored), *_keys(source, restored), *_indexes(source, restored), *_encryption(restored, key_arn)]


def _state(restored: TableDescriptionTypeDef) -> Iterator[str]:
    if restored["TableStatus"] != "ACTIVE":
        yield f"the table is {restored['TableStatus']}"


def _keys(source: TableDescriptionTypeDef, restored: TableDescriptionTypeDef) -> Iterator[str]:
    wanted, found = _key_schema(source), _key_schema(restored)
    if wanted != found:
        yield f"its key is {_shown(found)} and not {_shown(wanted)}"


def _key_schema(description: Mapping[str, Any]) -> dict[str, str]:
    return {key["AttributeName"]: key["KeyType"] for key in description["KeySchema"]}


def _shown(keys: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in sorted(keys.items(), key=lambda key: key[1]))


def _indexes(source: TableDescriptionTypeDef, restored: TableDescriptionTypeDef) -> Iterator[str]:
    wanted, found = _by_name(source), _by_name(restored)
    if missing := sorted(wanted.keys() - found.keys()):
        yield f"it lacks the indexes {', '.join(missing)}"
    for name in sorted(wanted.keys() & found.keys()):
        if _index(wanted[name]) != _index(found[name]):
            yield f"the index {name} has other keys or another projection"
        if found[name]["IndexStatus"] != "ACTIVE":
            yield f"the index {name} is {found[name]['IndexStatus']}"


def _by_name(description: TableDescriptionTypeDef) -> dict[str, Mapping[str, Any]]:
    return {index["IndexName"]: index for index in description.get("GlobalSecondaryIndexes", [])}


def _index(index: Mapping[str, Any]) -> tuple[dict[str, str], str, list[str]]:
    projection = index["Projection"]
    return _key_schema(index), projection["ProjectionType"], sorted(projection.get("NonKeyAttributes", []))


def _encryption(restored: TableDescriptionTypeDef, key_arn: str) -> Iterator[str]:
    found = restored.get("SSEDescription", {}).get("KMSMasterKeyArn", "a key of AWS")
    if found != key_arn:
        yield f"it is encrypted by {found} and not by the environment's key"
