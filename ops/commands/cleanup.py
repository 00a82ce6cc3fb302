"""`omnix cleanup`: plan, approve, run, undo, status."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from ops.commands.options import Choice, CloudOption, JsonOption, OutputsOption, StackOption, choose
from ops.errors import Refused

if TYPE_CHECKING:
    from ops.cleanup.allow_list import Allowed
    from ops.cleanup.plan import Plan
    from ops.cleanup.run import Outcome
    from ops.cleanup.undo import Returned
    from ops.stack import Place

app = typer.Typer(no_args_is_help=True, help="Remove what an approved plan names, with a way back.")

PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN.json", help="The plan.")]
AllowOption = Annotated[
    Path | None,
    typer.Option("--allow-list", metavar="FILE", help="YAML of what must stay: match, owner, until, reason."),
]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint-url", help="A local cloud's AWS endpoint, instead of --stack.")
]
LedgerOption = Annotated[
    Path | None, typer.Option("--ledger", metavar="FILE", help="The ledger (default: PLAN-HASH.ledger/ledger.ndjson).")
]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="PATTERN", help="Only what matches by ARN, name or label.")
]
_COLOURS = {"ready": "green", "removed": "green", "gone": "dim", "back": "green", "would come back": "green"}


@app.command("plan")
def plan(
    context: typer.Context,
    audit: Annotated[Path, typer.Argument(metavar="AUDIT.json", help="What `omnix audit --json` wrote.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="PLAN.json", help="Where to write the plan.")],
    allow_list: AllowOption = None,
    only: OnlyOption = None,
    valid_days: Annotated[int, typer.Option(min=1, max=30, help="How long the plan may be carried out.")] = 7,
    waiting_days: Annotated[int, typer.Option(min=0, max=365, help="How long something must have been seen.")] = 14,
    json_target: JsonOption = None,
) -> None:
    """Make a plan of what the audit would remove; changes nothing."""
    from ops.audit.model import read
    from ops.cleanup.plan import write
    from ops.cleanup.planning import Terms, make

    choice = choose(context, None, None, None, json_target)
    now = datetime.now(UTC)
    terms = Terms(
        timedelta(days=valid_days), timedelta(days=waiting_days), _allowed(allow_list, now), tuple(only or ())
    )
    made = make(read(audit), terms, now)
    write(made, out)
    choice.output.document(made.model_dump(mode="json"))
    if not choice.output.json_only:
        _show_plan(choice, made)
    after = f"omnix cleanup approve {out} --by NAME" if made.entries else "plan again when the reasons are gone"
    choice.output.progress.print(f"written to {out}; next: {after}", markup=False)


@app.command("approve")
def approve(
    context: typer.Context,
    plan_file: PlanArgument,
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves, after reading it.")],
    json_target: JsonOption = None,
) -> None:
    """Approve exactly this plan; any later change voids that."""
    from ops.cleanup import consent
    from ops.cleanup.plan import read, write

    choice = choose(context, None, None, None, json_target)
    approved = consent.approve(read(plan_file), by, datetime.now(UTC))
    write(approved, plan_file)
    choice.output.document(approved.model_dump(mode="json"))
    if not choice.output.json_only:
        choice.output.people.print(
            f"{len(approved.entries)} removals approved by {by} until {approved.expires_at:%Y-%m-%d %H:%M} UTC "
            f"(sha256 {approved.sha256})",
            markup=False,
        )


@app.command("run")
def run(
    context: typer.Context,
    plan_file: PlanArgument,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it (default: only check).")] = False,
    account_alias: Annotated[str, typer.Option(help="With --apply: the account's alias, typed exactly.")] = "",
    prod: Annotated[bool, typer.Option("--prod", help="With --apply: production is meant.")] = False,
    environment: Annotated[str, typer.Option(help="With --prod: the environment's name, typed.")] = "",
    skip_refused: Annotated[bool, typer.Option("--skip-refused", help="Leave what may not go, do the rest.")] = False,
    allow_list: AllowOption = None,
    ledger: LedgerOption = None,
    endpoint_url: EndpointOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Check every entry again and, with `--apply`, secure and remove it; started again, it goes on where it was."""
    from ops.cleanup import consent
    from ops.cleanup.allow_list import require_current
    from ops.cleanup.plan import read, require_unexpired
    from ops.cleanup.session import ledger_of
    from ops.cleanup.work import Work

    choice = choose(context, stack, outputs, cloud, json_target)
    found, now = read(plan_file), datetime.now(UTC)
    require_unexpired(found, now)
    require_current(found.allowed, now.date())
    consent.require_approved(found)
    allowed = [*found.allowed, *_allowed(allow_list, now)]
    place = _place(choice, found, endpoint_url)
    typed = consent.Typed(account_alias, prod=prod, environment=environment)
    work = Work(found, place, ledger or ledger_of(plan_file, found), allowed, choice.output.progress)
    outcomes = work.apply(typed, skip_refused=skip_refused) if apply else work.check()
    choice.output.document(
        {
            "plan": found.sha256,
            "applied": apply,
            "ledger": str(work.ledger),
            "entries": [o.document() for o in outcomes],
        }
    )
    if not choice.output.json_only:
        _show_outcomes(choice, outcomes, applied=apply)
    _require_clean(outcomes)


