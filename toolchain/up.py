"""`make up`: one local environment from nothing to proven ready, by the real engine and the real program."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import bundler
from toolchain import cloud as clouds
from toolchain import overlay, switches
from toolchain.cloud import Cloud
from toolchain.engine import provide
from toolchain.policy_pack import LocalPack, is_on, sentence, with_analyzer
from toolchain.progress import Progress
from toolchain.pulumi_cli import Engine, PulumiError
from toolchain.workspace import ROOT, Workspace, write_atomically

_PERMISSIONS: Mapping[str, str] = {
    "enforced": "what a function calls, and what a service does for it, is decided on by the deployed policies",
    "off": "what succeeds here may be refused on AWS",
}


class NotReadyError(RuntimeError):
    """The environment is up, and did not pass what proves it ready."""


@dataclass(frozen=True)
class Session:
    """An environment in use by this process: its cloud runs and its engine is ready to be asked."""

    workspace: Workspace
    cloud: Cloud
    engine: Engine


def write_overlay(workspace: Workspace, *, unprotect: bool = False) -> str:
    """Write the overlay project and config of the environment; returns the stack's home region."""
    committed = (ROOT / f"Pulumi.{workspace.stack}.yaml").read_text(encoding="utf-8")
    previous = workspace.config.read_text(encoding="utf-8") if workspace.config.exists() else None
    text = overlay.local_config(workspace.stack, committed, previous, unprotect=unprotect)
    write_atomically(workspace.config, text)
    project = (ROOT / "Pulumi.yaml").read_text(encoding="utf-8")
    text_of_project = with_analyzer(overlay.local_project(project, ROOT), LocalPack(workspace))
    write_atomically(workspace.project / "Pulumi.yaml", text_of_project)
    return str(yaml.safe_load(text)["config"][f"{overlay.NAMESPACE}:region"])


def open_session(workspace: Workspace, progress: Progress, ports: tuple[int, int] | None = None) -> Session:
    """Make the engine, the overlay and the cloud of an environment ready; each is a phase."""
    with progress.phase("engine", "Pulumi engine"):
        folder = provide(progress.say)
    with progress.phase("cloud", f"local cloud of {workspace.stack}"):
        region = write_overlay(workspace)
        cloud = clouds.start(workspace, region, ports)
        progress.say(f"AWS endpoint {cloud.endpoint_url} · gateway {cloud.gateway_url} · account {cloud.account_id}")
        progress.say(f"permissions {cloud.permissions}: {_PERMISSIONS[cloud.permissions]}")
    pack = LocalPack(workspace) if is_on() else None
    if pack is None:
        progress.say(f"{switches.POLICY}=off: the policy pack does not judge what this command deploys")
    engine = Engine(folder, workspace, cloud.provider_port, pack)
    engine.ensure_stack()
    return Session(workspace, cloud, engine)


def recover(session: Session, progress: Progress) -> None:
    """Bring the state of an interrupted run in line with what is really there.

    A creation that was cut off is dropped from the state; the local provider keeps a journal of what it makes and hands
    the resource to the next creation of the same URN.
    """
    pending = session.engine.pending_operations()
    if not pending:
        return
    with progress.phase("recover", f"{len(pending)} operations of an interrupted run"):
        if session.engine.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates"):
            raise PulumiError("the state of the interrupted run could not be refreshed; the engine's message is above")


def adopt_retained(session: Session, progress: Progress, *, quiet: bool = False) -> None:
    """Let an environment that starts from an empty state take over what an earlier destroy retained."""
    if session.engine.has_resources():
        return
    with progress.phase("adopt", "retained resources looked for"):
        state = session.workspace.folder / "state-before.json"
        write_atomically(state, session.engine.capture("stack", "export"))
        found = omnix(
            session.workspace, "adopt", "--state", str(state), "--write", str(session.workspace.config), quiet=quiet
        )
        if found:
            raise PulumiError("what an earlier destroy retained could not be found out; the message is above")


def deploy(session: Session, progress: Progress, *, quiet: bool = False) -> None:
    """Run `pulumi up`, with a preview where the policy pack judges; raises PulumiError when it fails.

    The pack's rules about the stack as a whole are asked at the end of a preview, and of an update: without the preview
    they would refuse what has been made already.
    """
    recover(session, progress)
    adopt_retained(session, progress, quiet=quiet)
    known = session.workspace.read_summary().get("gateway_url")
    # The stage's address is part of the state: after a change of port the state is refreshed before the program runs.
    moved = ["--refresh"] if known not in {None, session.cloud.gateway_url} else []
    pack = session.engine.pack
    preview = [] if pack else ["--skip-preview"]
    with progress.phase("up", f"pulumi up --stack {session.workspace.stack}"):
        if session.engine.run("up", "--yes", *preview, "--suppress-outputs", *moved, quiet=quiet):
            raise PulumiError("`pulumi up` failed; the engine's message is above. Mend it and run `make up` again")
    if pack:
        progress.say(sentence(pack.result()))
    session.cloud.ask("snapshot", post=True)


