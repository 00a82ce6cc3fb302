"""Options that every command has, before or after its name, and what they select."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ops import finding
from ops.aws import Aws
from ops.console import Output
from ops.finding import Selection
from ops.stack import Cloud, Place, Stack

StackOption = Annotated[str | None, typer.Option("--stack", "-s", help="Environment: dev, staging or prod.")]
OutputsOption = Annotated[
    Path | None,
    typer.Option("--outputs", help="`pulumi stack output --json` in a file, instead of looking the stack up."),
]
CloudOption = Annotated[
    Cloud | None, typer.Option("--cloud", help="Which one, when the environment is both local and on AWS.")
]
JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="[FILE]", help="Answer as JSON: to stdout, or to FILE beside the usual answer."),
]


@dataclass(frozen=True)
class Before:
    """What was said before the command's name."""

    selection: Selection
    json_target: str | None


@dataclass(frozen=True)
class Choice:
    """One command's environment and way of answering."""

    selection: Selection
    output: Output

    def stack(self) -> Stack:
        """The deployed stack; says on stderr which one it is, so that nobody takes local for real."""
        found = finding.find(self.selection)
        self.output.progress.print(f"[dim]{found.place}[/]")
        return found

    def place(self) -> Place:
        """Where the stack is or would be."""
        found = finding.find_place(self.selection)
        self.output.progress.print(f"[dim]{found}[/]")
        return found


def remember(
    context: typer.Context, stack: str | None, outputs: Path | None, cloud: Cloud | None, json_target: str | None
) -> None:
    """Keep what stood before the command's name."""
    context.obj = Before(Selection(stack, outputs, cloud), json_target)


def choose(
    context: typer.Context, stack: str | None, outputs: Path | None, cloud: Cloud | None, json_target: str | None
) -> Choice:
    """What stands after the command's name, over what stood before it."""
    before = context.obj if isinstance(context.obj, Before) else Before(Selection(), None)
    selection = Selection(stack, outputs, cloud).over(before.selection)
    return Choice(selection, Output(json_target or before.json_target))


def aws_of(stack: Stack) -> Aws:
    """AWS clients of the stack's account."""
    return Aws(stack.place)
