"""`omnix cutover`: which tables serve, moving them, and moving them back."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import Choice, CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.errors import Refused, WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ops.cutover.moving import Move, Outcome, Site
    from ops.cutover.parameter import Parameter
    from ops.stack import Stack

app = typer.Typer(
    help="Move the platform between tables, by one parameter, watched and reversible.", no_args_is_help=True
)

TableOption = Annotated[list[str] | None, typer.Option("--table", metavar="LOGICAL=NAME", help="Repeat for more.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Move them (default: only say what would happen).")]
PauseOption = Annotated[
    int, typer.Option(min=0, max=25, help="Seconds before the move in which writes are answered 503, retry.")
]
WatchOption = Annotated[float, typer.Option(min=0, max=24 * 60, help="Minutes to watch afterwards.")]
RevertOption = Annotated[bool, typer.Option("--auto-revert/--no-auto-revert", help="Move back when it gets worse.")]


@app.command("show")
def show(
    context: typer.Context,
    table: TableOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Show which table serves under which name, the moves so far, and, with --table, what a table lacks to serve."""
    from ops.cutover import show as tables
    from ops.cutover.fitness import lacking, stream_arn

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    site, parameter = _site(found), _parameter(found)
    history = parameter.history()
    dynamodb = site.client("dynamodb")
    asked = [
        {
            "table": logical,
            "name": name,
            "lacks": lacking(dynamodb, logical, name, found.outputs.key_arn),
            "streamArn": stream_arn(dynamodb, name),
        }
        for logical, name in _wanted(table).items()
    ]
    choice.output.document(
        {"stack": found.name, "current": history[-1].document(), "history": [one.document() for one in history],
         "asked": asked}
    )  # fmt: skip
    if choice.output.json_only:
        return
    people = choice.output.people
    people.print(tables.serving_table(found.outputs, history[-1], site.now()), tables.history_table(history))
    for one in asked:
        lacks = one["lacks"]
        people.print(f"{one['table']}={one['name']}: {'; '.join(lacks) if lacks else 'fit to serve'}")
        people.print(
            f"  legacyTables.{one['table']}: {{name: {one['name']}, streamArn: {one['streamArn']}}}", soft_wrap=True
        )


@app.command("switch")
def switch(
    context: typer.Context,
    *,
    table: TableOption = None,
    all_standard: Annotated[bool, typer.Option("--all-standard", help="Every table to its standard name.")] = False,
    run: Annotated[list[Path] | None, typer.Option(help="Run directory of a verified `omnix migrate`; repeat.")] = None,
    unverified: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A table, by its name, that no migration filled; repeat.")
    ] = None,
    pause: PauseOption = 5,
    watch: WatchOption = 10,
    auto_revert: RevertOption = True,
    apply: ApplyOption = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Move tables at one moment for all functions, watch, and move back when the environment does worse."""
    from ops.cutover.evidence import verified_tables
    from ops.cutover.moving import planned

    choice = choose(context, stack, outputs, cloud, json_target)
    if bool(table) == all_standard:
        raise WrongUse("which tables?", "give --table LOGICAL=NAME, once or more, or --all-standard")
    found = choice.stack()
    site, parameter = _site(found), _parameter(found)
    over = parameter.current()
    wanted = {name: found.outputs.tables[name] for name in over.names.tables} if all_standard else _wanted(table)
    move = planned(site, over, wanted, verified_tables(run or [], found.outputs.account_id), set(unverified or []))
    _settle(choice, found, move, _Wish(pause, watch, auto_revert, apply))


@app.command("revert")
def revert(
    context: typer.Context,
    pause: PauseOption = 5,
    watch: WatchOption = 10,
    apply: ApplyOption = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Move back to the tables that served before the last move. What was written since stays in the others."""
    from ops.cutover.moving import back

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    move = back(_site(found), _parameter(found).history())
    _settle(choice, found, move, _Wish(pause, watch, auto_revert=False, apply=apply))