def unprotect(workspace: Workspace, progress: Progress) -> None:
    """Run the deployment after which `destroy` of a protected environment is no longer refused."""
    with workspace.alone():
        session = open_session(workspace, progress)
        write_overlay(workspace, unprotect=True)
        deploy(session, progress)


def summarise(session: Session, progress: Progress) -> dict[str, Any]:
    """Write `.local/{stack}.json` from the stack's outputs, and return it."""
    workspace, outputs = session.workspace, session.engine.outputs()
    demo = workspace.read_summary().get("demo") or {
        "email": f"demo@{workspace.stack}.omnix-ai.example",
        "password": secrets.token_urlsafe(15),
    }
    addresses = ("api_url", "websocket_url", "site_url", "region", "account_id")
    summary: dict[str, Any] = {
        # exported as null by a stack without an edge or a socket, and `stack output` leaves nulls out
        "websocket_url": None,
        "site_url": None,
        **{key: outputs[key] for key in addresses if key in outputs},
        "stack": workspace.stack,
        "aws_endpoint_url": session.cloud.endpoint_url,
        "gateway_url": session.cloud.gateway_url,
        "demo": demo,
        "state_path": str(workspace.state),
        "outputs": outputs,
        "resources": session.cloud.ask("resources")["labels"],
        "permissions": session.cloud.permissions,
        "policy": session.engine.pack.counts() if session.engine.pack else None,
        "phases": progress.seconds,
    }
    workspace.write_summary(summary)
    return summary


def omnix(workspace: Workspace, *arguments: str, quiet: bool = False) -> int:
    """Run the operator's command line on the environment; returns its exit code."""
    command = [str(Path(sys.executable).parent / "omnix"), *arguments, "--stack", workspace.stack]
    environment = {**os.environ, "OMNIX_LOCAL_DIR": str(workspace.home)}
    return subprocess.run(command, env=environment, stdout=sys.stderr if quiet else None, check=False).returncode


def up(
    workspace: Workspace, progress: Progress, *, ports: tuple[int, int] | None = None, quiet: bool = False
) -> dict[str, Any]:
    """Deploy, load the demo and prove the environment; returns its summary.

    Raises NotReadyError when the readiness suite (or the demo) fails, PulumiError or CloudError before that.
    """
    with workspace.alone():
        with progress.phase("package", "functions packaged for this machine"):
            bundler.build(ROOT, "local")
        session = open_session(workspace, progress, ports)
        deploy(session, progress, quiet=quiet)
        summary = summarise(session, progress)
        with progress.phase("demo", "demo data through the API"):
            if omnix(workspace, "demo", "load", quiet=quiet):
                raise NotReadyError("the demo data could not be loaded; the message is above")
        with progress.phase("readiness", "readiness suite"):
            reports = (
                "--json",
                str(workspace.folder / "readiness.json"),
                "--junit",
                str(workspace.folder / "readiness.xml"),
            )
            ready = omnix(workspace, "readiness", *reports, quiet=quiet) == 0
        session.cloud.ask("snapshot", post=True)
        summary = summarise(session, progress)
    if not ready:
        raise NotReadyError(f"{workspace.stack} is up and not ready; see {workspace.folder / 'readiness.json'}")
    return summary


def destroy(workspace: Workspace, progress: Progress) -> dict[str, Any]:
    """Destroy the environment's resources and return what is left in its cloud, by service.

    Raises PulumiError when the engine refuses: protected resources (prod) are not destroyed.
    """
    with workspace.alone():
        session = open_session(workspace, progress)
        recover(session, progress)
        with progress.phase("destroy", f"pulumi destroy --stack {workspace.stack}"):
            if session.engine.run("destroy", "--yes"):
                raise PulumiError(
                    f"`pulumi destroy` of {workspace.stack} was refused or failed; the engine's message is above"
                )
        session.cloud.ask("snapshot", post=True)
        # the demo user outlives a destroy that retains the tables, and so must its password
        kept = ("stack", "account_id", "region", "aws_endpoint_url", "gateway_url", "demo")
        workspace.write_summary({key: value for key, value in workspace.read_summary().items() if key in kept})
        left: dict[str, Any] = session.cloud.ask("inventory")
        return left


def as_json(document: Mapping[str, Any]) -> str:
    """Return canonical JSON for machines."""
    return json.dumps(document, indent=2, sort_keys=True)
