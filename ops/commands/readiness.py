"""`omnix readiness`: is the environment ready."""

from pathlib import Path
from typing import Annotated

import typer

from ops import project
from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.console import write_text


def readiness(
    context: typer.Context,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="Measured requests per route.")] = 20,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")] = None,
    contract_file: Annotated[
        Path | None, typer.Option("--contract", help="Contract to hold the API to (default: openapi.json).")
    ] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Check a deployed environment: health, sign-in, core operations, front end, speed. Exits 1 when not ready."""
    from ops.readiness import report, suite
    from ops.readiness.progress import Progress

    choice = choose(context, stack, outputs, cloud, json_target)
    contract = suite.load_contract(contract_file or project.root() / "openapi.json")
    found = choice.stack()
    suite.require_listener(found)
    checks = suite.checks_of(found, contract, samples)
    with Progress(choice.output.progress, checks) as progress:
        done = suite.run(found, contract, aws_of(found).client, checks=checks, on_outcome=progress.advance)
    report.show(done, choice.output.people)
    choice.output.document(done.document())
    if junit_file:
        write_text(junit_file, report.junit(done))
    if not done.verdict.ready:
        raise typer.Exit(1)
