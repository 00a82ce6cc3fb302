"""The operator's command line, `omnix`. Each command is in a module of its own under `ops.commands`.

Exit codes: 0 done, 1 refused or failed, 2 wrong use (and 130 for Ctrl-C, as a shell expects).
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ops.commands import (
    adopt,
    audit,
    backup,
    cleanup,
    costs,
    cutover,
    demo,
    dr,
    iam,
    migrate,
    outputs,
    preview,
    readiness,
    redrive,
    secrets,
    status,
)
from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, remember
from ops.console import Answer, answering, console
from ops.errors import Refused, explained, foreseen

app = typer.Typer(
    name="omnix",
    help="Operate an OMNIX AI environment: `omnix --stack dev status`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _before(
    context: typer.Context,
    stack: StackOption = None,
    outputs_file: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    remember(context, stack, outputs_file, cloud, json_target)


app.command("readiness")(readiness.readiness)
app.command("status")(status.status)
app.command("outputs")(outputs.outputs)
app.command("redrive")(redrive.redrive)
app.command("adopt")(adopt.adopt)
app.command("audit")(audit.audit)
app.add_typer(backup.app, name="backup")
app.add_typer(cleanup.app, name="cleanup")
app.add_typer(costs.app, name="costs")
app.add_typer(cutover.app, name="cutover")
app.add_typer(demo.app, name="demo")
app.add_typer(dr.app, name="dr")
app.add_typer(iam.app, name="iam")
app.add_typer(migrate.app, name="migrate")
app.add_typer(preview.app, name="preview")
app.add_typer(secrets.app, name="secrets")


def with_json_targets(arguments: Sequence[str]) -> list[str]:
    """`--json` alone means stdout: give it the `-` that the option parser wants.

    What follows `--json` is its file when it is `-` or looks like one (a `.json` ending or a slash in it);
    anything else is the next command or option.
    """
    completed: list[str] = []
    for index, argument in enumerate(arguments):
        completed.append(argument)
        following = arguments[index + 1] if index + 1 < len(arguments) else ""
        if argument == "--json" and not (following == "-" or following.endswith(".json") or "/" in following):
            completed.append("-")
    return completed


def main(arguments: Annotated[list[str] | None, "without the program's name"] = None) -> None:
    """Run one command and exit with its code."""
    given = with_json_targets(sys.argv[1:] if arguments is None else arguments)
    with answering() as answer:
        try:
            app(args=given, prog_name="omnix")
        except Refused as refused:
            _refuse(refused, given, answer)
        except foreseen() as error:
            _refuse(explained(error), given, answer)


def _refuse(refused: Refused, arguments: Sequence[str], answer: Answer) -> None:
    stderr = console(stderr=True)
    stderr.print(f"[bold red]{'wrong use' if refused.exit_code == 2 else 'refused'}[/]:", end=" ")  # noqa: PLR2004
    stderr.print(refused.message, markup=False, soft_wrap=True)
    stderr.print("  →", refused.remedy, markup=False, soft_wrap=True)
    if any(a == "-" and arguments[i - 1] == "--json" for i, a in enumerate(arguments)) or "--json=-" in arguments:
        answer.add({"error": {"message": refused.message, "remedy": refused.remedy}})
    sys.exit(refused.exit_code)
