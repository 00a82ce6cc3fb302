"""Whether a job may go on: its role and the keys of what it reads and writes.

AWS Backup acts with the job's role; a key is asked for by DynamoDB in that role's name. Sources: AWS Backup developer
guide, "Encryption for backups", "Access control"; KMS developer guide, "Key states of AWS KMS keys".
"""

from collections.abc import Iterable, Iterator
from typing import Any

from localcloud.enforcement.account import Account
from localcloud.enforcement.acting import Acting
from localcloud.enforcement.need import Need

_SERVICE = "backup.amazonaws.com"


def region_of(arn: str) -> str:
    """The region that an ARN names."""
    return arn.split(":")[3]


def key_state(account: Account, key_arn: str | None) -> str | None:
    """Why a key cannot be used, in KMS's words; None for one that can, and for one of AWS's own."""
    if key_arn is None:
        return None
    key = account.key(key_arn, region_of(key_arn))
    if key is None:
        return f"Key '{key_arn}' does not exist"
    if key.key_state == "Disabled":
        return f"{key.arn} is disabled."
    return None if key.key_state == "Enabled" else f"{key.arn} is {_words(key.key_state)}."


def _words(key_state_name: str) -> str:
    """`PendingDeletion` as KMS's messages say it."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in key_state_name).strip()


def key_needs(key_arn: str | None, actions: Iterable[str]) -> Iterator[Need]:
    """What the role must be allowed on a customer's key, asked by DynamoDB in its name."""
    if key_arn is None:
        return
    region = region_of(key_arn)
    keys = {"kms:viaservice": (f"dynamodb.{region}.amazonaws.com",), "kms:grantisforawsresource": ("true",)}
    for action in actions:
        yield Need(f"kms:{action}", key_arn, keys, via="dynamodb")


def problem(acting: Acting, role_arn: str, keys: Iterable[str | None], needs: Iterable[Need]) -> str | None:
    """Why a job cannot go on, as its StatusMessage says it; None when it can."""
    account = acting.gate.account
    for key_arn in dict.fromkeys(keys):
        if state := key_state(account, key_arn):
            return f"The KMS key cannot be used: {state}"
    if account.role(role_arn) is None:
        return f"IAM Role {role_arn} does not exist."
    decision = acting.with_role(_SERVICE, role_arn, "AWSBackup", list(needs))
    if decision.allowed:
        return None
    return f"IAM Role {role_arn} does not have sufficient permissions to execute the job: {decision.message}"


def assumable(acting: Acting, role_arn: Any) -> bool:
    """Whether AWS Backup may take the role at all."""
    if not acting.gate.enforced:
        return True
    return acting.gate.account.role(str(role_arn)) is not None and acting.assume(_SERVICE, str(role_arn)).allowed
