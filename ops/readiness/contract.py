"""The route contract as the suite needs it: which routes there are and which of them are public."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """One operation; `public` when it can be called without a credential."""

    method: str
    path: str
    public: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Contract:
    """`openapi.json`, read-only."""

    document: Mapping[str, Any]

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every operation, in the document's order."""
        default = self.document.get("security", [{"bearer": []}])
        return tuple(
            # OpenAPI: no requirement, or one that asks for nothing, lets everyone in.
            Route(method.upper(), path, not all(item[method].get("security", default) or [{}]))
            for path, item in self.document.get("paths", {}).items()
            for method in METHODS
            if method in item
        )

    @cached_property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Methods (upper case) by path."""
        found: dict[str, list[str]] = {}
        for route in self.routes:
            found.setdefault(route.path, []).append(route.method)
        return {path: tuple(methods) for path, methods in found.items()}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        # Literal paths first: /products/export, should it come, is not /products/{product_id}.
        ordered = sorted(self.paths, key=lambda path: path.count("{"))
        return [(re.compile(_regex(path)), path) for path in ordered]

    def route_of(self, method: str, path: str) -> str:
        """The route's name that a request counts under, or `other` for what the contract does not know."""
        for pattern, template in self._patterns:
            if pattern.fullmatch(path):
                known = method == "OPTIONS" or method in self.paths[template]
                return f"{method} {template}" if known else "other"
        return "other"


def _regex(path: str) -> str:
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path))
