"""`omnix dr`: drills of the recovery."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ops.backup.waiting import HOUR, Patience
from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.console import Output, write_text
from ops.dr.report import OBJECTIVE_HOURS, DrillReport, duration, markdown
from ops.errors import Refused

app = typer.Typer(help="Disaster recovery: drill it before it is needed.", no_args_is_help=True)


class Road(StrEnum):
    """Where the recovery points come from and the tables are restored."""

    HOME = "home"
    DR = "dr"


@app.command("drill")
def drill(
    context: typer.Context,
    *,
    region: Annotated[Road, typer.Option(help="Recover at home, or the copies in the recovery region.")] = Road.HOME,
    table: Annotated[
        list[str] | None,
        typer.Option(help="Which one, by its logical or its own name; repeat for more (default: all)."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the scratch tables, to look at them.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write drill.json and drill.md into this folder.")] = None,
    rpo_hours: Annotated[float, typer.Option(min=0.01, help="How old the data may be.")] = OBJECTIVE_HOURS,
    rto_hours: Annotated[float, typer.Option(min=0.01, help="How long until all can be used.")] = OBJECTIVE_HOURS,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for one restore.")] = 12 * HOUR,
    throttled: Annotated[float, typer.Option(min=1, help="Seconds of nothing but throttling to bear.")] = 120,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Restore every table beside the live one, prove it, time it against RPO and RTO, and take it away again."""
    from ops.backup.estate import estate_of
    from ops.dr.drill import Drill, Wishes

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    wishes = Wishes(table, None, region is Road.DR, keep, rpo_hours, rto_hours)
    patience = Patience(timeout, throttled)
    progress = choice.output.progress
    drilled = Drill(estate_of(found, aws_of(found)), wishes, patience, lambda line: progress.print(f"[dim]{line}[/]"))
    done = drilled.perform()
    if report is not None:
        write_text(report / "drill.json", json.dumps(done.document(), indent=2, ensure_ascii=False) + "\n")
        write_text(report / "drill.md", markdown(done))
    choice.output.document(done.document())
    if not choice.output.json_only:
        _show(done, choice.output)
    if not done.passed:
        raise Refused(
            "the drill did not pass: " + "; ".join(done.verdicts()[:5]),
            "mend what is named, make a new recovery point (`omnix backup create`), and drill again",
        )


@app.command("sweep")
def sweep(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Remove them (default: only show them).")] = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Show the scratch tables of every drill, also of those killed elsewhere, and with `--apply` remove them."""
    from ops.backup.estate import estate_of
    from ops.dr.scratch import Scratch
    from ops.dr.sweeping import Sweeper

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    estate = estate_of(found, aws_of(found))
    sweeper = Sweeper(
        estate, Scratch.of(estate.environment), lambda line: choice.output.progress.print(f"[dim]{line}[/]")
    )
    rows = sweeper.listed(Patience())
    if apply:
        sweeper.sweep_left_over(Patience(), force=True)
    choice.output.document({"stack": found.name, "applied": apply, "tables": rows})
    if choice.output.json_only:
        return
    shown = Table("Table", "Region", "Began (UTC)", "Over")
    for row in rows:
        shown.add_row(row["table"], row["region"], row["began"], "yes" if row["over"] else "not known")
    choice.output.people.print(shown if rows else "No scratch tables.")
    if rows and not apply:
        choice.output.people.print("Nothing was removed. With [bold]--apply[/] it is.")


def _show(done: DrillReport, output: Output) -> None:
    shown = Table("Table", "Data as of (UTC)", "Set again", "State")
    for header in ("Items", "RPO", "Usable after"):
        shown.add_column(header, justify="right")
    for one in done.tables:
        state = Text("; ".join(one.problems) or "proven", "bold red" if one.problems else "green")
        if not one.proven and not one.problems:
            state = Text("not proven", "bold red")
        moment = f"{one.point_at:%Y-%m-%d %H:%M:%S}" if one.point_at else "-"
        shown.add_row(
            one.table,
            moment,
            ", ".join(one.reapplied),
            state,
            f"{one.items:,}",
            duration(one.rpo_seconds),
            duration(one.usable_after_seconds),
        )
    output.people.print(shown)
    took = ((done.ended_at or datetime.now(UTC)) - done.started_at).total_seconds()
    verdict = Text("passed", "bold green") if done.passed else Text("did not pass", "bold red")
    output.people.print(
        Text.assemble(
            "The drill ", verdict, f": RTO {duration(done.rto_seconds)}, RPO {duration(done.rpo_seconds)}; "
            f"{done.items_checked:,} items checked, {done.broken} broken, {done.behind} behind; "
            f"{duration(took)} in all.",
        )
    )  # fmt: skip
    for finding in done.findings[:10]:
        output.people.print(
            f"  {finding['weight']}: {finding['table']}, {finding['rule']}: {finding['detail']}", markup=False
        )
