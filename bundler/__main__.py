"""`python -m bundler build|check|list --target local|aws [--json] [function…]`.

Exit codes: 0 done, 1 refused or failed, 2 wrong use.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bundler.build import build
from bundler.check import Finding, check
from bundler.errors import BundleError
from bundler.project import SOURCE_ROOT, discover
from bundler.target import TargetName


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; wrong use exits with 2 (argparse)."""
    options = _parser().parse_intermixed_args(arguments)
    try:
        if options.command == "list":
            return _list(options.root, options.functions or None, as_json=options.json)
        targets: list[TargetName] = options.target or ["aws", "local"]
        if options.command == "build":
            return _build(options.root, targets, options.functions or None, as_json=options.json)
        return _check(options.root, targets, options.functions or None, as_json=options.json)
    except BundleError as error:
        _say(f"bundler: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bundler", description=__doc__)
    parser.add_argument("command", choices=("build", "check", "list"))
    parser.add_argument("functions", nargs="*", metavar="function", help=f"a folder of {SOURCE_ROOT}/; default all")
    parser.add_argument("--target", action="append", choices=("aws", "local"), help="default: both")
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    parser.add_argument("--root", type=lambda p: Path(p).resolve(), default=Path.cwd(), help="the project root")
    return parser


def _list(root: Path, functions: Sequence[str] | None, *, as_json: bool) -> int:
    found = discover(root, functions)
    if as_json:
        _print(json.dumps([{"name": f.name, "package": f.package, "handler": f.handler} for f in found], indent=2))
    else:
        for function in found:
            _print(f"{function.name:<12} {function.handler:<28} {function.package}")
    return 0


def _build(root: Path, targets: Sequence[TargetName], functions: Sequence[str] | None, *, as_json: bool) -> int:
    documents = []
    for name in targets:
        start = time.monotonic()
        manifest = build(root, name, functions, progress=_say)
        documents.append(json.loads(manifest.to_json()))
        if not as_json:
            seconds = time.monotonic() - start
            for function, built in manifest.functions.items():
                state = "built" if function in manifest.rebuilt else "unchanged"
                _print(f"{built.path:<28} {built.bytes / 1e6:6.2f} MB {built.files:5} files  {state}")
            _print(f"{name}: {len(manifest.rebuilt)} built in {seconds:.2f} s")
    if as_json:
        _print(json.dumps(documents if len(documents) > 1 else documents[0], indent=2))
    return 0


def _check(root: Path, targets: Sequence[TargetName], functions: Sequence[str] | None, *, as_json: bool) -> int:
    findings: list[Finding] = []
    for name in targets:
        findings += check(root, name, functions, progress=_say)
    if as_json:
        _print(json.dumps([f.document() for f in findings], indent=2))
    else:
        for finding in findings:
            _print(f"{finding.target:<6} {finding.function:<12} {'ok' if finding.ok else 'FAILED'}")
            for problem in finding.problems:
                _print(f"       {problem}")
    return 0 if all(f.ok for f in findings) else 1


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
