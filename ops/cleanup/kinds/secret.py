"""Secrets: scheduled for deletion with a recovery window, never deleted at once."""

from __future__ import annotations

from typing import Any, override

from ops.cleanup.account import present
from ops.cleanup.kinds.removal import Known, Removal, Step

# The longest that Secrets Manager gives: 7 to 30 days.
RECOVERY_DAYS = 30


class SecretRemoval(Removal):
    """One secret. Its value stays with Secrets Manager, which gives it back until the window ends."""

    lasting = f"its value, once the {RECOVERY_DAYS} days of its recovery window are over"

    def _secret(self) -> Any:
        return present(lambda: self.client("secretsmanager").describe_secret(SecretId=self.entry.arn))

    @override
    def exists(self) -> bool:
        found = self._secret()
        return bool(found) and not found.get("DeletedDate")

    @override
    def obstacles(self) -> list[str]:
        found = self._secret() or {}
        reasons = []
        if service := found.get("OwningService"):
            reasons.append(f"{service} manages it: it goes with what uses it")
        if replicas := found.get("ReplicationStatus"):
            regions = ", ".join(one["Region"] for one in replicas)
            reasons.append(f"it is replicated to {regions}: remove its replicas first")
        return reasons

    @override
    def described(self) -> dict[str, Any]:
        return {"secret": self._secret()}

    @override
    def removing(self) -> list[Step]:
        return [Step("schedule deletion", self._schedule)]

    def _schedule(self, _: Known) -> dict[str, Any]:
        if not self.exists():
            return {}
        answer = self.client("secretsmanager").delete_secret(
            SecretId=self.entry.arn, RecoveryWindowInDays=RECOVERY_DAYS
        )
        return {"gone_for_good": answer["DeletionDate"].isoformat()}

    @override
    def undoing(self) -> list[Step]:
        return [Step("restore secret", self._restore)]

    def _restore(self, _: Known) -> None:
        if not self.exists():
            self.client("secretsmanager").restore_secret(SecretId=self.entry.arn)
