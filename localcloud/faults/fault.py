"""One fault as data: what it does, to which calls, how often and for how long."""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Literal, cast, get_args

type Kind = Literal["slow", "throttle", "fail", "drop_answer", "cut_answer", "hang"]

KINDS: tuple[str, ...] = get_args(Kind.__value__)
ANYONE = "anyone"
MOST_SECONDS = 120.0
MOST_FOR_SECONDS = 3600.0


class BadFaultError(ValueError):
    """A document that is no fault; the message says why."""


@dataclass(frozen=True)
class Subject:
    """A call as faults see it. `function`: the caller's name, None where the caller holds no role.

    `resources` finds the ARNs that the call needs; it is asked only where a fault names a resource.
    """

    service: str
    operation: str
    function: str | None
    resources: Callable[[], tuple[str, ...]]
    region: str = ""


@dataclass(frozen=True)
class Fault:
    """See the package. Seconds are seconds; `count` None: no bound."""

    kind: Kind
    service: str = "*"
    operation: str = "*"
    resource: str = "*"
    caller: str = "*"
    region: str = "*"
    seconds: float | None = None
    probability: float = 1.0
    seed: int | None = None
    count: int | None = None
    for_seconds: float = 600.0

    def takes(self, call: Subject) -> bool:
        """Whether a call fits, before chance is asked."""
        return (
            fnmatchcase(call.service, self.service)
            and fnmatchcase(call.operation, self.operation)
            and fnmatchcase(call.region, self.region)
            and self._meets(call.function)
            and (self.resource == "*" or any(map(self.names, call.resources())))
        )

    def _meets(self, function: str | None) -> bool:
        return self.caller == ANYONE or (function is not None and fnmatchcase(function, self.caller))

    def names(self, resource: str) -> bool:
        """Whether a resource (an ARN or a name) is meant: whole, or by what stands behind its kind.

        An index is its table's too.
        """
        short = resource.split(":", 5)[-1] if resource.startswith("arn:") else resource
        last = short.removeprefix("secret:").partition("/")[2] or short.removeprefix("secret:")
        table = last.partition("/index/")[0]
        return any(fnmatchcase(name, self.resource) for name in (resource, short, last, table))


def parse(document: Any) -> Fault:
    """The fault in a JSON object. Raises BadFaultError."""
    if not isinstance(document, Mapping):
        raise BadFaultError("a fault is a JSON object")
    known = {field.name: field for field in fields(Fault)}
    if unknown := sorted(set(document) - set(known)):
        raise BadFaultError(f"a fault has no {', '.join(map(str, unknown))}; it has {', '.join(known)}")
    if missing := [name for name, field in known.items() if field.default is MISSING and name not in document]:
        raise BadFaultError(f"a fault needs {', '.join(missing)}")
    if document["kind"] not in KINDS:
        raise BadFaultError(f"kind is one of {', '.join(KINDS)}")
    for name in ("service", "operation", "resource", "caller", "region"):
        if not isinstance(document.get(name, "*"), str) or not document.get(name, "*"):
            raise BadFaultError(f"{name} is a pattern: a text that is not empty")
    _numbers(document)
    if document["kind"] == "slow" and "seconds" not in document:
        raise BadFaultError("slow needs seconds")
    if document["kind"] not in ("slow", "hang") and "seconds" in document:
        raise BadFaultError("seconds are for slow and hang")
    return Fault(**cast("dict[str, Any]", document))


def _numbers(document: Mapping[str, Any]) -> None:
    for name, most in (("seconds", MOST_SECONDS), ("probability", 1.0), ("for_seconds", MOST_FOR_SECONDS)):
        value = document.get(name, most)
        if not (isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most):
            raise BadFaultError(f"{name} is a number above 0 and at most {most:g}")
    for name, least in (("count", 1), ("seed", -math.inf)):
        value = document.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise BadFaultError(f"{name} is an integer" + (f", {least} or more" if name == "count" else ""))
