"""The packaged functions: what the build's manifest says was built, and where it is stored to be deployed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi

_SHA256 = re.compile(r"[A-Za-z0-9+/]{43}=\Z")


class ArtefactError(ValueError):
    """A manifest that cannot be read or does not name what the stack deploys."""


@dataclass(frozen=True)
class Artefact:
    """One function's zip: an absolute `path`, and `sha256` in base64, as Lambda reports it."""

    function: str
    path: str
    sha256: str
    handler: str


@dataclass(frozen=True)
class FunctionCode:
    """A zip in the artefact bucket, pinned by object version and digest: what a `LambdaFunction` takes."""

    function: str
    handler: str
    sha256: pulumi.Input[str]
    bucket: pulumi.Input[str]
    key: pulumi.Input[str]
    object_version: pulumi.Input[str]


def read_manifest(path: Path, root: Path) -> dict[str, Artefact]:
    """The artefacts that the manifest at `path` names, by function. Raises `ArtefactError`.

    Their paths, relative to `root` there, become absolute: a provider that was attached rather than
    started by the engine has another working directory. State compares assets by digest, not by path.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        functions: Mapping[str, Mapping[str, str]] = content["functions"]
        return {name: _artefact(name, entry, root) for name, entry in sorted(functions.items())}
    except OSError as error:
        raise ArtefactError(f"artefact manifest {path} cannot be read: {error.strerror}") from error
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ArtefactError(f"artefact manifest {path} is not a manifest: {error!r}") from error


def _artefact(name: str, entry: Mapping[str, str], root: Path) -> Artefact:
    path = str(root / entry["path"])
    artefact = Artefact(name, path=path, sha256=entry["sha256"], handler=entry["handler"])
    if not _SHA256.match(artefact.sha256):
        raise ArtefactError(f"{name}: sha256 {artefact.sha256!r} is not the base64 of a SHA-256")
    return artefact
