"""`omnix migrate`: legacy tables into the standard ones, by a reviewed mapping file, exactly."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands import migrate_export
from ops.commands.options import Choice, CloudOption, JsonOption, OutputsOption, StackOption, choose
from ops.errors import Refused

if TYPE_CHECKING:
    from ops.migrate.account import Account
    from ops.migrate.engine import Engine, Speed
    from ops.migrate.folder import Folder, Run
    from ops.migrate.preparing import Estimate, Prepared, Sample

app = typer.Typer(
    help="Move legacy tables into the standard ones by a reviewed mapping; exact, and safe to kill.",
    no_args_is_help=True,
)
app.command("export")(migrate_export.export)
app.command("export-status")(migrate_export.export_status)

MappingArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The reviewed mapping file.")]
RunArgument = Annotated[Path, typer.Argument(file_okay=False, help="The run's folder.")]
FolderOption = Annotated[Path | None, typer.Option("--folder", help="The run's folder (default: beside the mapping).")]
RoleOption = Annotated[
    str | None, typer.Option("--role-arn", help="Read the sources through this role of their account.")
]
IdleOption = Annotated[
    bool,
    typer.Option("--target-idle", help="Nobody else writes to the target until the cut-over: half the cost, faster."),
]
ThreadsOption = Annotated[int, typer.Option(min=1, max=256, help="Segments at once.")]
ReadOption = Annotated[float | None, typer.Option("--read-units", min=1, help="Read capacity units a second at most.")]
WriteOption = Annotated[
    float | None, typer.Option("--write-units", min=1, help="Write capacity units a second at most.")
]
PatienceOption = Annotated[float, typer.Option(min=1, help="Seconds without progress after which it gives up.")]
SampleOption = Annotated[int, typer.Option("--samples", min=1, max=1000, help="Items of each source to look at.")]
ShowValuesOption = Annotated[
    bool, typer.Option("--show-values", help="Show secrets and personal data too, for those who may see them.")
]
FollowOption = Annotated[
    bool, typer.Option("--follow/--no-follow", help="Take note of the streams, for `follow` until the cut-over.")
]


@dataclass(frozen=True)
class _Sides:
    """Both accounts, and the target's tables by their logical names."""

    environment: str
    source: "Account"
    target: "Account"
    names: dict[str, str]


