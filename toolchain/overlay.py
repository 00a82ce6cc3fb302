"""The stack config of a local run, made from the committed one, which stays as it is.

What differs is only what must: the account (a local one, so that a mistake can never reach the real account), the
target that the functions are packaged for, and the engine's encryption salt.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

NAMESPACE: Final = "omnix-ai"
LOCAL_ACCOUNTS: Final[Mapping[str, str]] = {
    "dev": "100000000001",
    "staging": "100000000002",
    "prod": "100000000003",
}


def local_project(committed: str, program: Path) -> str:
    """Return the overlay project's YAML: the committed project with its program at `program`, on this Python.

    The engine finds its interpreter on PATH, so the `virtualenv` option, relative to the project, goes.
    """
    document: dict[str, Any] = yaml.safe_load(committed)
    return yaml.safe_dump({**document, "main": str(program), "runtime": "python"}, sort_keys=True)


def local_config(stack: str, committed: str, previous: str | None = None, *, unprotect: bool = False) -> str:
    """Return the overlay's YAML.

    `committed` is the text of `Pulumi.{stack}.yaml`; `previous` an earlier overlay, whose encryption salt lives on: the
    state's secrets are encrypted with it. `unprotect` makes the deployment that allows a destroy of a protected stack.
    """
    document: dict[str, Any] = yaml.safe_load(committed) or {}
    config: dict[str, Any] = document.setdefault("config", {})
    config[f"{NAMESPACE}:accountId"] = LOCAL_ACCOUNTS[stack]
    config[f"{NAMESPACE}:artefacts"] = {"target": "local"}
    earlier: dict[str, Any] = (yaml.safe_load(previous) or {}) if previous else {}
    if unprotect:
        config[f"{NAMESPACE}:unprotect"] = True
    for key in ("encryptionsalt", "secretsprovider"):
        document.pop(key, None)
    if "encryptionsalt" in earlier:
        document["encryptionsalt"] = earlier["encryptionsalt"]
    return yaml.safe_dump(document, sort_keys=True, allow_unicode=True)
