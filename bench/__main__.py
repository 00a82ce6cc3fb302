"""`python -m bench [SECTION…] [--json] …`: figures, never a verdict. Without a section all, in five minutes.

imports  each function started from its zip: CPU, memory, size, beside hello-world and the FastAPI + Mangum twin
up       the phases of `make up`
routes   warm latency of every route through the local gateway, beside the twin deployed in the same cloud
load     requests a second and errors with 32 clients at once, beside the twin
assistant  what the platform adds to a model's own time, with and without tools
growth   what GET /products and GET /dashboard/summary cost as a tenant grows to 100,000 products, beside the twin
migration  a table moved on DynamoDB Local at 10,000, 100,000 and 1,000,000 items, beside a naive scan and put;
           only where it is asked for: it takes a quarter of an hour

Exit codes: 0 printed, 1 something could not be built, deployed or measured, 2 wrong use.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import tables
from bench.imports import HandlerImportError, measure
from bench.phases import phases
from bench.report import functions_document, phases_document, print_tables
from bench.subjects import subjects
from bench.variants import SHIPPED, VARIANTS
from bundler import BundleError
from bundler.target import target

SECTIONS = ("imports", "up", "routes", "load", "assistant", "growth")
ASKED_FOR = ("migration",)
SERVED = frozenset({"routes", "load", "assistant"})  # through the gateway of one environment
_WIDTH = 120  # columns at least: a figure cut short is no figure


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    chosen = options.sections or SECTIONS
    found: dict[str, Any] = {"machine": _machine()}
    started = time.monotonic()
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "imports": lambda: {"functions": _imports(options)},
        "up": lambda: {"up": phases_document(phases(options.root, options.stack, options.up_runs, _say))},
        "served": lambda: _served(options, chosen),
        "growth": lambda: _growth(options),
        "migration": lambda: _migration(options),
    }
    wanted = dict.fromkeys("served" if section in SERVED else section for section in chosen)
    failures = [failure for section in wanted if (failure := _attempted(measures[section], found))]
    found["seconds"] = round(time.monotonic() - started, 1)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)
    for failure in failures:
        _say(f"bench: {failure}")
    return 1 if failures else 0


def _attempted(measured: Callable[[], dict[str, Any]], found: dict[str, Any]) -> str:
    """Adds to what was found; what was measured before a failure is still shown. The failure's message, or nothing."""
    import httpx

    from bench.growth import GrowthError
    from bench.migration import MigrationError
    from bench.shop import ShopError
    from toolchain.cloud import CloudError
    from toolchain.engine import EngineError
    from toolchain.pulumi_cli import PulumiError

    ours = (
        BundleError,
        CloudError,
        EngineError,
        GrowthError,
        HandlerImportError,
        MigrationError,
        PulumiError,
        ShopError,
    )
    try:
        found |= measured()
    except (*ours, httpx.HTTPError) as error:
        return str(error) or type(error).__name__
    return ""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections",
        nargs="*",
        choices=[*SECTIONS, *ASKED_FOR, []],
        metavar="SECTION",
        help=", ".join((*SECTIONS, *ASKED_FOR)),
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    parser.add_argument("--runs", type=_positive, default=5, help="counted processes for each import (default 5)")
    parser.add_argument("--up-runs", type=int, default=1, help="runs of `make up`; 0 reads the last one (default 1)")
    parser.add_argument("--stack", default="dev", help="the stack whose `make up` is measured (default dev)")
    parser.add_argument("--shipped-only", action="store_true", help="skip the comparison with other bytecode")
    parser.add_argument("--requests", type=_positive, default=40, help="timed requests a route (default 40)")
    parser.add_argument("--seconds", type=_positive, default=4, help="length of a round of load (default 4)")
    parser.add_argument("--largest", type=_positive, default=100_000, help="products of the largest tenant")
    parser.add_argument("--items", type=_positive, default=1_000_000, help="items of the largest migration")
    parser.add_argument("--root", type=lambda p: Path(p).resolve(), default=Path.cwd(), help="the project root")
    return parser.parse_args(arguments)


def _imports(options: argparse.Namespace) -> dict[str, Any]:
    variants = (SHIPPED,) if options.shipped_only else VARIANTS
    chosen = subjects(options.root, target("local"))
    with tempfile.TemporaryDirectory(prefix="omnix-bench-") as work:
        figures = measure(chosen, variants, options.runs, Path(work).resolve(), _say)
    return functions_document(chosen, variants, figures)


def _served(options: argparse.Namespace, chosen: Sequence[str]) -> dict[str, Any]:
    """What is measured through the gateway of one environment, deployed for it."""
    from bench import assistant, load, routes
    from bench.environment import deployed

    found: dict[str, Any] = {}
    with deployed(_say) as bench:
        if "load" in chosen:
            found["load"] = load.document(load.measure(bench, options.seconds, _say))
        if "routes" in chosen:
            found["routes"] = tables.routes_document(routes.measure(bench, options.root, options.requests, _say))
        if "assistant" in chosen:
            found["assistant"] = assistant.document(assistant.measure(bench, options.requests, _say))
    return found


def _growth(options: argparse.Namespace) -> dict[str, Any]:
    from bench import growth

    return {"growth": [tables.growth_document(one) for one in growth.measure(_say, options.largest)]}


def _migration(options: argparse.Namespace) -> dict[str, Any]:
    from bench import migration

    return migration.measure(_say, options.items)


def _print(found: dict[str, Any]) -> None:
    console = Console()
    wide = Console(width=max(console.width, _WIDTH))
    print_tables(wide, found)
    tables.print_served(wide, found)
    if "assistant" in found:
        from bench import assistant

        wide.print(assistant.table(found["assistant"]))
    if "migration" in found:
        from bench import migration

        migration.print_table(wide, found["migration"])
    wide.print(f"took {found['seconds']:.0f} s")


def _machine() -> dict[str, str]:
    return {"system": platform.platform(), "machine": platform.machine(), "python": platform.python_version()}


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
