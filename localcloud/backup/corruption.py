"""Recovery points damaged on purpose: some items are missing, some are not what they were."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from localcloud.backup.contents import Contents, Definition
from localcloud.backup.items import PlainItem
from localcloud.faults import BadFaultError

_SHARE = 0.1
_FIELDS = {"kind", "resource", "probability", "seed"}


@dataclass(frozen=True)
class Damage:
    """`point`: the recovery point's ARN; `share` of its items, of which every second one is dropped."""

    point: str
    share: float = _SHARE
    seed: int | None = None


def parse(document: Mapping[str, Any]) -> Damage:
    """The damage in a control page's document. Raises BadFaultError."""
    if unknown := sorted(set(document) - _FIELDS):
        raise BadFaultError(f"corrupt has no {', '.join(unknown)}; it has {', '.join(sorted(_FIELDS))}")
    point, share, seed = document.get("resource"), document.get("probability", _SHARE), document.get("seed")
    if not isinstance(point, str) or ":recovery-point:" not in point:
        raise BadFaultError("resource is the ARN of a recovery point")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise BadFaultError("probability is a number above 0 and at most 1")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise BadFaultError("seed is an integer")
    return Damage(point, float(share), seed)


def corrupted(contents: Contents, definition: Definition, damage: Damage) -> tuple[Contents, dict[str, int]]:
    """Other contents in the place of these, and how many items were `dropped` and `changed`: one at least."""
    random, done = Random(damage.seed), {"dropped": 0, "changed": 0}
    keys = set(filter(None, definition.keys))
    turns = itertools.cycle(("dropped", "changed"))
    last = contents.count - 1

    def rows() -> Iterator[PlainItem]:
        for number, row in enumerate(contents.rows()):
            untouched = not any(done.values())
            if random.random() >= damage.share and not (number == last and untouched):
                yield row
                continue
            other = _other(row, keys) if next(turns) == "changed" else None
            done["dropped" if other is None else "changed"] += 1
            if other is not None:
                yield other

    return Contents.of(rows()), done


def _other(row: PlainItem, keys: set[str]) -> PlainItem | None:
    """The item with another value in its first attribute that is no key; None where there is none."""
    for name, (kind, content) in sorted(row.items()):
        if name not in keys and kind == "S":
            return {**row, name: (kind, f"{content}?")}
        if name not in keys and kind == "N":
            return {**row, name: (kind, f"-{content}".removeprefix("--") if content != "0" else "1")}
    return None
