"""Binds a plan to its account: clients, archive, and the audit's own reading as the inventory of the re-check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.aws import Aws
from ops.cleanup.account import Account
from ops.cleanup.archive import Archive
from ops.errors import WrongUse
from ops.stack import Place, is_loopback

if TYPE_CHECKING:
    from pathlib import Path

    from ops.cleanup.plan import Plan

LEDGER = "ledger.ndjson"
_ARCHIVE = "archive"
# A zip of Lambda's is 250 MB unpacked at most.
_DOWNLOAD_SECONDS = 300


def ledger_of(path: Path, plan: Plan) -> Path:
    """Where a plan's ledger is unless another is named: beside it, in a folder of this very content's own."""
    return path.with_name(f"{path.stem}-{plan.sha256[:12]}.ledger") / LEDGER


def archive_of(ledger: Path) -> Archive:
    """The archives of a ledger, in the folder beside it."""
    return Archive(ledger.parent / _ARCHIVE)


def place_of(plan: Plan, endpoint_url: str | None) -> Place:
    """Where the plan's account is; an endpoint of one's own is a local cloud and must be on this machine."""
    if endpoint_url and not is_loopback(endpoint_url):
        raise WrongUse(f"{endpoint_url} is not on this machine", "leave --endpoint-url out for real AWS")
    return Place(plan.environment or "the account", plan.account_id, plan.regions[0], endpoint_url)


def connected(place: Place, ledger: Path) -> Account:
    """The account behind a place; its credentials are checked when the first client is asked for."""
    aws = Aws(place, retries={"mode": "standard", "total_max_attempts": 6})
    return Account(place.account_id, aws.client, archive_of(ledger), downloaded)


def downloaded(url: str) -> bytes:
    """The zip behind the address that Lambda gives, which needs no credentials and lasts ten minutes."""
    import httpx

    return httpx.get(url, timeout=_DOWNLOAD_SECONDS, follow_redirects=True).raise_for_status().content
