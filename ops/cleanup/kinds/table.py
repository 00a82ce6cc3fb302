"""Tables: backed up, the backup restored and compared item for item, and only then removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from ops.cleanup.account import pages, present
from ops.cleanup.kinds.contents import contents
from ops.cleanup.kinds.removal import Known, Removal, Step
from ops.cleanup.kinds.table_settings import described_settings, put_back
from ops.errors import Refused

if TYPE_CHECKING:
    from omnix.migration.checksum import Buckets

# Backups take seconds. A restore takes minutes to hours: AWS gives no bound, a table with indexes takes longest.
BACKUP_SECONDS = 15 * 60
RESTORE_SECONDS = 12 * 3600
DELETE_SECONDS = 30 * 60


class TableRemoval(Removal):
    """One table. Its on-demand backup stays until somebody deletes it: it outlives the table."""

    lasting = "its stream's records, its old ARN's stream label"

    @property
    def _name(self) -> dict[str, str]:
        return {"TableName": self.entry.name}

    @property
    def _scratch(self) -> str:
        return f"omnix-cleanup-{self.mark}"

    def _table(self, name: str | None = None) -> Any:
        answer = present(lambda: self.client("dynamodb").describe_table(TableName=name or self.entry.name))
        return answer["Table"] if answer else None

    @override
    def exists(self) -> bool:
        found = self._table()
        return found is not None and found["TableStatus"] != "DELETING"

    @override
    def obstacles(self) -> list[str]:
        table = self._table()
        if table is None:
            return []
        reasons = []
        if table["TableStatus"] != "ACTIVE":
            reasons.append(f"its status is {table['TableStatus']}")
        if replicas := table.get("Replicas"):
            reasons.append(f"it is a global table with replicas in {', '.join(one['RegionName'] for one in replicas)}")
        if problem := self._key_problem(table):
            reasons.append(problem)
        return reasons

    def _key_problem(self, table: dict[str, Any]) -> str:
        """A backup is only as good as the key it is encrypted with."""
        key = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
        if not key:
            return ""
        found = present(lambda: self.client("kms").describe_key(KeyId=key))
        state = found["KeyMetadata"]["KeyState"] if found else "missing"
        return "" if state == "Enabled" else f"its key {key} is {state}: a backup could not be restored"

    @override
    def described(self) -> dict[str, Any]:
        return {"table": self._table(), **described_settings(self.account, self.entry.region, self._table())}

    @override
    def securing(self) -> list[Step]:
        return [
            *super().securing(),
            Step("back up", self._back_up),
            Step("restore into scratch", self._restore_scratch),
            Step("compare", self._compare),
            Step("delete scratch", self._delete_scratch),
        ]

    def _back_up(self, _: Known) -> dict[str, Any]:
        dynamodb, name = self.client("dynamodb"), f"omnix-cleanup-{self.mark}"
        found = pages(dynamodb, "list_backups", "BackupSummaries", **self._name, BackupType="USER")
        # A process that was killed here has made it already.
        arn = next((one["BackupArn"] for one in found if one["BackupName"] == name), None)
        if arn is None:
            made = self.account.settled(lambda: dynamodb.create_backup(**self._name, BackupName=name))
            arn = made["BackupDetails"]["BackupArn"]
        self.account.until(
            f"the backup of {self.entry}", lambda: self._backup_status(arn) == "AVAILABLE", BACKUP_SECONDS
        )
        return {"backup": arn}

    def _backup_status(self, arn: str) -> str:
        found = present(lambda: self.client("dynamodb").describe_backup(BackupArn=arn))
        return found["BackupDescription"]["BackupDetails"]["BackupStatus"] if found else "missing"

    def _restore_scratch(self, known: Known) -> dict[str, Any]:
        scratch = self._table(self._scratch)
        if scratch is None:
            self._restored(known["backup"], self._scratch, scratch=True)
        elif scratch.get("RestoreSummary", {}).get("SourceBackupArn", known["backup"]) != known["backup"]:
            raise Refused(
                f"{self._scratch} is there and is not restored from {known['backup']}", "delete it, run again"
            )
        self._active(self._scratch)
        return {"scratch": self._scratch}

    def _restored(self, backup: str, name: str, *, scratch: bool) -> None:
        # On demand and without indexes is quickest and cheapest for a table that is read once.
        cheap: dict[str, Any] = {"BillingModeOverride": "PAY_PER_REQUEST", "GlobalSecondaryIndexOverride": []}
        self.account.settled(
            lambda: self.client("dynamodb").restore_table_from_backup(
                TargetTableName=name, BackupArn=backup, **(cheap if scratch else {})
            ),
            {"TableInUseException", "BackupInUseException"},
        )

    def _active(self, name: str) -> None:
        def active() -> bool:
            found = self._table(name)
            return bool(found) and found["TableStatus"] == "ACTIVE"

        self.account.until(f"the restore into {name}", active, RESTORE_SECONDS, every=15)

    def _compare(self, known: Known) -> dict[str, Any]:
        restored, live = self._contents(known["scratch"]), self._contents()
        if differing := live.differing(restored):
            self._delete_scratch(known)
            raise Refused(
                f"{self.entry}: the restored backup holds {restored.count} items, the table {live.count}; "
                f"{len(differing)} of {len(live.sums)} buckets differ",
                "the table was written to, or the backup is bad: nothing was removed; audit again and plan again",
            )
        return {"items": live.count, "checksum": f"{live.checksum:032x}"}

    def _contents(self, name: str | None = None) -> Buckets:
        return contents(self.client("dynamodb"), self._table(name))

    def _delete_scratch(self, known: Known) -> None:
        dynamodb = self.client("dynamodb")
        present(lambda: self.account.settled(lambda: dynamodb.delete_table(TableName=known["scratch"])))
        self._gone(known["scratch"])

    def _gone(self, name: str) -> None:
        self.account.until(f"the end of table {name}", lambda: self._table(name) is None, DELETE_SECONDS)

    @override
    def proof(self, known: Known) -> None:
        """The backup is there, readable, and the table still holds exactly what was found in it."""
        super().proof(known)
        table = self._table()
        status = self._backup_status(known["backup"]) if "backup" in known else "missing"
        if status != "AVAILABLE":
            raise Refused(f"{self.entry}: its backup is {status}", "nothing was removed; plan again")
        if "checksum" not in known:
            raise Refused(f"{self.entry}: its backup was not verified", "nothing was removed; run again")
        if table is None or table["TableStatus"] == "DELETING":
            return
        if problem := self._key_problem(table):
            raise Refused(f"{self.entry}: {problem}", "make the key usable, then run again")
        live = self._contents()
        if (live.count, f"{live.checksum:032x}") != (known["items"], known["checksum"]):
            raise Refused(
                f"{self.entry} was written to after its backup: {known['items']} items then, {live.count} now",
                "find out who writes; then audit again and plan again",
            )

    @override
    def removing(self) -> list[Step]:
        return [
            Step("deregister scaling", self._deregister),
            Step("switch deletion protection off", self._unprotect),
            Step("delete table", self._delete),
        ]

    def _deregister(self, known: Known) -> None:
        # Targets outlive their table, and their alarms with them.
        scaling = self.client("application-autoscaling")
        for target in self.archived(known)["targets"]:
            which = {name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            present(lambda one=which: scaling.deregister_scalable_target(**one))  # type: ignore[misc]

    def _unprotect(self, _: Known) -> dict[str, Any]:
        table = self._table()
        if not (table and table.get("DeletionProtectionEnabled")):
            return {}
        self.account.settled(
            lambda: self.client("dynamodb").update_table(**self._name, DeletionProtectionEnabled=False)
        )
        self._active(self.entry.name)
        return {"was_protected": True}

    def _delete(self, _: Known) -> None:
        if self.exists():
            present(lambda: self.account.settled(lambda: self.client("dynamodb").delete_table(**self._name)))
        self._gone(self.entry.name)

    @override
    def undoing(self) -> list[Step]:
        return [
            Step("restore from backup", self._restore),
            Step("verify restored items", self._verify_restored),
            Step("put settings back", self._put_back),
        ]

    def _restore(self, known: Known) -> None:
        if not self.exists():
            self._restored(known["backup"], self.entry.name, scratch=False)
        self._active(self.entry.name)

    def _verify_restored(self, known: Known) -> dict[str, Any]:
        live = self._contents()
        if (live.count, f"{live.checksum:032x}") != (known["items"], known["checksum"]):
            raise Refused(
                f"{self.entry} came back with {live.count} items of {known['items']}, or with others",
                f"compare it with its backup {known['backup']} before anything uses it",
            )
        return {"restored_items": live.count}

    def _put_back(self, known: Known) -> None:
        put_back(self.account, self.entry.region, self.archived(known), self._active)
