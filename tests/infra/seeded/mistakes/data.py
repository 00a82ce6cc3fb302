"""Mistakes that lose data: protection, recovery, backups."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded import edits
from tests.infra.seeded.seed import GateName, Seed, resources
from tests.infra.seeded.world import Edit


def _seed(
    name: str, edit: Edit, rule: str, names: str, says: str, gate: GateName = "policy", stack: str = "prod"
) -> Seed:
    return Seed(name, stack, resources(edit), gate, rule, names, says)


SEEDS = (
    _seed("a table without point-in-time recovery", edits.put("data-table-orders", "pointInTimeRecovery.enabled", False), "table-point-in-time-recovery", "data-table-orders", "set pointInTimeRecovery", stack="dev"),
    _seed("prod's table without deletion protection", edits.put("data-table-orders", "deletionProtectionEnabled", False), "table-deletion-protection", "data-table-orders", "deletionProtectionEnabled: true"),
    _seed("prod's table without protect", edits.options("data-table-users", protect=False), "stateful-protected", "data-table-users", "protect and retainOnDelete"),
    _seed("prod's key that a destroy would delete", edits.options("security-key", retain_on_delete=False), "stateful-protected", "security-key", "retainOnDelete"),
    _seed("a bucket that a destroy empties first", edits.put("delivery-artefacts", "forceDestroy", True), "no-force-destroy", "delivery-artefacts", "forceDestroy"),
    _seed("prod's secret without a recovery window", edits.put("security-secret-JWT_SECRET", "recoveryWindowInDays", 0), "secret-recoverable", "security-secret-JWT_SECRET", "recoveryWindowInDays"),
    _seed("a recovery window that Secrets Manager does not take", edits.put("security-secret-JWT_SECRET", "recoveryWindowInDays", 60), "secretsmanager.Secret.recoveryWindowInDays-range", "security-secret-JWT_SECRET", "30", "refusal"),
    _seed("the key gone after a week", edits.put("security-key", "deletionWindowInDays", 7), "key-deletion-window", "security-key", "30"),
    _seed("a bucket with versioning suspended", edits.put("delivery-artefacts-versioning", "versioningConfiguration.status", "Suspended"), "bucket-versioned", "delivery-artefacts", "Enabled"),
    _seed("a vault whose recovery points anyone may delete", edits.without("backup-vault-policy", "backup-vault-lock"), "vault-keeps-recovery-points", "backup-vault", "backup:DeleteRecoveryPoint"),
    _seed("a table that the backup selection forgot", edits.drop("backup-selection", "resources.0"), "table-backed-up", "data-table-", "add the table's ARN"),
    _seed("daily backups kept for a week", edits.put("backup-plan", "rules.0.lifecycle.deleteAfter", 7), "backup-plan-retention", "backup-plan", "daily kept 30 days"),
    _seed("cold storage that outlives the backup", edits.put("backup-plan", "rules.2.lifecycle.coldStorageAfter", 300), "backup.Plan.rules", "backup-plan", "cold storage keeps 90 days at least", "refusal"),
    # AWS's cron has six fields and wants ? in one of the two days.
    _seed("a backup schedule in Unix cron", edits.put("backup-plan", "rules.0.schedule", "cron(0 1 * * *)"), "backup.Plan.schedule", "backup-plan", "minutes hours day-of-month month day-of-week year", "refusal"),
    _seed("a backup schedule with both days", edits.put("backup-plan", "rules.0.schedule", "cron(0 1 * * * *)"), "backup.Plan.schedule", "backup-plan", "must be ?", "refusal"),
    _seed("a backup window shorter than AWS Backup takes", edits.put("backup-plan", "rules.0.completionWindow", 90), "backup.Plan.rules", "backup-plan", "60 min", "refusal"),
    _seed("a backup role of another account", edits.put("backup-selection", "iamRoleArn", "arn:aws:iam::444455556666:role/backup"), "backup.Selection.iamRoleArn-arn", "backup-selection", "AWS takes only its own account", "refusal"),
    _seed("an index on an attribute that the table does not define", edits.put("data-table-orders", "globalSecondaryIndexes.0.keySchemas.0.attributeName", "customer"), "dynamodb.Table.attributes-used", "data-table-orders", "define keys only", "refusal"),
    _seed("a stream without a view", edits.drop("data-table-orders", "streamViewType"), "dynamodb.Table.stream-view", "data-table-orders", "required when streamEnabled", "refusal"),
    _seed("provisioned billing without capacity", edits.put("data-table-orders", "billingMode", "PROVISIONED"), "dynamodb.Table.capacity", "data-table-orders", "capacity", "refusal"),
    # 27 tables had grown of which nobody knew which were in use.
    _seed("a tenth table", edits.again("data-table-orders", "data-table-notes", name="omnix-ai-prod-notes"), "tables-below-ten", "", "more than 9"),
)  # fmt: skip
