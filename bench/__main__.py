"""`python -m bench [--json] [--runs N] [--up-runs K] [--stack S]`: figures, never a verdict.

Exit codes: 0 printed, 1 a function could not be built or imported, 2 wrong use.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.imports import HandlerImportError, measure
from bench.phases import phases
from bench.report import document, print_tables
from bench.subjects import subjects
from bench.variants import SHIPPED, VARIANTS
from bundler import BundleError
from bundler.target import target

_WIDTH = 110  # columns at least: a figure cut short is no figure


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    parser.add_argument("--runs", type=_positive, default=9, help="counted processes for each import (default 9)")
    parser.add_argument("--up-runs", type=int, default=3, help="runs of `make up`; 0 reads the last one (default 3)")
    parser.add_argument("--stack", default="dev", help="the stack whose `make up` is measured (default dev)")
    parser.add_argument("--shipped-only", action="store_true", help="skip the comparison with other bytecode")
    parser.add_argument("--root", type=lambda p: Path(p).resolve(), default=Path.cwd(), help="the project root")
    options = parser.parse_args(arguments)
    variants = (SHIPPED,) if options.shipped_only else VARIANTS
    try:
        chosen = subjects(options.root, target("local"))
        with tempfile.TemporaryDirectory(prefix="omnix-bench-") as work:
            figures = measure(chosen, variants, options.runs, Path(work).resolve(), _say)
    except (BundleError, HandlerImportError) as error:
        _say(f"bench: {error}")
        return 1
    found = document(chosen, variants, figures, phases(options.root, options.stack, options.up_runs, _say))
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        console = Console()
        print_tables(Console(width=max(console.width, _WIDTH)), found, variants)
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
