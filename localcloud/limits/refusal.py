"""A call that the service itself would refuse, and the rules that say so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.refusals import Rule

type Parameters = Mapping[str, Any]
type Finder = Callable[[Parameters], str | None]  # AWS's message, or None where the call is in order


@dataclass(frozen=True)
class Refusal:
    """AWS's answer: HTTP status, error code and message as the service words them; `rule`: the `Rule.id`."""

    status: int
    code: str
    message: str
    rule: str


@dataclass(frozen=True)
class Limit(Rule):
    """A rule of one operation: `find` looks at the parameters as botocore's client takes them."""

    code: str = field(kw_only=True)
    find: Finder = field(kw_only=True, compare=False, repr=False)
    status: int = field(default=400, kw_only=True)


def limits(
    name: str,
    service: str,
    operations: Iterable[str],
    find: Finder,
    *,
    what: str,
    limit: str,
    source: str,
    code: str = "ValidationException",
    status: int = 400,
) -> tuple[Limit, ...]:
    """The same rule for several operations of a service."""
    return tuple(
        Limit(
            f"{service}.{operation}.{name}",
            "call",
            f"{service}:{operation}",
            what,
            limit,
            source,
            code=code,
            find=find,
            status=status,
        )
        for operation in operations
    )
