"""`omnix status`: what is deployed, at a look."""

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.inspection import FunctionStatus, StackStatus


def status(
    context: typer.Context,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Show addresses, functions with their live version, tables and counts."""
    from ops.inspection import inspect

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    current = inspect(found, aws_of(found).client)
    choice.output.document(current.document())
    if not choice.output.json_only:
        _show(current, choice.output.people)


def _show(current: StackStatus, people: Console) -> None:
    people.print(Text.assemble((current.stack, "bold"), "  ", current.api_url))
    if current.site_url:
        people.print(Text(current.site_url))
    people.print(_functions(current))
    people.print(_tables(current))
    people.print(
        f"{len(current.functions)} functions, {len(current.tables)} tables, "
        f"{current.secrets} secrets, {current.parameters} parameters"
    )


def _functions(current: StackStatus) -> Table:
    table = Table("Function", "Live version", "State", "Published")
    for function in current.functions:
        table.add_row(function.name, live(function), _state(function.state, "Active"), moment(function.modified))
    return table


def moment(text: str) -> str:
    """Lambda's `2026-11-21T09:39:28.573+0000` (or `Z`) to the second, UTC; unchanged when it is something else."""
    date, separator, time = text.partition("T")
    return f"{date} {time[:8]} UTC" if separator else text


def live(function: FunctionStatus) -> str:
    """The version behind `live`, with the shares of a deployment under way: `3, 10 % on 4`."""
    shares = [f"{share:.0%} on {version}".replace("%", " %") for version, share in sorted(function.routing.items())]
    return ", ".join([function.version, *shares])


def _tables(current: StackStatus) -> Table:
    table = Table("Table", "State", "Point-in-time recovery")
    table.add_column("Items (estimate)", justify="right")
    for entry in current.tables:
        recovery = Text("on", "green") if entry.point_in_time_recovery else Text("off", "bold red")
        table.add_row(entry.table, _state(entry.state, "ACTIVE"), recovery, f"{entry.items:,}")
    return table


def _state(state: str, good: str) -> Text:
    return Text(state, "green" if state == good else "bold red")
