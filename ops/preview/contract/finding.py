"""One difference, and where the differ collects them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Direction(StrEnum):
    """Who sends what the schema describes: narrowing breaks requests, widening breaks responses."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, order=True)
class Finding:
    """`rule` is stable; `where` is an operation or a place in it; `what` names the part, never a value."""

    compatible: bool
    where: str
    rule: str
    what: str

    @property
    def breaking(self) -> bool:
        """Say whether a client that follows the old contract may fail."""
        return not self.compatible


@dataclass
class Findings:
    """Collects findings of one comparison; `where` is the place being compared."""

    where: str = ""
    found: set[Finding] = field(default_factory=set)

    def breaking(self, rule: str, what: str) -> None:
        """A client that follows the old contract may fail."""
        self.found.add(Finding(False, self.where, rule, what))

    def compatible(self, rule: str, what: str) -> None:
        """Worth knowing; nobody fails."""
        self.found.add(Finding(True, self.where, rule, what))

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Everything found inside is at `where`."""
        before, self.where = self.where, where
        try:
            yield
        finally:
            self.where = before

    @property
    def breaks(self) -> bool:
        """Say whether anything breaks."""
        return any(finding.breaking for finding in self.found)
