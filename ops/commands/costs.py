"""`omnix costs`: what models cost, against which limits, whether Bedrock's record agrees, and what could cost less."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import (
    Choice,
    CloudOption,
    JsonOption,
    OutputsOption,
    StackOption,
    aws_of,
    choose,
    remember,
)
from ops.costs.spending import Dimension
from ops.errors import Refused, WrongUse

if TYPE_CHECKING:
    from ops.costs.reconciliation import Compared, Reconciled

app = typer.Typer(help="What models cost: by tenant, feature, model, day, hour or user; limits; reconciliation.")

_DEFAULT_DAYS = 30
_LONGEST_DAYS = 400
_RECONCILED_DAYS = 2
_NOTHING = "No model was called."

FromOption = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First UTC day: 2026-11-01.")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last UTC day (default: today).")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="Of this tenant alone.")]


@app.callback(invoke_without_command=True)
def costs(
    context: typer.Context,
    *,
    since: FromOption = None,
    until: ToOption = None,
    by: Annotated[
        str, typer.Option(metavar="KEYS", help="Any of tenant,feature,model,day,weekday,hour,user.")
    ] = "tenant,feature,model",
    tenant: TenantOption = None,
    chart: Annotated[bool, typer.Option("--chart", help="Bars beside the table.")] = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """What models cost, from the ledger: exact, of this moment, kept for 400 days (by user, weekday and hour: 35)."""
    choice = choose(context, stack, outputs, cloud, json_target)
    if context.invoked_subcommand is not None:
        chosen = choice.selection
        remember(context, chosen.stack, chosen.outputs, chosen.cloud, choice.output.json_target)
        return
    from omnix.costs.model import usd
    from ops.costs import calls, show, spending
    from ops.costs.books import books

    dimensions = _dimensions(by)
    longest = _LONGEST_DAYS if spending.OF_CALLS.isdisjoint(dimensions) else calls.KEPT_DAYS
    first, last = _period(since, until, _DEFAULT_DAYS, longest)
    found = spending.spent(books(choice.stack()).table, dimensions, first, last, tenant)
    whole = sum(one.cost for one in found)
    choice.output.document(
        {
            "from": first,
            "to": last,
            "by": [dimension.value for dimension in dimensions],
            "cost_nano_usd": whole,
            "cost_usd": usd(whole),
            "rows": [one.document(dimensions) for one in found],
        }
    )
    if choice.output.json_only:
        return
    people = choice.output.people
    people.print(show.spend_table(found, dimensions, f"{first} to {last}") if found else _NOTHING)
    if chart and found:
        people.print(show.chart(found))


@app.command("limits")
def limits(
    context: typer.Context,
    *,
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Which (may be repeated; default: all).")] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """How every limit stands now: what is spent, what is held for calls under way, when it resets."""
    from ops.costs import show, standings
    from ops.costs.books import books

    choice = choose(context, stack, outputs, cloud, json_target)
    own = books(choice.stack())
    today = _today().isoformat()
    found = standings.standings(own, today, tenant or standings.tenants_of_month(own, today))
    choice.output.document({"day": today, "limits": [one.document() for one in found]})
    if not choice.output.json_only:
        choice.output.people.print(show.limits_table(found))


@app.command("reconcile")
def reconcile(
    context: typer.Context,
    *,
    since: FromOption = None,
    until: ToOption = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Correct lapsed calls by what the record has (default: only show).")
    ] = False,
    unrecorded: Annotated[
        bool, typer.Option("--unrecorded", help="With --apply: give back lapsed calls that the record has nothing of.")
    ] = False,
    log_group: Annotated[
        str | None, typer.Option("--log-group", help="Bedrock's record (default: the stack's own).")
    ] = None,
    young: Annotated[int, typer.Option(min=0, help="Leave out calls of the last so many minutes.")] = 15,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Ledger against Bedrock's invocation log, call by call. Exit 1 above 1 %, or for a call without a reservation."""
    from ops.costs import calls, reconciling
    from ops.costs.books import books

    if unrecorded and not apply:
        raise WrongUse("--unrecorded gives back money only with --apply", "add --apply, or leave it out")
    choice = choose(context, stack, outputs, cloud, json_target)
    first, last = _period(since, until, _RECONCILED_DAYS, calls.KEPT_DAYS - 1)
    found_stack = choice.stack()
    group = log_group or found_stack.outputs.invocation_log_group
    if not group:
        raise Refused(
            f"{found_stack.name} does not keep the account's invocation log",
            "name it with --log-group: `invocation_log_group` of the stack with omnix-ai:accountBaseline",
        )
    own = books(found_stack)
    period = reconciling.Period(first, last, _now(), timedelta(minutes=young))
    with choice.output.progress.status("reading the record") as status:
        logs = aws_of(found_stack).client("logs")
        found = reconciling.reconcile(own, logs, group, period, lambda count: status.update(f"{count} events read"))
        if apply:
            found = reconciling.correct(own, found, unrecorded=unrecorded, each=lambda one: status.update(_said(one)))
    _report(choice, found, first, last, applied=apply)
    if found.faults:
        raise Refused("; ".join(found.faults), _remedy(found, applied=apply))


