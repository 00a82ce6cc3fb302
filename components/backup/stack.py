"""`BackupStack`: the vaults, the plan and what it backs up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.backup.audit import ReportsArgs, framework, reports
from components.backup.plan import RECOVERY_VAULT_EVENTS, RULES, BackupRule, vault_events
from components.backup.restore_testing import RestoreTesting, RestoreTestingArgs
from components.backup.topic import recovery_topic
from components.backup.vault import VaultArgs, make_vault
from components.config import Backup
from components.iam import policy_json, trust
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.lifecycle import Protection
from components.naming import Names
from components.recovery import Recovery
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
    """`table_arns`: exactly what is backed up, by label (`orders`, `orders-legacy`), and restored every week,
    `validation` being the function that judges it, None where nothing is. `topic_arn`: where failed jobs are reported.

    `recovery`: the region of the copies, if any, whose topic mails `alarm_emails`; without it nothing is copied,
    whatever `config` says. `settings`: the account's AWS Backup settings where this stack owns them. `protection` keeps
    the vaults and their recovery points; without it, destroying the stack deletes them. `adopt`: import ids by `vault`,
    `dr-vault` and `report-bucket`.
    """

    names: Names
    recovery: Recovery | None
    key_arn: pulumi.Input[str]
    table_arns: Mapping[str, pulumi.Input[str]]
    topic_arn: pulumi.Input[str]
    alarm_emails: Sequence[str]
    config: Backup
    protection: Protection
    validation: LambdaFunctionArgs | None = None
    settings: Sequence[pulumi.Resource] = ()
    adopt: Mapping[str, str] = field(default_factory=dict)


class BackupStack(pulumi.ComponentResource):
    """Daily, weekly and monthly recovery points of every table, at home and in the recovery region, if there is one.

    Makes, in each region: `aws:backup:Vault` (CMK of the region), `aws:backup:VaultPolicy` (copies of this
    account only; no deletion where protected), `aws:backup:VaultNotifications`, and where locked
    `aws:backup:VaultLockConfiguration`. In the recovery region: `aws:sns:Topic` and an `aws:sns:TopicSubscription` an
    e-mail address. At home: `aws:iam:Role` with AWS's policies for backups and for restores
    (`aws:iam:RolePolicyAttachment`), `aws:backup:Plan` (30, 84 and 365 days, copied by config), `aws:backup:Selection`.
    By config: a `RestoreTesting`; a `PrivateBucket` with an `aws:backup:ReportPlan` a kind of job; where AWS Config
    records the account, an `aws:backup:Framework` of controls, reported like the jobs.
    """

    vault_name: pulumi.Output[str]
    vault_arn: pulumi.Output[str]
    dr_vault_name: pulumi.Output[str] | None
    dr_vault_arn: pulumi.Output[str] | None
    plan_id: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    restore_testing_plan_name: pulumi.Output[str] | None
    functions: Mapping[str, LambdaFunction]

    def __init__(self, name: str, args: BackupStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BackupStack", name, None, opts)
        self._name, self._args = name, args
        vault = self._vault()
        dr_vault = self._recovery_vault(args.recovery) if args.recovery else None
        role, permissions = self._role()
        plan = self._plan(vault, dr_vault)
        self._selection(plan, role, permissions)
        self.vault_name, self.vault_arn = vault.name, vault.arn
        self.dr_vault_name, self.dr_vault_arn = (dr_vault.name, dr_vault.arn) if dr_vault else (None, None)
        self.plan_id, self.role_arn = plan.id, role.arn
        testing = self._restore_testing(vault, role, permissions)
        self.restore_testing_plan_name = testing.plan_name if testing else None
        self.functions = {"validation": testing.function} if testing else {}
        self._audit()
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
            adopt=args.adopt.get("vault"),
        )
        return make_vault(self._name, home, self)

    def _recovery_vault(self, there: Recovery) -> aws.backup.Vault:
        args = self._args
        names = args.names.in_region(there.region)
        topic = recovery_topic(f"{self._name}-dr", names, there.key_arn, args.alarm_emails, self)
        recovery = VaultArgs(
            names=names,
            resource=RECOVERY_VAULT,
            region=there.region,
            key_arn=there.key_arn,
            topic_arn=topic.arn,
            events=RECOVERY_VAULT_EVENTS,
            lock=args.config.lock,
            protection=args.protection,
            adopt=args.adopt.get("dr-vault"),
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

    def _plan(self, vault: aws.backup.Vault, dr_vault: aws.backup.Vault | None) -> aws.backup.Plan:
        copies = dr_vault.arn if dr_vault and self._args.config.copy_to_dr else None
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

    def _restore_testing(
        self, vault: aws.backup.Vault, role: aws.iam.Role, permissions: Sequence[pulumi.Resource]
    ) -> RestoreTesting | None:
        args = self._args
        if args.validation is None:
            return None
        testing = RestoreTestingArgs(
            function=args.validation,
            vault_arn=vault.arn,
            role_arn=role.arn,
            key_arn=args.key_arn,
            table_arns=args.table_arns,
            topic_arn=args.topic_arn,
        )
        return RestoreTesting(f"{self._name}-restore-testing", testing, permissions, self._child())

    def _audit(self) -> None:
        args, held = self._args, None
        if args.config.framework:
            region = args.recovery.region if args.recovery else None
            held = framework(self._name, args.names, args.config, region, self).arn
        if args.config.reports:
            told = ReportsArgs(args.names, args.key_arn, args.protection, held, args.adopt.get("report-bucket"))
            reports(self._name, told, self)


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
