"""`omnix redrive`: what the worker gave up, once more."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.errors import Refused
from ops.redrive import DONE, FAILED, WAITING, Letter

_COLOURS = {DONE: "green", WAITING: "yellow"}


def redrive(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Hand them over (default: only show them).")] = False,
    discard_gone: Annotated[
        bool, typer.Option("--discard-gone", help="With --apply: delete letters whose records no stream has any more.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many dead letters.")] = 100,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Show the worker's dead letters and, with `--apply`, hand their records to it again."""
    from ops import redrive as work

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    queue_url = found.outputs.dead_letter_queue_url
    worker = found.outputs.functions.get("worker")
    if not queue_url or worker is None:
        raise Refused(f"{found.name} has no worker", "run `up` on the stack: it makes the worker and its dead letters")
    client = aws_of(found).client
    clients = work.Clients(client("sqs"), client("dynamodbstreams"), client("lambda"))
    with choice.output.progress.status("reading the dead letters") as status:
        letters = work.redrive(
            clients,
            queue_url,
            worker.alias_arn,
            apply=apply,
            limit=limit,
            discard_gone=discard_gone,
            each=lambda letter: status.update(f"{letter.table} {letter.first}: {letter.state}"),
        )
    counts = {state: sum(one.state == state for one in letters) for state in sorted({one.state for one in letters})}
    choice.output.document(
        {"stack": found.name, "applied": apply, "counts": counts, "letters": [one.document() for one in letters]}
    )
    if not choice.output.json_only:
        choice.output.people.print(_table(letters) if letters else "No dead letters.")
        if counts.get(WAITING):
            choice.output.people.print("Nothing was handed over. With [bold]--apply[/] it is.")
    if counts.get(FAILED):
        raise Refused(
            f"{counts[FAILED]} of {len(letters)} dead letters failed again and stay in the queue",
            "read the worker's log, mend the cause, and redrive within 18 hours of their arrival",
        )


def _table(letters: list[Letter]) -> Table:
    table = Table("Table", "Arrived", "Why", "From record")
    table.add_column("Records", justify="right")
    table.add_column("State")
    for one in letters:
        state = Text(one.state, _COLOURS.get(one.state, "bold red"))
        if one.detail:
            state.append(f" ({one.detail})", "default")
        table.add_row(one.table, one.arrived, one.condition, one.first, str(one.batch_size), state)
    return table
