"""Where words go: results to stdout, progress and problems to stderr, JSON alone where it was asked for."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Not on a terminal there is no width to fit: a log keeps whole lines instead of rich's default 80 columns.
_LOG_COLUMNS = 140


def console(*, stderr: bool = False) -> Console:
    """A console with colours only on a terminal, and not a single style under NO_COLOR (no-color.org)."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        width=None if stream.isatty() else _LOG_COLUMNS,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        emoji=False,  # `:secret:` is part of an ARN
    )


class Output:
    """One command's way of answering: for people, or as one JSON document.

    `json_target` is None (people), "-" (the document is all that stdout gets) or a file to write beside
    the answer for people.
    """

    def __init__(self, json_target: str | None = None) -> None:
        self.json_target = json_target
        self.progress = console(stderr=True)
        self.people = console(stderr=json_target == "-")

    @property
    def json_only(self) -> bool:
        """True when stdout carries the document and nothing else."""
        return self.json_target == "-"

    def document(self, document: Any) -> None:
        """Deliver the machine's answer; does nothing when none was asked for.

        Under `answering` stdout gets it when the command ends, so that a refusal after it is told in it.
        """
        if self.json_target is None:
            return
        answer = _ANSWER.get()
        if not self.json_only:
            write_text(Path(self.json_target), _text(document, "utf-8"))
        elif answer is None:
            sys.stdout.write(_text(document, sys.stdout.encoding))
        else:
            answer.add(document)


@dataclass
class Answer:
    """What stdout gets of a command under `--json`: one document, with its `error` if it has one; None: nothing."""

    document: dict[str, Any] | None = None

    def add(self, more: Mapping[str, Any]) -> None:
        """Tell more in the document."""
        self.document = {**(self.document or {}), **more}


_ANSWER: ContextVar[Answer | None] = ContextVar("answer", default=None)


@contextmanager
def answering() -> Iterator[Answer]:
    """Gather a command's answer and write it once it ended, however it did."""
    answer = Answer()
    before = _ANSWER.set(answer)
    try:
        yield answer
    finally:
        _ANSWER.reset(before)
        if answer.document is not None:
            sys.stdout.write(_text(answer.document, sys.stdout.encoding))


def _text(document: Any, encoding: str) -> str:
    """The document in characters that `encoding` has: JSON can escape all others, half an emoji too."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(document, indent=2, default=str) + "\n"
    return text


def write_text(path: Path, text: str) -> None:
    """Write `text`, making the folder; an OSError reaches the command line's own handler."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
