"""Vaults: what they hold, who may touch it, whom they tell; and what a region protects."""

from typing import Any

from moto.core.utils import get_service_model

from localcloud.backup.listing import page
from localcloud.backup.refused import missing, wrong_request, wrong_value
from localcloud.backup.resource_types import MANAGED, OPTED_IN
from localcloud.backup.service import Backup
from localcloud.backup.state import Document
from localcloud.endpoint.call import Call
from localcloud.iam.policy import UnreadablePolicy, parse

_OPT_IN, _MANAGEMENT = "ResourceTypeOptInPreference", "ResourceTypeManagementPreference"


def _events() -> frozenset[str]:
    shape: Any = get_service_model("backup").operation_model("PutBackupVaultNotifications").input_shape
    return frozenset(shape.members["BackupVaultEvents"].member.enum)


def _document(vault: Any) -> Document:
    found: Document = {
        **vault.to_list_dict(),
        "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY" if vault.encryption_key_arn else "AWS_OWNED_KMS_KEY",
    }
    return found


def _describe(backup: Backup, call: Call) -> Document:
    return _document(backup.vault(str(call.parameters["BackupVaultName"]), call.region))


def _list(backup: Backup, call: Call) -> Document:
    vaults = backup.account.backend("backup", call.region).vaults.values()
    return page(map(_document, vaults), call.parameters, "BackupVaultList")


def _delete(backup: Backup, call: Call) -> Document:
    name = str(call.parameters["BackupVaultName"])
    vault, state = backup.vault(name, call.region), backup.region(call.region)
    if vault.num_of_recovery_points:
        raise wrong_request(f"Backup vault cannot be deleted (contains {vault.num_of_recovery_points} recovery points)")
    backup.account.backend("backup", call.region).delete_backup_vault(name)
    state.policies.pop(name, None)
    state.notifications.pop(name, None)
    return {}


def _put_policy(backup: Backup, call: Call) -> Document:
    name = str(call.parameters["BackupVaultName"])
    vault, policy = backup.vault(name, call.region), str(call.parameters.get("Policy") or "")
    try:
        parse(policy, owner=f"policy of {vault.backup_vault_arn}")
    except UnreadablePolicy as error:
        raise wrong_value(f"The specified policy cannot be added to the vault: {error}") from error
    backup.region(call.region).policies[name] = policy
    backup.acting.gate.written("backup")
    return {}


def _get_policy(backup: Backup, call: Call) -> Document:
    name = str(call.parameters["BackupVaultName"])
    vault, policies = backup.vault(name, call.region), backup.region(call.region).policies
    if name not in policies:
        raise missing(f"Backup vault {name} has no access policy.")
    return {"BackupVaultName": name, "BackupVaultArn": vault.backup_vault_arn, "Policy": policies[name]}


def _delete_policy(backup: Backup, call: Call) -> Document:
    name = str(call.parameters["BackupVaultName"])
    backup.vault(name, call.region)
    backup.region(call.region).policies.pop(name, None)
    backup.acting.gate.written("backup")
    return {}


def _put_notifications(backup: Backup, call: Call) -> Document:
    """The topic is of the vault's own account and region."""
    name, topic = str(call.parameters["BackupVaultName"]), str(call.parameters["SNSTopicArn"])
    vault, events = backup.vault(name, call.region), list(call.parameters["BackupVaultEvents"])
    if unknown := sorted(set(events) - _events()):
        raise wrong_value(f"Invalid vault events: {', '.join(unknown)}")
    if topic.split(":")[2:5] != ["sns", call.region, backup.account.id]:
        raise wrong_value(f"Invalid SNS topic ARN: {topic}. It must be of this account and Region.")
    backup.region(call.region).notifications[name] = {
        "BackupVaultName": name,
        "BackupVaultArn": vault.backup_vault_arn,
        "SNSTopicArn": topic,
        "BackupVaultEvents": events,
    }
    return {}


def _get_notifications(backup: Backup, call: Call) -> Document:
    name = str(call.parameters["BackupVaultName"])
    backup.vault(name, call.region)
    found = backup.region(call.region).notifications.get(name)
    if found is None:
        raise missing(f"Backup vault {name} has no notification configuration.")
    return found


def _delete_notifications(backup: Backup, call: Call) -> Document:
    name = str(call.parameters["BackupVaultName"])
    backup.vault(name, call.region)
    backup.region(call.region).notifications.pop(name, None)
    return {}


def settings(backup: Backup, region: str) -> Document:
    """A region's settings, as they are where nobody changed them."""
    kept = backup.region(region).settings
    return {
        _OPT_IN: {**OPTED_IN, **kept.get(_OPT_IN, {})},
        _MANAGEMENT: {**MANAGED, **kept.get(_MANAGEMENT, {})},
    }


def _update_settings(backup: Backup, call: Call) -> Document:
    """Types that are not named keep what they have."""
    now, kept = settings(backup, call.region), backup.region(call.region).settings
    for name in (_OPT_IN, _MANAGEMENT):
        given = call.parameters.get(name) or {}
        if unknown := sorted(set(given) - set(now[name])):
            raise wrong_value(f"Invalid resource types: {', '.join(unknown)}")
        kept[name] = {**kept.get(name, {}), **given}
    return {}


OPERATIONS = {
    "DescribeBackupVault": _describe,
    "ListBackupVaults": _list,
    "DeleteBackupVault": _delete,
    "PutBackupVaultAccessPolicy": _put_policy,
    "GetBackupVaultAccessPolicy": _get_policy,
    "DeleteBackupVaultAccessPolicy": _delete_policy,
    "PutBackupVaultNotifications": _put_notifications,
    "GetBackupVaultNotifications": _get_notifications,
    "DeleteBackupVaultNotifications": _delete_notifications,
    "DescribeRegionSettings": lambda backup, call: settings(backup, call.region),
    "UpdateRegionSettings": _update_settings,
}
