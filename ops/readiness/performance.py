"""Performance: repeated reads of every route that can be read, after one that warms it up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ops.readiness.checks import Check, Site, require
from ops.readiness.verdict import AVERAGE_LIMIT_MS, ROUTE_ERROR_LIMIT_PERCENT, Category

if TYPE_CHECKING:
    from ops.readiness.contract import Contract, Route

_OK = 200


def checks(contract: Contract, samples: int) -> list[Check]:
    """One check per GET route of the contract."""
    return [
        Check(
            Category.PERFORMANCE,
            f"{route} answers {samples} times within {AVERAGE_LIMIT_MS:g} ms on average",
            partial(_measured, route=route, samples=samples),
        )
        for route in contract.routes
        if route.method == "GET"
    ]


def _measured(site: Site, *, route: Route, samples: int) -> None:
    """Sequential requests over one kept connection: a page's experience, not a load test.

    The first answer may pay a cold start, which has a limit of its own (3 s) and its own benchmark; it is not
    among the measured ones. A request without an answer ends the check and is counted.
    """
    path = _path(route, site)
    token = None if route.public else site.need("access_token")
    site.api.send("GET", path, token=token)
    for _ in range(samples):
        site.api.send("GET", path, token=token, measured=True, expected=_OK)
    records = [r for r in site.api.records if r.measured and r.route == str(route)][-samples:]
    errors = sum(r.error for r in records)
    average = sum(r.milliseconds for r in records) / len(records)
    percent = 100 * errors / len(records)
    require(percent < ROUTE_ERROR_LIMIT_PERCENT, f"{errors} of {len(records)} answers were not 200")
    require(average < AVERAGE_LIMIT_MS, f"{average:.0f} ms on average")


def _path(route: Route, site: Site) -> str:
    """The route's path with its variables filled from what earlier checks made (`product_id`)."""
    path = route.path
    while "{" in path:
        name = path[path.index("{") + 1 : path.index("}")]
        path = path.replace(f"{{{name}}}", str(site.need(name)))
    return path
