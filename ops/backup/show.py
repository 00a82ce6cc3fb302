"""Recovery points for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from ops.backup.estate import Estate
    from ops.backup.health import Problem
    from ops.backup.points import RecoveryPoint

_MEBIBYTE = 1 << 20


def points_table(estate: Estate, points: Iterable[RecoveryPoint], now: datetime) -> Table:
    """A row a recovery point; ARNs last, whole, to be copied."""
    table = Table("Table", "Region", "Data as of (UTC)", "State", "Expires")
    table.add_column("Age", justify="right")
    table.add_column("Size", justify="right")
    table.add_column("Recovery point", overflow="fold")
    for one in points:
        table.add_row(
            made_of.label if (made_of := estate.of_physical(one.table)) else one.table,
            one.region,
            f"{one.created_at:%Y-%m-%d %H:%M:%S}",
            Text(one.status if not one.message else f"{one.status} ({one.message})", "" if one.usable else "bold red"),
            f"{one.expires_at:%Y-%m-%d}" if one.expires_at else "never",
            age(one.age_seconds(now)),
            size(one.size_bytes),
            one.arn,
        )
    return table


def windows_table(
    estate: Estate,
    windows: Mapping[str, tuple[datetime, datetime] | None],
    gaps: Mapping[str, Sequence[tuple[datetime, datetime]]],
) -> Table:
    """A row a table: from when to when it can be restored to any second, and where recovery points are missing."""
    table = Table("Table", "Serves", "Any second from (UTC)", "until", "Gaps of the last 30 days")
    for label, span in windows.items():
        bounds = (
            [f"{one:%Y-%m-%d %H:%M:%S}" for one in span] if span else [Text("off, or no such table", "bold red"), "-"]
        )
        missing = ", ".join(f"{a:%m-%d %H:%M} to {b:%m-%d %H:%M}" for a, b in gaps[label])
        table.add_row(label, serves(estate, label), *bounds, Text(missing or "none", "bold red" if missing else ""))
    return table


def verified_table(
    estate: Estate,
    chosen: Mapping[str, str],
    problems: Iterable[Problem],
    *,
    looked: bool,
    proven: Collection[str] | None = None,
) -> Table:
    """A row a table: its own name, whether it serves, and whether anything is wrong with it.

    `looked`: whether its backups were looked at; `proven`: labels of what a restore proved, None where nothing was
    to be restored.
    """
    wrong = {one.subject for one in problems}
    table = Table("Table", "Its own name", "Serves", "Backups")
    for label, physical in chosen.items():
        if label in wrong:
            state = Text("see below", "bold red")
        elif proven is None:
            state = Text("in order", "green")
        elif label in proven:
            state = Text("restored and compared", "green")
        else:
            state = Text("looked at, not restored" if looked else "not looked at", "yellow")
        table.add_row(label, physical, serves(estate, label), state)
    return table


def serves(estate: Estate, label: str) -> Text:
    """Whether a table serves, in a word or two."""
    found = estate.serving.serves(estate.protected[label])
    return Text("not known", "bold red") if found is None else Text("yes" if found else "no", "" if found else "dim")


def tables_document(estate: Estate, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Which tables were looked at and which of them serve (null: nobody can say, and why), as JSON."""
    tables = {
        label: {"name": physical, "serves": estate.serving.serves(estate.protected[label])}
        for label, physical in chosen.items()
    }
    return {"tables": tables, "serving_unknown": estate.serving.unknown, "unprotected": estate.unprotected()}


def age(seconds: float) -> str:
    """An age in the largest fitting unit: `12 min`, `3 h`, `41 d`."""
    for unit, length, most in (("min", 60, 120 * 60), ("h", 3600, 48 * 3600)):
        if seconds < most:
            return f"{max(0, seconds) / length:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / _MEBIBYTE:,.1f} MiB" if count >= _MEBIBYTE else f"{count / 1024:,.1f} KiB"
