"""`omnix migrate export`: one table's migration by Step Functions over an export, for what one machine cannot."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.commands.options import Choice, CloudOption, JsonOption, OutputsOption, StackOption, choose
from ops.errors import Refused

if TYPE_CHECKING:
    from rich.console import Console

    from ops.migrate.account import Account
    from ops.migrate.exporting import Exporting, Pace, Run, State
    from ops.migrate.folder import Folder
    from ops.migrate.preparing import Prepared

MappingArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The reviewed mapping file.")]
TableOption = Annotated[str, typer.Option("--table", help="The source that is exported.")]
_SAMPLES = 100


@dataclass(frozen=True)
class _Asked:
    """What was asked for, checked: the table may be exported, and the mapping fits both sides."""

    environment: str
    account: "Account"
    exporting: "Exporting"
    ready: "Prepared"
    run: "Run"


def export(  # noqa: PLR0917 - options
    context: typer.Context,
    mapping: MappingArgument,
    table: TableOption,
    folder: Annotated[
        Path | None, typer.Option(help="The folder of the mapping's runs by export (default: beside the mapping).")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Export and move (default: samples and an estimate).")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="A new pass, with a new export, after a finished one.")
    ] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="Files of the export at once.")] = 20,
    write_units: Annotated[
        float, typer.Option(min=1, help="Write capacity units a second at most, of all functions together.")
    ] = 4000,
    backup_verified: Annotated[
        list[str] | None, typer.Option(metavar="ARN", help="A backup of a table instead of a new one; repeat for all.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it ends.")] = True,
    poll: Annotated[int, typer.Option(min=1, max=300, help="Seconds between two looks.")] = 15,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Export a table and map it by Step Functions; said again, it follows what runs or takes up what failed."""
    from ops.migrate.exporting import Pace
    from ops.migrate.folder import Folder

    choice = choose(context, stack, outputs, cloud, json_target)
    pace = Pace(concurrency, write_units, poll)
    asked = _asked(choice, mapping, table)
    if not apply:
        _look(choice, asked, pace)
        choice.output.progress.print("Nothing was moved. With [bold]--apply[/] it is.")
        return
    place = Folder(folder or mapping.with_suffix(".export"))
    with place.alone(may_begin=True):
        _opened(place, asked)
        _started(choice, asked, pace, backup_verified or [], again=again)
        state = _followed(choice, asked, poll) if wait else asked.exporting.state(asked.run)
        left = _landed(place, asked, state) if state.status == "SUCCEEDED" else None
    _answer(choice, asked, state, {} if left is None else {"sources_left": left, "folder": str(place.path)})
    if left is not None and not choice.output.json_only:
        say = choice.output.people.print
        say(f"Still to be exported: {', '.join(left)}" if left else f"Verify it: omnix migrate verify {place.path}")


def export_status(
    context: typer.Context,
    mapping: MappingArgument,
    table: TableOption,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Say how far a table's migration by export is. Reads only."""
    choice = choose(context, stack, outputs, cloud, json_target)
    asked = _asked(choice, mapping, table)
    _answer(choice, asked, asked.exporting.state(asked.run))


def _asked(choice: Choice, mapping: Path, table: str) -> _Asked:
    from ops.migrate import preparing
    from ops.migrate.account import Account
    from ops.migrate.exporting import Exporting, Machine

    found = choice.stack()
    machine = Machine.of(found.outputs)
    account = Account.of(found)
    text = mapping.read_text(encoding="utf-8")
    ready = preparing.prepared(text, account, account, dict(found.outputs.tables), 1)
    exporting = Exporting(account, machine)
    exporting.require(ready, table)
    return _Asked(found.name, account, exporting, ready, exporting.run_of(ready, table))


def _look(choice: Choice, asked: _Asked, pace: "Pace") -> None:
    """Samples of the one table, and what writing its items takes; an export takes no read capacity."""
    from dataclasses import asdict, replace

    from ops.migrate import preparing, show

    one = replace(asked.ready, sources={asked.run.table: asked.ready.sources[asked.run.table]})
    found = preparing.sampled(one, asked.account, asked.account, _SAMPLES, idle=False)
    prices = preparing.list_prices(asked.account.region)
    expected = preparing.estimate(
        one,
        found,
        pace.concurrency,
        read_rate=None,
        write_rate=pace.write_units,
        prices=(0, prices[1]) if prices else None,
    )
    sample = [asdict(each) for each in found]
    choice.output.document({"run": asked.run.id, "samples": sample, "estimate": expected.document()})
    if not choice.output.json_only:
        show.looked(choice.output.people, found, expected)


def _opened(place: "Folder", asked: _Asked) -> None:
    from ops.migrate import landing

    landing.opened(place, asked.ready, asked.account, asked.environment)
    if place.load().mapping_sha256 != asked.ready.sha256:
        raise Refused(f"{place.path} is of another mapping", "name another folder: --folder")


def _started(choice: Choice, asked: _Asked, pace: "Pace", backups: list[str], *, again: bool) -> None:
    from ops.migrate.exporting import NOT_STARTED, SUCCEEDED

    exporting, run, say = asked.exporting, asked.run, choice.output.progress.print
    state = exporting.state(run)
    if not run.executions or (again and state.status == SUCCEEDED):
        exporting.begin(run, asked.ready, pace, backups, say)
    elif state.status == NOT_STARTED:
        exporting.start(run)  # a command was killed before it did
    elif not state.goes_on and state.status != SUCCEEDED:
        say(f"{run.executions[-1]} ended as {state.status} ({state.why}); it is taken up")
        exporting.execute(run, pace)


def _followed(choice: Choice, asked: _Asked, poll: int) -> "State":
    name = asked.run.executions[-1]
    with ExitStack() as shown:
        status = shown.enter_context(choice.output.progress.status(f"{name}: exporting"))
        for state in asked.exporting.follow(asked.run, poll):
            if state.files:
                status.update(f"{name}: {state.files['succeeded']} of {state.files['total']} files")
    return state


def _landed(place: "Folder", asked: _Asked, state: "State") -> list[str]:
    from ops.migrate import landing, running
    from ops.migrate.engine import Speed

    engine = running.opened(place, asked.account, asked.account, Speed(1))
    return landing.landed(engine, state, asked.exporting.exceptions(asked.run))


def _answer(choice: Choice, asked: _Asked, state: "State", more: Mapping[str, Any] | None = None) -> None:
    """The state; Refused where it ended otherwise than it should."""
    document = {**state.document(), "bucket": asked.exporting.machine.bucket, **(more or {})}
    choice.output.document(document)
    if not choice.output.json_only:
        _print(choice.output.people, document)
    if not state.goes_on and state.status != "SUCCEEDED":
        raise Refused(
            f"{asked.run.executions[-1]} ended as {state.status}: {state.why}",
            "mend what it says and run the command again: it goes on where it stopped, and nothing is placed twice",
        )


def _print(console: "Console", document: Mapping[str, Any]) -> None:
    files = document["files"]
    done = f", {files['succeeded']} of {files['total']} files placed" if files else ""
    console.print(f"{document['id']}, pass {document['number']}: {document['status']}{done}")
    report = document["report"]
    if report:
        sums = ", ".join(f"{count} {fate}" for fate, count in report["fates"].items())
        console.print(f"{report['items']} items of {report['table']}: {sums}")
        console.print(f"What has no place, and why: s3://{document['bucket']}/{report['exceptions']}", markup=False)
