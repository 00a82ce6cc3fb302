"""A small uv workspace with wheels of its own: the whole build runs on it without a network."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from uv import find_uv_bin

from bundler.manifest import Manifest


class Project:
    """A project root with `functions/`, `wheels/` and a lock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "functions").mkdir(parents=True)
        (root / "wheels").mkdir()
        self.write(
            "pyproject.toml",
            '[project]\nname = "fixture"\nversion = "0"\nrequires-python = "==3.13.*"\n'
            '[tool.uv]\nno-index = true\n[tool.uv.workspace]\nmembers = ["functions/*"]\nexclude = ["functions/lib"]\n',
        )

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def wheel(self, name: str, files: Mapping[str, str | bytes]) -> None:
        """Add a pure wheel of that name."""
        info = f"{name}-1.0.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\nThe README of {name}\n"
        content: dict[str, bytes] = {k: v if isinstance(v, bytes) else v.encode() for k, v in files.items()}
        content[f"{info}/METADATA"] = metadata.encode()
        content[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        record = [f"{k},sha256={_record_hash(v)},{len(v)}" for k, v in content.items()]
        content[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
        with zipfile.ZipFile(self.root / "wheels" / f"{name}-1.0-py3-none-any.whl", "w") as archive:
            for path, data in content.items():
                archive.writestr(path, data)

    def function(self, name: str, handler: str, dependencies: tuple[str, ...] = (), omnix: str = "") -> None:
        """Add a function with its handler's source and its `[tool.omnix]` table."""
        sources = "".join(f'{d} = {{ path = "../../wheels/{d}-1.0-py3-none-any.whl" }}\n' for d in dependencies)
        self.write(
            f"functions/{name}/pyproject.toml",
            f'[project]\nname = "fn-{name}"\nversion = "0"\nrequires-python = "==3.13.*"\n'
            f"dependencies = {json.dumps(dependencies)}\n[tool.uv]\npackage = false\n"
            f"[tool.uv.sources]\n{sources}[tool.omnix]\n{omnix}\n",
        )
        self.write(f"functions/{name}/handler.py", handler)

    def lock(self) -> None:
        subprocess.run(
            [find_uv_bin(), "lock", "--offline", "--quiet", "--python", sys.executable],
            cwd=self.root,
            check=True,
            env={k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"},
        )


def entries(project: Project, manifest: Manifest, function: str) -> dict[str, bytes]:
    with zipfile.ZipFile(project.root / manifest.functions[function].path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
