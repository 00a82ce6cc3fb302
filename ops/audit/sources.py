"""Legacy names in source trees: whole names only, each with its file and line; what was passed over is counted."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from ops.audit.model import Reference, Source
from ops.audit.names import whole
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ops.audit.references import Index

# Lock files and bundles above this hold no line that somebody wrote.
_BIG = 1_000_000
_SKIPPED = frozenset(
    {
        ".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache",
        ".pytest_cache", "dist", "build", "cdk.out", ".serverless", ".terraform", ".next",
    }
)  # fmt: skip
_LONGEST = 160
# What a line may give away beside the name: anything assigned that is not the name itself.
_SECRETIVE = re.compile(r"(?i)(secret|password|passwd|token|api_?key|credential)")


def search(root: Path, index: Index) -> tuple[Source, dict[str, list[Reference]]]:
    """References below a folder (or in one file), by the ARN of what is named."""
    if not root.exists():
        raise Refused(f"there is no source tree {root}", "check the path after --source")
    found: dict[str, list[Reference]] = defaultdict(list)
    counts = {"files": 0, "skipped_binary": 0, "skipped_big": 0, "skipped_unreadable": 0}
    alternatives = _any_of(index)
    for path in _files(root):
        content = _text(path, counts)
        if content is None or alternatives is None:
            continue
        shown = str(path.relative_to(root)) if path != root else path.name
        for number, line in enumerate(content.splitlines(), 1):
            # one pass over all names tells whether a closer look is worth it
            for name in sorted(set(alternatives.findall(line))):
                if whole(name).search(line):
                    reference = Reference(where=f"{root}: {shown}", line=number, text=_excerpt(line, name))
                    for resource in index.named(name):
                        found[resource.arn].append(reference)
    return Source(path=str(root), **counts), dict(found)


def _any_of(index: Index) -> re.Pattern[str] | None:
    # longest first, and looking ahead only: overlapping names are all found
    names = sorted(index.names, key=len, reverse=True)
    return re.compile(r"(?=(" + "|".join(map(re.escape, names)) + r"))") if names else None


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            yield type(root)(folder, name)


def _text(path: Path, counts: dict[str, int]) -> str | None:
    """A file's text, or None when it is none; one of `counts` grows either way."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        if path.stat().st_size > _BIG:
            counts["skipped_big"] += 1
            return None
        content = path.read_bytes()
    except OSError:
        counts["skipped_unreadable"] += 1
        return None
    try:
        if b"\0" in content:
            raise UnicodeError  # noqa: TRY301 - both mean the same: no text
        decoded = content.decode("utf-8")
    except UnicodeError:
        counts["skipped_binary"] += 1
        return None
    counts["files"] += 1
    return decoded


def _excerpt(line: str, name: str) -> str:
    """The line, unless it looks like one that holds a secret: then the name alone."""
    text = line.strip()
    if _SECRETIVE.search(text.replace(name, "")):
        return f"… {name} …"
    if len(text) <= _LONGEST:
        return text
    at = max(0, text.index(name) - _LONGEST // 3)
    return f"…{text[at : at + _LONGEST]}…"
