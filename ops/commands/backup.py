"""`omnix backup`: what there is to restore, whether it may be relied on, and restoring it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from ops.backup.waiting import HOUR, Patience
from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.errors import Refused, WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.backup.estate import Estate
    from ops.backup.health import Problem
    from ops.backup.partial import Brought, Source
    from ops.backup.tables import Protected
    from ops.console import Output

app = typer.Typer(help="Backups: list, make, prove and restore them.", no_args_is_help=True)

TablesOption = Annotated[
    list[str] | None,
    typer.Option("--table", help="Which one, by its logical or its own name; repeat for more (default: all)."),
]
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


@app.command("list")
def list_points(
    context: typer.Context,
    table: TablesOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Show recovery points of both regions, the times that tables can be restored to, and gaps."""
    from ops.backup.estate import estate_of
    from ops.backup.health import gaps
    from ops.backup.points import points
    from ops.backup.restoring import window
    from ops.backup.show import points_table, tables_document, windows_table
    from ops.backup.verification import of_recovery, of_serving

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    estate = estate_of(found, aws_of(found))
    chosen, now = estate.chosen(table), datetime.now(UTC)
    names = set(chosen.values())
    listed = [one for vault in estate.vaults for one in points(estate, vault) if one.table in names]
    windows = {label: window(estate, physical) for label, physical in chosen.items()}
    home = [one for one in listed if one.region == estate.home.region]
    missing = {label: gaps(home, physical, now) for label, physical in chosen.items()}
    choice.output.document(
        {
            "stack": found.name,
            **tables_document(estate, chosen),
            "recovery_region": estate.dr.region if estate.dr else None,
            "points": [one.document(now) for one in listed],
            "windows": {name: [one.isoformat() for one in span] if span else None for name, span in windows.items()},
            "gaps": {name: [[a.isoformat(), b.isoformat()] for a, b in spans] for name, spans in missing.items()},
        }
    )
    if not choice.output.json_only:
        choice.output.people.print(points_table(estate, listed, now) if listed else "No recovery points.")
        choice.output.people.print(windows_table(estate, windows, missing))
        for one in (*of_recovery(estate), *of_serving(estate)):
            choice.output.people.print(Text(f"{one.subject}: {one.what}", "bold red"))