@app.command("watch")
def watch(
    context: typer.Context,
    minutes: Annotated[float, typer.Option(min=0, max=24 * 60, help="How long, from now on.")] = 10,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Watch the environment against what it was before now (moves nothing)."""
    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    site, current = _site(found), _parameter(found).current()
    with choice.output.progress.status("watching") as status:
        said = _watched(status.update, found, site, current.names.tables.values(), site.now(), minutes)
    choice.output.document({"stack": found.name, "minutes": minutes, "worse": said})
    if said:
        raise Refused(f"it got worse: {'; '.join(said)}", "`omnix cutover revert` moves the tables back")
    if not choice.output.json_only:
        choice.output.people.print(f"Nothing got worse in {minutes:g} minutes.")


@dataclass(frozen=True)
class _Wish:
    """How a move is to be made: seconds of pause, minutes of watching, and whether for real."""

    pause: int
    minutes: float
    auto_revert: bool
    apply: bool


def _settle(choice: Choice, found: "Stack", move: "Move", wish: _Wish) -> None:
    from ops.cutover.show import changes_table

    people = choice.output.people
    document = {"stack": found.name, "changes": [vars(one) for one in move.changes]}
    if not choice.output.json_only:
        people.print(changes_table(move.changes))
    if move.obstacles:
        raise Refused("\n  ".join(["these tables cannot be moved now:", *move.obstacles]), "mend each, and try again")
    if not wish.apply:
        choice.output.document({**document, "applied": False})
        if not choice.output.json_only:
            people.print("Nothing was moved. With [bold]--apply[/] it is.")
        return
    outcome = _carry(choice, found, move, wish)
    choice.output.document({**document, "applied": True, **vars(outcome)})
    said = "; ".join(outcome.worse)
    if outcome.reverted:
        after = ", ".join(change.after for change in move.changes)
        raise Refused(
            f"it got worse, and the tables were moved back: {said}",
            f"what was written meanwhile is in {after}: `omnix migrate` brings it over",
        )
    if said:
        raise Refused(f"it got worse: {said}", "`omnix cutover revert --apply` moves them back")
    if not choice.output.json_only:
        people.print(f"Moved, and nothing got worse in {wish.minutes:g} minutes.")


def _carry(choice: Choice, found: "Stack", move: "Move", wish: _Wish) -> "Outcome":
    from ops.cutover.moving import followed

    site = _site(found)
    names = {name for change in move.changes for name in (change.before, change.after)}
    with choice.output.progress.status("writing") as status:
        return followed(
            site,
            _parameter(found),
            move,
            lambda moment: _watched(status.update, found, site, names, moment, wish.minutes),
            pause=wish.pause,
            auto_revert=wish.auto_revert,
            each=lambda what, left: status.update(f"{what}: {left:.0f} s to the move"),
        )


def _watched(
    say: "Callable[[str], None]", found: "Stack", site: "Site", tables: "Iterable[str]", moved_at: float, minutes: float
) -> list[str]:
    from ops.cutover import watching

    outputs = found.outputs
    api = site.client("apigateway").get_rest_api(restApiId=outputs.rest_api_id)["name"]
    functions = [function.name for function in outputs.functions.values()]
    wanted = watching.metrics(api, str(outputs.stage_name), functions, sorted(tables))
    aliases = {logical: function.alias_arn for logical, function in outputs.functions.items()}
    look = watching.Watch(
        site,
        counts=lambda start, end: watching.counted(site.client("cloudwatch"), wanted, start, end),
        probe=lambda: watching.unready(site.client("lambda"), aliases),
    )
    return look.run(
        moved_at,
        minutes * 60,
        lambda left, said: say(f"watching, {left:.0f} s to go{': ' + '; '.join(said) if said else ''}"),
    )


def _wanted(given: list[str] | None) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in given or ()]
    if any(not (logical and name) for logical, _, name in pairs):
        raise WrongUse("a table is given as LOGICAL=NAME", "for example --table orders=omnix-ai-dev-orders")
    return {logical: name for logical, _, name in pairs}


def _site(found: "Stack") -> "Site":
    from ops.cutover.moving import Site

    return Site(found.outputs, aws_of(found).client, time.time, time.sleep)


def _parameter(found: "Stack") -> "Parameter":
    from ops.cutover.parameter import Parameter

    return Parameter(aws_of(found).client("ssm"), found.outputs.parameter_prefix)
