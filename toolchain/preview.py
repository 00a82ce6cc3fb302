"""`make preview STACK=… REPORT=1`: a local environment's preview, told as a pull request's comment tells it.

The preview of the working tree against what is deployed, and the contract of the working tree against the one on the
main branch; the rendering and the gate are `omnix preview report`'s.
"""

import os
import subprocess
from pathlib import Path

from toolchain.progress import Progress
from toolchain.pulumi_cli import Engine
from toolchain.up import omnix, open_session
from toolchain.workspace import ROOT, Workspace, write_atomically

CONTRACT = "openapi.json"
# where a branch left the main one; the first that exists
_MAINS = ("origin/main", "main")
# Everything that stays the same is in it too: the policy pack and the month's whole cost need it. Without a refresh: a
# review is of what the code changes, drift is looked for elsewhere (`make refresh`).
ARGUMENTS = ("preview", "--json", "--show-sames", "--refresh=false", "--non-interactive")


def report(workspace: Workspace, progress: Progress, against: str | None = None) -> int:
    """Preview an environment and show the report; returns the gate's exit code (0 open, 1 shut).

    `against`: the revision whose contract the working tree's is compared with. Writes `preview.json` (raw states: for
    its owner only), `preview.md` and `preview.html` into the environment's folder.
    """
    with workspace.alone():
        session = open_session(workspace, progress)
        document = workspace.folder / "preview.json"
        with progress.phase("preview", f"pulumi preview --stack {workspace.stack}"):
            code = save_preview(session.engine, document)
    name = workspace.stack
    files = [f"{name}={document}", "--exit-code", f"{name}={code}", *contracts(workspace, against or branch_point())]
    page, text = workspace.folder / "preview.html", workspace.folder / "preview.md"
    result = omnix(workspace, "preview", "report", *files, "--terminal", "--html", str(page), "--markdown", str(text))
    progress.say(f"as a page: {page} · as a comment: {text}")
    return result


def save_preview(engine: Engine, path: Path) -> int:
    """Run the preview into `path`, whatever comes of it; returns the engine's exit code."""
    result = subprocess.run(
        engine.command(ARGUMENTS), env=engine.environment(), stdout=subprocess.PIPE, text=True, check=False
    )
    write_atomically(path, result.stdout)
    return result.returncode


def branch_point() -> str | None:
    """The revision where the working tree left the main branch; None outside a repository."""
    for main in _MAINS:
        found = _git("merge-base", "HEAD", main)
        if found:
            return found.strip()
    return None


def contracts(workspace: Workspace, revision: str | None) -> list[str]:
    """Options that compare the working tree's contract with `revision`'s; none where nothing is to compare."""
    before = _git("show", f"{revision}:{CONTRACT}") if revision else None
    if before is None or not (ROOT / CONTRACT).is_file():
        return []
    base = workspace.folder / "contract-base.json"
    write_atomically(base, before)
    return ["--contract-base", str(base), "--contract-head", str(ROOT / CONTRACT)]


def _git(*arguments: str) -> str | None:
    """What git says of this repository; None when it refuses or is not there."""
    # a hook's or another tool's repository is not this one
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        result = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False, env=environment
        )
    except FileNotFoundError:
        return None
    return result.stdout if result.returncode == 0 else None
