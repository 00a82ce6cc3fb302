"""`BackupStack`: the vaults, the plan and what it backs up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.backup.plan import RECOVERY_VAULT_EVENTS, RULES, BackupRule, vault_events
from components.backup.topic import recovery_topic
from components.backup.vault import VaultArgs, make_vault
from components.config import Backup
from components.iam import policy_json, trust
from components.lifecycle import Protection
from components.naming import Names
from components.tags import component_tags

COMPONENT = "BackupStack"
RECOVERY_VAULT = "backup-dr"
# Backups and copies, and restores: tests, drills and operators start theirs with the same role.
SERVICE_POLICIES = {
    "policy": "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "policy-restores": "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
}


@dataclass(frozen=True)
class BackupStackArgs:
    """`table_arns`: exactly what is backed up, by logical name. `topic_arn`: where failed jobs are reported.

    `dr_key_arn` is of `dr_region`, whose topic mails `alarm_emails`. `settings`: the account's AWS Backup settings
    where this stack owns them. `protection` keeps the vaults and their recovery points; without it, destroying the
    stack deletes them. `adopt` and `dr_adopt`: import ids of vaults that already exist.
    """

    names: Names
    dr_region: str
    key_arn: pulumi.Input[str]
    dr_key_arn: pulumi.Input[str]
    table_arns: Mapping[str, pulumi.Input[str]]
    topic_arn: pulumi.Input[str]
    alarm_emails: Sequence[str]
    config: Backup
    protection: Protection
    settings: Sequence[pulumi.Resource] = ()
    adopt: str | None = None
    dr_adopt: str | None = None


class BackupStack(pulumi.ComponentResource):
    """Daily, weekly and monthly recovery points of every table, at home and in the recovery region.

    Makes, in each of the two regions: `aws:backup:Vault` (CMK of the region), `aws:backup:VaultPolicy` (copies of this
    account only; no deletion where protected), `aws:backup:VaultNotifications`, and where locked
    `aws:backup:VaultLockConfiguration`. In the recovery region: `aws:sns:Topic` and an `aws:sns:TopicSubscription` an
    e-mail address. At home: `aws:iam:Role` with AWS's policies for backups and for restores
    (`aws:iam:RolePolicyAttachment`), `aws:backup:Plan` (30, 84 and 365 days, each copied), `aws:backup:Selection`.
    """

    vault_name: pulumi.Output[str]
    vault_arn: pulumi.Output[str]
    dr_vault_name: pulumi.Output[str]
    dr_vault_arn: pulumi.Output[str]
    plan_id: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: BackupStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BackupStack", name, None, opts)
        self._name, self._args = name, args
        vault, dr_vault = self._vault(), self._recovery_vault()
        role, permissions = self._role()
        plan = self._plan(vault, dr_vault)
        self._selection(plan, role, permissions)
        self.vault_name, self.vault_arn = vault.name, vault.arn
        self.dr_vault_name, self.dr_vault_arn = dr_vault.name, dr_vault.arn
        self.plan_id, self.role_arn = plan.id, role.arn
        self.register_outputs({"vaultName": self.vault_name, "drVaultName": self.dr_vault_name, "planId": self.plan_id})

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _vault(self) -> aws.backup.Vault:
        args = self._args
        home = VaultArgs(
            names=args.names,
            resource="backup",
            region=None,
            key_arn=args.key_arn,
            topic_arn=args.topic_arn,
            events=vault_events(restore_testing=args.config.restore_testing),
            lock=args.config.lock,
            protection=args.protection,
            adopt=args.adopt,
        )
        return make_vault(self._name, home, self)

    def _recovery_vault(self) -> aws.backup.Vault:
        args = self._args
        names = args.names.in_region(args.dr_region)
        topic = recovery_topic(f"{self._name}-dr", names, args.dr_key_arn, args.alarm_emails, self)
        recovery = VaultArgs(
            names=names,
            resource=RECOVERY_VAULT,
            region=args.dr_region,
            key_arn=args.dr_key_arn,
            topic_arn=topic.arn,
            events=RECOVERY_VAULT_EVENTS,
            lock=args.config.lock,
            protection=args.protection,
            adopt=args.dr_adopt,
        )
        return make_vault(f"{self._name}-dr", recovery, self)

    def _role(self) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        names = self._args.names
        role = aws.iam.Role(
            f"{self._name}-role",
            name=names.role("backup"),
            description=f"AWS Backup's role for the tables of {names.prefix}",
            assume_role_policy=policy_json(trust("backup.amazonaws.com")),
            tags=component_tags(COMPONENT),
            opts=self._child(),
        )
        permissions: list[pulumi.Resource] = [
            aws.iam.RolePolicyAttachment(
                f"{self._name}-role-{name}", role=role.name, policy_arn=policy, opts=self._child()
            )
            for name, policy in SERVICE_POLICIES.items()
        ]
        return role, permissions

    def _plan(self, vault: aws.backup.Vault, dr_vault: aws.backup.Vault) -> aws.backup.Plan:
        copies = dr_vault.arn if self._args.config.copy_to_dr else None
        return aws.backup.Plan(
            f"{self._name}-plan",
            name=self._args.names.of("backup_plan", "tables"),
            rules=[plan_rule(rule, vault.name, copies) for rule in RULES],
            tags=component_tags(COMPONENT),
            # cold storage and copies to another region are features of advanced DynamoDB backup
            opts=self._child(*self._args.settings),
        )

    def _selection(self, plan: aws.backup.Plan, role: aws.iam.Role, permissions: Sequence[pulumi.Resource]) -> None:
        aws.backup.Selection(
            f"{self._name}-selection",
            name=self._args.names.of("backup_plan", "tables"),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=list(self._args.table_arns.values()),
            # a job that starts before the role may do anything fails
            opts=self._child(*permissions),
        )


def plan_rule(rule: BackupRule, vault: pulumi.Input[str], copy_to: pulumi.Input[str] | None) -> aws.backup.PlanRuleArgs:
    """`rule` as the plan takes it; each recovery point is copied to the vault `copy_to` and kept there as long."""
    copies = []
    if copy_to is not None:
        kept = aws.backup.PlanRuleCopyActionLifecycleArgs(
            cold_storage_after=rule.cold_after_days, delete_after=rule.delete_after_days
        )
        copies.append(aws.backup.PlanRuleCopyActionArgs(destination_vault_arn=copy_to, lifecycle=kept))
    return aws.backup.PlanRuleArgs(
        rule_name=rule.name,
        target_vault_name=vault,
        schedule=rule.schedule,
        schedule_expression_timezone="Etc/UTC",
        start_window=rule.start_window_minutes,
        completion_window=rule.completion_window_minutes,
        lifecycle=aws.backup.PlanRuleLifecycleArgs(
            cold_storage_after=rule.cold_after_days, delete_after=rule.delete_after_days
        ),
        copy_actions=copies,
    )
