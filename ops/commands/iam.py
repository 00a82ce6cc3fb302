"""`omnix iam report`: permissions granted and never used, and permissions used, by function."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import Choice, CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.errors import WrongUse

if TYPE_CHECKING:
    from ops.permissions.model import Report

app = typer.Typer(no_args_is_help=True, help="What roles may do, and what they do.")


@app.callback()
def _group() -> None:
    """A group, so that more commands can follow."""


UsageOption = Annotated[
    Path | None,
    typer.Option(
        "--usage", metavar="DIR", help="Usage files of a whole test run, summed up (LOCALCLOUD_USAGE_DIR of the run)."
    ),
]
TogetherOption = Annotated[
    bool, typer.Option("--together", help="With --usage: the environments' roles as one, for they run one program.")
]
UnusedOption = Annotated[bool, typer.Option("--unused-only", help="Only what was never used, and what was denied.")]
FailUnusedOption = Annotated[bool, typer.Option("--fail-on-unused", help="Exit 1 when a granted action was not used.")]
FailDeniedOption = Annotated[bool, typer.Option("--fail-on-denied", help="Exit 1 when a call was denied.")]


@app.command("report")
def report(
    context: typer.Context,
    *,
    usage: UsageOption = None,
    together: TogetherOption = False,
    unused_only: UnusedOption = False,
    fail_on_unused: FailUnusedOption = False,
    fail_on_denied: FailDeniedOption = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Show each function's grants with how often each was used, and the calls it was denied."""
    from ops.permissions.show import show

    choice = choose(context, stack, outputs, cloud, json_target)
    if together and usage is None:
        raise WrongUse("--together is for the files of a run", "give --usage DIR with it, or leave it out")
    found = (
        _of_files(usage, choice.selection.stack, together=together)
        if usage
        else _of_stack(choice, fail_on_denied=fail_on_denied)
    )
    totals = found.totals
    part = found.unused_only() if unused_only else found
    choice.output.document(part.document(totals))
    if not choice.output.json_only:
        show(part, totals, choice.output.people)
    if (fail_on_unused and totals.unused) or (fail_on_denied and totals.denied):
        raise typer.Exit(1)


def _of_files(path: Path, stack: str | None, *, together: bool) -> "Report":
    from ops.permissions.run import report_of_files

    return report_of_files(path, stack, together=together)


def _of_stack(choice: Choice, *, fail_on_denied: bool) -> "Report":
    stack = choice.stack()
    place = stack.place
    if place.endpoint_url:
        from ops.permissions.run import report_of_cloud

        return report_of_cloud(place.endpoint_url, place.account_id, str(place))
    from ops.permissions.aws_roles import report_of_stack

    if fail_on_denied:
        raise WrongUse("IAM does not record denied calls", "leave --fail-on-denied out on AWS, and ask CloudTrail")
    return report_of_stack(stack, aws_of(stack).client)