@app.command("optimise")
def optimise(
    context: typer.Context,
    *,
    since: FromOption = None,
    until: ToOption = None,
    tenant: TenantOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Where tokens are wasted, by feature, and the cheapest allowed model that would do."""
    from omnix.costs.optimising import watch
    from ops.costs import advice, show, spending
    from ops.costs.books import books

    choice = choose(context, stack, outputs, cloud, json_target)
    first, last = _period(since, until, _DEFAULT_DAYS, _LONGEST_DAYS)
    own = books(choice.stack())
    models = own.models.priced()
    watched = watch(spending.rows_of(own.table, first, last, tenant), models, own.limits)
    caching = any(model.caching for model in models if model.model_id == own.default_model)
    told = advice.advice(watched, default_model=own.default_model, caching=caching)
    choice.output.document(
        {
            "from": first,
            "to": last,
            "features": advice.documents(watched),
            "advice": [one.document() for one in told],
        }
    )
    if choice.output.json_only:
        return
    people = choice.output.people
    people.print(show.watch_table(watched) if watched else _NOTHING)
    for one in told:
        people.print(f"[bold]{one.feature}[/]: {one.seen}\n  → {one.do}")


def _report(choice: Choice, found: "Reconciled", first: str, last: str, *, applied: bool) -> None:
    from ops.costs import show

    choice.output.document(
        {
            "from": first,
            "to": last,
            "applied": applied,
            "total": found.total.document(),
            "ledger_and_calls": found.books.document(),
            "groups": [
                {"tenant": tenant, "feature": feature, **sums.document()}
                for (tenant, feature), sums in found.by_tenant_and_feature().items()
            ],
            "findings": {finding.value: count for finding, count in sorted(found.findings.items())},
            "calls": [one.document() for one in found.compared if one.finding.value != "agreed"],
            "without_reservation": [one.document() for one in found.strangers],
            "others_in_the_account": found.foreign,
            "too_young": found.young,
            "faults": found.faults,
        }
    )
    if choice.output.json_only:
        return
    people = choice.output.people
    for one in found.strangers:
        people.print(f"[bold red]without a reservation[/]: {one.at} {one.model} by {one.identity}", soft_wrap=True)
    people.print(show.reconciled_table(found))
    if odd := show.odd_table(found):
        people.print(odd)
    if found.young:
        people.print(f"{found.young} calls are too young to be compared: the record may lack them for some minutes.")
    if found.foreign:
        people.print(f"Others in the account made {sum(found.foreign.values())} calls: {', '.join(found.foreign)}")
    if found.correctable and not applied:
        people.print(f"{len(found.correctable)} calls can be corrected. With [bold]--apply[/] they are.")


def _remedy(found: "Reconciled", *, applied: bool) -> str:
    if found.strangers:
        return "find who called (above): nothing but the assistant's role may, and it reserves before each call"
    if found.correctable and not applied:
        return "run it again with --apply: the record knows what the lapsed calls really used"
    return "see docs/operations/COST_MANAGEMENT.md, Reconciliation"


def _said(one: "Compared") -> str:
    return f"corrected {one.call.reserved.reservation_id}"


def _dimensions(text: str) -> list[Dimension]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names) or not set(names) <= set(Dimension):
        raise WrongUse(f"--by {text!r} names no sums", f"name some of {','.join(Dimension)}, each once")
    return [Dimension(name) for name in names]


def _period(since: str | None, until: str | None, days: int, longest: int) -> tuple[str, str]:
    """First and last day; the last `days` where they are left out. `longest`: for how many days there is anything."""
    last = _day("--to", until) if until else _today()
    first = _day("--from", since) if since else last - timedelta(days=days - 1)
    if not 0 <= (last - first).days < longest:
        raise WrongUse(f"{first} to {last} is no period of 1 to {longest} days", "give --from and --to accordingly")
    oldest = _today() - timedelta(days=longest - 1)
    if first < oldest:
        raise WrongUse(f"of {first} not everything is kept any more", f"begin with --from {oldest} or later")
    return first.isoformat(), last.isoformat()


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{option} {text!r} is no day", "give a UTC day such as 2026-11-22") from None


def _today() -> date:
    return _now().date()


def _now() -> datetime:
    return datetime.now(UTC)
