"""`python -m localcloud faults`: the control page from a shell."""

import argparse
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from localcloud.faults.control import PAGE
from localcloud.faults.fault import KINDS
from localcloud.state_directory import StateDirectory, StateError


def add_parser(commands: Any) -> None:
    """Declare the command among the daemon's."""
    text = "make services slow, throttled, failing or silent for the functions; list and end that"
    parser: argparse.ArgumentParser = commands.add_parser("faults", help=text, description=text)
    parser.add_argument("--state-dir", type=Path, required=True)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="print the faults that are set, as JSON")
    setting = actions.add_parser("set", help="set one: kind=hang service=dynamodb resource='*-orders' for_seconds=30")
    setting.add_argument(
        "fields", nargs="+", metavar="NAME=VALUE", help=f"kind is one of {', '.join((*KINDS, 'corrupt'))}"
    )
    clearing = actions.add_parser("clear", help="end all of them, or one")
    clearing.add_argument("id", nargs="?", default="")


def run(arguments: argparse.Namespace) -> str:
    """Do what was asked of the cloud that runs; its answer as JSON. Raises `StateError` with its refusal."""
    directory = StateDirectory(arguments.state_dir)
    if directory.owner() is None:
        raise StateError(f"no cloud runs in {directory.root}: start it first")
    url = f"{directory.read_info()['endpoint_url']}/_localcloud/{PAGE}"
    if arguments.action == "set":
        return _asked(url, "POST", document(arguments.fields))
    if arguments.action == "clear":
        return _asked(f"{url}/{arguments.id}" if arguments.id else url, "DELETE")
    return _asked(url, "GET")


def document(fields: Iterable[str]) -> dict[str, Any]:
    """`{name: value}` of `name=value` texts; a value that reads as a JSON number is one."""
    found: dict[str, Any] = {}
    for text in fields:
        name, equals, value = text.partition("=")
        if not equals:
            raise StateError(f"{text!r} is not NAME=VALUE")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        found[name] = read if isinstance(read, int | float) else value
    return found


def _asked(url: str, method: str, body: Any = None) -> str:
    content = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the loopback's own
            return json.dumps(json.load(answer), indent=2)
    except urllib.error.HTTPError as refused:
        said = json.load(refused)
        raise StateError(str(said.get("message") or f"no such fault ({refused.code})")) from refused
