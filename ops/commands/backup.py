"""`omnix backup`: what there is to restore, whether it may be relied on, and restoring it."""

from typing import Annotated

import typer

from ops.backup.waiting import HOUR, Patience
from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose

app = typer.Typer(help="Backups: list, make, prove and restore them.", no_args_is_help=True)

TablesOption = Annotated[list[str] | None, typer.Option("--table", help="Which one; repeat for more (default: all).")]
TimeoutOption = Annotated[float, typer.Option(min=1, help="Seconds to wait for one job.")]


@app.command("create")
def create(
    context: typer.Context,
    table: TablesOption = None,
    keep_days: Annotated[int, typer.Option(min=1, max=36500, help="Days until AWS deletes it.")] = 30,
    copy: Annotated[bool, typer.Option("--copy/--no-copy", help="Copy it to the recovery region too.")] = True,
    timeout: TimeoutOption = 12 * HOUR,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Make a recovery point of every table now, and wait until it is there."""
    from datetime import UTC, datetime

    from ops.backup.creation import create as work
    from ops.backup.estate import estate_of
    from ops.backup.show import points_table

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    estate = estate_of(found, aws_of(found))
    made = work(
        estate,
        estate.chosen(table),
        keep_days=keep_days,
        copy=copy,
        patience=Patience(timeout),
        say=lambda line: choice.output.progress.print(f"[dim]{line}[/]"),
    )
    now = datetime.now(UTC)
    choice.output.document({"stack": found.name, "points": [one.document(now) for one in made]})
    if not choice.output.json_only:
        choice.output.people.print(points_table(estate, made, now))
