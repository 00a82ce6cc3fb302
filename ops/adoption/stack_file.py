"""Writes `omnix-ai:adopt` into a Pulumi stack file and leaves every other byte alone: comments are people's work."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "omnix-ai:adopt"


def with_adoption(text: str, adopt: Mapping[str, str], source: str) -> str:
    """`text` with exactly `adopt` under the key; an empty map removes it. Refused when the file is not editable."""
    before = _parsed(text, source)
    lines = text.splitlines(keepends=True)
    start, indent = _config_section(lines, source)
    begin, end = _existing(lines, start, indent)
    if begin is None:
        begin = end = _section_end(lines, start, indent)
    if adopt and begin and not lines[begin - 1].endswith("\n"):
        lines[begin - 1] += "\n"
    after = "".join([*lines[:begin], *_block(adopt, indent), *lines[end:]])
    _require_same(before, _parsed(after, source), adopt, source)
    return after


def _parsed(text: str, source: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refused(f"{source} is not YAML: {error}", "put the file right, then try again") from error
    if not isinstance(document, dict) or not isinstance(document.get("config"), dict):
        raise Refused(f"{source} has no `config:` section", "give a Pulumi stack file (Pulumi.STACK.yaml)")
    return document


def _blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _config_section(lines: list[str], source: str) -> tuple[int, int]:
    """The line after `config:` and the indentation of its keys."""
    for index, line in enumerate(lines):
        if re.match(r"config:\s*(#.*)?$", line):
            first = next((later for later in lines[index + 1 :] if not _blank(later)), "")
            if _indent(first):
                return index + 1, _indent(first)
    raise Refused(f"{source} is written in a form that cannot be edited in place", "write `config:` as a block")


def _existing(lines: list[str], start: int, indent: int) -> tuple[int | None, int]:
    """The lines of the key and what is under it."""
    pattern = re.compile(rf" {{{indent}}}([\"']?){re.escape(KEY)}\1\s*:")
    for index in range(start, len(lines)):
        if pattern.match(lines[index]):
            end = index + 1
            while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
                end += 1
            while not lines[end - 1].strip():
                end -= 1
            return index, end
    return None, start


def _section_end(lines: list[str], start: int, indent: int) -> int:
    """The line after the last one that belongs to `config:`."""
    end = start
    for index in range(start, len(lines)):
        if not _blank(lines[index]) and _indent(lines[index]) < indent:
            break
        if not _blank(lines[index]):
            end = index + 1
    return end


def _block(adopt: Mapping[str, str], indent: int) -> list[str]:
    if not adopt:
        return []
    outer, inner = " " * indent, " " * (indent * 2)
    # JSON strings are YAML strings: an id of digits only stays text.
    return [f"{outer}{KEY}:\n", *(f"{inner}{name}: {json.dumps(adopt[name])}\n" for name in sorted(adopt))]


def _require_same(before: dict[str, Any], after: dict[str, Any], adopt: Mapping[str, str], source: str) -> None:
    """The edit is a text edit; what it means is checked, so that no file is ever written wrong."""
    wanted = {**before, "config": {k: v for k, v in before["config"].items() if k != KEY}}
    if adopt:
        wanted["config"][KEY] = dict(adopt)
    if after != wanted:
        raise Refused(f"{source} is written in a form that cannot be edited in place", f"put {KEY} into it by hand")
