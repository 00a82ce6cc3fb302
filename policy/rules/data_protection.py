"""Data survives mistakes: point-in-time recovery, protection, versions, recovery windows."""

from collections.abc import Iterator

from policy import types
from policy.model import DEV, PROD, Finding, Resource, Rule, Stack, Violation, each, resource_rule, stack_rule
from policy.references import attached

PROD_SECRET_RECOVERY_DAYS = 7
# KMS ScheduleKeyDeletion: 7 to 30 days, 30 when left out. Losing the key is losing all data under it.
PROD_KEY_DELETION_DAYS = 30


def point_in_time_recovery(table: Resource) -> Iterator[Finding]:
    """Judge the table's continuous backups."""
    if table.get("pointInTimeRecovery.enabled") is not True:
        yield Violation("pointInTimeRecovery is not enabled")


def deletion_protection(table: Resource) -> Iterator[Finding]:
    """Judge DynamoDB's own deletion protection, which holds against every caller."""
    if table.is_production and table.get("deletionProtectionEnabled") is not True:
        yield Violation("deletionProtectionEnabled is not true")


def protected(resource: Resource) -> Iterator[Finding]:
    """Judge the engine's options; None is not told (mocks of other sources), and told is what counts."""
    if not resource.is_production:
        return
    if resource.protect is False:
        yield Violation("the resource option protect is not set")
    if resource.retain is False:
        yield Violation("the resource option retainOnDelete is not set")


def force_destroy(resource: Resource) -> Iterator[Finding]:
    """Judge whether a destroy empties the bucket or vault first."""
    if resource.is_production and resource.get("forceDestroy") is True:
        yield Violation("forceDestroy is true: a destroy deletes what is in it, too")


def secret_recoverable(secret: Resource) -> Iterator[Finding]:
    """Judge the recovery window; Secrets Manager's own is 30 days."""
    days = secret.get("recoveryWindowInDays")
    if secret.is_production and days is not None and days < PROD_SECRET_RECOVERY_DAYS:
        yield Violation(f"recoveryWindowInDays is {days:g}, less than {PROD_SECRET_RECOVERY_DAYS}")


def key_deletion(key: Resource) -> Iterator[Finding]:
    """Judge the waiting time before a key is gone for good."""
    days = key.get("deletionWindowInDays")
    if key.is_production and days is not None and days < PROD_KEY_DELETION_DAYS:
        yield Violation(f"deletionWindowInDays is {days:g}, less than {PROD_KEY_DELETION_DAYS}")


def versioned(stack: Stack) -> Iterator[Finding]:
    """Judge each bucket's versioning, which is a resource of its own."""

    def judge(bucket: Resource) -> Iterator[Finding]:
        settings = attached(stack, types.BUCKET_VERSIONING, "bucket", bucket, by="bucket")
        if not any(setting.get("versioningConfiguration.status") == "Enabled" for setting in settings):
            yield Violation("versioning is not enabled", bucket.urn)

    yield from each(stack.of(types.BUCKET), judge)


def vault_keeps(stack: Stack) -> Iterator[Finding]:
    """Judge what stops a caller from deleting recovery points: a lock, or a policy that denies it to everyone."""

    def judge(vault: Resource) -> Iterator[Finding]:
        locks = attached(stack, types.VAULT_LOCK, "backupVaultName", vault, by="name")
        policies = attached(stack, types.VAULT_POLICY, "backupVaultName", vault, by="name")
        denied = any("backup:DeleteRecoveryPoint" in str(policy.get("policy")) for policy in policies)
        if vault.is_production and not locks and not denied:
            yield Violation("anyone with backup:DeleteRecoveryPoint can delete its recovery points", vault.urn)

    yield from each(stack.of(types.VAULT), judge)


