"""Reads what `health` judges."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from components.naming import Names
from ops.backup.health import Facts, FrameworkFacts, VaultFacts
from ops.backup.restoring import window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.backup.estate import Estate, Vault
    from ops.backup.points import RecoveryPoint


def vault_facts(estate: Estate, vault: Vault) -> VaultFacts:
    """What the vault says of itself."""
    from botocore.exceptions import ClientError

    client = estate.client("backup", vault)
    found = client.describe_backup_vault(BackupVaultName=vault.name)
    try:
        policy = client.get_backup_vault_access_policy(BackupVaultName=vault.name).get("Policy") or "{}"
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":  # the vault has none
            raise
        policy = "{}"
    return VaultFacts(
        name=vault.name,
        region=vault.region,
        key_arn=found.get("EncryptionKeyArn"),
        locked=bool(found.get("Locked")),
        denies_deletion=denies_deletion(json.loads(policy)),
        least_days=found.get("MinRetentionDays"),
        most_days=found.get("MaxRetentionDays"),
    )


def framework_facts(estate: Estate) -> FrameworkFacts | None:
    """What Audit Manager says of the framework; None where the environment has none."""
    from botocore.exceptions import ClientError

    name = Names(estate.environment, estate.account_id, estate.home.region).underscored("framework", "tables")
    try:
        found = estate.client("backup").describe_framework(FrameworkName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return FrameworkFacts(name, found["DeploymentStatus"], found.get("FrameworkStatus"))


def denies_deletion(policy: Any) -> bool:
    """Whether a vault's policy denies everybody the deletion of recovery points."""
    for statement in _listed(policy.get("Statement", [])):
        anyone = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        actions = {action.lower() for action in _listed(statement.get("Action", []))}
        deletes = actions & {"backup:deleterecoverypoint", "backup:*", "*"}
        if statement.get("Effect") == "Deny" and anyone and deletes and "Condition" not in statement:
            return True
    return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def table_facts(estate: Estate, table: str, home: Sequence[RecoveryPoint], dr: Sequence[RecoveryPoint]) -> Facts:
    """What is known of a (physical) table, also of one that is gone."""
    from botocore.exceptions import ClientError

    try:
        described = estate.client("dynamodb").describe_table(TableName=table)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return Facts(table, None, None, home, dr, gone=True)
    key = (described.get("SSEDescription") or {}).get("KMSMasterKeyArn")
    return Facts(table, key, window(estate, table), home, dr)
