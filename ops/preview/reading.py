"""Preview files into environments: the engine's own JSON, or this report's document of an earlier run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ops.errors import WrongUse
from ops.preview import urn as urns
from ops.preview.change import MalformedStep, changes
from ops.preview.disclosure import scrubbed, suspicious_values
from ops.preview.model import FORMAT, Action, Diagnostic, Document, Environment

_KNOWN_KEYS = frozenset({"config", "steps", "diagnostics", "duration", "changeSummary", "maybeCorrupt"})
_NANOSECONDS = 1e9
_LONGEST_MESSAGE = 4000


@dataclass(frozen=True)
class Source:
    """A preview file, and whose it is if the command line says so."""

    path: Path
    environment: str | None = None


@dataclass(frozen=True)
class Reading:
    """What a file says. `first_hand`: the engine's own preview, which the policy pack can read too."""

    environments: tuple[Environment, ...]
    first_hand: bool


def read(source: Source) -> Reading:
    """The environments of a file: one of a preview, or all of a document.

    A content that cannot be read is a failed preview, to be shown as one; only a path that is not there, or a
    document of another environment, is wrong use.
    """
    if not source.path.is_file():
        raise WrongUse(f"there is no preview file {source.path}", "check the path; `pulumi preview --json > FILE`")
    text = source.path.read_bytes().decode("utf-8", errors="replace")
    if not text.strip():
        return _unread(source, "the preview wrote nothing; the job's log has the engine's message")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, after {len(text):,} characters in all"
        return _unread(source, f"the preview's JSON is cut off or damaged ({where}); it was not read")
    if isinstance(document, dict) and document.get("format") == FORMAT:
        return _reread(source, document)
    return Reading((_environment(source, document),), first_hand=True)


def _unread(source: Source, why: str) -> Reading:
    return Reading((_failed(source, why),), first_hand=False)


def _reread(source: Source, document: Mapping[str, Any]) -> Reading:
    try:
        environments = Document.model_validate(document).environments
    except ValidationError as error:
        return _unread(source, f"the report's document has {error.error_count()} errors and was not read")
    names = {environment.name for environment in environments}
    if source.environment is not None and names != {source.environment}:
        raise WrongUse(f"{source.path} is of {', '.join(sorted(names)) or 'nothing'}", "name it for what it is")
    return Reading(environments, first_hand=False)


def _environment(source: Source, document: Any) -> Environment:
    if not isinstance(document, dict) or not _KNOWN_KEYS & document.keys():
        return _failed(source, "the file is JSON, but no preview of the engine's")
    steps = document.get("steps") or []
    if not isinstance(steps, list):
        return _failed(source, "the preview's steps are no list")
    try:
        found = changes(steps)
    except MalformedStep as error:
        return _failed(source, f"the preview cannot be read: {error}")
    secrets = frozenset(suspicious_values(steps))
    diagnostics = _diagnostics(document.get("diagnostics"), secrets)
    return Environment(
        name=_name(source, found[0].urn if found else None),
        changes=found,
        diagnostics=diagnostics,
        seconds=_seconds(document.get("duration")),
        failure=_failure(document, diagnostics),
        # The stack itself is always among the steps: others that stay the same come with --show-sames only.
        inventory=any(c.action is Action.SAME and c.resource.type != "pulumi:pulumi:Stack" for c in found),
    )


def _name(source: Source, urn: str | None) -> str:
    stack = urns.parse(urn).stack if urn else None
    if source.environment and stack and source.environment != stack:
        raise WrongUse(
            f"{source.path} is a preview of {stack}, not of {source.environment}", "name the file for what it is"
        )
    return source.environment or stack or source.path.stem


def _failed(source: Source, why: str) -> Environment:
    return Environment(name=source.environment or source.path.stem, failure=why)


def ended(environment: Environment, exit_code: int | None) -> Environment:
    """The environment, failed if the engine's exit code says so and nothing else does.

    A mandatory policy violation ends a preview with an error too, after the whole plan was made: it is told as what it
    is, and the preview did not fail.
    """
    violated = environment.policy is not None and any(v.mandatory for v in environment.policy.violations)
    if not exit_code or environment.failure or violated:
        return environment
    return environment.model_copy(update={"failure": f"the engine ended with exit code {exit_code}"})


def missing(name: str) -> Environment:
    """An environment that was to be previewed and of which nothing came."""
    return Environment(name=name, failure="no preview of it arrived: its job failed, was cancelled or may not run here")


def _seconds(duration: Any) -> float | None:
    """`duration` is in nanoseconds."""
    usable = isinstance(duration, int | float) and not isinstance(duration, bool)
    return round(duration / _NANOSECONDS, 1) if usable else None


def _failure(document: Mapping[str, Any], diagnostics: tuple[Diagnostic, ...]) -> str | None:
    if document.get("maybeCorrupt"):
        return "the engine says that the state may be corrupt"
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    if errors:
        return f"the preview ended with {errors} {'error' if errors == 1 else 'errors'}"
    # The engine writes the summary last: without one it was cancelled half way.
    if not isinstance(document.get("changeSummary"), dict):
        return "the preview did not finish: it has no summary"
    return None


def _diagnostics(entries: Any, secrets: frozenset[str]) -> tuple[Diagnostic, ...]:
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        message = scrubbed(str(entry.get("message") or ""), secrets).strip()
        severity = str(entry.get("severity") or "info")
        if message:
            found.append(
                Diagnostic(
                    severity=severity if severity in {"error", "warning"} else "info",
                    message=_shortened(message),
                    resource=_resource(entry.get("urn")),
                )
            )
    return tuple(found)


def _shortened(message: str) -> str:
    """The end of a long message says most: an exception's last lines."""
    return message if len(message) <= _LONGEST_MESSAGE else f"… {message[-_LONGEST_MESSAGE:]}"


def _resource(urn: Any) -> str | None:
    try:
        return urns.parse(str(urn)).name if urn else None
    except urns.MalformedUrn:
        return None
