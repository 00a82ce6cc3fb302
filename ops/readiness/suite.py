"""Runs the checks in order and puts the report together."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from ops.errors import Refused
from ops.readiness import (
    authentication,
    core_operations,
    front_end,
    model_access,
    performance,
    service_health,
    trading,
)
from ops.readiness.checks import Check, Failed, Site, run_check
from ops.readiness.contract import Contract
from ops.readiness.http import Api
from ops.readiness.verdict import Outcome, Verdict, judge
from ops.stack import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ops.stack import Stack


@dataclass(frozen=True)
class Report:
    """A finished run. `throttled` counts the 429 answers that the suite waited out."""

    stack: Stack
    started_at: datetime
    seconds: float
    outcomes: tuple[Outcome, ...]
    verdict: Verdict
    throttled: int

    def document(self) -> dict[str, Any]:
        """The machine's report; holds no secret (excerpts are redacted when they are made)."""
        place = self.stack.place
        return {
            "stack": self.stack.name,
            "cloud": str(place.cloud),
            "region": place.region,
            "account_id": place.account_id,
            "api_url": self.stack.api_url,
            "started_at": self.started_at.isoformat().replace("+00:00", "Z"),
            "seconds": round(self.seconds, 3),
            "ready": self.verdict.ready,
            "categories": [
                asdict(score) | {"percent": score.percent, "ok": score.ok}
                for score in (*self.verdict.categories, self.verdict.overall)
            ],
            "gates": [asdict(gate) | {"ok": gate.ok} for gate in self.verdict.gates],
            "routes": [asdict(r) | {"error_percent": r.error_percent} for r in self.verdict.routes],
            "throttled": self.throttled,
            "checks": [asdict(outcome) for outcome in self.outcomes],
        }


def load_contract(path: Path) -> Contract:
    """The contract of this working copy, or a Refused that names the file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Refused(f"there is no contract {path}", "run this in the project, or give --contract FILE") from error
    except ValueError as error:
        raise Refused(f"{path} is not JSON: {error}", "give the project's openapi.json") from error
    return Contract(document)


def checks_of(stack: Stack, contract: Contract, samples: int) -> list[Check]:
    """Every check of the suite, in the order they must run; `samples` is the measured requests per route."""
    return [
        *service_health.checks(stack, contract),
        *model_access.checks(stack),
        *authentication.checks(),
        *core_operations.checks(),
        *trading.checks(),
        *front_end.checks(contract),
        *performance.checks(contract, samples),
        *authentication.late_checks(),
    ]


def require_listener(stack: Stack, transport: httpx.BaseTransport | None = None) -> None:
    """Refused when nothing listens at the stack's API: one sentence says it better than every check failing."""
    try:
        with httpx.Client(transport=transport, timeout=httpx.Timeout(35.0, connect=10.0)) as client:
            client.get(f"{stack.api_url}/system/health")
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        local = stack.place.cloud is Cloud.LOCAL
        raise Refused(
            f"{stack.name} is not ready: nothing answers at {stack.api_url} ({error})",
            f"start it: `make up STACK={stack.name}`" if local else "look at your network and at the stack's API",
        ) from error
    except httpx.HTTPError:
        return  # it listens; what it answers is for the checks


def run(
    stack: Stack,
    contract: Contract,
    client: Callable[[str], Any],
    *,
    checks: Sequence[Check],
    transport: httpx.BaseTransport | None = None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> Report:
    """Run the suite against `stack`; `client` gives boto3 clients of its account, `on_outcome` is told each result.

    What it creates it removes where there is a route for it, also when it is interrupted.
    """
    api = Api(stack.api_url, contract, transport)
    site = Site(stack, contract, api, client)
    started_at, started = datetime.now(UTC), time.perf_counter()
    outcomes: list[Outcome] = []
    try:
        for check in checks:
            outcome = run_check(check, site)
            outcomes.append(outcome)
            on_outcome(outcome)
    finally:
        with suppress(httpx.HTTPError, Failed):
            trading.clean_up(site)
        with suppress(httpx.HTTPError):
            core_operations.clean_up(site)
        api.close()
    verdict = judge(outcomes, api.records)
    return Report(stack, started_at, time.perf_counter() - started, tuple(outcomes), verdict, api.throttled)
