"""The prompts: files beside this module, shipped in the zip, each with a version that is its content's digest."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "prompts"
_VERSION_LENGTH = 12


@dataclass(frozen=True)
class Prompt:
    """A system prompt. `version` is in the log line of every answer: which text an answer was given on."""

    name: str
    text: str
    version: str


@functools.cache
def prompt(name: str) -> Prompt:
    """The prompt of `prompts/{name}.md`; it is the same for everybody, so that a cache of the model's can hold it."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()
    return Prompt(name, text, hashlib.sha256(text.encode()).hexdigest()[:_VERSION_LENGTH])
