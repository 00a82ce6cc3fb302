"""Physical names: made as the real provider makes them, checked as the service checks them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SUFFIX = 7  # hex digits, as in Pulumi's NewUniqueName


@dataclass(frozen=True)
class Naming:
    """Which input is the physical name and what the service's API reference lets it be."""

    pattern: str
    max: int
    min: int = 1
    property: str = "name"
    lower: bool = False
    auto: bool = True  # whether the real provider invents one when it is missing
    prefix: str = ""
    renames: bool = False  # whether a new name changes the resource in place

    def automatic(self, logical_name: str, seed: bytes) -> str:
        """The same name for the same resource and seed: preview and update must agree."""
        digest = hashlib.sha256(seed + logical_name.encode()).hexdigest()[:_SUFFIX]
        base = self.prefix + logical_name[: self.max - _SUFFIX - 1 - len(self.prefix)]
        name = f"{base}-{digest}"
        return name.lower() if self.lower else name

    def is_automatic(self, name: str, logical_name: str) -> bool:
        """Whether `automatic` made it, with any seed."""
        base = self.prefix + logical_name[: self.max - _SUFFIX - 1 - len(self.prefix)]
        return re.fullmatch(re.escape(base) + r"-[0-9a-f]{7}", name, re.IGNORECASE) is not None

    def violations(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(property, reason) for a name that the service would refuse."""
        name = inputs.get(self.property)
        if not isinstance(name, str):
            return
        if not self.min <= len(name) <= self.max:
            yield self.property, f"{name!r} has {len(name)} characters; AWS takes {self.min} to {self.max}"
        elif not re.fullmatch(self.pattern, name):
            yield self.property, f"{name!r} does not match AWS's pattern {self.pattern}"