_VAULT = PROD(types.VAULT, name="omnix-ai-prod-backup")
_BUCKET = PROD(types.BUCKET, bucket="omnix-ai-prod-files-111122223333-eu-central-1")
_DENY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"backup:DeleteRecoveryPoint",'
    '"Resource":"*"}]}'
)

RULES: tuple[Rule, ...] = (
    resource_rule(
        "table-point-in-time-recovery",
        point_in_time_recovery,
        types=(types.TABLE,),
        reason="without it a bad write of the last minutes is final: the last backup is up to a day old",
        fix="set pointInTimeRecovery: {enabled: true}",
        failing=DEV(types.TABLE),
        passing=DEV(types.TABLE, pointInTimeRecovery={"enabled": True}),
        refs=("P11",),
    ),
    resource_rule(
        "table-deletion-protection",
        deletion_protection,
        types=(types.TABLE,),
        reason="prod's tables must survive a mistaken destroy, and a mistaken click",
        fix="set deletionProtectionEnabled: true in prod",
        failing=PROD(types.TABLE, deletionProtectionEnabled=False),
        passing=PROD(types.TABLE, deletionProtectionEnabled=True),
        refs=("P11", "C5"),
    ),
    resource_rule(
        "stateful-protected",
        protected,
        types=types.STATEFUL,
        reason="a renamed component or a lost alias would make the engine delete prod's data and make an empty one",
        fix="give it protect and retainOnDelete in prod; before a destroy that is meant, run the unprotect deployment "
        "(with --policy-pack-config policy/unprotect.json)",
        failing=PROD(types.TABLE, protect=False),
        passing=PROD(types.TABLE, protect=True, retain=True),
        refs=("P11", "C5"),
    ),
    resource_rule(
        "no-force-destroy",
        force_destroy,
        types=(types.BUCKET, types.VAULT),
        reason="a destroy of prod would delete files and backups with their container",
        fix="leave forceDestroy out in prod",
        failing=PROD(types.BUCKET, forceDestroy=True),
        passing=PROD(types.BUCKET, forceDestroy=False),
        refs=("P11",),
    ),
    resource_rule(
        "secret-recoverable",
        secret_recoverable,
        types=(types.SECRET,),
        reason="a deleted secret must be recoverable in prod: every token and password hash depends on it",
        fix=f"set recoveryWindowInDays to {PROD_SECRET_RECOVERY_DAYS} or more in prod",
        failing=PROD(types.SECRET, recoveryWindowInDays=0),
        passing=PROD(types.SECRET, recoveryWindowInDays=30),
        refs=("P7",),
    ),
    resource_rule(
        "key-deletion-window",
        key_deletion,
        types=(types.KEY,),
        reason="losing the key is losing everything encrypted with it, vault locks or not",
        fix=f"set deletionWindowInDays to {PROD_KEY_DELETION_DAYS} in prod",
        failing=PROD(types.KEY, deletionWindowInDays=7),
        passing=PROD(types.KEY, deletionWindowInDays=30),
        refs=("P7", "P11"),
    ),
    stack_rule(
        "bucket-versioned",
        versioned,
        reason="an overwritten file or artefact could not be had back, and a release could not be rolled back to",
        fix="add a BucketVersioning with status Enabled",
        failing=(_BUCKET,),
        passing=(
            _BUCKET,
            PROD(
                types.BUCKET_VERSIONING,
                bucket="omnix-ai-prod-files-111122223333-eu-central-1",
                versioningConfiguration={"status": "Enabled"},
            ),
        ),
        refs=("P11", "P6"),
    ),
    stack_rule(
        "vault-keeps-recovery-points",
        vault_keeps,
        reason="who deletes the data and its backups together leaves nothing to restore",
        fix="lock the vault, or give it a policy that denies backup:DeleteRecoveryPoint to everyone",
        failing=(_VAULT,),
        passing=(_VAULT, PROD(types.VAULT_POLICY, backupVaultName="omnix-ai-prod-backup", policy=_DENY)),
        refs=("P11",),
    ),
)
