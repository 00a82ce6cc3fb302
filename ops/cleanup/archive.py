"""Files that undo goes by: written once, readable by their owner only, on the disk before anything is removed.

They hold what AWS gives out about a resource, which for a function is its environment too: keep the folder as you
would keep the account's own configuration. Values of secrets are never in it.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Archive:
    """One run's folder of archives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, name: str, content: bytes) -> dict[str, str]:
        """Write a file whole or not at all; its name and sha256, for the ledger."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self.folder / f".{name}.part"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return {"file": name, "sha256": hashlib.sha256(content).hexdigest()}

    def keep_document(self, name: str, document: Mapping[str, Any]) -> dict[str, str]:
        """Keep a JSON document; times become ISO 8601, bytes base64."""
        text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, default=_plain)
        return self.keep(name, text.encode())

    def content(self, kept: Mapping[str, str]) -> bytes:
        """A kept file, or Refused when it is gone or not what was kept."""
        path = self.folder / kept["file"]
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise Refused(f"the archive {path} is missing", "bring it back from its copy") from error
        if hashlib.sha256(content).hexdigest() != kept["sha256"]:
            raise Refused(f"the archive {path} is not what was kept", "bring it back from its copy")
        return content

    def document(self, kept: Mapping[str, str]) -> dict[str, Any]:
        """A kept JSON document."""
        found: dict[str, Any] = json.loads(self.content(kept))
        return found


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is nothing that AWS's APIs give")
