"""Pickle for moto's objects: what the standard pickler refuses, and large bytes kept once on disk.

Locks are made anew, private keys travel as DER, weak dictionaries by their items, local functions (moto's
`defaultdict(lambda: …)`) by their code, AWS's own managed policies (4 MB of them) by their name. The
snapshot's header names the Python and moto versions: code objects and class layouts are only good for those.
"""

import functools
import hashlib
import importlib
import io
import json
import marshal
import os
import pickle
import threading
import types
import weakref
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy

# Zips and uploads above this size are written once, by their hash, instead of into every snapshot.
BLOB_BYTES = 64 * 1024
_PRIVATE_KEYS = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)
_BLOB_OWNERS = {"FakeKey", "LambdaFunction", "LayerVersion", "Chunk"}


class BlobStore:
    """Content-addressed files: `{directory}/{sha256}`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[int, tuple[bytes, str]] = {}
        self.used: set[str] = set()

    def write(self, content: bytes) -> str:
        """The name under which the content now is on disk."""
        known = self._known.get(id(content))
        name = known[1] if known and known[0] is content else hashlib.sha256(content).hexdigest()
        self._known[id(content)] = (content, name)
        target = self._directory / name
        if name not in self.used and not target.exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            part = target.with_suffix(f".{os.getpid()}.part")
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        self.used.add(name)
        return name

    def read(self, name: str) -> bytes:
        """The content; `FileNotFoundError` when it is gone, `ValueError` when it is not what it was."""
        content = (self._directory / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise ValueError(f"{self._directory / name} is damaged")
        return content

    def sweep(self) -> None:
        """Delete what the last snapshot did not use."""
        self._known = {key: kept for key, kept in self._known.items() if kept[1] in self.used}
        for file in self._directory.glob("*") if self._directory.exists() else ():
            if file.name not in self.used:
                file.unlink(missing_ok=True)


class _Blob:
    """Stands for bytes in the pickle; comes back as those bytes."""

    def __init__(self, name: str) -> None:
        self.name = name


def _rebuild_function(module: str, code: bytes, name: str, cells: int) -> types.FunctionType:
    names = vars(importlib.import_module(module))
    closure = tuple(types.CellType() for _ in range(cells))
    return types.FunctionType(marshal.loads(code), names, name, None, closure)  # noqa: S302 - our own snapshot


def _fill_function(function: types.FunctionType, state: tuple[Any, list[Any]]) -> None:
    function.__defaults__ = state[0]
    for cell, content in zip(function.__closure__ or (), state[1], strict=True):
        cell.cell_contents = content


def _rebuild_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, password=None)


def _reduce_key(key: Any) -> tuple[Any, ...]:
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (_rebuild_key, (der,))


@functools.cache
def _managed_policies() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def _managed_policy(name: str, account_id: str, region: str) -> AWSManagedPolicy:
    return AWSManagedPolicy.from_data(name, account_id, region, _managed_policies()[name])


def _reduce_function(function: types.FunctionType) -> tuple[Any, ...]:
    closure = function.__closure__ or ()
    code = marshal.dumps(function.__code__)
    state = (function.__defaults__, [cell.cell_contents for cell in closure])
    arguments = (function.__module__, code, function.__name__, len(closure))
    return (_rebuild_function, arguments, state, None, None, _fill_function)


def _fill_mapping(target: dict[Any, Any], state: tuple[Any, ...]) -> None:
    items, attributes, factory = state
    vars(target).update(attributes)
    if isinstance(target, defaultdict):
        target.default_factory = factory
    dict.update(target, items)


def _reduce_mapping(source: dict[Any, Any]) -> tuple[Any, ...]:
    """Moto's dictionaries have constructors that pickle cannot call and item methods that say less than they
    hold (S3's key store shows the last version of each key only): take what is inside as it is.
    """
    kind = type(source)
    state = (dict(dict.items(source)), vars(source), getattr(source, "default_factory", None))
    return (kind.__new__, (kind,), state, None, None, _fill_mapping)


def _reduce_managed_policy(policy: AWSManagedPolicy) -> tuple[Any, ...]:
    return (_managed_policy, (policy.name, policy.account_id, policy.partition))


def _reducer_by_nature(obj: Any, kind: type) -> Callable[[Any], tuple[Any, ...]] | None:
    if kind is types.FunctionType and "<locals>" in obj.__qualname__:
        return _reduce_function
    if isinstance(obj, _PRIVATE_KEYS):
        return _reduce_key
    if isinstance(obj, dict) and kind.__module__.startswith("moto."):
        return _reduce_mapping
    # one that is attached somewhere has a count of its own
    if kind is AWSManagedPolicy and not obj.attachment_count:
        return _reduce_managed_policy
    return None


class StatePickler(pickle.Pickler):
    """Writes moto's state; `blobs` takes the large bytes."""

    def __init__(self, file: BinaryIO, blobs: BlobStore) -> None:
        super().__init__(file, protocol=5)
        self._blobs = blobs

    def reducer_override(self, obj: Any) -> Any:
        """How the objects that pickle refuses are taken apart; NotImplemented means the usual way."""
        kind = type(obj)
        if kind.__name__ in _BLOB_OWNERS:
            return self._reduce_blob_owner(obj)
        reduce = _REDUCERS.get(kind) or _reducer_by_nature(obj, kind)
        return NotImplemented if reduce is None else reduce(obj)

    def _reduce_blob_owner(self, obj: Any) -> Any:
        parts = list(obj.__reduce_ex__(5))
        parts[2] = self._without_bytes(parts[2])
        return tuple(parts)

    def _without_bytes(self, state: Any) -> Any:
        if isinstance(state, bytes) and len(state) >= BLOB_BYTES:
            return _Blob(self._blobs.write(state))
        if type(state) is dict:
            return {key: self._without_bytes(value) for key, value in state.items()}
        return state


_reading = threading.local()


def _read_blob(name: str) -> bytes:
    return cast("BlobStore", _reading.blobs).read(name)


_REDUCERS: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    _Blob: lambda blob: (_read_blob, (blob.name,)),
    type(threading.Lock()): lambda _: (threading.Lock, ()),
    type(threading.RLock()): lambda _: (threading.RLock, ()),
    weakref.WeakValueDictionary: lambda items: (
        weakref.WeakValueDictionary,
        (),
        None,
        None,
        iter(list(items.items())),
    ),
}


def dumps(state: Any, blobs: BlobStore) -> bytes:
    """The state as bytes; its large contents in `blobs`."""
    blobs.used = set()
    buffer = io.BytesIO()
    StatePickler(buffer, blobs).dump(state)
    return buffer.getvalue()


def loads(content: bytes, blobs: BlobStore) -> Any:
    """What `dumps` was given. Only for files of our own making: unpickling runs code."""
    _reading.blobs = blobs
    return pickle.loads(content)  # noqa: S301
