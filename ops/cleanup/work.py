"""One run as the command line asks for it: who may, on which account, with the ledger open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import finding
from ops.cleanup import consent
from ops.cleanup.inventory import AuditInventory
from ops.cleanup.ledger import Ledger
from ops.cleanup.run import Run
from ops.cleanup.session import connected
from ops.errors import Refused
from ops.finding import Selection
from ops.stack import Cloud

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from ops.cleanup.allow_list import Allowed
    from ops.cleanup.plan import Plan
    from ops.cleanup.run import Outcome
    from ops.stack import Place


@dataclass(frozen=True)
class Work:
    """An approved plan, its place and its ledger."""

    plan: Plan
    place: Place
    ledger: Path
    allowed: Sequence[Allowed]
    progress: Console

    def check(self) -> list[Outcome]:
        """The dry run."""
        run = self._run()
        if not self.ledger.is_file():
            return run.check()
        with Ledger(self.ledger, writable=False) as ledger:
            return run.check(ledger)

    def apply(self, typed: consent.Typed, *, skip_refused: bool) -> list[Outcome]:
        """The run itself, once the account is the one that was typed."""
        run = self._run()
        iam = run.account.client("iam", self.place.region)
        consent.require_typed(self.plan, consent.alias_of(iam), typed, production_accounts())
        with Ledger(self.ledger) as ledger:
            return run.apply(ledger, skip_refused=skip_refused)

    def _run(self) -> Run:
        account = connected(self.place, self.ledger)
        consent.require_account(self.plan, account.client("sts", self.place.region))
        inventory = AuditInventory(account.clients, self.plan)
        return Run(self.plan, account, inventory, self.allowed, lambda text: self.progress.print(text, markup=False))


def production_accounts() -> frozenset[str]:
    """The account of prod as the project's stack file has it, where there is one."""
    try:
        return frozenset({finding.find_place(Selection(consent.PROD, cloud=Cloud.AWS)).account_id})
    except Refused:
        return frozenset()
