"""When each resource was first seen by an audit: the waiting period before a removal counts from then."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from ops.audit.plain import moment
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from ops.audit.model import Resource

VERSION = 1


class History:
    """First sightings by ARN. What was deleted and made again under the same name is new."""

    def __init__(self, account_id: str, seen: dict[str, dict[str, str | None]] | None = None) -> None:
        self._account_id = account_id
        self._seen = seen or {}

    @classmethod
    def read(cls, path: Path | None, account_id: str) -> History:
        """From its file; an empty one where there is no file yet, Refused for one that is not ours."""
        if path is None or not path.exists():
            return cls(account_id)
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            version, account, seen = document["version"], document["account_id"], document["seen"]
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise Refused(
                f"{path} is no audit's history: {error}", "give another file; this one is left alone"
            ) from error
        if version != VERSION or account != account_id:
            raise Refused(
                f"{path} is the history of account {account} (version {version}), this is {account_id}",
                "keep one history an account",
            )
        return cls(account_id, seen)

    def first_seen(self, resource: Resource, now: datetime) -> datetime:
        """When it was first seen; remembered as now when it is new or another thing than before."""
        identity = resource.facts.get("TableId") or resource.facts.get("RoleId")
        if identity is None and resource.created_at and "LastModified" not in resource.facts:
            identity = resource.created_at.isoformat()
        known = self._seen.get(resource.arn)
        if known and known.get("identity") == identity and (when := moment(known.get("first_seen"))):
            return when
        self._seen[resource.arn] = {"first_seen": now.isoformat(), "identity": identity}
        return now

    def write(self, path: Path, resources: Iterable[Resource]) -> None:
        """Keep what is still there: whole or not at all, since a waiting period hangs on it."""
        there = {one.arn for one in resources}
        document = {
            "version": VERSION,
            "account_id": self._account_id,
            "seen": {arn: seen for arn, seen in sorted(self._seen.items()) if arn in there},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
