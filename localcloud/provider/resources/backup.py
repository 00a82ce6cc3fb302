"""AWS Backup: vaults with their policies and notifications; plans and selections, which nothing runs, are stored."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

import uuid
from typing import ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, failed_precondition
from localcloud.provider.stored import StoredType
from localcloud.provider.tagging import BACKUP
from localcloud.provider.wire import Properties

_NAME = r"[A-Za-z0-9_.-]+"


class Vault(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:backup/vault:Vault"
    label = Label.EXECUTED
    naming = Naming(r"[A-Za-z0-9_-]+", 50, 2)
    tagging = BACKUP
    importable = True
    force_new = frozenset({"kmsKeyArn"})
    local_only = frozenset({"forceDestroy"})
    defaults: ClassVar = {"forceDestroy": False}

    def create(self, scope: Scope, inputs: Properties) -> str:
        key = {"EncryptionKeyArn": inputs["kmsKeyArn"]} if "kmsKeyArn" in inputs else {}
        scope.client("backup").create_backup_vault(BackupVaultName=inputs["name"], **key)
        return str(inputs["name"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("backup").describe_backup_vault(BackupVaultName=id)
        return {
            "name": id,
            "arn": found["BackupVaultArn"],
            "kmsKeyArn": found.get("EncryptionKeyArn") or None,
            "recoveryPoints": found.get("NumberOfRecoveryPoints", 0),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        points = scope.client("backup").describe_backup_vault(BackupVaultName=id).get("NumberOfRecoveryPoints", 0)
        if points and not state.get("forceDestroy"):
            raise failed_precondition(f"InvalidRequestException: vault {id} holds {points} recovery points")
        scope.client("backup").delete_backup_vault(BackupVaultName=id)


class VaultPolicy(ResourceType):
    pulumi_type = "aws:backup/vaultPolicy:VaultPolicy"
    label = Label.ENFORCED
    id_format = "{backupVaultName}"
    remove = ("backup", "delete_backup_vault_access_policy", "BackupVaultName")
    force_new = frozenset({"backupVaultName"})
    importable = True

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        scope.client("backup").put_backup_vault_access_policy(BackupVaultName=id, Policy=news["policy"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("backup").get_backup_vault_access_policy(BackupVaultName=id)
        return {"backupVaultName": id, "backupVaultArn": found["BackupVaultArn"], "policy": found["Policy"]}


class VaultNotifications(ResourceType):
    pulumi_type = "aws:backup/vaultNotifications:VaultNotifications"
    label = Label.EXECUTED
    id_format = "{backupVaultName}"
    remove = ("backup", "delete_backup_vault_notifications", "BackupVaultName")
    force_new = frozenset({"backupVaultName", "snsTopicArn", "backupVaultEvents"})
    unordered = frozenset({"backupVaultEvents"})
    importable = True

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        events, topic = news["backupVaultEvents"], news["snsTopicArn"]
        scope.client("backup").put_backup_vault_notifications(
            BackupVaultName=id, BackupVaultEvents=events, SNSTopicArn=topic
        )

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("backup").get_backup_vault_notifications(BackupVaultName=id)
        return {
            "backupVaultName": id,
            "backupVaultArn": found["BackupVaultArn"],
            "backupVaultEvents": found["BackupVaultEvents"],
            "snsTopicArn": found["SNSTopicArn"],
        }


class Plan(StoredType):
    pulumi_type = "aws:backup/plan:Plan"
    kind = "backup:plan"
    naming = Naming(_NAME, 50)
    unordered = frozenset({"advancedBackupSettings"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        for rule in inputs["rules"]:
            scope.client("backup").describe_backup_vault(BackupVaultName=rule["targetVaultName"])
        return str(uuid.uuid4())

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        """A new version id with every change, as AWS."""
        return {"arn": scope.arn("backup", f"backup-plan:{id}"), "version": uuid.uuid4().hex}

    def volatile(self, olds: Properties, changed: frozenset[str]) -> frozenset[str]:
        return frozenset({"version"}) if changed - {"tags", "tagsAll"} else frozenset()

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        selections = scope.registry.all(Selection.kind).values()
        if any(row["inputs"]["planId"] == id for row in selections):
            raise failed_precondition(f"InvalidRequestException: backup plan {id} still has selections")
        super().delete(scope, id, state)


class Selection(StoredType):
    pulumi_type = "aws:backup/selection:Selection"
    kind = "backup:selection"
    naming = Naming(_NAME, 50)
    force_new = frozenset({"iamRoleArn", "planId", "conditions", "notResources", "resources", "selectionTags"})
    unordered = frozenset({"notResources", "resources", "selectionTags"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        if scope.registry.get(Plan.kind, f"{scope.region}/{inputs['planId']}") is None:
            raise failed_precondition(f"ResourceNotFoundException: backup plan {inputs['planId']} does not exist")
        scope.client("iam").get_role(RoleName=inputs["iamRoleArn"].rsplit("/", 1)[-1])
        return str(uuid.uuid4())


TYPES = (Vault(), VaultPolicy(), VaultNotifications(), Plan(), Selection())
