"""Which statements were used, by which action, and what was denied: what a least-privilege report reads."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.iam.evaluate import Decision
from localcloud.iam.policy import Policy
from localcloud.registry import Registry

KIND = "iam:usage"
DIRECTORY_VARIABLE = "LOCALCLOUD_USAGE_DIR"


@dataclass
class _Row:
    """One statement of one policy and how often each action was decided by it."""

    policy: str
    sid: str | None
    index: int
    effect: str
    actions: tuple[str, ...]
    used: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.policy, self.index, self.sid, self.effect, self.actions)


@dataclass
class _Role:
    rows: dict[tuple[Any, ...], _Row] = field(default_factory=dict)
    places: dict[tuple[str, int], _Row] = field(default_factory=dict)
    denied: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    functions: set[str] = field(default_factory=set)
    known: tuple[Policy, ...] = ()


class Usage:
    """Counts by role. A statement that a deployment replaced is forgotten; those of a role that is gone are kept."""

    def __init__(self) -> None:
        self._roles: dict[str, _Role] = {}

    def learn(self, role: str, policies: tuple[Policy, ...]) -> None:
        """What a role is granted now."""
        record = self._roles.setdefault(role, _Role())
        if record.known is policies:
            return
        rows: dict[tuple[Any, ...], _Row] = {}
        for policy in policies:
            for one in policy.statements:
                row = _Row(_name(policy.owner), one.sid, one.index, one.effect, one.actions or one.not_actions)
                rows[row.key] = record.rows.get(row.key, row)
        record.known, record.rows = policies, rows
        record.places = {(row.policy, row.index): row for row in rows.values()}

    def count(self, role: str, policies: tuple[Policy, ...], asked: tuple[str, str], made: Decision) -> None:
        """One decision on `asked` (action, resource) for a role, with the role's policies then."""
        self.learn(role, policies)
        record = self._roles[role]
        action, resource = asked
        for reference in made.matched:
            if reference.decisive and (row := record.places.get((_name(reference.owner), reference.index))):
                row.used[action] += 1
        if not made.allowed:
            record.denied[action, resource, made.reason] += 1

    def document(self, functions: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """The record as JSON; `functions`: names of those that there are now, by role (remembered from now on)."""
        for role, names in functions.items():
            self._roles.setdefault(role, _Role()).functions.update(names)
        return {
            "roles": {
                role: {
                    "statements": [
                        {
                            "policy": row.policy,
                            "sid": row.sid,
                            "index": row.index,
                            "effect": row.effect,
                            "actions": list(row.actions),
                            "used": dict(sorted(row.used.items())),
                        }
                        for row in sorted(record.rows.values(), key=lambda row: (row.policy, row.index))
                    ],
                    "denied": [
                        {"action": action, "resource": resource, "reason": reason, "count": count}
                        for (action, resource, reason), count in sorted(record.denied.items())
                    ],
                    "functions": sorted(record.functions),
                }
                for role, record in sorted(self._roles.items())
            }
        }

    def load(self, document: Mapping[str, Any]) -> None:
        """Go on from what `document` returned."""
        for name, kept in document.get("roles", {}).items():
            rows = (
                _Row(
                    row["policy"], row["sid"], row["index"], row["effect"], tuple(row["actions"]), Counter(row["used"])
                )
                for row in kept["statements"]
            )
            denied = Counter({(one["action"], one["resource"], one["reason"]): one["count"] for one in kept["denied"]})
            record = _Role({row.key: row for row in rows}, {}, denied, set(kept["functions"]))
            record.places = {(row.policy, row.index): row for row in record.rows.values()}
            self._roles[name] = record


def _name(owner: str) -> str:
    """`role R, policy P` → P; a boundary's and a session's policy keep their kind."""
    return owner.partition(", policy ")[2] or owner.partition(", ")[2]


def save(document: Mapping[str, Any], registry: Registry, account_id: str) -> None:
    """Keep the record with the state, and write it to `LOCALCLOUD_USAGE_DIR` so that a whole run can be summed up."""
    if document != registry.get(KIND, "roles"):
        registry.put(KIND, "roles", document)
    if directory := os.environ.get(DIRECTORY_VARIABLE):
        target = Path(directory) / f"{account_id}-{os.getpid()}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")
        part.replace(target)
