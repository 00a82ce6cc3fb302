"""The documents that say what is deployed, where moto has no model of its own.

The provider writes them, the gateway reads them, the snapshot keeps them beside moto's state in one
file, so that neither can be newer than the other after a crash.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any


class Registry:
    """JSON documents by kind and id. Thread-safe; a document is replaced whole or not at all.

    Documents go in and come out as copies: changing a returned one changes nothing here. A document
    that JSON cannot hold raises `TypeError` at `put`, not at the next snapshot.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, dict[str, str]] = {}
        self._revisions: dict[str, int] = {}
        self._revision = 0

    def put(self, kind: str, id: str, document: Mapping[str, Any]) -> None:  # noqa: A002 - the field's word
        """Keep `document` under `kind` and `id`, in place of what was there."""
        text = json.dumps(dict(document), sort_keys=True, separators=(",", ":"))
        with self._lock:
            self._documents.setdefault(kind, {})[id] = text
            self._changed(kind)

    def get(self, kind: str, id: str) -> dict[str, Any] | None:  # noqa: A002
        """A copy of the document, or None."""
        with self._lock:
            text = self._documents.get(kind, {}).get(id)
        return None if text is None else json.loads(text)

    def delete(self, kind: str, id: str) -> bool:  # noqa: A002
        """Whether there was one to delete."""
        with self._lock:
            rows = self._documents.get(kind, {})
            if rows.pop(id, None) is None:
                return False
            if not rows:
                del self._documents[kind]
            self._changed(kind)
            return True

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Every document of a kind by id, in the order of the ids."""
        with self._lock:
            rows = sorted(self._documents.get(kind, {}).items())
        return {key: json.loads(text) for key, text in rows}

    def kinds(self) -> list[str]:
        """The kinds that hold at least one document, sorted."""
        with self._lock:
            return sorted(self._documents)

    def revision(self, kind: str | None = None) -> int:
        """A number that grows with every change (of that kind), so that readers know when to look again."""
        with self._lock:
            return self._revision if kind is None else self._revisions.get(kind, 0)

    def dump(self) -> dict[str, dict[str, str]]:
        """Everything, as `load` takes it."""
        with self._lock:
            return {kind: dict(rows) for kind, rows in self._documents.items()}

    def load(self, dump: Mapping[str, Mapping[str, str]]) -> None:
        """Replace everything by what `dump` returned. Revisions start anew."""
        with self._lock:
            self._documents = {kind: dict(rows) for kind, rows in dump.items()}

    def _changed(self, kind: str) -> None:
        self._revision += 1
        self._revisions[kind] = self._revision
