"""`omnix audit`: what is in an account, whose it is, and what should become of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops import finding, project
from ops.aws import Aws
from ops.commands.options import Choice, CloudOption, JsonOption, OutputsOption, StackOption, choose
from ops.console import write_text
from ops.errors import Refused, WrongUse
from ops.stack import Cloud, Place, is_loopback, read_json

if TYPE_CHECKING:
    from ops.audit.model import Audit
    from ops.audit.reader import Reader
    from ops.audit.run import State

# AWS throttles an account's control plane as a whole: adaptive retries slow down before it hurts other work.
_RETRIES = {"mode": "adaptive", "total_max_attempts": 10}
_LONGEST_WINDOW = 455

WideOption = Annotated[bool, typer.Option("--account-wide", help="Every region that the account has enabled.")]
RegionOption = Annotated[list[str] | None, typer.Option("--region", help="Only this region (may be repeated).")]
SourceOption = Annotated[
    list[Path] | None, typer.Option("--source", help="A source tree to search for names (may be repeated).")
]
StateOption = Annotated[
    list[Path] | None,
    typer.Option("--state", help="`pulumi stack export` of a stack that owns things here (may be repeated)."),
]
MigrationOption = Annotated[
    list[Path] | None,
    typer.Option("--migration", help="Folder of a verified run of `omnix migrate` (may be repeated)."),
]
HistoryOption = Annotated[
    Path | None, typer.Option(help="Keep here when each thing was first seen; waiting periods count from then.")
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write audit.html and audit.json into this folder.")
]
WindowOption = Annotated[
    int, typer.Option("--window", min=1, max=_LONGEST_WINDOW, help="How many days back use counts.")
]
EndpointOption = Annotated[str | None, typer.Option(help="A local cloud's AWS API, instead of a stack's.")]


def audit(
    context: typer.Context,
    *,
    account_wide: WideOption = False,
    region: RegionOption = None,
    source: SourceOption = None,
    state: StateOption = None,
    migration: MigrationOption = None,
    history: HistoryOption = None,
    report: ReportOption = None,
    window: WindowOption = 90,
    endpoint_url: EndpointOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Inventory an account, read-only: last use, owner, cost, references, and a verdict on everything with evidence."""
    from ops.audit import run
    from ops.audit.migrations import verified

    choice = choose(context, stack, outputs, cloud, json_target)
    place, recovery = _place(choice, endpoint_url, account_wide=account_wide)
    states = _states(choice, place, state or [])
    moved = verified(migration or [])
    reader = _reader(place)
    with choice.output.progress.status("reading the account") as status:
        scope = run.Scope(
            _regions(reader, place, recovery, region, account_wide=account_wide), timedelta(days=window),
            environment=place.environment or None, states=states, sources=source or [], history=history, migrated=moved,
        )  # fmt: skip
        found = run.audit(reader, scope, status.update)
    _deliver(choice, found, report)


def _deliver(choice: Choice, found: "Audit", report: Path | None) -> None:
    from ops.audit.model import to_json
    from ops.audit.report import terminal
    from ops.audit.report.html import page

    choice.output.document(found.model_dump(mode="json"))
    if report:
        write_text(report / "audit.json", to_json(found))
        write_text(report / "audit.html", page(found))
        choice.output.progress.print(f"written to {report / 'audit.html'} and audit.json", markup=False)
    if not choice.output.json_only:
        terminal.show(found, choice.output.people)
    if found.errors:
        choice.output.progress.print(f"[bold yellow]{len(found.errors)} questions were not answered[/]")


def _reader(place: Place) -> "Reader":
    from ops.audit.reader import Reader

    client = Aws(place, _RETRIES).client
    # China and GovCloud have partitions of their own
    partition = client("sts", place.region).get_caller_identity()["Arn"].split(":")[1]
    return Reader(client, place.account_id, datetime.now(UTC), partition)


def _regions(
    reader: "Reader", place: Place, recovery: str | None, given: list[str] | None, *, account_wide: bool
) -> list[str]:
    from ops.audit.regions import enabled, of_stack

    if given:
        return sorted(set(given))
    wide = account_wide or not place.environment
    return enabled(reader, place.region) if wide else list(of_stack(place.region, recovery))


def _place(choice: Choice, endpoint_url: str | None, *, account_wide: bool) -> tuple[Place, str | None]:
    """A stack's place and recovery region, a local cloud's, or that of whatever account the credentials belong to."""
    if choice.selection.stack or choice.selection.outputs:
        if endpoint_url:
            raise WrongUse("a stack says itself where its AWS API is", "leave --endpoint-url out, or --stack")
        stack = choice.stack()
        return stack.place, stack.outputs.dr_region
    if endpoint_url:
        if not is_loopback(endpoint_url):
            raise Refused(
                f"the local cloud's address is not on this machine: {endpoint_url}",
                "leave --endpoint-url out for real AWS; a local cloud never leaves the loopback interface",
            )
        return _found(endpoint_url), None
    if not account_wide:
        raise WrongUse(
            "which account?", "name a stack (`--stack dev`), or say --account-wide for your credentials' own"
        )
    return _found(None), None


def _found(endpoint_url: str | None) -> Place:
    """Where the caller's credentials lead; on real AWS also with which default region."""
    import boto3

    from ops.aws import account_of

    region = "us-east-1" if endpoint_url else boto3.Session().region_name or "us-east-1"
    return Place("", account_of(endpoint_url, region), region, endpoint_url)


def _states(choice: Choice, place: Place, files: list[Path]) -> "list[State]":
    """The engine's states: of the stack itself, and of the files given."""
    from ops.audit.run import State

    found = [State(path.stem, place.region, read_json(path), str(path)) for path in files]
    if not place.environment:
        return found
    root = project.root()
    if place.cloud is Cloud.LOCAL:
        checkpoint = finding.local_state(place.environment, root)
        if checkpoint.is_file():
            found.append(State(place.environment, place.region, read_json(checkpoint), str(checkpoint)))
        return found
    try:
        text = finding.run_engine(["stack", "export", "--stack", place.environment], root)
    except Refused as refused:
        # the tags tell it too; only untaggable things would be missed
        choice.output.progress.print(f"[yellow]the stack's state was not read[/]: {refused.message}")
        return found
    source = f"`pulumi stack export --stack {place.environment}`"
    return [*found, State(place.environment, place.region, json.loads(text), source)]