@app.command("verify")
def verify(
    context: typer.Context,
    *,
    table: TablesOption = None,
    point: Annotated[str | None, typer.Option(help="Prove this one by restoring it.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Restore each table's newest one and compare it.")] = False,
    timeout: TimeoutOption = 12 * HOUR,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Say of every table whether its backups may be relied on; `--deep` proves it by a restore."""
    from ops.backup.estate import estate_of
    from ops.backup.points import point_of
    from ops.backup.show import tables_document, verified_table
    from ops.backup.verification import deeply, shallow

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    estate = estate_of(found, aws_of(found))
    progress = choice.output.progress
    wanted, problems, proven = None, [], None
    if point is None:
        problems = shallow(estate, estate.chosen(table), datetime.now(UTC))
    else:
        wanted, _ = point_of(estate, point)
        table = [wanted.table]
    if deep or wanted:
        done = deeply(estate, table, wanted, Patience(timeout), lambda line: progress.print(f"[dim]{line}[/]"))
        problems, proven = problems + done.problems, done.proven
    told = {"problems": [asdict(one) for one in problems], **tables_document(estate, estate.chosen(table))}
    told["proven"] = None if proven is None else sorted(proven)
    choice.output.document({"stack": found.name, "ok": not problems, **told})
    if not choice.output.json_only:
        choice.output.people.print(
            verified_table(estate, estate.chosen(table), problems, looked=point is None, proven=proven)
        )
    if problems:
        _wrong(found.name, problems, choice.output)
    if not choice.output.json_only:
        said = "restored and compared: all is whole" if deep or wanted else "the backups may be relied on"
        choice.output.people.print(Text(f"{found.name}: {said}", "green"))


@app.command("restore")
def restore(
    context: typer.Context,
    *,
    table: Annotated[str, typer.Option(help="Which one: a logical name is what serves, or a table's own name.")],
    at: Annotated[str | None, typer.Option(help="As of this time: ISO 8601, UTC where it names no zone.")] = None,
    point: Annotated[str | None, typer.Option(help="From this recovery point (its ARN).")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only what is this tenant's.")] = None,
    item: Annotated[tuple[str, str] | None, typer.Option(metavar="PK SK", help="Only the item with this key.")] = None,
    to: Annotated[str | None, typer.Option(help="Name of the new table (a whole table only).")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write items back (default: only show them).")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Also over items that were written since.")] = False,
    undo: Annotated[Path | None, typer.Option(help="Where to keep what --apply replaces.")] = None,
    timeout: TimeoutOption = 12 * HOUR,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Restore a table beside the live one; or one tenant's items or one item into it.

    A whole table stays under its new name: nothing is restored over a live one. A tenant or an item is restored aside,
    compared with what is live, and with --apply written back where nobody has written since.
    """
    from ops.backup.estate import estate_of
    from ops.backup.partial import Part, bring_back

    part, whole = Part(tenant, item), tenant is None and item is None
    writes = apply or overwrite or undo is not None
    _require_sense(one_source=(at is None) != (point is None), whole=whole, writes=writes, named=to is not None)
    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    estate = estate_of(found, aws_of(found))
    meant = estate.meant(table)
    source, patience = _source(meant, estate, at, point), Patience(timeout)

    def say(line: str) -> None:
        choice.output.progress.print(f"[dim]{line}[/]")

    if whole:
        _whole(estate, meant, source, to, patience, choice.output)
        return
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    file = (undo or Path(f"undo-{found.name}-{meant.label}-{stamp}.jsonl")) if apply else None
    done = bring_back(estate, meant, source, part, undo=file, overwrite=overwrite, patience=patience, say=say)
    _tell(done, file, overwrite, choice.output)


@app.command("undo")
def undo_restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `restore --apply` wrote.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it (default: only show it).")] = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Take back what a restore wrote into a live table, where nobody has written since."""
    from ops.backup.writing import undone

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    if not file.is_file():
        raise Refused(f"there is no file {file}", "name the undo file that `omnix backup restore --apply` told of")
    tables = {*found.outputs.tables.values(), *found.outputs.legacy_tables.values()}
    back, changed = undone(aws_of(found).client("dynamodb"), file, tables, Patience(), apply=apply)
    choice.output.document({"stack": found.name, "applied": apply, "back": back, "changed_since": changed})
    if not choice.output.json_only:
        choice.output.people.print(f"{len(back)} items {'are' if apply else 'would be'} as they were before.")
    if changed:
        raise Refused(f"{len(changed)} items were changed since and stay", "look at them one by one")


def _wrong(stack: str, problems: Sequence[Problem], output: Output) -> None:
    if not output.json_only:
        shown = Table("Of", "What is wrong")
        for one in problems:
            shown.add_row(one.subject, Text(one.what, "bold red"))
        output.people.print(shown)
    raise Refused(
        f"{len(problems)} things are wrong with the backups of {stack}",
        "mend them; a new recovery point of every table is made by `omnix backup create`",
    )


def _require_sense(*, one_source: bool, whole: bool, writes: bool, named: bool) -> None:
    """Refuse what contradicts itself before anything is restored."""
    if not one_source:
        raise WrongUse("say what to restore from", "give either --at TIME or --point ARN")
    if whole and writes:
        raise WrongUse("a whole table is restored under a name of its own", "leave --apply, --overwrite and --undo out")
    if not whole and named:
        raise WrongUse("a tenant or an item comes back into the live table", "leave --to out")


def _source(table: Protected, estate: Estate, at: str | None, point: str | None) -> Source:
    from ops.backup.partial import Source
    from ops.backup.points import point_of

    if point is not None:
        found = point_of(estate, point)
        if found[0].table != table.physical:
            raise Refused(
                f"that recovery point is of {found[0].table}, and {table.physical} was asked for",
                f"name one of {table.physical}, or the other table: --table {found[0].table}",
            )
        return Source(point=found)
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError:
        raise WrongUse(f"{at} is no time", "write it as 2026-11-21T09:00:00Z") from None
    return Source(moment=moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _whole(
    estate: Estate, table: Protected, source: Source, to: str | None, patience: Patience, output: Output
) -> None:
    from ops.backup.whole import restore_and_set_up

    # under the standard name, also of a legacy table: operators' rights are on names of this form
    target = to or f"{estate.tables[table.logical]}-restored-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    with output.progress.status(f"restoring {table.physical} into {target}"):
        done = restore_and_set_up(estate, table, source, target, patience)
    output.document(
        {
            "table": table.label,
            "of": table.physical,
            "restored": target,
            "region": done.region,
            "set_again": done.reapplied,
        }
    )
    if output.json_only:
        return
    output.people.print(
        f"{table.physical} is restored as [bold]{target}[/] in {done.region}, with {', '.join(done.reapplied)}."
    )
    output.people.print(done.next_steps(), markup=False)


def _tell(done: Brought, file: Path | None, overwrite: bool, output: Output) -> None:
    from ops.backup.bringing_back import Kind

    rows = [{"key": list(one.key), "kind": one.kind.value, "attributes": one.attributes()} for one in done.changes]
    written = done.written
    output.document(
        {
            "restored": done.restored,
            "changes": rows,
            "written": [list(key) for key in written.written] if written else [],
            "passed_over": [list(key) for key in written.passed_over] if written else [],
            "undo": str(file) if file and written else None,
            "left": done.left,
        }
    )
    if not output.json_only:
        shown = Table("Partition key", "Sort key", "Live item is", "Differs in")
        for one in done.changes:
            shown.add_row(
                *one.key, Text(one.kind, "yellow" if one.kind is Kind.NEWER else ""), ", ".join(one.attributes())
            )
        output.people.print(shown if rows else f"All {done.restored} items are live as they were.")
        newer = sum(one.kind is Kind.NEWER for one in done.changes)
        if newer and not overwrite:
            output.people.print(f"{newer} items were written since and stay; [bold]--overwrite[/] replaces them too.")
        if file is None and rows:
            output.people.print("Nothing was written. With [bold]--apply[/] it is.")
        if written:
            output.people.print(f"{len(written.written)} items are back. To undo it: omnix backup undo {file} --apply")
    if written and written.passed_over:
        raise Refused(f"{len(written.passed_over)} items changed while we looked and stay", "run it again")
    if done.left:
        raise Refused(f"scratch tables are left: {'; '.join(done.left)}", "remove them: omnix dr sweep --apply")
