"""Who may have this plan carried out: the approval, the account that was typed, and the second switch for prod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.cleanup.plan import Approval, Plan, require_unexpired
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

PROD = "prod"


@dataclass(frozen=True)
class Typed:
    """What the operator typed on the command line, as it stands there."""

    account_alias: str = ""
    prod: bool = False
    environment: str = ""


def approve(plan: Plan, by: str, now: datetime) -> Plan:
    """The plan with an approval of exactly its content. Refused when it has expired or when nobody signs."""
    require_unexpired(plan, now)
    if not by.strip():
        raise Refused("an approval needs a name", "say who approves: --by NAME")
    return plan.model_copy(update={"approval": Approval(by=by.strip(), at=now, sha256=plan.sha256)})


def require_approved(plan: Plan) -> Approval:
    """The approval; Refused without one, or with one of another content."""
    if plan.approval is None:
        raise Refused(
            "the plan is not approved", "have it read and approved: `omnix cleanup approve PLAN.json --by NAME`"
        )
    if plan.approval.sha256 != plan.sha256:
        raise Refused(
            f"the plan was approved by {plan.approval.by} with other content (sha256 {plan.approval.sha256[:12]}…)",
            "have this content approved: `omnix cleanup approve PLAN.json --by NAME`",
        )
    return plan.approval


def require_account(plan: Plan, client: Any) -> None:
    """Refused when the credentials are another account's. `client` is STS."""
    account = client.get_caller_identity()["Account"]
    if account != plan.account_id:
        raise Refused(
            f"these credentials belong to account {account}, the plan is for {plan.account_id}",
            f"sign in to account {plan.account_id}",
        )


def alias_of(iam: Any) -> str | None:
    """The account's alias, of which there is at most one."""
    aliases: list[str] = iam.list_account_aliases()["AccountAliases"]
    return aliases[0] if aliases else None


def require_typed(plan: Plan, alias: str | None, typed: Typed, production_accounts: Collection[str]) -> None:
    """Refused unless the account's alias was typed exactly (its id, where it has none), and prod's second switch."""
    if alias != plan.alias:
        raise Refused(
            f"the account's alias is {alias or 'not set'}, the plan's is {plan.alias or 'not set'}",
            "audit and plan again",
        )
    wanted = alias or plan.account_id
    if typed.account_alias != wanted:
        said = f"--account-alias says {typed.account_alias!r}" if typed.account_alias else "--account-alias is missing"
        raise Refused(f"{said}, which is not this account", f"type the account's {'alias' if alias else 'id'} exactly")
    if reason := production(plan, production_accounts):
        _require_prod(typed, reason)


def _require_prod(typed: Typed, reason: str) -> None:
    if not typed.prod:
        raise Refused(f"this is production ({reason})", f"if that is meant, add --prod and --environment {PROD}")
    if typed.environment != PROD:
        raise Refused(
            f"--environment says {typed.environment!r}, and this is production ({reason})",
            f"type the environment's name: --environment {PROD}",
        )


def production(plan: Plan, production_accounts: Collection[str]) -> str:
    """Why a plan is production's; empty when nothing says so. Whole words count: `prod` is in `products`."""
    if plan.environment == PROD:
        return "the audit was of prod"
    if plan.account_id in production_accounts:
        return f"account {plan.account_id} is prod's"
    for entry in plan.entries:
        words = {word for name in (entry.name, entry.label) for word in _words(name)}
        if words & {PROD, "production"}:
            return f"{entry} is named so"
    return ""


def _words(name: str) -> list[str]:
    return "".join(one if one.isalnum() else " " for one in name.lower()).split()
