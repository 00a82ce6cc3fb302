"""The month's cost difference, by component, and how far to trust it."""

from ops.preview.blocks import Block, Bullets, Details, Line, Paragraph, Section, Span, Table, code, line, strong
from ops.preview.model import Environment
from ops.preview.price_table import PriceTable
from ops.preview.pricing import Cost, sources
from ops.preview.report import Report
from ops.preview.sections.words import count, dollars, signed
from ops.preview.urn import short_type

_NUMBERS = frozenset({1, 2, 3})


def section(report: Report) -> Section | None:
    """A table an environment; what has no price is counted beside it, never taken for nothing."""
    blocks: list[Block] = []
    for environment in report.environments:
        cost = report.costs.get(environment.name)
        if cost and (cost.resources or cost.unpriced):
            blocks += _environment(report, environment, cost)
    if not blocks:
        if all(environment.failure for environment in report.environments):
            return None
        return Section("Cost a month", 45, (Paragraph(line("No difference in what has a price.")),))
    blocks.append(Details(line("Prices and assumptions"), _basis(report)))
    return Section("Cost a month", 60, tuple(blocks))


def _environment(report: Report, environment: Environment, cost: Cost) -> list[Block]:
    currency = report.prices.currency
    lead: list[str | Span] = [strong(environment.name), f": {signed(cost.difference)} {currency}"]
    if cost.total_before is not None and cost.total_after is not None:
        lead.append(f", {dollars(cost.total_before)} → {dollars(cost.total_after)} for everything that has a price")
    if environment.failure:
        lead.append(", incomplete: the preview failed")
    blocks: list[Block] = [Paragraph(line(*lead))]
    if cost.resources:
        rows = [_row(line(strong(name)), before, after) for name, before, after in cost.by_component()]
        blocks.append(Table(("Component", "Before", "After", "Difference"), tuple(rows), _NUMBERS))
        each = [_row(line(code(r.name)), r.before, r.after) for r in cost.resources]
        table = Table(("Resource", "Before", "After", "Difference"), tuple(each), _NUMBERS)
        blocks.append(Details(line(count(len(each), "resource")), (table,)))
    if cost.unpriced:
        blocks.append(Paragraph(_unpriced(cost)))
    return blocks


def _row(name: Line, before: float, after: float) -> tuple[Line, ...]:
    return (name, line(dollars(before)), line(dollars(after)), line(signed(after - before)))


def _unpriced(cost: Cost) -> Line:
    kinds = ", ".join(f"{number} x {short_type(kind)}" for kind, number in cost.unpriced.items())
    total = count(sum(cost.unpriced.values()), "changed resource")
    return line(strong(f"{total} without a price"), f" (not counted as nothing): {kinds}")


def _checked(table: PriceTable) -> str:
    if table.checked is None:
        return "These prices have not been compared with AWS's price list yet: take them for an order of magnitude."
    return f"Compared with AWS's price list on {table.checked}."


def _basis(report: Report) -> tuple[Block, ...]:
    table, costs = report.prices, list(report.costs.values())
    borrowed = sorted({name for cost in costs for name in cost.borrowed})
    items = [
        line(
            f"List prices of {table.region} in {table.currency}, table of {table.date}, without free tiers, discounts, "
            f"taxes and data transfer: {', '.join(sources(table, costs)) or 'none used'}."
        ),
        line(_checked(table)),
        line("Use is assumed, not measured (ops/preview/data/usage.yaml; ", code("--usage FILE"), " for your own)."),
    ]
    if borrowed:
        prices = ", ".join(f"{name} ({table.prices[name].basis})" for name in borrowed)
        items.append(line(f"Taken from another region's list: {prices}."))
    return (Bullets(tuple(items)),)
