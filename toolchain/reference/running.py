"""Runs the page's commands: what stands in its `sh` blocks, literally, in one shell, in the page's order."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OPERATION = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/\S*)`")
_INTO = re.compile(r" > (\S+)$")  # a long answer goes to a file
_SECONDS = 180
_SECRET = re.compile(r"(eyJ|om[xr]_)[\w.-]{20,}")  # access tokens, API keys, refresh tokens
_SECRET_SHOWN = 8
_KEPT_HEADERS = frozenset(
    {"location", "etag", "cache-control", "idempotency-replayed", "next-cursor", "content-disposition"}
)
# curl is the real one and the commands are the page's own: where curl leaves an answer's headers is told by its config.
_CONFIG = 'dump-header = "{headers}"\n'


@dataclass(frozen=True)
class Block:
    """One `sh` block of the page; `route` is the operation (`GET /products`) whose section it stands in, if any."""

    route: str | None
    text: str


@dataclass(frozen=True)
class Answer:
    """What one example's last call answered. Header names are in lower case; `body` is the text."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    def kept(self) -> dict[str, Any]:
        """The answer as the reference keeps it, without what would open a door."""
        is_json = self.headers.get("content-type", "").startswith("application/json")
        headers = {_cased(header): self.headers[header] for header in sorted(_KEPT_HEADERS & self.headers.keys())}
        body = _masked(self.json) if is_json and self.body else self.body or None
        return {"status": self.status, "headers": headers, "body": body}


class RunError(Exception):
    """The commands could not be run, or one of them failed."""


def blocks(page: str) -> Iterator[Block]:
    """The `sh` blocks of a page, in its order."""
    route: str | None = None
    block: list[str] | None = None
    for line in page.splitlines():
        if block is not None:
            if line == "```":
                yield Block(route, "\n".join(block))
                block = None
            else:
                block.append(line)
        elif line == "```sh":
            block = []
        elif line.startswith("#"):
            route = None
        elif found := _OPERATION.match(line):
            route = f"{found[1]} {found[2]}"


def run(page: str, api_url: str, folder: Path) -> dict[str, Answer]:
    """The answers by route. `folder` is empty and takes files; raises RunError."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        raise RunError("the reference's examples are run with curl and bash: install them and run again")
    found = list(blocks(page))
    headers = folder / "headers.txt"
    (folder / ".curlrc").write_text(_CONFIG.format(headers=headers), encoding="utf-8")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _script(found, headers)],
        cwd=folder, env=_environment(api_url, folder), capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RunError(f"a command of the reference failed ({done.returncode}): {done.stderr[-2000:]}")
    return {block.route: _answer(folder, number, block.text) for number, block in enumerate(found) if block.route}


def _script(found: list[Block], headers: Path) -> str:
    """The blocks as they are; between them, what each printed and the headers that it got are put aside."""
    parts = []
    for number, block in enumerate(found):
        parts += [f"{{\n{block.text}\n}} > out-{number}.txt"]
        if block.route:
            parts.append(f"cp {headers} headers-{number}.txt")
    return "\n".join(parts)


def _environment(api_url: str, folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "API": api_url, "CURL_HOME": str(folder), "HOME": str(folder)}


def _answer(folder: Path, number: int, text: str) -> Answer:
    status, *lines = (folder / f"headers-{number}.txt").read_text(encoding="iso-8859-1").splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line)
    into = _INTO.search(text)
    body = (folder / (into[1] if into else f"out-{number}.txt")).read_bytes().decode()
    return Answer(int(status.split()[1]), {header.lower(): value.strip() for header, _, value in pairs}, body)


def _masked(value: Any) -> Any:
    """Tokens and keys are cut: a page in a repository carries none that ever worked."""
    if isinstance(value, dict):
        return {key: _masked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_masked(part) for part in value]
    return f"{value[:_SECRET_SHOWN]}…" if isinstance(value, str) and _SECRET.fullmatch(value) else value


def _cased(header: str) -> str:
    return "ETag" if header == "etag" else header.title()
