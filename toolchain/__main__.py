"""The commands behind the Makefile: local environments on the real engine.

Exit codes: 0 done, 1 refused or failed, 2 wrong use.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from toolchain import cloud as clouds
from toolchain.cloud import CloudError
from toolchain.engine import EngineError, provide
from toolchain.progress import Progress
from toolchain.pulumi_cli import PulumiError
from toolchain.workspace import ROOT, STACKS, Workspace, WorkspaceError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
StackOption = Annotated[str, typer.Option("--stack", help=f"One of {', '.join(STACKS)}.")]
HomeOption = Annotated[Path, typer.Option("--home", help="Where environments keep their things.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, the rest on stderr.")]
HOME = ROOT / ".local"


def _print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True) + "\n")


@app.command()
def engine(
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when it is there already.")] = False,
) -> None:
    """Provide the pinned Pulumi engine: PATH, the cache, its installer, or a build from Go modules."""
    folder = provide(lambda message: Progress().console.print(f"setup  {message}", markup=False))
    if not quiet:
        sys.stdout.write(f"{folder}\n")


@app.command("up")
def up_command(
    stack: StackOption = "dev",
    home: HomeOption = HOME,
    port: Annotated[
        int | None, typer.Option(help="Port wished for the AWS endpoint; the gateway takes the next.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Deploy an environment to its local cloud, load demo data, and prove it ready."""
    from toolchain.up import up

    progress = Progress()
    setup = os.environ.get("OMNIX_SETUP_SECONDS")
    if setup:
        progress.seconds["setup"] = float(setup)
    summary = up(Workspace(stack, home), progress, ports=(port, port + 1) if port else None, quiet=as_json)
    if as_json:
        _print_json(summary)
    else:
        _show(summary)


def _show(summary: dict[str, Any]) -> None:
    """Print what a person needs next: where it answers, how to sign in, what is behind it, what took how long."""
    console = Console(highlight=False)
    table = Table(title=f"{summary['stack']} is ready", show_header=False, title_style="bold green")
    table.add_row("API", summary["api_url"])
    table.add_row("demo sign-in", f"{summary['demo']['email']}  {summary['demo']['password']}")
    table.add_row(
        "AWS endpoint",
        f"{summary['aws_endpoint_url']}  (account {summary['account_id']}, {summary['region']})",
    )
    table.add_row("resources", ", ".join(f"{count} {label}" for label, count in sorted(summary["resources"].items())))
    table.add_row("permissions", summary["permissions"])
    table.add_row("took", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in summary["phases"].items()))
    table.add_row("total", f"{sum(summary['phases'].values()):.1f} s")
    console.print(table)


@app.command()
def down(
    stack: Annotated[str | None, typer.Option("--stack", help="Only this one.")] = None,
    home: HomeOption = HOME,
) -> None:
    """Stop the local clouds; what they hold is kept for the next `up`."""
    for name in [stack] if stack else STACKS:
        workspace = Workspace(name, home)
        if workspace.cloud.exists():
            clouds.stop(workspace)


@app.command()
def logs(stack: StackOption = "dev", home: HomeOption = HOME, follow: bool = True) -> None:
    """Show what the environment's cloud and functions log."""
    files = sorted((Workspace(stack, home).cloud / "logs").glob("*.log"))
    if not files:
        raise WorkspaceError(f"{stack} has no logs yet; run `make up STACK={stack}` first")
    subprocess.run(["tail", *(["-F"] if follow else []), "-n", "50", *map(str, files)], check=False)


@app.command()
def pulumi(
    arguments: Annotated[list[str], typer.Argument(help="What the engine is to do, e.g. `refresh --yes`.")],
    stack: StackOption = "dev",
    home: HomeOption = HOME,
) -> None:
    """Run any engine command on a local environment; its exit code is passed on."""
    from toolchain.up import open_session

    workspace = Workspace(stack, home)
    with workspace.alone():
        code = open_session(workspace, Progress()).engine.run(*arguments)
    raise typer.Exit(code)


@app.command("preview-report")
def preview_report(
    stack: StackOption = "dev",
    home: HomeOption = HOME,
    against: Annotated[
        str | None, typer.Option(help="Revision to compare the API contract with; by default where main was left.")
    ] = None,
) -> None:
    """Show what `up` would change as a reviewer sees it, and refuse as the pull request's check does (exit 1)."""
    from toolchain.preview import report

    raise typer.Exit(report(Workspace(stack, home), Progress(), against))


@app.command()
def destroy(stack: StackOption = "dev", home: HomeOption = HOME, as_json: JsonOption = False) -> None:
    """Destroy an environment's resources and list what is left in its cloud."""
    from toolchain.up import destroy as destroy_environment

    left = destroy_environment(Workspace(stack, home), Progress())
    if as_json:
        _print_json(left)
    elif left:
        Console().print("left in the local cloud:", left)
    else:
        Console().print(f"nothing is left of {stack} in the local cloud")


@app.command("unprotect")
def unprotect_command(stack: StackOption, home: HomeOption = HOME) -> None:
    """Deploy a protected environment without its protection, so that a destroy is not refused; `up` protects again."""
    from toolchain.up import unprotect

    unprotect(Workspace(stack, home), Progress())


@app.command()
def export(stack: StackOption = "dev", home: HomeOption = HOME, secrets: bool = False) -> None:
    """Print the engine's `stack export`; secrets in clear only with --secrets."""
    from toolchain.pulumi_cli import Engine
    from toolchain.up import write_overlay

    workspace = Workspace(stack, home)
    if not workspace.state.exists():
        raise WorkspaceError(f"{stack} has no state yet; run `make up STACK={stack}` first")
    write_overlay(workspace)
    # Exporting talks to no provider, so the cloud need not run.
    shown = ["--show-secrets"] if secrets else []
    sys.stdout.write(Engine(provide(Progress().say), workspace, 0).capture("stack", "export", *shown))


def main() -> None:
    """Run the command line; errors of ours become one line that says what to do, and exit 1."""
    from bundler.errors import BundleError
    from toolchain.up import NotReadyError

    try:
        app()
    except (BundleError, CloudError, EngineError, NotReadyError, PulumiError, WorkspaceError) as error:
        Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {error}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
