"""Everything that must survive a stop, in one file that is either old or new, never half.

`DIR/state/snapshot`: a line of JSON (format, versions, account, length and SHA-256 of the rest), then the
pickle of moto's backends and the registry. Written beside it, fsynced and renamed.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import threading
import time
from pathlib import Path
from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict

from localcloud.persistence import pickling
from localcloud.persistence.lock import StateLock
from localcloud.registry import Registry
from localcloud.state_directory import StateError

FORMAT = 1
# moto's own bookkeeping of a BackendDict, the same in every process
_STRUCTURE = {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}
# Backends that describe the server, not the account.
_NOT_STATE = {"moto_api", "instance_metadata"}
# A snapshot may stop the world for at most this share of the time.
_SHARE = 0.05
_QUIET_SECONDS = 2.0


class SnapshotError(StateError):
    """The snapshot cannot be used."""


def _identity(account_id: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "moto": importlib.metadata.version("moto"),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "account_id": account_id,
    }


class Snapshots:
    """Reads and writes the state directory's snapshot and knows whether it is out of date."""

    def __init__(self, directory: Path, account_id: str, registry: Registry, lock: StateLock) -> None:
        self._file = directory / "snapshot"
        self._blobs = pickling.BlobStore(directory / "blobs")
        self._account_id = account_id
        self._registry = registry
        self._lock = lock
        self._changes = 0
        self._saved: tuple[int, int] = (0, registry.revision())
        self._writing = threading.Lock()
        self._seconds = 0.0

    def changed(self) -> None:
        """Something in moto was written."""
        self._changes += 1

    def save(self, *, only_if_changed: bool = False) -> bool:
        """Write the state as of now. Whether there was anything to write."""
        with self._writing:
            started = time.monotonic()
            with self._lock.hold():
                revision = (self._changes, self._registry.revision())
                if only_if_changed and revision == self._saved:
                    return False
                state = {"backends": _collect(self._account_id), "registry": self._registry.dump()}
                body = pickling.dumps(state, self._blobs)
            self._seconds = time.monotonic() - started
            header = _identity(self._account_id) | {
                "length": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            self._replace(json.dumps(header).encode() + b"\n" + body)
            self._blobs.sweep()
            self._saved = revision
            return True

    def _replace(self, content: bytes) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name("snapshot.part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._file)
        directory = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def restore(self) -> dict[str, dict[str, str]]:
        """Put moto's state back; the registry's dump is returned. Empty when there is no snapshot.

        Raises `SnapshotError` when there is one that cannot be read: an empty cloud would look like a
        deleted one to the next `pulumi refresh`.
        """
        if not self._file.exists():
            return {}
        body = self._verified_body()
        try:
            state = pickling.loads(body, self._blobs)
        except (OSError, ValueError, AttributeError, ImportError, EOFError, TypeError) as error:
            raise SnapshotError(self._advice(f"cannot be read back ({error})")) from error
        with self._lock.hold():
            _put_back(self._account_id, state["backends"])
        registry: dict[str, dict[str, str]] = state["registry"]
        return registry

    def _verified_body(self) -> bytes:
        head, _, body = self._file.read_bytes().partition(b"\n")
        try:
            header = json.loads(head)
        except ValueError as error:
            raise SnapshotError(self._advice("has no readable header")) from error
        for key, value in _identity(self._account_id).items():
            if header.get(key) != value:
                raise SnapshotError(self._advice(f"was written with {key} {header.get(key)}, this is {value}"))
        if len(body) != header["length"] or hashlib.sha256(body).hexdigest() != header["sha256"]:
            raise SnapshotError(self._advice("is damaged (its checksum does not match)"))
        return body

    def _advice(self, reason: str) -> str:
        return (
            f"The saved state {self._file} {reason}. Start with what wrote it, put a good copy back, or "
            f"delete {self._file.parent} to begin with an empty cloud (and remove the Pulumi stack's state, "
            "which would still list the old resources)."
        )

    def keep(self, stop: threading.Event) -> None:
        """Save what changed every few seconds until `stop`: a `kill -9` loses no more than that."""
        while not stop.wait(max(_QUIET_SECONDS, self._seconds / _SHARE)):
            self.save(only_if_changed=True)


def _in_use() -> list[Any]:
    known: Any = BackendDict
    return list(known._instances)  # moto's only list of the services in use


def _collect(account_id: str) -> dict[str, dict[str, Any]]:
    """By service: the account's backends by region, and what the service keeps beside them."""
    return {
        backends.service_name: {
            "regions": dict(backends[account_id]),
            "extra": {key: value for key, value in vars(backends).items() if key not in _STRUCTURE},
        }
        for backends in _in_use()
        if backends.service_name not in _NOT_STATE and account_id in backends
    }


def _put_back(account_id: str, state: dict[str, dict[str, Any]]) -> None:
    for service, kept in state.items():
        backends: Any = get_backend(service)  # type: ignore[call-overload]
        backends[account_id].update(kept["regions"])
        vars(backends).update(kept["extra"])
