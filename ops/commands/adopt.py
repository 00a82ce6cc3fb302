"""`omnix adopt`: what a destroy kept, back under the stack's care."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ops import finding, project
from ops.adoption.discovery import Inventory
from ops.adoption.state import Managed
from ops.aws import Aws
from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, choose
from ops.console import Output
from ops.errors import Refused, WrongUse
from ops.stack import Cloud, Place, read_json

if TYPE_CHECKING:
    from components.naming import Names


def adopt(
    context: typer.Context,
    write: Annotated[Path | None, typer.Option(help="Put the map into this stack file, under omnix-ai:adopt.")] = None,
    state_file: Annotated[
        Path | None, typer.Option("--state", help="`pulumi stack export` in a file, instead of asking the engine.")
    ] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Find what exists under the environment's names and no stack manages, as imports for the next `up`."""
    from components.config.model import HOME_REGION, RECOVERY_REGION
    from components.naming import Names
    from ops.adoption.discovery import discover
    from ops.adoption.state import unmanaged

    if outputs:
        raise WrongUse("adopt works on what a stack no longer knows", "leave --outputs out; name the stack")
    choice = choose(context, stack, None, cloud, json_target)
    place = choice.place()
    names = Names(place.environment, place.account_id, place.region)
    aws = Aws(place)
    recovery = HOME_REGION if place.region == RECOVERY_REGION else RECOVERY_REGION
    inventory = discover(names, aws.client, (names.in_region(recovery), partial(aws.client, region=recovery)))
    state = _managed(place, state_file)
    adoptable = unmanaged(inventory.found, state)
    monitor = _monitor(aws, names, state, choice.output)
    choice.output.document(
        {
            "stack": place.environment,
            "adopt": adoptable,
            "anomaly_monitor_arn": monitor,
            "unusable": [{"logical": u.logical, "problem": u.problem, "remedy": u.remedy} for u in inventory.unusable],
        }
    )
    if not choice.output.json_only:
        _show(choice.output, adoptable, inventory, monitor)
    if write and adoptable:
        _write(write, adoptable, choice.output)
    if inventory.unusable:
        raise typer.Exit(1)


def _managed(place: Place, state_file: Path | None) -> Managed:
    from ops.adoption.state import managed

    if state_file:
        return managed(read_json(state_file), str(state_file))
    root = project.root()
    if place.cloud is Cloud.LOCAL:
        checkpoint = finding.local_state(place.environment, root)
        return managed(read_json(checkpoint), str(checkpoint)) if checkpoint.is_file() else frozenset()
    text = finding.run_engine(["stack", "export", "--stack", place.environment], root)
    return managed(json.loads(text), f"`pulumi stack export --stack {place.environment}`")


def _monitor(aws: Aws, names: "Names", state: Managed, output: Output) -> str | None:
    """ARN of the account's own anomaly monitor. A local cloud's account has none but the stack's."""
    from botocore.exceptions import ClientError

    from ops.adoption.monitor import REGION, monitor_of_services

    if aws.place.cloud is Cloud.LOCAL:
        return None
    try:
        return monitor_of_services(names, aws.client("ce", region=REGION), state)
    except ClientError as error:
        # Who may not see the account's costs can adopt all the same; without Cost Explorer there is no monitor.
        output.progress.print(f"the account's anomaly monitor was not looked for: {error}", markup=False)
        return None


def _show(output: Output, adoptable: dict[str, str], inventory: Inventory, monitor: str | None) -> None:
    from ops.adoption.monitor import CONFIG_KEY

    if monitor is not None:
        output.people.print(
            "the account has an anomaly monitor by service, and AWS takes no second. In its stack with "
            f"accountBaseline: true set\n  {CONFIG_KEY}: {monitor}",
            markup=False,
            soft_wrap=True,
        )
    for item in inventory.unusable:
        output.people.print(f"[bold red]{item.logical}[/]: {item.problem}\n  → {item.remedy}")
    if not adoptable:
        output.people.print("nothing to adopt: whatever exists under the environment's names is the stack's already")
        return
    table = Table("Logical name", "Import id")
    for name, import_id in adoptable.items():
        table.add_row(name, import_id)
    output.people.print(table)


def _write(path: Path, adoptable: dict[str, str], output: Output) -> None:
    from ops.adoption.stack_file import with_adoption

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise Refused(f"there is no stack file {path}", "check the path") from error
    path.write_text(with_adoption(text, adoptable, str(path)), encoding="utf-8")
    output.progress.print(f"{len(adoptable)} imports written to {path}; the next `up` adopts them", markup=False)
