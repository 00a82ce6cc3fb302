"""Creates whose recording by the engine has not been seen: what makes an interrupted `up` repeatable.

Real AWS cannot help here: an engine that is killed between a create and saving its state leaves a
resource that the next `up` does not know, which then fails as "already exists" or is made twice.
This provider outlives the engine, so it notes each create before it begins, by URN. A later create of
the same URN adopts what the note points at. The note goes once the engine shows that it knows the
resource (any later call with its id) or closes its connection in good order, for it has saved then.
Adoption therefore never takes what another program, another URN or a hand made.
"""
# ruff: noqa: A002 - `id` is the engine's word for it

import threading

from localcloud.registry import Registry

_KIND = "provider:journal"


class Journal:
    """Thread-safe; the notes are in the registry, so they survive this process too."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._by_peer: dict[str, set[str]] = {}

    def begin(self, urn: str, type_token: str, id: str | None, peer: str) -> None:
        """Before the cloud is touched; `id` where it is known beforehand."""
        self._registry.put(_KIND, urn, {"type": type_token, "id": id})
        with self._lock:
            self._by_peer.setdefault(peer, set()).add(urn)

    def made(self, urn: str, type_token: str, id: str) -> None:
        """The cloud has it."""
        self._registry.put(_KIND, urn, {"type": type_token, "id": id})

    def unrecorded(self, urn: str, type_token: str) -> str | None:
        """The id that an earlier create of this URN made, or was about to make, and nobody recorded."""
        note = self._registry.get(_KIND, urn)
        return note["id"] if note and note["type"] == type_token else None

    def recorded(self, urn: str, id: str) -> None:
        """The engine named the id: its state holds it."""
        note = self._registry.get(_KIND, urn)
        if note and note["id"] == id:
            self._registry.delete(_KIND, urn)

    def abandon(self, urn: str) -> None:
        """The create failed: nothing was made."""
        self._registry.delete(_KIND, urn)

    def closed(self, peer: str) -> None:
        """The engine ended in good order: its state holds what it created."""
        with self._lock:
            urns = self._by_peer.pop(peer, set())
        for urn in urns:
            self._registry.delete(_KIND, urn)
