"""The cut-over for people: which table serves, what moved when, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.cutover.moving import Change
    from ops.cutover.parameter import Version
    from ops.stack import StackOutputs

_SHOWN = 10


def serving_table(outputs: StackOutputs, current: Version, now: float) -> Table:
    """Which physical table each logical name means at `now` (epoch seconds)."""
    table = Table("Table", "Serves", "Is", title=f"version {current.number}, {current.at:%Y-%m-%d %H:%M:%S %Z}")
    for logical in sorted(current.names.tables):
        physical = current.names.physical(logical, now)
        standard = physical == outputs.tables.get(logical)
        kind = Text("standard", "green") if standard else Text("legacy", "yellow")
        table.add_row(logical, physical, kind)
    return table


def history_table(history: Sequence[Version]) -> Table:
    """The newest moves, newest first, each with what changed."""
    table = Table("Version", "When", "By", "What changed", "Labels", title="history")
    pairs = list(zip([None, *history], history, strict=False))[-_SHOWN:]
    for earlier, version in reversed(pairs):
        changed = _differences(earlier.names.tables if earlier else {}, version.names.tables)
        who = version.by.rpartition("/")[2] or "?"
        table.add_row(str(version.number), f"{version.at:%Y-%m-%d %H:%M:%S}", who, changed, ", ".join(version.labels))
    return table


def changes_table(changes: Sequence[Change]) -> Table:
    """What a move does."""
    table = Table("Table", "From", "To")
    for change in changes:
        table.add_row(change.logical, change.before, change.after)
    return table


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    if not before:
        return f"{len(after)} tables named"
    return (
        "\n".join(f"{name} → {after[name]}" for name in sorted(after) if before.get(name) != after[name]) or "nothing"
    )
