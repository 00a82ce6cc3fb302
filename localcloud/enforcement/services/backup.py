"""AWS Backup: vaults, recovery points, jobs and plans, and the role that a job acts with.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Backup". A recovery point has
its vault's access policy (AWS Backup developer guide, "Vault access policies").
"""

from collections.abc import Iterator

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Need, Operations, anything, arn, on, pass_role

_VAULT = arn("backup", "backup-vault:{BackupVaultName}")
_POINT = arn("backup", "recovery-point:{RecoveryPointArn}")
_PLAN = arn("backup", "backup-plan:{BackupPlanId}")


def _role(call: Call, _account: Account) -> Iterator[Need]:
    yield from pass_role(call.parameters.get("IamRoleArn"), "backup.amazonaws.com")


OPERATIONS: Operations = {
    **on("backup", _VAULT, "StartBackupJob", also=_role),
    **on("backup", _POINT, "StartCopyJob StartRestoreJob", also=_role),
    **on(
        "backup",
        _VAULT,
        """DeleteBackupVault DeleteBackupVaultAccessPolicy DeleteBackupVaultLockConfiguration
        DeleteBackupVaultNotifications DescribeBackupVault GetBackupVaultAccessPolicy GetBackupVaultNotifications
        ListRecoveryPointsByBackupVault PutBackupVaultAccessPolicy PutBackupVaultLockConfiguration
        PutBackupVaultNotifications""",
    ),
    **on(
        "backup",
        _POINT,
        "DeleteRecoveryPoint DescribeRecoveryPoint GetRecoveryPointRestoreMetadata UpdateRecoveryPointLifecycle",
    ),
    **on("backup", arn("backup", "framework:{FrameworkName}-id"), "DescribeFramework"),
    **on("backup", _PLAN, "GetBackupPlan GetBackupSelection ListBackupSelections"),
    **on("backup", arn("backup", "{ResourceArn}"), "ListTags TagResource UntagResource"),
    **on(
        "backup",
        anything,
        """DescribeBackupJob DescribeCopyJob DescribeProtectedResource DescribeRegionSettings DescribeRestoreJob
        GetRestoreJobMetadata ListBackupJobs ListBackupPlans ListBackupVaults ListCopyJobs ListProtectedResources
        ListRecoveryPointsByResource ListRestoreJobs ListRestoreJobsByProtectedResource ListRestoreTestingPlans
        PutRestoreValidationResult StopBackupJob UpdateRegionSettings""",
    ),
}
