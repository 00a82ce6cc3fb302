"""Imports and phases as tables for people, and as JSON types for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.imports import Measured
from bench.phases import Phases
from bench.subjects import HELLO, TWIN, Subject
from bench.variants import SHIPPED

Figures = Mapping[tuple[str, str], Measured]


def functions_document(chosen: Sequence[Subject], variants: Sequence[str], figures: Figures) -> dict[str, Any]:
    """Each function's figures as JSON types: bytes, CPU milliseconds."""
    return {
        s.name: {
            "zip_bytes": s.bundle.bytes,
            "zip_files": s.bundle.files,
            "imports": {v: asdict(figures[s.name, v]) for v in variants},
            "import_ratio_to_twin": figures[s.name, SHIPPED].cpu_ms / figures[TWIN, SHIPPED].cpu_ms,
            "start_ratio_to_hello_world": figures[s.name, SHIPPED].start_ms / figures[HELLO, SHIPPED].start_ms,
        }
        for s in chosen
    }


def phases_document(up: Phases) -> dict[str, Any]:
    """Seconds by phase."""
    return asdict(up)


def print_tables(console: Console, found: dict[str, Any]) -> None:
    """Those of the two sections that were measured."""
    if functions := found.get("functions"):
        variants = list(next(iter(functions.values()))["imports"])
        console.print(_functions(found))
        if len(variants) > 1:
            console.print(_bytecode(found, variants))
    if up := found.get("up"):
        if up["missing"]:
            console.print(f"[yellow]phases of make up: {up['missing']}[/yellow]")
        else:
            console.print(_phases(up))


def _functions(found: dict[str, Any]) -> Table:
    runs = next(iter(found["functions"].values()))["imports"][SHIPPED]["runs"]
    table = Table(
        title=f"Each handler from its zip, CPU time: median of {runs} fresh processes",
        caption="start: interpreter and import; RSS: peak",
    )
    table.add_column("function", no_wrap=True)
    for column in ("import ms", "low-high", "x twin", "start ms", "x hello", "RSS MB", "zip MB", "files"):
        table.add_column(column, justify="right")
    for name, row in found["functions"].items():
        m = row["imports"][SHIPPED]
        table.add_row(
            name,
            f"{m['cpu_ms']:.1f}",
            f"{m['lowest_ms']:.0f}-{m['highest_ms']:.0f}",
            f"{row['import_ratio_to_twin']:.2f}",
            f"{m['start_ms']:.1f}",
            f"{row['start_ratio_to_hello_world']:.1f}",
            f"{m['peak_rss'] / 1e6:.1f}",
            f"{row['zip_bytes'] / 1e6:.2f}",
            str(row["zip_files"]),
        )
    return table


def _bytecode(found: dict[str, Any], variants: Sequence[str]) -> Table:
    table = Table(title="The same imports with other bytecode: CPU ms (x unchecked-hash)")
    table.add_column("function", no_wrap=True)
    for variant in variants:
        table.add_column(variant, justify="right")
    for name, row in found["functions"].items():
        shipped = row["imports"][SHIPPED]["cpu_ms"]
        times = [row["imports"][variant]["cpu_ms"] for variant in variants]
        table.add_row(name, *(f"{t:.1f} ({t / shipped:.2f})" for t in times))
    return table


def _phases(up: dict[str, Any]) -> Table:
    table = Table(title=f"Phases of make up, environment and engine present: median of {up['runs']} runs")
    table.add_column("phase")
    table.add_column("seconds", justify="right")
    for name, seconds in up["seconds"].items():
        table.add_row(name, f"{seconds:.2f}")
    table.add_row("[bold]total[/bold]", f"[bold]{sum(up['seconds'].values()):.2f}[/bold]")
    return table
