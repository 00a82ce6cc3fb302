"""What a check is, and how one is run: it returns (pass), or raises `Failed` or `Skipped`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import Refused
from ops.readiness.redaction import redacted_text
from ops.readiness.verdict import Category, Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.readiness.contract import Contract
    from ops.readiness.http import Api
    from ops.stack import Stack


class Failed(Exception):  # noqa: N818 - an outcome
    """The environment does not do what it must; the message says what was seen instead."""


class Skipped(Exception):  # noqa: N818 - an outcome
    """The check does not apply here; the message says why. Never for "something before it failed"."""


@dataclass
class Site:
    """What the checks work with: the stack, its API and AWS clients, and what earlier checks made.

    `kept` holds values that later checks need (a token, a product's id) under plain names.
    """

    stack: Stack
    contract: Contract
    api: Api
    client: Callable[[str], Any]
    kept: dict[str, Any] = field(default_factory=dict)

    def need(self, name: str) -> Any:
        """A value of an earlier check. Without it this check fails too: what was not seen to work is not ready."""
        if name not in self.kept:
            raise Failed(f"not run: it needs {name.replace('_', ' ')}, and the check that makes it failed")
        return self.kept[name]


@dataclass(frozen=True)
class Check:
    """One named expectation of a category."""

    category: Category
    name: str
    run: Callable[[Site], None]


def require(holds: bool, otherwise: str) -> None:
    """Fail with `otherwise` unless `holds`."""
    if not holds:
        raise Failed(otherwise)


def eventually(holds: Callable[[], None], seconds: float, pause: float) -> None:
    """Ask again until it holds: indexes and roll-ups follow a write. The last failure counts."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return holds()
        except Failed:
            if time.monotonic() > deadline:
                raise
            time.sleep(pause)


def run_check(check: Check, site: Site) -> Outcome:
    """Run one check. An unusable answer (not JSON, a field missing) is a failure of the environment, not of us."""
    site.api.forget()
    started = time.perf_counter()
    status, reason = _result(check, site)
    seconds = time.perf_counter() - started
    if status is not Status.FAIL:
        return Outcome(check.category, check.name, status, reason, seconds)
    return Outcome(
        check.category,
        check.name,
        status,
        redacted_text(reason),
        seconds,
        site.api.request_excerpt(),
        site.api.response_excerpt(),
    )


def _result(check: Check, site: Site) -> tuple[Status, str]:
    try:
        check.run(site)
    except Skipped as skipped:
        return Status.SKIP, str(skipped)
    except Failed as failed:
        return Status.FAIL, str(failed)
    except _MEANINGS as error:
        meaning = next(words for kind, words in _MEANING.items() if isinstance(error, kind))
        return Status.FAIL, f"{meaning}: {type(error).__name__}: {error}"
    return Status.PASS, ""


# What an exception says about the environment; anything else is a defect of the suite and ends it.
_MEANING: dict[type[Exception], str] = {
    httpx.HTTPError: "no answer",
    Refused: "AWS cannot be asked",
    ClientError: "AWS refused",
    BotoCoreError: "AWS did not answer",
    KeyError: "the answer lacks a field",
    TypeError: "the answer has another shape than the contract's",
    ValueError: "the answer has another shape than the contract's",
    IndexError: "the answer has another shape than the contract's",
    AttributeError: "the answer has another shape than the contract's",
}
_MEANINGS = tuple(_MEANING)
