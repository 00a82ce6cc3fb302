"""Costs for people: tables, and charts of bars that fit the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Column, Table
from rich.text import Text

from omnix.costs import ledger
from omnix.costs.model import usd
from ops.costs.reconciliation import TOLERANCE, Finding
from ops.costs.spending import Dimension, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omnix.costs.optimising import Watch
    from ops.costs.reconciliation import Compared, Reconciled, Sums
    from ops.costs.spending import Spend
    from ops.costs.standings import Held

BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL, _NARROW = 1.0, 0.8
_SHOWN = 20


def spend_table(spends: Sequence[Spend], by: Sequence[Dimension], period: str) -> Table:
    """Each sum, and all of them together."""
    # a model that is cut off in the middle may be any
    table = Table(*(Column(dimension.value.capitalize(), overflow="fold") for dimension in by), title=period)
    for name in ("Calls", "Refused", "Failed", "Lapsed", "Input", "Cache read", "Cache write", "Output", "USD"):
        table.add_column(name, justify="right")
    for one in spends:
        table.add_row(*one.keys, *_cells(one.counts))
    if len(spends) > 1:
        table.add_section()
        table.add_row("all", *[""] * (len(by) - 1), *_cells(total(spends)), style="bold")
    return table


def _cells(counts: Mapping[str, int]) -> list[str]:
    usage = ledger.usage(counts)
    numbers = [counts.get(name, 0) for name in (ledger.CALLS, ledger.REFUSED, ledger.FAILED, ledger.LAPSED)]
    numbers += [usage.input, usage.cache_read, usage.cache_write + usage.cache_write_1h, usage.output]
    return [*(f"{number:,}" for number in numbers), usd(counts.get(ledger.COST, 0))]


def chart(spends: Sequence[Spend]) -> Table:
    """A bar for each sum, as long as its share of the largest."""
    most = max((one.cost for one in spends), default=0)
    table = Table.grid(padding=(0, 1))
    for one in spends:
        table.add_row(" ".join(one.keys), Text(bar(one.cost, most), "cyan"), usd(one.cost))
    return table


def bar(value: int, most: int, width: int = BAR) -> str:
    """`value` as blocks of an eighth of a column, `most` as `width` columns; what is not nothing shows."""
    if most <= 0 or value <= 0:
        return ""
    eighths = max(1, round(min(value, most) / most * width * 8))
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[part] if part else "")


def limits_table(found: Sequence[Held]) -> Table:
    """Every limit as it stands now."""
    table = Table("Scope", "Whose", "Period")
    for name in ("Limit", "Spent", "Held", "Left", "Used"):
        table.add_column(name, justify="right")
    table.add_column("Resets at")
    for held in found:
        one = held.standing
        left = "" if one.limit is None else usd(max(0, one.limit - one.committed))
        limit = "none" if one.limit is None else usd(one.limit)
        amounts = (limit, usd(one.spent), usd(one.held), left)
        table.add_row(one.scope.value, held.whose, one.period.value, *amounts, _used(held.used), one.resets_at)
    return table


def _used(share: float | None) -> Text:
    if share is None:
        return Text("")
    style = "bold red" if share >= _FULL else "yellow" if share >= _NARROW else "green"
    return Text(f"{share:.1%}", style)


def reconciled_table(found: Reconciled) -> Table:
    """Both sides by tenant and feature, and in all."""
    table = Table("Tenant", "Feature", title="ledger and Bedrock's record")
    for name in ("Calls", "Ledger USD", "Record USD", "Difference"):
        table.add_column(name, justify="right")
    for key, sums in found.by_tenant_and_feature().items():
        table.add_row(*key, *_sums(sums))
    table.add_section()
    table.add_row("all", "", *_sums(found.total), style="bold")
    return table


def _sums(sums: Sums) -> tuple[str, str, str, Text]:
    style = "bold red" if sums.difference > TOLERANCE else "green"
    return f"{sums.calls:,}", usd(sums.ledger), usd(sums.record), Text(f"{sums.difference:.3%}", style)


def odd_table(found: Reconciled) -> Table | None:
    """The first calls on which the two do not agree; None where there are none."""
    odd = [one for one in found.compared if one.finding is not Finding.AGREED]
    if not odd:
        return None
    table = Table("Reservation", "Day", "Tenant", "Feature", "Outcome", "Finding", "Ledger USD", "Record USD")
    for one in odd[:_SHOWN]:
        table.add_row(*_odd(one))
    table.caption = f"{len(odd) - _SHOWN} more with --json" if len(odd) > _SHOWN else None
    return table


def _odd(one: Compared) -> tuple[str, ...]:
    own = one.call.reserved
    outcome = (one.corrected or one.call.verdict).outcome.value
    amounts = (usd(one.counted), usd(one.recorded))
    return own.reservation_id, own.day, own.tenant_id, own.feature.value, outcome, one.finding.value, *amounts


def watch_table(found: Sequence[Watch]) -> Table:
    """How each feature uses its tokens. Shares of nothing are left empty."""
    table = Table("Feature")
    for name in ("Calls", "USD", "Cache hits", "In/answer", "Out/answer", "Truncated", "Unread", "Wasted USD"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(
            one.feature.value, f"{one.calls:,}", usd(one.cost), _share(one.cache_hit_share),
            _mean(one.input_tokens_per_answer), _mean(one.tokens_per_answer), _share(one.truncated_share),
            _share(one.unread_share), usd(one.wasted),
        )  # fmt: skip
    return table


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _mean(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
