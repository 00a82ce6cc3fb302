"""The policy pack's findings on a preview: read from a file, or asked of the pack itself."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ops.errors import WrongUse
from ops.preview.disclosure import scrubbed
from ops.preview.model import PolicyResult, Violation

_SECONDS = 600


def from_file(path: Path) -> PolicyResult:
    """The result that `python -m policy check PREVIEW --json` wrote."""
    if not path.is_file():
        raise WrongUse(f"there is no policy result {path}", "write it: `python -m policy check PREVIEW --json`")
    return _parsed(path.read_text(encoding="utf-8", errors="replace"))


def available() -> bool:
    """Say whether the policy pack can be run here."""
    try:
        return importlib.util.find_spec("policy.__main__") is not None
    except ModuleNotFoundError:
        return False


def run(preview: Path) -> PolicyResult:
    """Run the pack on a preview of the engine's; its exit code says what its document says too."""
    command = [sys.executable, "-m", "policy", "check", str(preview), "--json"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return PolicyResult(problem=f"the policy pack gave no answer in {_SECONDS} seconds")
    if not result.stdout.strip():
        return PolicyResult(problem=f"the policy pack gave no result (exit code {result.returncode})")
    return _parsed(result.stdout)


def _parsed(text: str) -> PolicyResult:
    try:
        document: Any = json.loads(text)
    except json.JSONDecodeError:
        return PolicyResult(problem="the policy pack's result is no JSON")
    if not isinstance(document, dict) or not isinstance(document.get("violations"), list):
        return PolicyResult(problem="the policy pack's result has no list of violations")
    known = {
        "violations": [_picked(entry) for entry in document["violations"]],
        "checked": document.get("checked", 0),
        "rules": document.get("rules", 0),
        "unknown": _length(document.get("unknown")),
        "excepted": _length(document.get("overridden")),
    }
    try:
        return _clean(PolicyResult.model_validate(known))
    except ValidationError as error:
        return PolicyResult(problem=f"the policy pack's result cannot be read: {_first(error)}")


def _length(entries: Any) -> Any:
    return len(entries) if isinstance(entries, list | dict) else entries or 0


def _picked(entry: Any) -> Any:
    """The fields of a violation that the report knows; a pack may say more."""
    return (
        {key: entry[key] for key in Violation.model_fields if entry.get(key) is not None}
        if isinstance(entry, dict)
        else entry
    )


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"


def _clean(result: PolicyResult) -> PolicyResult:
    """A rule's message may quote what it found: it is cleaned like a diagnostic, and put in a stable order."""
    violations = sorted(
        (v.model_copy(update={"message": scrubbed(v.message), "fix": scrubbed(v.fix)}) for v in result.violations),
        key=lambda v: (not v.mandatory, v.rule, v.urn, v.message),
    )
    return result.model_copy(update={"violations": tuple(violations)})
