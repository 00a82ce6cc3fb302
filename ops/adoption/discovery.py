"""Finds an environment's stateful resources by their standard names, whether a stack manages them or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from components.data.tables import TABLES
from components.naming import PROJECT, Names
from components.security.secrets import SECRET_NAMES
from ops.errors import Refused

type Client = Callable[[str], Any]

_GONE = frozenset({"ResourceNotFoundException", "NotFoundException", "NoSuchBucket", "404"})


@dataclass(frozen=True)
class Found:
    """One existing resource. `logical` is its key in `adopt`, `import_id` what the provider imports it by."""

    logical: str
    type: str
    import_id: str


@dataclass(frozen=True)
class Unusable:
    """A resource that bears a standard name and still cannot be imported; `remedy` says what to do about it."""

    logical: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class Inventory:
    """What exists in the account under the environment's names."""

    found: tuple[Found, ...]
    unusable: tuple[Unusable, ...]


def discover(names: Names, client: Client) -> Inventory:
    """Look for every adoptable resource. `client` gives boto3 clients of the environment's account and region."""
    everything = [
        *_tables(names, client),
        *_secrets(names, client),
        *_vault(names, client),
        *_bucket(names, client),
    ]
    everything += _key(names, client, retained=bool(everything))
    return Inventory(
        tuple(item for item in everything if isinstance(item, Found)),
        tuple(item for item in everything if isinstance(item, Unusable)),
    )


def _asked(call: Callable[[], Any]) -> Any:
    """The answer, or None when there is no such resource; any other error is the caller's to see."""
    from botocore.exceptions import ClientError

    try:
        return call()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            return None
        raise


def _tables(names: Names, client: Client) -> Iterator[Found | Unusable]:
    for table in TABLES:
        physical = names.table(table)
        answer = _asked(lambda physical=physical: client("dynamodb").describe_table(TableName=physical))  # type: ignore[misc]
        if answer is None:
            continue
        logical, state = f"tables/{table}", answer["Table"]["TableStatus"]
        if state == "DELETING":
            yield Unusable(logical, f"{physical} is being deleted", "wait until it is gone, then restore a backup")
        else:
            yield Found(logical, "aws:dynamodb/table:Table", physical)


def _secrets(names: Names, client: Client) -> Iterator[Found | Unusable]:
    for secret in SECRET_NAMES:
        physical = names.secret(secret)
        answer = _asked(lambda physical=physical: client("secretsmanager").describe_secret(SecretId=physical))  # type: ignore[misc]
        if answer is None:
            continue
        if answer.get("DeletedDate"):
            yield Unusable(
                f"secrets/{secret}",
                f"{physical} is scheduled for deletion",
                f"restore it (`aws secretsmanager restore-secret --secret-id {physical}`), then try again",
            )
        else:
            yield Found(f"secrets/{secret}", "aws:secretsmanager/secret:Secret", answer["ARN"])


def _vault(names: Names, client: Client) -> Iterator[Found]:
    physical = names.of("vault", "backup")
    # Listed, not described: AWS Backup answers a vault that is not there with AccessDenied.
    pages = client("backup").get_paginator("list_backup_vaults").paginate()
    if any(vault["BackupVaultName"] == physical for page in pages for vault in page["BackupVaultList"]):
        yield Found("vault", "aws:backup/vault:Vault", physical)


def _bucket(names: Names, client: Client) -> Iterator[Found]:
    physical = names.bucket("artefacts")
    # ExpectedBucketOwner: a name that somebody else took must not pass for ours.
    if _asked(lambda: client("s3").head_bucket(Bucket=physical, ExpectedBucketOwner=names.account_id)) is not None:
        yield Found("artefact-bucket", "aws:s3/bucket:Bucket", physical)


def _key(names: Names, client: Client, *, retained: bool) -> list[Found | Unusable]:
    """The CMK: by its alias, else by its tags. A destroy keeps the key and deletes the alias."""
    kms = client("kms")
    described = _asked(lambda: kms.describe_key(KeyId=names.key_alias("platform")))
    keys = [described["KeyMetadata"]] if described else _tagged_keys(names, kms)
    usable = [key for key in keys if key["KeyState"] in {"Enabled", "Disabled"}]
    if len(usable) > 1:
        ids = ", ".join(key["KeyId"] for key in usable)
        raise Refused(
            f"{len(usable)} keys bear the tags of {names.prefix}: {ids}",
            f"give the right one its alias back: aws kms create-alias --alias-name {names.key_alias('platform')} "
            "--target-key-id KEY_ID, then try again",
        )
    if usable:
        return [Found("key", "aws:kms/key:Key", usable[0]["KeyId"])]
    if not retained:
        return []  # a key that waits for its deletion is what an ordinary destroy leaves: nothing is encrypted with it
    if keys:
        key = keys[0]
        return [
            Unusable(
                "key",
                f"key {key['KeyId']} is in state {key['KeyState']}",
                f"keep it: aws kms cancel-key-deletion --key-id {key['KeyId']}, then enable it and try again",
            )
        ]
    return [
        Unusable(
            "key",
            f"no key bears the tags of {names.prefix}, but data is there that needs one",
            "find the key in a kept table's SSEDescription, and give it the alias or the tags back",
        )
    ]


def _tagged_keys(names: Names, kms: Any) -> list[dict[str, Any]]:
    """Customer keys with the tags Project and Environment of this environment, made by its SecurityStack."""
    wanted = {"Project": PROJECT, "Environment": names.environment, "Component": "SecurityStack"}
    found: list[dict[str, Any]] = []
    for page in kms.get_paginator("list_keys").paginate():
        for entry in page["Keys"]:
            # AWS's own keys refuse to list their tags; whose key it is comes first.
            metadata = kms.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
            if metadata.get("KeyManager") == "CUSTOMER" and wanted.items() <= _tags(kms, entry["KeyId"]).items():
                found.append(metadata)
    return found


def _tags(kms: Any, key_id: str) -> dict[str, str]:
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key_id)
    return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