@app.command("check")
def check(
    context: typer.Context,
    mapping: MappingArgument,
    role_arn: RoleOption = None,
    samples: SampleOption = 100,
    show_values: ShowValuesOption = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Hold a mapping against both sides' tables and some of their items; every error at once. Reads only."""
    choice = choose(context, stack, outputs, cloud, json_target)
    _look(choice, mapping, role_arn, samples, None, show_values=show_values)


@app.command("plan")
def plan(  # noqa: PLR0917 - options
    context: typer.Context,
    mapping: MappingArgument,
    role_arn: RoleOption = None,
    samples: SampleOption = 100,
    idle: IdleOption = False,
    threads: ThreadsOption = 8,
    read_units: ReadOption = None,
    write_units: WriteOption = None,
    show_values: ShowValuesOption = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Estimate items, cost and time, and show what some items would become. Reads only."""
    from ops.migrate.engine import Speed

    choice = choose(context, stack, outputs, cloud, json_target)
    speed = Speed(threads, read_units, write_units)
    _look(choice, mapping, role_arn, samples, speed, idle=idle, show_values=show_values)


@app.command("run")
def run(  # noqa: PLR0917 - options
    context: typer.Context,
    mapping: MappingArgument,
    folder: FolderOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Move the items (default: as `plan`).")] = False,
    again: Annotated[bool, typer.Option("--again", help="A new pass over all items of a finished run.")] = False,
    role_arn: RoleOption = None,
    idle: IdleOption = False,
    follow: FollowOption = True,
    backup_verified: Annotated[
        list[str] | None, typer.Option(metavar="ARN", help="A backup of a table instead of a new one; repeat for all.")
    ] = None,
    threads: ThreadsOption = 8,
    read_units: ReadOption = None,
    write_units: WriteOption = None,
    patience: PatienceOption = 600,
    samples: SampleOption = 100,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Back up, then move every item; a run that was killed is taken up where its last acknowledged pages are."""
    from ops.migrate import running
    from ops.migrate.engine import Speed
    from ops.migrate.folder import Folder

    choice = choose(context, stack, outputs, cloud, json_target)
    speed = Speed(threads, read_units, write_units, patience)
    if not apply:
        _look(choice, mapping, role_arn, samples, speed, idle=idle)
        choice.output.progress.print("Nothing was moved. With [bold]--apply[/] it is.")
        return
    place = Folder(folder or mapping.with_suffix(".run"))
    with place.alone(may_begin=True):
        text = mapping.read_text(encoding="utf-8")
        if place.exists():
            engine, _ = _opened(choice, place, speed, text)
        else:
            sides = _sides(choice, role_arn)
            ready, expected = _prepared(sides, text, samples, speed, idle=idle)
            say = choice.output.progress.print
            running.begin(
                place, ready, sides.source, sides.target, expected, environment=sides.environment, role_arn=role_arn,
                idle=idle, follow=follow, backups=backup_verified or [], say=say,
            )  # fmt: skip
            engine = running.opened(place, sides.source, sides.target, speed)
        _moved(choice, engine, again=again, follow=follow)


@app.command("resume")
def resume(
    context: typer.Context,
    folder: RunArgument,
    threads: ThreadsOption = 8,
    read_units: ReadOption = None,
    write_units: WriteOption = None,
    patience: PatienceOption = 600,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Take up a run that was killed or gave up."""
    from ops.migrate.engine import Speed
    from ops.migrate.folder import Folder

    choice = choose(context, stack, outputs, cloud, json_target)
    place = Folder(folder)
    with place.alone():
        engine, _ = _opened(choice, place, Speed(threads, read_units, write_units, patience))
        _moved(choice, engine, again=False, follow=True)


@app.command("follow")
def follow_streams(
    context: typer.Context,
    folder: RunArgument,
    until_idle: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="End when nothing came for so long (default: Ctrl-C).")
    ] = None,
    threads: ThreadsOption = 8,
    read_units: ReadOption = None,
    write_units: WriteOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Bring what changes in the sources over, from their streams, until the cut-over."""
    from ops.migrate import running
    from ops.migrate.engine import Speed
    from ops.migrate.folder import Folder

    choice = choose(context, stack, outputs, cloud, json_target)
    place = Folder(folder)
    with place.alone():
        engine, source = _opened(choice, place, Speed(threads, read_units, write_units))
        with choice.output.progress.status("following") as status:
            found = running.follow(
                engine, source, lambda one: status.update(f"following: {one.changes} changes"), until_idle
            )
    choice.output.document({"run": engine.run.id, "changes": found.changes, "newest": found.newest})
    if not choice.output.json_only:
        choice.output.people.print(f"{found.changes} changes followed.")


@app.command("verify")
def verify(
    context: typer.Context,
    folder: RunArgument,
    threads: ThreadsOption = 8,
    read_units: ReadOption = None,
    show_values: ShowValuesOption = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Compare both sides: counts, checksums in buckets of keys, and item by item where those differ. Reads only."""
    from ops.migrate import running, show
    from ops.migrate.engine import Speed
    from ops.migrate.folder import Folder
    from ops.migrate.masking import Masking

    choice = choose(context, stack, outputs, cloud, json_target)
    place = Folder(folder)
    with place.alone():
        engine, _ = _opened(choice, place, Speed(threads, read_units, None))
        with choice.output.progress.status("reading both sides") as status:
            document = running.verify(engine, lambda table, _: status.update(f"reading {table}"))
    document = document if show_values else Masking().verification(document)
    choice.output.document(document)
    if not choice.output.json_only:
        show.verified(choice.output.people, document)
    if document["state"] != running.VERIFIED:
        raise Refused(
            f"{document['problem_count']} items are not as they should be",
            "see `verify.json`; where the sources were written to meanwhile, follow and verify again",
        )


@app.command("status")
def status(folder: RunArgument, json_target: JsonOption = None) -> None:
    """Say how far a run is. Reads its folder only."""
    from ops.console import Output
    from ops.migrate import show
    from ops.migrate.folder import Folder

    output = Output(json_target)
    document = show.status_document(Folder(folder))
    output.document(document)
    if not output.json_only:
        show.status(output.people, document)


@app.command("ledger")
def ledger(folder: RunArgument, json_target: JsonOption = None) -> None:
    """Account for every source item, as the last verification found it. Refuses when the sums do not add up."""
    from ops.console import Output
    from ops.migrate import show
    from ops.migrate.folder import Folder

    output = Output(json_target)
    document = show.ledger_document(Folder(folder))
    output.document(document)
    if not output.json_only:
        show.ledger(output.people, document)
    if not document["adds_up"]:
        raise Refused("the ledger does not add up", "verify the run: `omnix migrate verify`")


def _sides(choice: Choice, role_arn: str | None) -> _Sides:
    from ops.migrate.account import Account

    found = choice.stack()
    target = Account.of(found)
    source = target.assumed(role_arn) if role_arn else target
    return _Sides(found.name, source, target, dict(found.outputs.tables))


def _prepared(sides: _Sides, text: str, samples: int, speed: "Speed", *, idle: bool) -> tuple["Prepared", "Estimate"]:
    from ops.migrate import preparing

    ready = preparing.prepared(text, sides.source, sides.target, sides.names, speed.threads)
    found = preparing.sampled(ready, sides.source, sides.target, samples, idle=idle)
    return ready, _estimated(sides, ready, found, speed)


def _estimated(sides: _Sides, ready: "Prepared", found: "list[Sample]", speed: "Speed") -> "Estimate":
    from ops.migrate import preparing

    prices = preparing.list_prices(sides.target.region)
    rates = {"read_rate": speed.read_units, "write_rate": speed.write_units}
    return preparing.estimate(ready, found, speed.threads, **rates, prices=prices)


def _look(
    choice: Choice,
    mapping: Path,
    role_arn: str | None,
    samples: int,
    speed: "Speed | None",
    *,
    idle: bool = False,
    show_values: bool = False,
) -> None:
    """Samples, and with a speed the estimate."""
    from dataclasses import asdict

    from ops.migrate import preparing, readers, show

    sides = _sides(choice, role_arn)
    text = mapping.read_text(encoding="utf-8")
    ready = preparing.prepared(text, sides.source, sides.target, sides.names, speed.threads if speed else 1)
    found = preparing.sampled(ready, sides.source, sides.target, samples, idle=idle, show_values=show_values)
    expected = _estimated(sides, ready, found, speed) if speed else None
    warnings = readers.crowded(sides.source, ready.sources)
    choice.output.document(
        {
            "mapping": ready.file.name,
            "mapping_sha256": ready.sha256,
            "targets": ready.targets,
            "samples": [asdict(one) for one in found],
            "estimate": expected.document() if expected else None,
            "warnings": warnings,
        }
    )
    if not choice.output.json_only:
        show.looked(choice.output.people, found, expected)
        for warning in warnings:
            choice.output.people.print(f"Careful: {warning}", markup=False, soft_wrap=True)


def _opened(choice: Choice, place: "Folder", speed: "Speed", mapping: str | None = None) -> "tuple[Engine, Account]":
    from ops.migrate import running

    begun: Run = place.load()
    sides = _sides(choice, begun.role_arn)
    return running.opened(place, sides.source, sides.target, speed, mapping), sides.source


def _moved(choice: Choice, engine: "Engine", *, again: bool, follow: bool) -> None:
    """The pass with its progress, and what came of it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ops.migrate import running, show

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=choice.output.progress) as progress:
        bars = {name: progress.add_task(name, total=one.items or None) for name, one in engine.run.sources.items()}
        running.snapshot(engine, lambda name, items: progress.advance(bars[name], items), again=again, follow=follow)
    document = show.status_document(engine.folder)
    choice.output.document(document)
    if not choice.output.json_only:
        show.status(choice.output.people, document)
