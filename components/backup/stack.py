"""`BackupStack`: the vault, the plan and what it backs up."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.backup.plan import RULES, VAULT_EVENTS, BackupRule, vault_statements
from components.iam import policy_json, trust
from components.lifecycle import Protection, kept_with, stateful
from components.naming import Names
from components.tags import component_tags

COMPONENT = "BackupStack"
BACKUP_POLICY = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


def vault_name(names: Names) -> str:
    """The vault's physical name, for alarms that are made before it."""
    return names.of("vault", "backup")


@dataclass(frozen=True)
class BackupStackArgs:
    """`table_arns`: exactly what is backed up. `topic_arn`: where failed jobs are reported.

    `protection` keeps the vault and its recovery points; without it, destroying the stack deletes both. `adopt`
    is the name of a vault that already exists.
    """

    names: Names
    key_arn: pulumi.Input[str]
    table_arns: Sequence[pulumi.Input[str]]
    topic_arn: pulumi.Input[str]
    protection: Protection
    adopt: str | None = None


class BackupStack(pulumi.ComponentResource):
    """Daily, weekly and monthly recovery points of every table.

    Makes: `aws:backup:Vault` (CMK), where protected an `aws:backup:VaultPolicy` that denies deletion,
    `aws:backup:VaultNotifications`, `aws:iam:Role` with AWS's policy for backups,
    `aws:iam:RolePolicyAttachment`, `aws:backup:Plan` (30, 84 and 365 days), `aws:backup:Selection`.
    """

    vault_name: pulumi.Output[str]
    vault_arn: pulumi.Output[str]
    plan_id: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: BackupStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BackupStack", name, None, opts)
        self._name, self._args = name, args
        vault = self._vault()
        role, permission = self._role()
        plan = self._plan(vault)
        self._selection(plan, role, permission)
        self.vault_name, self.vault_arn = vault.name, vault.arn
        self.plan_id, self.role_arn = plan.id, role.arn
        self.register_outputs({"vaultName": self.vault_name, "planId": self.plan_id})

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _vault(self) -> aws.backup.Vault:
        args = self._args
        vault = aws.backup.Vault(
            f"{self._name}-vault",
            name=vault_name(args.names),
            kms_key_arn=args.key_arn,
            # AWS deletes only empty vaults: without this, `destroy` of dev would stop at its recovery points.
            force_destroy=not args.protection.retain,
            tags=component_tags(COMPONENT),
            opts=stateful(self, protection=args.protection, adopt=args.adopt),
        )
        if args.protection.retain:
            aws.backup.VaultPolicy(
                f"{self._name}-vault-policy",
                backup_vault_name=vault.name,
                policy=policy_json(*vault_statements()),
                opts=kept_with(self, retain=args.protection.retain),
            )
        aws.backup.VaultNotifications(
            f"{self._name}-notifications",
            backup_vault_name=vault.name,
            sns_topic_arn=args.topic_arn,
            backup_vault_events=list(VAULT_EVENTS),
            opts=self._child(),
        )
        return vault

    def _role(self) -> tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]:
        names = self._args.names
        role = aws.iam.Role(
            f"{self._name}-role",
            name=names.role("backup"),
            description=f"AWS Backup's role for the tables of {names.prefix}",
            assume_role_policy=policy_json(trust("backup.amazonaws.com")),
            tags=component_tags(COMPONENT),
            opts=self._child(),
        )
        permission = aws.iam.RolePolicyAttachment(
            f"{self._name}-role-policy", role=role.name, policy_arn=BACKUP_POLICY, opts=self._child()
        )
        return role, permission

    def _plan(self, vault: aws.backup.Vault) -> aws.backup.Plan:
        return aws.backup.Plan(
            f"{self._name}-plan",
            name=self._args.names.of("backup_plan", "tables"),
            rules=[plan_rule(rule, vault.name) for rule in RULES],
            tags=component_tags(COMPONENT),
            opts=self._child(),
        )

    def _selection(self, plan: aws.backup.Plan, role: aws.iam.Role, permission: aws.iam.RolePolicyAttachment) -> None:
        aws.backup.Selection(
            f"{self._name}-selection",
            name=self._args.names.of("backup_plan", "tables"),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=list(self._args.table_arns),
            # a job that starts before the role may do anything fails
            opts=self._child(permission),
        )


def plan_rule(rule: BackupRule, vault: pulumi.Input[str]) -> aws.backup.PlanRuleArgs:
    """`rule` as the plan takes it."""
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
    )
