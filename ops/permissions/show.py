"""The report for people: one table for each function, or for each role that a service uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ops.permissions.model import Verdict

if TYPE_CHECKING:
    from rich.console import Console

    from ops.permissions.model import Action, Grant, Report, Role, Totals

# Denied calls shown for a role; a run over tests that provoke refusals has hundreds. The JSON has all.
_MOST_DENIED = 15
_STYLES = {Verdict.USED: "green", Verdict.UNUSED: "bold red", Verdict.NOT_TRACKED: "yellow"}


def show(report: Report, totals: Totals, people: Console) -> None:
    """Print the report; `totals` are those of the whole when this is a part."""
    for role in report.roles:
        people.print(_heading(role))
        if any(not grant.managed for grant in role.grants):
            people.print(_grants(role))
        for policy in sorted({grant.policy for grant in role.grants if grant.managed}):
            people.print(_managed(policy, role))
        if role.denied:
            people.print(_denied(role))
        people.print()
    people.print(summary(totals))
    for note in report.notes:
        people.print(Text(f"  {note}", "dim"))


def summary(totals: Totals) -> Text:
    """One line: what was used of what is granted."""
    parts: list[tuple[str, str]] = [
        (f"{totals.used} of {totals.actions} granted actions used", "bold"),
        (f" ({_many(totals.statements, 'statement')}, {_many(totals.roles, 'role')}), ", ""),
        (f"{totals.unused} never used", "bold red" if totals.unused else "green"),
    ]
    if totals.superfluous:
        parts.append((f" ({_many(totals.superfluous, 'whole statement')})", "bold red"))
    if totals.not_tracked:
        parts.append((f", {totals.not_tracked} not tracked", "yellow"))
    if totals.denied:
        parts.append((f", {_many(totals.denied, 'call')} denied", "bold magenta"))
    return Text.assemble(*parts)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _heading(role: Role) -> Text:
    who = ", ".join(role.functions) or "no function"
    return Text.assemble((who, "bold cyan" if role.functions else "bold"), ("  role ", "dim"), role.name)


def _grants(role: Role) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Policy / statement", overflow="fold")
    table.add_column("Action", overflow="fold")
    table.add_column("Used", justify="right", no_wrap=True)
    for grant in role.grants:
        if grant.managed:
            continue
        for position, action in enumerate(grant.actions):
            table.add_row("" if position else _label(grant), action.name, _use(action, grant))
    return table


def _label(grant: Grant) -> Text:
    text = Text(grant.label, "red" if grant.superfluous else "")
    return text if grant.effect == "Allow" else text.append(f" ({grant.effect})", "magenta")


def _use(action: Action, grant: Grant) -> Text:
    if grant.effect != "Allow":
        # A guard that nothing ran into is no superfluous grant.
        return Text(f"denied {action.count} times" if action.count else "", "dim")
    if action.verdict is not Verdict.USED:
        return Text(str(action.verdict), _STYLES[action.verdict])
    if action.last_used:
        return Text(f"{action.last_used:%Y-%m-%d %H:%M}", _STYLES[Verdict.USED])
    return Text(f"{action.count:,}", _STYLES[Verdict.USED])


def _managed(policy: str, role: Role) -> Text:
    actions = [action for grant in role.grants if grant.policy == policy for action in grant.actions]
    used = sum(action.verdict is Verdict.USED for action in actions)
    return Text.assemble(
        "  ", policy.rpartition("/")[2], (f"  AWS's own: {used} of {len(actions)} actions used, not judged", "dim")
    )


def _denied(role: Role) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="denied calls", title_justify="left")
    table.title_style = "bold magenta"
    table.add_column("Action", overflow="fold")
    table.add_column("Resource", overflow="fold")
    table.add_column("Reason", overflow="fold")
    table.add_column("Calls", justify="right", no_wrap=True)
    by_count = sorted(role.denied, key=lambda one: (-one.count, one.action, one.resource))
    for one in by_count[:_MOST_DENIED]:
        table.add_row(Text(one.action), Text(_short(one.resource)), Text(one.reason), f"{one.count:,}")
    if left := by_count[_MOST_DENIED:]:
        calls = _many(sum(one.count for one in left), "call")
        table.caption = f"and {calls} of {len(left)} more kinds; --json has all"
        table.caption_justify = "left"
    return table


def _short(resource: str) -> str:
    """An ARN's last part (`table/products`): service and account are said already; the JSON has the whole."""
    parts = resource.split(":", 5)
    return parts[5] if parts[0] == "arn" and len(parts) == 6 else resource  # noqa: PLR2004 - an ARN has six parts
