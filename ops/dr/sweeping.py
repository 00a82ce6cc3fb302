"""Takes scratch tables away: those of this run, and those that a killed one left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.backup.waiting import Patience
from ops.dr.scratch import left_over, remove, settled
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.backup.estate import Estate, Vault
    from ops.dr.scratch import Run, Scratch

# Clean-up goes on where the work gave up: it costs nothing but time, and a table that is left costs money.
_PATIENCE_SECONDS, _THROTTLED_SECONDS = 3600.0, 600.0


@dataclass
class Sweeper:
    """The scratch tables of an environment in each of its regions."""

    estate: Estate
    scratch: Scratch
    say: Callable[[str], None]

    def sweep_left_over(self, patience: Patience, *, force: bool = False) -> list[str]:
        """Remove what dead runs left; the names. Raises Refused while another run is at work, unless `force`."""
        swept: list[str] = []
        for vault in self.estate.vaults:
            present = self.scratch.present(self.estate.client("dynamodb", vault), patience)
            over, others = left_over(present, datetime.now(UTC))
            if others and not force:
                raise Refused(
                    f"another run may be at work in {vault.region}: {', '.join(others[:3])}",
                    "wait until it has ended; if it was killed on another machine: `omnix dr sweep --apply`",
                )
            gone = [*over, *others] if force else over
            if problems := self._remove(vault, gone, patience):
                raise Refused(f"not removed: {'; '.join(problems)}", "mend what the message names, then try again")
            swept += gone
        return swept

    def listed(self, patience: Patience) -> list[dict[str, Any]]:
        """Every scratch table of the environment, for a report."""
        now, rows = datetime.now(UTC), []
        for vault in self.estate.vaults:
            present = self.scratch.present(self.estate.client("dynamodb", vault), patience)
            for name, run in sorted(present.items()):
                began = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
                rows.append({"table": name, "region": vault.region, "began": began, "over": run.is_over(now)})
        return rows

    def remove_run(self, run: Run) -> list[str]:
        """Remove the tables of a run, also those whose restore had only just been asked for; what is left, and why."""
        from botocore.exceptions import BotoCoreError, ClientError

        patience = Patience(_PATIENCE_SECONDS, _THROTTLED_SECONDS)
        problems: list[str] = []
        for vault in self.estate.vaults:
            try:
                # what is there already goes all the same when a restore takes too long
                settled(self.estate.client("backup", vault), self.estate.role_arn, patience)
            except (BotoCoreError, ClientError, Refused) as error:
                problems.append(f"{vault.region}: {error}")
            try:
                present = self.scratch.present(self.estate.client("dynamodb", vault), patience)
                own = sorted(name for name, other in present.items() if other == run)
                problems += self._remove(vault, own, patience)
            except (BotoCoreError, ClientError, Refused) as error:
                problems.append(f"{vault.region}: {error}")
        return problems

    def _remove(self, vault: Vault, tables: list[str], patience: Patience) -> list[str]:
        def client(service: str) -> Any:
            return self.estate.client(service, vault)

        return remove(client, tables, patience, self.say)
