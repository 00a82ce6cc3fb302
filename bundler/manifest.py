"""`dist/{target}/manifest.json`: what was built, for who deploys it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class BuiltFunction:
    """`path` is relative to the project root; `sha256` is base64, `bytes` the zip's size, `files` its entries."""

    path: str
    sha256: str
    handler: str
    bytes: int
    files: int


@dataclass(frozen=True)
class Manifest:
    """`rebuilt` names the functions whose zip this call had to make; it is not written to the file."""

    target: str
    functions: Mapping[str, BuiltFunction]
    rebuilt: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the file's text: the same for the same build."""
        functions = {name: asdict(built) for name, built in sorted(self.functions.items())}
        return json.dumps({"target": self.target, "functions": functions}, indent=2, sort_keys=True) + "\n"


def read(path: Path) -> dict[str, BuiltFunction]:
    """Return the entries of a manifest; none where there is no (whole) manifest, as before a first build."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {name: BuiltFunction(**entry) for name, entry in document["functions"].items()}
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
        return {}
