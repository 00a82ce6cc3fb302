"""`omnix outputs`: what the stack exports."""

from typing import Any

import typer
from rich.text import Text

from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, choose


def outputs(
    context: typer.Context,
    stack: StackOption = None,
    outputs_file: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Print the stack's outputs."""
    choice = choose(context, stack, outputs_file, cloud, json_target)
    document = choice.stack().outputs.model_dump()
    choice.output.document(document)
    if choice.output.json_only:
        return
    rows = flat(document)
    widest = max(len(name) for name, _ in rows)
    for name, value in rows:
        # whole lines, whatever the terminal's width: they are made to be copied
        line = Text.assemble((name.ljust(widest), "bold"), "  ", value)
        line.rstrip()
        choice.output.people.print(line, soft_wrap=True)


def flat(document: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested outputs as `functions.api.arn` lines, in the order of the stack's exports."""
    rows: list[tuple[str, str]] = []
    for name, value in document.items():
        if isinstance(value, dict):
            rows += flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            rows.append((f"{prefix}{name}", ", ".join(str(item) for item in value)))
        else:
            rows.append((f"{prefix}{name}", "" if value is None else str(value)))
    return rows
