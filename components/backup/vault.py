"""A backup vault with what guards it and what it reports, in whichever region."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.backup.plan import (
    COMPLIANCE_GRACE_DAYS,
    LOCK_MAXIMUM_DAYS,
    LOCK_MINIMUM_DAYS,
    vault_statements,
)
from components.config.model import Lock
from components.iam import policy_json
from components.lifecycle import Protection, kept_with, stateful
from components.naming import Names
from components.tags import component_tags

_TAGS = component_tags("BackupStack")


@dataclass(frozen=True)
class VaultArgs:
    """`resource` ends the vault's name (`backup`, `backup-dr`); `names` are of its region, `key_arn` too.

    `region` is None at home, where the provider's own holds. `topic_arn`: a topic of the vault's own region and
    account, the only ones AWS Backup takes; `events` are what it tells there.
    """

    names: Names
    resource: str
    region: str | None
    key_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    events: Sequence[str]
    lock: Lock
    protection: Protection
    adopt: str | None = None


def vault_name(names: Names, resource: str = "backup") -> str:
    """A vault's physical name, for alarms that are made before it.

    Never one name for both: after a failover the recovery region holds the copies and a new home vault.
    """
    return names.of("vault", resource)


def make_vault(prefix: str, args: VaultArgs, parent: pulumi.Resource) -> aws.backup.Vault:
    """Make a vault, its policy, lock and notifications, as children of `parent` whose logical names begin `prefix`."""
    retain = args.protection.retain
    vault = aws.backup.Vault(
        f"{prefix}-vault",
        region=args.region,
        name=vault_name(args.names, args.resource),
        kms_key_arn=args.key_arn,
        # AWS deletes only empty vaults: without this, `destroy` of dev would stop at its recovery points.
        force_destroy=not retain,
        tags=_TAGS,
        opts=stateful(parent, protection=args.protection, adopt=args.adopt),
    )
    aws.backup.VaultPolicy(
        f"{prefix}-vault-policy",
        region=args.region,
        backup_vault_name=vault.name,
        policy=policy_json(*vault_statements(args.names.account_id, kept=retain)),
        opts=kept_with(parent, retain=retain),
    )
    aws.backup.VaultNotifications(
        f"{prefix}-notifications",
        region=args.region,
        backup_vault_name=vault.name,
        sns_topic_arn=args.topic_arn,
        backup_vault_events=list(args.events),
        # AWS Backup keeps one setting a vault, and deleting the old one after the new would leave none.
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    if args.lock != "none":
        _lock(prefix, args, vault, parent)
    return vault


def _lock(prefix: str, args: VaultArgs, vault: aws.backup.Vault, parent: pulumi.Resource) -> None:
    """Nobody shortens or deletes what the vault holds; in compliance mode, from the end of the grace on, nobody at all.

    A vault has one lock, and the provider replaces it on every change: the new one is put first and the old one's
    deletion would then lift it. Hence deletion first where the stack may be destroyed; a retained one is never deleted.
    """
    aws.backup.VaultLockConfiguration(
        f"{prefix}-vault-lock",
        region=args.region,
        backup_vault_name=vault.name,
        min_retention_days=LOCK_MINIMUM_DAYS,
        max_retention_days=LOCK_MAXIMUM_DAYS,
        # this alone tells compliance from governance
        changeable_for_days=COMPLIANCE_GRACE_DAYS if args.lock == "compliance" else None,
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=args.protection.retain, delete_before_replace=True),
    )
