"""Counts, amounts and names as the sections write them."""

from collections.abc import Iterable

from ops.preview.blocks import Line, Span, code, joined, line
from ops.preview.model import Action, Change

VERBS = {
    Action.CREATE: "create",
    Action.DELETE: "delete",
    Action.IMPORT: "import",
    Action.REPLACE: "replace",
    Action.SAME: "unchanged",
    Action.UNKNOWN: "unknown",
    Action.UPDATE: "update",
}


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 table`, `2 tables`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def dollars(amount: float) -> str:
    """A month's amount; a fraction of a cent is said to be one, not rounded to nothing."""
    if amount and abs(amount) < 0.005:  # noqa: PLR2004
        return "< 0.01"
    return f"{amount:,.2f}"


def signed(amount: float) -> str:
    """A difference with its sign."""
    if not round(amount, 4):
        return "±0.00"
    sign = "+" if amount > 0 else "-"
    return f"{sign}{dollars(abs(amount))}".replace(f"{sign}< ", f"{sign}<")


def names(items: Iterable[str]) -> Line:
    """Names as code, with commas."""
    return joined([line(code(item)) for item in items], ", ")


def resource(change: Change) -> Line:
    """A resource by its logical name."""
    return line(code(change.resource.name))


def marked(content: str) -> Line:
    """A text of this report's own, in which backticks set code: never for texts of others."""
    pieces = content.split("`")
    return tuple(code(piece) if index % 2 else Span(piece) for index, piece in enumerate(pieces) if piece)
