"""CloudWatch metrics by log line: the embedded metric format, no call and no permission.

Source: "Specification: Embedded metric format", CloudWatch user guide. Not Powertools' Metrics: the authorizer and the
worker import no Powertools, for which every first request would wait some 45 ms, and all functions share these names.

What a metric costs is its combinations of dimensions ($0.30 each a month), so a route has only `Latency`, whose count
is the requests, and `ServerErrors`. No dimension ever holds what a caller chose: routes are the contract's templates.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "Omnix/Platform"
LATENCY = "Latency"
SERVER_ERRORS = "ServerErrors"
DEPENDENCY_FAILURES = "DependencyFailures"

_OF_ROUTES = (LATENCY, SERVER_ERRORS)
_UNITS = {LATENCY: "Milliseconds"}

_counted: Counter[str] = Counter()
_lock = threading.Lock()


def count(name: str) -> None:
    """One more in this invocation; any of its threads may count."""
    with _lock:
        _counted[name] += 1


def flush(values: Mapping[str, float], route: str | None = None) -> None:
    """Write the invocation's metrics, with what was counted in it, as one line.

    `route` is method and path template (`GET /products/{product_id}`), or None for what is no request.
    """
    with _lock:
        counted = {DEPENDENCY_FAILURES: 0, **_counted}
        _counted.clear()
    sys.stdout.write(json.dumps(document({**values, **counted}, route), separators=(",", ":")) + "\n")
    sys.stdout.flush()


def document(values: Mapping[str, float], route: str | None) -> dict[str, Any]:
    """The line's object."""
    directives = [_directive(["Environment", "Function"], values)]
    dimensions = {"Environment": os.environ["OMNIX_ENVIRONMENT"], "Function": os.environ["OMNIX_FUNCTION"]}
    if route:
        directives.append(_directive(["Environment", "Function", "Route"], [n for n in values if n in _OF_ROUTES]))
        dimensions["Route"] = route
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives},
        **dimensions,
        **values,
    }


def _directive(dimensions: list[str], names: Any) -> dict[str, Any]:
    metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names]
    return {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}
