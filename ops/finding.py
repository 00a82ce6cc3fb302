"""Finds the stack that the command line names: a file of outputs, a local environment, or the engine's answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops import project
from ops.errors import Refused, WrongUse
from ops.stack import Cloud, Place, SignIn, Stack, assembled, is_loopback, parsed_outputs, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# Set by the toolchain only: whoever sets it means a local environment.
LOCAL_DIR = "OMNIX_LOCAL_DIR"
# Long-lived and temporary access keys as AWS makes them (IAM: unique identifiers AKIA, ASIA).
_REAL_KEY = re.compile(r"^(AKIA|ASIA)[A-Z0-9]{16}$")


@dataclass(frozen=True)
class Selection:
    """The command line's words for "which environment"."""

    stack: str | None = None
    outputs: Path | None = None
    cloud: Cloud | None = None

    def over(self, outer: Selection) -> Selection:
        """Options after the command win over the same options before it."""
        return Selection(self.stack or outer.stack, self.outputs or outer.outputs, self.cloud or outer.cloud)


def find(selection: Selection, root: Path | None = None) -> Stack:
    """The deployed stack that `selection` names, or a Refused that says what to do."""
    root = root or project.root()
    stack = _from_file(selection.outputs, selection, root) if selection.outputs else _by_name(selection, root)
    if selection.stack and stack.name != selection.stack:
        raise Refused(
            f"--stack says {selection.stack}, but the outputs are those of {stack.name}",
            "give the outputs of the stack that you name",
        )
    if selection.cloud and stack.place.cloud is not selection.cloud:
        raise Refused(
            f"--cloud says {selection.cloud}, but {stack.name} was found on {stack.place.cloud}",
            "leave --cloud out, or name the other environment",
        )
    return stack


def find_place(selection: Selection, root: Path | None = None) -> Place:
    """Where `selection` is or would be, for commands that must work after a destroy, when no output is left."""
    root = root or project.root()
    name = _required_name(selection)
    if _cloud_of(name, selection.cloud, root) is Cloud.LOCAL:
        return _local_place(name, root)
    return _place_from_config(root / f"Pulumi.{name}.yaml", name)


def _local_place(name: str, root: Path) -> Place:
    """From the running cloud itself, which is there before the first `up` and may have moved since the last one."""
    cloud = local_home(root) / name / "cloud" / "cloud.json"
    path, endpoint = (cloud, "endpoint_url") if cloud.is_file() else (_summary(name, root), "aws_endpoint_url")
    if not path.is_file():
        raise Refused(f"there is no local environment {name} ({path})", f"start it: `make up STACK={name}`")
    document = read_json(path)
    try:
        return Place(name, document["account_id"], document["region"], document[endpoint])
    except KeyError as error:
        raise Refused(f"{path} has no {error.args[0]}", f"run `make up STACK={name}` again") from error


def _place_from_config(path: Path, name: str) -> Place:
    import yaml

    if not path.is_file():
        raise Refused(f"there is no stack config {path}", "name one of the project's stacks")
    config = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config") or {}
    try:
        account, region = config["omnix-ai:accountId"], config["omnix-ai:region"]
    except KeyError as error:
        raise Refused(f"{path} has no {error.args[0]}", "add it to the stack's config") from error
    return Place(name, str(account), str(region), None)


def _required_name(selection: Selection) -> str:
    if not selection.stack:
        raise WrongUse("which environment?", "name it: `--stack dev`, `--stack staging` or `--stack prod`")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", selection.stack):
        raise WrongUse(f"{selection.stack!r} is no stack's name", "use lower-case letters, as in `--stack dev`")
    return selection.stack


def local_home(root: Path) -> Path:
    """Where local environments keep their things; `make` names another folder for environments of tests."""
    return Path(os.environ.get(LOCAL_DIR) or root / ".local")


def local_state(name: str, root: Path) -> Path:
    """The engine's state file of a local environment; kept after a destroy, when no summary names it."""
    return local_home(root) / name / "pulumi" / ".pulumi" / "stacks" / "omnix-ai" / f"{name}.json"


