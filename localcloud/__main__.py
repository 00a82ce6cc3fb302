"""`python -m localcloud start|stop|status|logs|serve|faults|refusals`."""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from localcloud import credentials, daemon
from localcloud.faults import command as faults
from localcloud.refusals import report
from localcloud.service import Settings, serve
from localcloud.state_directory import StateDirectory, StateError


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an account id: 12 digits")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="One environment's local cloud.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("start", "start it in the background, wait until it answers, print its addresses as JSON"),
        ("serve", "serve in the foreground"),
        ("stop", "save the state and end it"),
        ("status", "say as JSON whether it runs; exit 1 when it does not"),
        ("logs", "print the daemon's and the functions' last log lines"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--state-dir", type=Path, required=True)
        if name in ("start", "serve"):
            command.add_argument("--account-id", type=_account, required=True)
            command.add_argument("--region", required=True)
            command.add_argument("--port", type=int, default=0, help="of the AWS endpoint; 0: the last or any")
            command.add_argument("--gateway-port", type=int, default=0, help="of the gateway; 0: the last or any")
            command.add_argument("--permissions", choices=("on", "off"), default="on", help="off: for debugging")
        if name == "logs":
            command.add_argument("--lines", type=int, default=100)
            command.add_argument("--follow", action="store_true")
    faults.add_parser(commands)
    refusals = commands.add_parser("refusals", help="print what is refused here as AWS refuses it, and what is not")
    refusals.add_argument("--json", action="store_true")
    return parser


def _refusals(arguments: argparse.Namespace) -> str:
    return report.as_json() if arguments.json else report.as_text()


_PRINTED: dict[str, Callable[[argparse.Namespace], str]] = {"faults": faults.run, "refusals": _refusals}


def _start(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.command == "serve":
        serve(settings)
        return 0
    info, notes = daemon.start(settings)
    for note in notes:
        _say(note)
    _print(json.dumps(info))
    return 0


def _logs(directory: StateDirectory, lines: int, *, follow: bool) -> int:
    files = [directory.daemon_log, directory.functions_log]
    for file in files:
        _print(daemon.tail(file, lines))
    places = {file: file.stat().st_size if file.exists() else 0 for file in files}
    while follow:
        time.sleep(0.3)
        for file in files:
            if file.exists() and file.stat().st_size > places[file]:
                with file.open(errors="replace") as opened:
                    opened.seek(places[file])
                    sys.stdout.write(opened.read())
                    places[file] = opened.tell()
        sys.stdout.flush()
    return 0


def main(argv: list[str] | None = None) -> int:
    """0: done; 1: refused or failed (or, for `status`, not running); 2: wrong use."""
    arguments = _parser().parse_args(argv)
    if arguments.command in _PRINTED:
        _print(_PRINTED[arguments.command](arguments))
        return 0
    directory = StateDirectory(arguments.state_dir)
    if arguments.command == "stop":
        _say(daemon.stop(directory))
        return 0
    if arguments.command == "status":
        found = daemon.status(directory)
        _print(json.dumps(found))
        return 0 if found.get("healthy") else 1
    if arguments.command == "logs":
        return _logs(directory, arguments.lines, follow=arguments.follow)
    if names := credentials.real_looking(os.environ):
        _say(credentials.refusal(names))
        return 1
    settings = Settings(
        arguments.state_dir,
        arguments.account_id,
        arguments.region,
        arguments.port,
        arguments.gateway_port,
        permissions=arguments.permissions == "on",
    )
    if not settings.permissions:
        _say("permissions are off: every call is let through, as no AWS account would")
    return _start(arguments, settings)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _say(text: str) -> None:
    sys.stderr.write(f"localcloud: {text}\n")


def run() -> int:
    """`main` with the errors that have a sentence of their own turned into it."""
    try:
        return main()
    except (daemon.DaemonError, StateError) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
