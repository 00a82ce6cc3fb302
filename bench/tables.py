"""Routes, load and growth as tables for people; the JSON document has the same figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

# The twin's cheapest answer that reads something: what a route without a peer of its own is held against.
READ = "GET /products/{product_id}"
_FIGURES = (("items", "items read"), ("units", "read units"), ("calls", "calls"), ("p50", "p50 ms"))


def print_served(console: Console, found: Mapping[str, Any]) -> None:
    """Those sections that were measured."""
    if "routes" in found:
        console.print(_routes(found["routes"]))
    if "load" in found:
        console.print(_load(found["load"]))
    for grown in found.get("growth", ()):
        if grown["missing"]:
            console.print(f"[yellow]growth on {grown['store']}: {grown['missing']}[/yellow]")
        else:
            console.print(_growth(grown))


def routes_document(measured: Sequence[Any]) -> list[dict[str, Any]]:
    """Each route with the ratio of its median to the same route of the twin, and to the twin's `READ`."""
    read = next((one.twin for one in measured if one.route == READ), None)
    return [
        {
            "route": one.route,
            "missing": one.missing,
            "ours": vars(one.ours) if one.ours else None,
            "twin": vars(one.twin) if one.twin else None,
            "ratio_to_twin": one.ours.ratio(one.twin) if one.ours and one.twin else None,
            "ratio_to_twins_read": one.ours.ratio(read) if one.ours and read else None,
        }
        for one in measured
    ]


def _routes(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(
        title="Every route through the local gateway, warm, one client: milliseconds",
        caption="x twin: medians, the same route of FastAPI + Mangum, asked in turns. x read: the twin's "
        f"{READ}. p99 by nearest rank: of 100 requests or fewer the slowest. Both sides pay for the same authorizer.",
    )
    table.add_column("route", no_wrap=True)
    for column in ("p50", "p99", "twin p50", "twin p99", "x twin", "x read", "n"):
        table.add_column(column, justify="right")
    for row in rows:
        ours, twin = row["ours"], row["twin"]
        if ours is None:
            table.add_row(row["route"], f"[red]{row['missing'][:60]}[/red]")
            continue
        beside = (f"{twin['p50']:.1f}", f"{twin['p99']:.1f}", f"{row['ratio_to_twin']:.2f}") if twin else ("", "", "")
        read = f"{row['ratio_to_twins_read']:.2f}" if row["ratio_to_twins_read"] else ""
        table.add_row(row["route"], f"{ours['p50']:.1f}", f"{ours['p99']:.1f}", *beside, read, str(ours["n"]))
    return table


def _load(load: Mapping[str, Any]) -> Table:
    table = Table(
        title=f"{load['clients']} clients at once: {_mix(load['mix'])}",
        caption=f"The gateway's own answer (404, no function) to the same clients: {load['ceiling']:.0f} a second. "
        "Good answers a second: median of the rounds; milliseconds and errors: over all of them.",
    )
    table.add_column("")
    for column in ("requests/s", "errors %", "p50 ms", "p99 ms", "requests", "failures"):
        table.add_column(column, justify="right")
    for name in ("ours", "twin"):
        one = load[name]
        failures = ", ".join(f"{n} x {what}" for what, n in one["failures"].items()) or "none"
        spread = one["spread"]
        table.add_row(
            name,
            f"{one['a_second']:.1f}",
            f"{100 * one['error_rate']:.2f}",
            f"{spread['p50']:.0f}",
            f"{spread['p99']:.0f}",
            str(spread["n"]),
            failures,
        )
    spreads = load["ours"]["spread"], load["twin"]["spread"]
    ratios = [spreads[0][name] / spreads[1][name] for name in ("p50", "p99")]
    table.add_row("x twin", f"{load['ratio']:.2f}", "", *(f"{ratio:.2f}" for ratio in ratios), "", "")
    return table


def _mix(mix: Mapping[str, int]) -> str:
    total = sum(mix.values())
    return ", ".join(f"{100 * n // total} % {kind}" for kind, n in mix.items())


def growth_document(grown: Any) -> dict[str, Any]:
    """The cells as they are, and by request how the largest tenant compares with the smallest and with the twin."""
    rows = _by_request(grown.cells)
    return {
        "store": grown.store,
        "missing": grown.missing,
        "counts_units": grown.counts_units,
        "cells": grown.cells,
        "growth": {
            f"{request}, {subject}": {figure: _grown(cells, figure) for figure, _ in _FIGURES}
            for (request, subject), cells in rows.items()
        },
    }


def _growth(grown: Mapping[str, Any]) -> Table:
    rows = _by_request(grown["cells"])
    sizes = sorted({cell["products"] for cell in grown["cells"]})
    table = Table(
        title=f"Cost of one request as a tenant grows, on {grown['store']}",
        caption="Counted by DynamoDB (ReturnConsumedCapacity) for ours / twin, at each number of products. "
        f"x: {sizes[-1]} products over {sizes[0]}. Function and store in one place, no gateway.",
    )
    table.add_column("request", no_wrap=True)
    table.add_column("figure", no_wrap=True)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right", no_wrap=True)
    table.add_column("x ours / twin", justify="right", no_wrap=True)
    requests = list(dict.fromkeys(request for request, _ in rows))
    figures = [one for one in _FIGURES if one[0] != "units" or grown["counts_units"]]
    for request in requests:
        for number, (figure, title) in enumerate(figures):
            sides = [rows.get((request, subject), {}) for subject in ("ours", "twin")]
            values = [" / ".join(_cell(cells.get(size), figure) for cells in sides) for size in sizes]
            ratios = " / ".join(_times(_grown(cells, figure, sizes)) for cells in sides)
            last = number == len(figures) - 1
            table.add_row(request if number == 0 else "", title, *values, ratios, end_section=last)
    return table


def _by_request(cells: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], dict[int, Mapping[str, Any]]]:
    """By request and subject: the cells by size, the smallest first."""
    found: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = {}
    for cell in sorted(cells, key=lambda cell: cell["products"]):
        found.setdefault((cell["request"], cell["subject"]), {})[cell["products"]] = cell
    return found


def _grown(cells: Mapping[int, Mapping[str, Any]], figure: str, sizes: Sequence[int] = ()) -> float | None:
    """The largest tenant's figure over the smallest's; None where either has none, or the smallest has nothing."""
    smallest, largest = (sizes[0], sizes[-1]) if sizes else (min(cells), max(cells))
    if smallest not in cells or largest not in cells or cells[largest]["failed"] or not cells[smallest][figure]:
        return None
    return float(cells[largest][figure] / cells[smallest][figure])


def _cell(cell: Mapping[str, Any] | None, figure: str) -> str:
    if cell is None:
        return "-"
    return "fails" if cell["failed"] else _figure(cell[figure])


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else _figure(ratio)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004 - digits enough
