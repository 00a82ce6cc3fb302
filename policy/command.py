"""The command line: `python -m policy rules` and `python -m policy check FILE`.

Exit codes: 0 nothing mandatory is violated, 1 refused, 2 wrong use (also: a file that is not what it should be).
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from policy import overrides as exceptions
from policy.evaluation import Report, evaluate
from policy.overrides import Overrides
from policy.rules import RULES
from policy.sources import SourceError, source

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
WRONG_USE = 2


def load_overrides() -> Overrides:
    """Return the committed exceptions as of today."""
    return exceptions.load([rule.name for rule in RULES], datetime.now(UTC).date())


def check_document(document: Any, overrides: Overrides | None = None) -> Report:
    """Judge a decoded `pulumi stack export` or `pulumi preview --json`; raises SourceError for anything else."""
    found = load_overrides() if overrides is None else overrides
    held = source(document)
    rules = (*RULES, exceptions.validity(found))
    return evaluate(rules, held.resources, held.stack, found, why_no_stack=held.why_no_stack)


@app.command()
def rules(as_json: JsonOption = False) -> None:
    """Print every rule: what it asks, why, and what to do."""
    listed = (*RULES, exceptions.validity(Overrides()))
    if as_json:
        content = [
            {
                "name": rule.name,
                "level": rule.level.value,
                "scope": rule.scope,
                "types": list(rule.types),
                "reason": rule.reason,
                "fix": rule.fix,
                "refs": list(rule.refs),
            }
            for rule in listed
        ]
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
        return
    lines = ["| rule | level | why | fix | requirement |", "|---|---|---|---|---|"]
    lines += [
        f"| `{rule.name}` | {rule.level.value} | {rule.reason} | {rule.fix} | {', '.join(rule.refs)} |".replace(
            "\n", " "
        )
        for rule in listed
    ]
    sys.stdout.write("\n".join(lines) + "\n")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A `pulumi stack export` or `pulumi preview --json`; - for stdin.")],
    as_json: JsonOption = False,
) -> None:
    """Judge a stack's state or a preview by every rule."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        report = check_document(json.loads(text))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, SourceError) as error:
        Console(stderr=True).print(f"error: {file}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(WRONG_USE) from error
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")
    else:
        _show(report)
    raise typer.Exit(1 if report.refused else 0)


def _show(report: Report) -> None:
    console = Console(highlight=False)
    for broken in report.violations:
        console.print(f"{broken.rule.level}: {broken.rule.name}: {broken.urn or 'the stack'}", markup=False)
        console.print(f"    {broken.message}\n    fix: {broken.rule.fix}", markup=False)
    for broken, override in report.overridden:
        console.print(
            f"excepted until {override.expires} by {override.owner}: {broken.rule.name}: {broken.urn}", markup=False
        )
    if report.unknown:
        table = Table("not told for", "resources", "because", title="Unknown: neither violated nor passed")
        for name in sorted({entry["rule"] for entry in report.unknown}):
            entries = [entry for entry in report.unknown if entry["rule"] == name]
            table.add_row(
                name, str(len({entry["urn"] for entry in entries})), f"{entries[0]['path']} {entries[0]['why']}"
            )
        console.print(table)
    console.print(
        f"{report.rules} rules on {report.checked} resources: {len(report.violations)} violations, "
        f"{len(report.overridden)} excepted, {len(report.unknown)} unknown"
    )
