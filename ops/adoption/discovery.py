"""Finds an environment's stateful resources by their standard names, whether a stack manages them or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.data.tables import TABLES
from components.naming import PROJECT, Names
from components.security.secrets import SECRET_NAMES
from ops.errors import Refused

type Client = Callable[[str], Any]

VAULT, BUCKET, KEY = "aws:backup/vault:Vault", "aws:s3/bucket:Bucket", "aws:kms/key:Key"

_GONE = frozenset({"ResourceNotFoundException", "NotFoundException", "NoSuchBucket", "NoSuchEntity", "404"})


@dataclass(frozen=True)
class Found:
    """One existing resource. `logical` is its key in `adopt`, `id` what a state knows it by.

    `region` is told of what lies in another region than the stack's.
    """

    logical: str
    type: str
    id: str
    region: str | None = None

    @property
    def import_id(self) -> str:
        """What the provider imports it by: `id`, and behind it the region that is not the provider's own."""
        return self.id if self.region is None else f"{self.id}@{self.region}"


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


def discover(names: Names, client: Client, recovery: tuple[Names, Client] | None = None) -> Inventory:
    """Look for every adoptable resource. `client` gives boto3 clients of the environment's account and region.

    `recovery`: names and clients of the recovery region, where copies of backups and files lie.
    """
    everything = [
        *_tables(names, client),
        *_secrets(names, client),
        *_vault(names, client, "vault", "backup"),
        *_buckets(names, client, {"artefact-bucket": "artefacts", "report-bucket": "backup-reports",
                                  "file-bucket": "files", "migration-bucket": "migration"}),
    ]  # fmt: skip
    everything += [*_roles(names, client), *_key(names, client, retained=bool(everything))]
    if recovery is not None:
        there, client = recovery
        copies: list[Found | Unusable] = [
            *_vault(there, client, "dr-vault", "backup-dr"),
            *_buckets(there, client, {"file-bucket-dr": "files-dr"}),
        ]
        copies += _key(there, client, retained=bool(copies), logical="dr-key", alias="dr")
        everything += [replace(one, region=there.region) if isinstance(one, Found) else one for one in copies]
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


def _vault(names: Names, client: Client, logical: str, resource: str) -> Iterator[Found]:
    physical = names.of("vault", resource)
    # Listed, not described: AWS Backup answers a vault that is not there with AccessDenied.
    pages = client("backup").get_paginator("list_backup_vaults").paginate()
    if any(vault["BackupVaultName"] == physical for page in pages for vault in page["BackupVaultList"]):
        yield Found(logical, VAULT, physical)


def _buckets(names: Names, client: Client, resources: Mapping[str, str]) -> Iterator[Found]:
    for logical, resource in resources.items():
        there = {"Bucket": names.bucket(resource), "ExpectedBucketOwner": names.account_id}
        # ExpectedBucketOwner: a name that somebody else took must not pass for ours.
        if _asked(lambda there=there: client("s3").head_bucket(**there)) is not None:  # type: ignore[misc]
            yield Found(logical, BUCKET, there["Bucket"])


def _roles(names: Names, client: Client) -> Iterator[Found]:
    """The one role that stays with what it serves: a kept bucket's replication would stand still without it."""
    physical = names.role("file-replication")
    if _asked(lambda: client("iam").get_role(RoleName=physical)) is not None:
        yield Found("file-replication-role", "aws:iam/role:Role", physical)


def _key(
    names: Names, client: Client, *, retained: bool, logical: str = "key", alias: str = "platform"
) -> list[Found | Unusable]:
    """A CMK: by its alias, else by its tags. A destroy keeps the key and deletes the alias."""
    kms = client("kms")
    described = _asked(lambda: kms.describe_key(KeyId=names.key_alias(alias)))
    keys = [described["KeyMetadata"]] if described else _tagged_keys(names, kms)
    usable = [key for key in keys if key["KeyState"] in {"Enabled", "Disabled"}]
    if len(usable) > 1:
        ids = ", ".join(key["KeyId"] for key in usable)
        raise Refused(
            f"{len(usable)} keys bear the tags of {names.prefix}: {ids}",
            f"give the right one its alias back: aws kms create-alias --alias-name {names.key_alias(alias)} "
            "--target-key-id KEY_ID, then try again",
        )
    if usable:
        return [Found(logical, KEY, usable[0]["KeyId"])]
    if not retained:
        return []  # a key that waits for its deletion is what an ordinary destroy leaves: nothing is encrypted with it
    if keys:
        key = keys[0]
        return [
            Unusable(
                logical,
                f"key {key['KeyId']} is in state {key['KeyState']}",
                f"keep it: aws kms cancel-key-deletion --key-id {key['KeyId']}, then enable it and try again",
            )
        ]
    return [
        Unusable(
            logical,
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