def _summary(name: str, root: Path) -> Path:
    return local_home(root) / f"{name}.json"


def _cloud_of(name: str, asked: Cloud | None, root: Path) -> Cloud:
    if asked or os.environ.get(LOCAL_DIR):
        return asked or Cloud.LOCAL
    if not _summary(name, root).is_file():
        return Cloud.AWS
    if real := real_credentials(os.environ):
        raise WrongUse(
            f"{name} could be the local environment or the one on AWS ({real} is set)",
            "say which: `--cloud local` or `--cloud aws`",
        )
    return Cloud.LOCAL


def real_credentials(environment: Mapping[str, str]) -> str | None:
    """The name of a variable that points at a real AWS account, if there is one."""
    if _REAL_KEY.match(environment.get("AWS_ACCESS_KEY_ID", "")):
        return "AWS_ACCESS_KEY_ID"
    return next(
        (n for n in ("AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN") if environment.get(n)),
        None,
    )


def _by_name(selection: Selection, root: Path) -> Stack:
    name = _required_name(selection)
    if _cloud_of(name, selection.cloud, root) is Cloud.LOCAL:
        path = _summary(name, root)
        if not path.is_file():
            raise Refused(f"there is no local environment {name} ({path})", f"start it: `make up STACK={name}`")
        return _from_summary(path)
    return assembled(parsed_outputs(_engine_outputs(name, root), f"`pulumi stack output --stack {name}`"), None)


def _from_summary(path: Path) -> Stack:
    document = read_json(path)
    outputs = parsed_outputs(document.get("outputs") or {}, str(path))
    # A restarted local cloud may have other ports: the summary's own addresses are the current ones.
    current = {k: document[k] for k in ("api_url", "websocket_url", "site_url") if document.get(k)}
    demo = document.get("demo")
    sign_in = SignIn(**demo) if demo and demo.get("email") and demo.get("password") else None
    return assembled(outputs.model_copy(update=current), document.get("aws_endpoint_url"), sign_in, path)


def _from_file(path: Path, selection: Selection, root: Path) -> Stack:
    document = read_json(path)
    if "outputs" in document and "aws_endpoint_url" in document:
        return _from_summary(path)
    outputs = parsed_outputs(document, str(path))
    if not is_loopback(outputs.api_url):
        return assembled(outputs, None)
    # Outputs of a local stack do not say where its AWS API is; the environment's summary does.
    summary = _summary(selection.stack or outputs.environment, root)
    if not summary.is_file():
        raise Refused(
            f"{path} is a local environment's, and {summary} does not say where its AWS API is",
            f"run `make up STACK={outputs.environment}`, or give its `.local/{outputs.environment}.json`",
        )
    found = read_json(summary)
    if found.get("account_id") != outputs.account_id:
        raise Refused(
            f"{path} belongs to account {outputs.account_id}, {summary} to {found.get('account_id')}",
            "give the outputs of the environment that is running",
        )
    return assembled(outputs, found.get("aws_endpoint_url"), summary=summary)


def run_engine(arguments: list[str], root: Path) -> str:
    """Stdout of one `pulumi` command in the project, or a Refused with its own words."""
    try:
        result = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"},
        )
    except FileNotFoundError as error:
        raise Refused(
            "the `pulumi` command is not on PATH",
            "start a local environment (`make up`), give --outputs FILE, or install Pulumi",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise Refused(
            f"`pulumi {arguments[0]} {arguments[1]}` gave no answer in 5 minutes", "look at the state backend"
        ) from error
    if result.returncode:
        words = (result.stderr or result.stdout).strip() or f"exit code {result.returncode}"
        raise Refused(
            f"`pulumi {' '.join(arguments)}` failed: {words}",
            "sign in to the state backend (`pulumi login`), check the stack's name, or give --outputs FILE",
        )
    return result.stdout


def _engine_outputs(name: str, root: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run_engine(["stack", "output", "--json", "--stack", name], root) or "{}")
    return document
