"""AWS Backup Audit Manager: what is reported every day, and the controls that the account is held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.backup.plan import LOCK_MAXIMUM_DAYS, LOCK_MINIMUM_DAYS, RULES
from components.config import Backup
from components.iam import Statement, policy_json
from components.lifecycle import Protection, kept_with
from components.naming import Names
from components.private_bucket import PrivateBucket, PrivateBucketArgs, tls_only
from components.tags import component_tags

COMPONENT = "BackupStack"
REPORT_DAYS = 365
_SLOW = pulumi.CustomTimeouts(create="15m", update="15m", delete="15m")
JOB_REPORTS: Mapping[str, str] = {
    "backup_jobs": "BACKUP_JOB_REPORT",
    "copy_jobs": "COPY_JOB_REPORT",
    "restore_jobs": "RESTORE_JOB_REPORT",
}


@dataclass(frozen=True)
class Control:
    """One control of a framework. `parameters` by name; `tables`: it judges DynamoDB tables only."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    tables: bool = True


def controls(config: Backup, dr_region: str | None) -> tuple[Control, ...]:
    """What must hold, of what `config` asks for ("AWS Backup Audit Manager controls and remediation").

    `dr_region`: None where there is no region to copy to; no control then asks for copies.
    """
    shortest = min(rule.delete_after_days for rule in RULES)
    always = (
        Control("BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN"),
        Control("BACKUP_LAST_RECOVERY_POINT_CREATED", {"recoveryPointAgeUnit": "hours", "recoveryPointAgeValue": "26"}),
        Control(
            "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
            {
                "requiredFrequencyUnit": "days",
                "requiredFrequencyValue": "1",
                "requiredRetentionDays": str(shortest),
            },
            tables=False,
        ),
        Control("BACKUP_RECOVERY_POINT_ENCRYPTED", tables=False),
        Control("BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED", tables=False),
        Control(
            "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK",
            {"requiredRetentionDays": str(LOCK_MINIMUM_DAYS)},
            tables=False,
        ),
    )
    copied: tuple[Control, ...] = ()
    if dr_region is not None and config.copy_to_dr:
        copied = (Control("BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION", {"crossRegionList": dr_region}),)
    locked = (
        Control(
            "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK",
            {"minRetentionDays": str(LOCK_MINIMUM_DAYS), "maxRetentionDays": str(LOCK_MAXIMUM_DAYS)},
        ),
    )
    return (*always, *copied, *(locked if config.lock != "none" else ()))


def framework(
    prefix: str, names: Names, config: Backup, dr_region: str | None, parent: pulumi.Resource
) -> aws.backup.Framework:
    """Make the framework. AWS deploys its controls as rules of AWS Config, which must record the account already."""
    return aws.backup.Framework(
        f"{prefix}-framework",
        name=names.underscored("framework", "tables"),
        description=f"Backups of {names.prefix}: made, kept, copied, encrypted and not deleted by hand",
        controls=[_control(control) for control in controls(config, dr_region)],
        tags=component_tags(COMPONENT),
        # AWS Config deploys a rule a control, which takes longer than the provider's three minutes
        opts=pulumi.ResourceOptions(parent=parent, custom_timeouts=_SLOW),
    )


def _control(control: Control) -> aws.backup.FrameworkControlArgs:
    parameters = [
        aws.backup.FrameworkControlInputParameterArgs(name=name, value=value)
        for name, value in sorted(control.parameters.items())
    ]
    # by type: a scope takes a type or a tag, and a control on tables has nothing else to judge here
    scope = aws.backup.FrameworkControlScopeArgs(compliance_resource_types=["DynamoDB"]) if control.tables else None
    return aws.backup.FrameworkControlArgs(name=control.name, input_parameters=parameters or None, scope=scope)


@dataclass(frozen=True)
class ReportsArgs:
    """`framework_arn`: on which the controls are reported, too. `adopt`: import id of a bucket that exists."""

    names: Names
    key_arn: pulumi.Input[str]
    protection: Protection
    framework_arn: pulumi.Input[str] | None = None
    adopt: str | None = None


def reports(prefix: str, args: ReportsArgs, parent: pulumi.Resource) -> PrivateBucket:
    """Make the bucket, a report plan for each kind of job and for the framework's controls, and leave to write there.

    Reports cover every job of the account in this region: AWS Backup has no filter for them.
    """
    name = args.names.bucket("backup-reports")
    bucket = PrivateBucket(
        f"{prefix}-reports",
        PrivateBucketArgs(
            bucket=name,
            key_arn=args.key_arn,
            component=COMPONENT,
            protection=args.protection,
            rules=[_expiry()],
            adopt=args.adopt,
            own_policy=False,
        ),
        pulumi.ResourceOptions(parent=parent),
    )
    plans = [_report_plan(prefix, args, kind, template, bucket, parent) for kind, template in _templates(args).items()]
    aws.s3.BucketPolicy(
        f"{prefix}-reports-policy",
        bucket=bucket.bucket,
        policy=policy_json(tls_only(name), *write_statements(args.names)),
        # The first report plan of an account brings the role that the policy names, and S3 refuses names of nobody.
        opts=kept_with(parent, *plans, *bucket.ready, retain=args.protection.retain),
    )
    return bucket


def _templates(args: ReportsArgs) -> Mapping[str, str]:
    return JOB_REPORTS if args.framework_arn is None else {**JOB_REPORTS, "controls": "CONTROL_COMPLIANCE_REPORT"}


def _report_plan(
    prefix: str, args: ReportsArgs, kind: str, template: str, bucket: PrivateBucket, parent: pulumi.Resource
) -> aws.backup.ReportPlan:
    about = [args.framework_arn] if args.framework_arn is not None and template not in JOB_REPORTS.values() else None
    return aws.backup.ReportPlan(
        f"{prefix}-report-{kind.replace('_', '-')}",
        name=args.names.underscored("report_plan", kind),
        description=f"AWS Backup in {args.names.region}, daily: {kind.replace('_', ' ')}",
        report_delivery_channel={"s3_bucket_name": bucket.bucket, "formats": ["CSV", "JSON"]},
        report_setting={"report_template": template, "framework_arns": about},
        tags=component_tags(COMPONENT),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _expiry() -> dict[str, object]:
    return {
        "id": "old-reports",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "expiration": {"days": REPORT_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": 1},
    }


def write_statements(names: Names) -> tuple[Statement, ...]:
    """What AWS Backup's reports role does in the bucket ("Creating report plans": bucket policy).

    Without that page's condition on `s3:x-amz-acl`: a bucket whose owner owns every object takes no other access
    control list anyway ("Controlling ownership of objects and disabling ACLs").
    """
    objects = f"arn:aws:s3:::{names.bucket('backup-reports')}/*"
    return (
        Statement(
            "WriteReports",
            ["s3:PutObject"],
            [objects],
            principals={"AWS": [reports_role_arn(names)]},
        ),
    )


def reports_role_arn(names: Names) -> str:
    """The service-linked role with which AWS Backup writes reports; there from an account's first report plan on."""
    path = "aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
    return f"arn:aws:iam::{names.account_id}:role/{path}"
