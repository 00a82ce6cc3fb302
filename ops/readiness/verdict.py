"""Is the environment ready? Pure: outcomes and measured requests in, a verdict by category and gate out.

Thresholds are the readiness failure's own (requirement F1) and the release gate's (P1).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Category(StrEnum):
    """The suite's five parts; the value is the machine's name."""

    SERVICE_HEALTH = "service_health"
    AUTHENTICATION = "authentication"
    CORE_OPERATIONS = "core_operations"
    FRONT_END = "front_end"
    PERFORMANCE = "performance"

    @property
    def label(self) -> str:
        """The reader's name."""
        return _LABELS[self]


_LABELS = {
    Category.SERVICE_HEALTH: "Service health",
    Category.AUTHENTICATION: "Authentication flow",
    Category.CORE_OPERATIONS: "Core operations",
    Category.FRONT_END: "Front-end contract and CORS",
    Category.PERFORMANCE: "Performance",
}


class Status(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    SKIP = "skip"


# Percent of passed checks that must be exceeded; performance is judged by its gates alone.
CATEGORY_THRESHOLDS: dict[Category, int] = {
    Category.SERVICE_HEALTH: 95,
    Category.AUTHENTICATION: 90,
    Category.CORE_OPERATIONS: 95,
    Category.FRONT_END: 95,
}
OVERALL_THRESHOLD = 95
AVERAGE_LIMIT_MS = 500.0
ERROR_LIMIT_PERCENT = 5.0
ROUTE_ERROR_LIMIT_PERCENT = 1.0


@dataclass(frozen=True)
class Outcome:
    """One check's result. `request` and `response` are redacted excerpts, kept for failures only."""

    category: Category
    name: str
    status: Status
    reason: str = ""
    seconds: float = 0.0
    request: str = ""
    response: str = ""


@dataclass(frozen=True)
class RequestRecord:
    """One request of the suite. `error`: no answer, a 5xx, or not the expected status of a measured request.

    `measured` marks the repeated requests that response times are taken from.
    """

    route: str
    milliseconds: float
    error: bool
    measured: bool = False


@dataclass(frozen=True)
class Score:
    """Checks of one category (or all). `threshold` is None where only gates decide."""

    title: str
    key: str
    passed: int
    failed: int
    skipped: int
    threshold: int | None

    @property
    def percent(self) -> float | None:
        """Passed of those that ran; None when nothing ran."""
        ran = self.passed + self.failed
        return 100 * self.passed / ran if ran else None

    @property
    def ok(self) -> bool:
        """Strictly above the threshold, in whole numbers: exactly 95 % is not more than 95 %."""
        ran = self.passed + self.failed
        if ran == 0:
            return False
        return self.threshold is None or self.passed * 100 > self.threshold * ran


@dataclass(frozen=True)
class Gate:
    """One measured limit; `value` None means that nothing was measured, which fails. `detail` names the worst."""

    name: str
    value: float | None
    limit: float
    unit: str
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Strictly below the limit."""
        return self.value is not None and self.value < self.limit


@dataclass(frozen=True)
class RouteTimes:
    """One route over the whole suite; times (ms) are of measured requests, None where there were none."""

    route: str
    requests: int
    errors: int
    average_ms: float | None
    p95_ms: float | None

    @property
    def error_percent(self) -> float:
        """Share of this route's requests that ended in an error."""
        return 100 * self.errors / self.requests


@dataclass(frozen=True)
class Verdict:
    """The whole judgement; `ready` is what the exit code says."""

    categories: tuple[Score, ...]
    overall: Score
    gates: tuple[Gate, ...]
    routes: tuple[RouteTimes, ...]

    @property
    def ready(self) -> bool:
        """Every category, the overall score and every gate."""
        return all(score.ok for score in (*self.categories, self.overall)) and all(gate.ok for gate in self.gates)


def judge(outcomes: Sequence[Outcome], requests: Sequence[RequestRecord]) -> Verdict:
    """The verdict; a category without a single check that ran counts as failed, it proves nothing."""
    categories = tuple(
        _score(
            category.label,
            category,
            [o for o in outcomes if o.category is category],
            CATEGORY_THRESHOLDS.get(category),
        )
        for category in Category
    )
    overall = _score("Overall", "overall", outcomes, OVERALL_THRESHOLD)
    routes = _by_route(requests)
    return Verdict(categories, overall, _gates(requests, routes), routes)


def _score(title: str, key: str, outcomes: Iterable[Outcome], threshold: int | None) -> Score:
    statuses = [outcome.status for outcome in outcomes]
    return Score(
        title,
        str(key),
        statuses.count(Status.PASS),
        statuses.count(Status.FAIL),
        statuses.count(Status.SKIP),
        threshold,
    )


def _gates(requests: Sequence[RequestRecord], routes: Sequence[RouteTimes]) -> tuple[Gate, ...]:
    times = [r.milliseconds for r in requests if r.measured]
    average = sum(times) / len(times) if times else None
    errors = 100 * sum(r.error for r in requests) / len(requests) if requests else None
    worst = max(routes, key=lambda r: r.error_percent, default=None)
    return (
        Gate("Average response", average, AVERAGE_LIMIT_MS, "ms"),
        Gate("Error rate", errors, ERROR_LIMIT_PERCENT, "%"),
        Gate(
            "Error rate of the worst route",
            worst.error_percent if worst else None,
            ROUTE_ERROR_LIMIT_PERCENT,
            "%",
            worst.route if worst and worst.errors else "",
        ),
    )


def _by_route(requests: Iterable[RequestRecord]) -> tuple[RouteTimes, ...]:
    grouped: dict[str, list[RequestRecord]] = defaultdict(list)
    for request in requests:
        grouped[request.route].append(request)
    return tuple(_route_times(route, grouped[route]) for route in sorted(grouped))


def _route_times(route: str, requests: Sequence[RequestRecord]) -> RouteTimes:
    times = sorted(r.milliseconds for r in requests if r.measured)
    return RouteTimes(
        route,
        len(requests),
        sum(r.error for r in requests),
        sum(times) / len(times) if times else None,
        percentile(times, 95) if times else None,
    )


def percentile(ascending: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: a value that was really measured, never an interpolation."""
    rank = max(1, math.ceil(percent / 100 * len(ascending)))
    return ascending[rank - 1]
