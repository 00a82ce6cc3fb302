"""What the provider refuses when it creates, changes or deletes: only the cloud's own state can tell."""
# ruff: noqa: E501 - a table: one rule a line

from localcloud.refusals.check import subject_name
from localcloud.refusals.rule import Rule


def applied(token: str, name: str, what: str, source: str, limit: str = "") -> Rule:
    """A rule that the provider keeps when it changes the cloud."""
    return Rule(f"{subject_name(token)}.{name}", "apply", token, what, limit, source)


RULES = (
    applied("aws:apigateway/account:Account", "role-trust", "a log role that API Gateway may not assume", "API Gateway UpdateAccount"),
    applied("aws:apigateway/deployment:Deployment", "methods", "a deployment of an API without methods", "API Gateway CreateDeployment"),
    applied("aws:apigateway/deployment:Deployment", "integrations", "a deployment with a method without integration", "API Gateway CreateDeployment"),
    applied("aws:apigateway/deployment:Deployment", "delete-active", "deleting a deployment that a stage points to", "API Gateway DeleteDeployment"),
    applied("aws:apigateway/stage:Stage", "deployment-exists", "a stage of a deployment that is not there", "API Gateway CreateStage"),
    applied("aws:apigateway/stage:Stage", "log-role", "access logs before the account has a CloudWatch role", "API Gateway: CloudWatch logging"),
    applied("aws:apigateway/stage:Stage", "delete-planned", "deleting a stage that is in a usage plan", "API Gateway DeleteStage"),
    applied("aws:apigateway/methodSettings:MethodSettings", "log-role", "execution logs before the account has a CloudWatch role", "API Gateway: CloudWatch logging"),
    applied("aws:apigateway/methodSettings:MethodSettings", "stage-exists", "settings of a stage that is not there", "API Gateway UpdateStage"),
    applied("aws:apigateway/usagePlan:UsagePlan", "stage-exists", "a plan for a stage that is not there", "API Gateway CreateUsagePlan"),
    applied("aws:apigateway/usagePlanKey:UsagePlanKey", "plan-exists", "a key for a plan that is not there", "API Gateway CreateUsagePlanKey"),
    applied("aws:appautoscaling/policy:Policy", "target-exists", "a policy for what is no scalable target", "Application Auto Scaling PutScalingPolicy"),
    applied("aws:backup/vault:Vault", "delete-full", "deleting a vault that holds recovery points", "AWS Backup DeleteBackupVault"),
    applied("aws:backup/plan:Plan", "vault-exists", "a rule for a vault that is not there", "AWS Backup CreateBackupPlan"),
    applied("aws:backup/plan:Plan", "delete-selected", "deleting a plan that has selections", "AWS Backup DeleteBackupPlan"),
    applied("aws:backup/selection:Selection", "plan-exists", "a selection for a plan or role that is not there", "AWS Backup CreateBackupSelection"),
    applied("aws:budgets/budget:Budget", "twice", "a second budget of one name in the account", "AWS Budgets CreateBudget"),
    applied("aws:cloudwatch/logGroup:LogGroup", "delete-protected", "deleting a log group that is protected", "CloudWatch Logs DeleteLogGroup"),
    applied("aws:dynamodb/table:Table", "delete-protected", "deleting a table that is protected", "DynamoDB DeleteTable"),
    applied("aws:iam/role:Role", "delete-attached", "deleting a role that still has policies of others", "IAM DeleteRole"),
    applied("aws:iam/rolePolicy:RolePolicy", "inline-size", "inline policies of one role too large together", "IAM quotas: role inline policies", "10240 characters"),
    applied("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "attached-count", "more managed policies on a role than the quota", "IAM quotas: managed policies a role", "10"),
    applied("aws:lambda/alias:Alias", "version-exists", "an alias of a version that is not published", "Lambda CreateAlias"),
    applied("aws:lambda/function:Function", "role-trust", "a role that is not there or that Lambda may not assume", "Lambda CreateFunction"),
    applied("aws:lambda/function:Function", "unzipped-size", "a package that is no zip or too large unpacked (at a preview too, where its file is at hand)", "Lambda quotas: deployment package", "250 MB unzipped"),
    applied("aws:lambda/function:Function", "bucket-region", "code in a bucket of another region", "Lambda CreateFunction: PermanentRedirect"),
    applied("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", "qualifier-exists", "concurrency for a version or alias that is not there", "Lambda PutProvisionedConcurrencyConfig"),
    applied("aws:s3/bucket:Bucket", "delete-full", "deleting a bucket that holds object versions", "S3 DeleteBucket"),
    applied("aws:secretsmanager/secret:Secret", "name-waits", "a name whose deleted secret still waits out its window", "Secrets Manager CreateSecret"),
    applied("aws:secretsmanager/secretRotation:SecretRotation", "value", "rotation of a secret without a current value", "Secrets Manager RotateSecret"),
    applied("aws:secretsmanager/secretRotation:SecretRotation", "permission", "a rotation function that Secrets Manager may not invoke", "Secrets Manager RotateSecret"),
)  # fmt: skip