@app.command("undo")
def undo(
    context: typer.Context,
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="The ledger of a run.")],
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it (default: only say what would come back).")] = False,
    only: OnlyOption = None,
    endpoint_url: EndpointOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Bring back what a run removed, last first; says of everything what is lost for good."""
    from ops.cleanup.ledger import Ledger
    from ops.cleanup.session import archive_of, connected
    from ops.cleanup.undo import Return, plan_of
    from ops.cleanup.undo import undo as bring_back

    choice = choose(context, stack, outputs, cloud, json_target)
    with Ledger(ledger, writable=apply) as opened:
        account = connected(_place(choice, plan_of(opened, archive_of(ledger)), endpoint_url), ledger)
        progress = choice.output.progress
        returned = bring_back(
            opened, account, apply=apply, only=only or (), tell=lambda text: progress.print(text, markup=False)
        )
    choice.output.document({"applied": apply, "entries": [one.document() for one in returned]})
    if not choice.output.json_only:
        _show_returned(choice, returned)
    if failed := [one for one in returned if one.state is Return.FAILED]:
        raise Refused(f"{len(failed)} of {len(returned)} did not come back", "mend what is said above, then undo again")


@app.command("status")
def status(
    context: typer.Context,
    plan_file: PlanArgument,
    *,
    ledger: LedgerOption = None,
    json_target: JsonOption = None,
) -> None:
    """How far a plan is: approval, expiry, waiting periods, and each entry's last step; asks no account."""
    from ops.cleanup.plan import read
    from ops.cleanup.session import ledger_of
    from ops.cleanup.status import progress_of

    choice = choose(context, None, None, None, json_target)
    planned = read(plan_file)
    found = progress_of(planned, ledger or ledger_of(plan_file, planned), datetime.now(UTC))
    choice.output.document(found)
    if not choice.output.json_only:
        choice.output.people.print(found["summary"], markup=False)
        table = Table("#", "Kind", "Name", "State", "Last step", "Not before")
        for one in found["entries"]:
            table.add_row(str(one["order"]), one["kind"], one["name"], one["state"], one["step"], one["not_before"])
        choice.output.people.print(table)


def _allowed(path: Path | None, now: datetime) -> "list[Allowed]":
    from ops.cleanup.allow_list import read

    return read(path, now.date()) if path else []


def _place(choice: Choice, found: "Plan", endpoint_url: str | None) -> "Place":
    """The plan says which account; the command line says only whether it is a local one."""
    from ops.cleanup.session import place_of

    if choice.selection.stack and endpoint_url is None:
        return place_of(found, choice.place().endpoint_url)  # which says where that is
    place = place_of(found, endpoint_url)
    choice.output.progress.print(f"[dim]{place}[/]")
    return place


def _require_clean(outcomes: "list[Outcome]") -> None:
    from ops.cleanup.run import Fate

    bad = [one for one in outcomes if one.fate in {Fate.REFUSED, Fate.FAILED, Fate.BLOCKED}]
    if bad:
        raise Refused(
            f"{len(bad)} of {len(outcomes)} entries are not done: {bad[0].entry}: {', '.join(bad[0].reasons)}",
            "mend the reasons and run again, or undo what was done: omnix cleanup undo LEDGER",
        )


def _show_plan(choice: Choice, made: "Plan") -> None:
    table = Table("#", "Kind", "Name", "Region", "Not before", "Because")
    for one in made.entries:
        evidence = Text("; ".join(one.evidence) or one.reason)
        table.add_row(
            str(one.order), one.kind, one.label or one.name, one.region, f"{one.not_before:%Y-%m-%d}", evidence
        )
    choice.output.people.print(table)
    if made.left_out:
        left = Table("Left out", "Name", "Why")
        for out in made.left_out:
            left.add_row(out.kind, out.name, Text("; ".join(out.reasons)))
        choice.output.people.print(left)
    saved = sum(one.monthly_cost_usd or 0 for one in made.entries)
    choice.output.people.print(
        f"{len(made.entries)} to remove, {len(made.left_out)} left out; about ${saved:,.2f} a month; "
        f"valid until {made.expires_at:%Y-%m-%d %H:%M} UTC",
        markup=False,
    )


def _show_outcomes(choice: Choice, outcomes: "list[Outcome]", *, applied: bool) -> None:
    table = Table("#", "Kind", "Name", "State", "Why")
    for one in outcomes:
        state = Text(one.fate, _COLOURS.get(one.fate, "bold red"))
        table.add_row(
            str(one.entry.order), one.entry.kind, one.entry.label or one.entry.name, state, Text("; ".join(one.reasons))
        )
    choice.output.people.print(table)
    if not applied:
        choice.output.people.print("Nothing was touched. With [bold]--apply --account-alias ALIAS[/] it is done.")


def _show_returned(choice: Choice, returned: "list[Returned]") -> None:
    if not returned:
        choice.output.people.print("Nothing of this ledger is to bring back.")
        return
    table = Table("Kind", "Name", "State", "Lost for good", "Why")
    for one in returned:
        state = Text(one.state, _COLOURS.get(one.state, "bold red"))
        name = one.entry.label or one.entry.name
        table.add_row(one.entry.kind, name, state, Text(one.lasting), Text(one.reason))
    choice.output.people.print(table)
