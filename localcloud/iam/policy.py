"""Policy documents, read strictly and compiled once.

Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference". A document
that AWS could not read is an error here: never ignored, never an allow.
"""

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from localcloud.iam import conditions, patterns, principals
from localcloud.iam.conditions import Condition
from localcloud.iam.patterns import Context
from localcloud.iam.principals import Named, Principals
from localcloud.iam.request import Request

type Effect = Literal["Allow", "Deny"]
type Test = Callable[[str, Context], bool]


class UnreadablePolicy(ValueError):  # noqa: N818 - a policy is unreadable; it is not an error of the reader's
    """A document that is no policy. The message names its owner and the element."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. Of each pair (`actions` and `not_actions`, …) one is empty; `index` counts from 0."""

    sid: str | None
    index: int
    effect: Effect
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: Principals | None
    not_principals: Principals | None
    conditions: tuple[Condition, ...]
    action_tests: tuple[Callable[[str], bool], ...] = field(repr=False, compare=False)
    resource_tests: tuple[Test, ...] = field(repr=False, compare=False)

    def covers(self, action: str, request: Request) -> bool:
        """Whether it is about the request, whoever sends it. `action` is the request's in lower case.

        Without a Resource only a role's trust policy is about what it is attached to: a key policy's statement
        without one "has no effect".
        """
        if any(test(action) for test in self.action_tests) == bool(self.not_actions):
            return False
        if self.resource_tests:
            resource, context = request.resource, request.context
            if any(test(resource, context) for test in self.resource_tests) == bool(self.not_resources):
                return False
        elif not action.startswith("sts:"):
            return False
        return all(condition.holds(request.context) for condition in self.conditions)

    def names(self, request: Request, *, bounded: bool) -> Named:
        """How closely its principals name the caller; an identity policy's statement names its holder."""
        if self.principals is not None:
            return self.principals.naming(request.principal)
        if self.not_principals is None:
            return Named.DIRECTLY
        # "NotPrincipal with a Deny effect will always deny any principal that has a permissions boundary."
        spared = not bounded and self.not_principals.exempt(request.principal)
        return Named.NOT if spared else Named.DIRECTLY


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy and who owns it (`role api, policy grants`; `queue orders`). `version` is the language's."""

    owner: str
    statements: tuple[Statement, ...]
    version: str = "2012-10-17"

    for_resource: bool = False
    """Whether its statements have principals: a resource's policy has, an identity's never does."""


def parse(document: str | Mapping[str, Any], *, owner: str) -> Policy:
    """The policy that a document says, from a cache. Raises `UnreadablePolicy` on the first thing that is wrong."""
    return _parse(document if isinstance(document, str) else json.dumps(document), owner)


@functools.lru_cache(4096)
def _parse(text: str, owner: str) -> Policy:
    policy, problems = read(text, owner=owner)
    if policy is None:
        raise UnreadablePolicy(f"{owner}: {problems[0]}")
    return policy


def read(text: str, *, owner: str) -> tuple[Policy | None, tuple[str, ...]]:
    """The policy, or None and everything in the document that is wrong."""
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except ValueError as error:
        return None, (f"the document is not JSON: {error}",)
    problems: list[str] = []
    policy = _Reader(problems).policy(document, owner)
    return (None if problems else policy), tuple(problems)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{', '.join(sorted(twice))} is given more than once in one object")
    return dict(pairs)


_VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_ACTION = re.compile(r"\*|[A-Za-z0-9.-]+:[A-Za-z0-9*?.:-]*")


class _Reader:
    """Reads a document's elements; what is wrong is said in `problems`, with where it is."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        self.place = "the document"
        self.variables = False

    def wrong(self, what: str) -> None:
        self.problems.append(f"{self.place}: {what}")

    def policy(self, document: Any, owner: str) -> Policy | None:
        if not isinstance(document, dict):
            self.wrong("is not an object")
            return None
        self._unknown(document, _ELEMENTS)
        # Without a Version AWS reads a policy as 2008-10-17.
        version = document.get("Version", _VERSIONS[0])
        if version not in _VERSIONS:
            self.wrong(f"Version {version!r} is neither {' nor '.join(_VERSIONS)}")
        if not isinstance(document.get("Id", ""), str):
            self.wrong("Id is not a string")
        self.variables = version == _VERSIONS[1]
        given = document.get("Statement")
        listed = given if isinstance(given, list) else [given]
        if not listed or not all(isinstance(one, dict) for one in listed):
            self.wrong("Statement must be an object or a non-empty list of objects")
            return None
        statements = tuple(self._statement(index, one) for index, one in enumerate(listed))
        self.place = "the document"
        named = {one.principals is not None or one.not_principals is not None for one in statements}
        if len(named) > 1:
            self.wrong(
                "some statements name a Principal and some do not: neither a resource's policy nor an identity's"
            )
        return Policy(owner, statements, str(version), for_resource=True in named)

    def _unknown(self, document: dict[str, Any], known: frozenset[str]) -> None:
        for name in document.keys() - known:
            self.wrong(f"unknown element {name!r}")

    def _statement(self, index: int, document: dict[str, Any]) -> Statement:
        sid = document.get("Sid")
        self.place = f"statement {index + 1}" + (f" ({sid})" if isinstance(sid, str) and sid else "")
        self._unknown(document, _STATEMENT_ELEMENTS)
        if sid is not None and not isinstance(sid, str):
            self.wrong("Sid is not a string")
        effect = document.get("Effect")
        if effect not in {"Allow", "Deny"}:
            self.wrong(f"Effect must be Allow or Deny, not {effect!r}")
        actions, not_actions = self._pair(document, "Action")
        resources, not_resources = self._pair(document, "Resource")
        named, excepted = self._principals(document)
        if excepted is not None and effect == "Allow":
            self.wrong("NotPrincipal is supported with Effect Deny only")
        if named is None and excepted is None and not (resources or not_resources):
            self.wrong("must contain resources (Resource or NotResource)")
        return Statement(
            sid=sid,
            index=index,
            effect="Deny" if effect == "Deny" else "Allow",
            actions=actions,
            not_actions=not_actions,
            resources=resources,
            not_resources=not_resources,
            principals=named,
            not_principals=excepted,
            conditions=tuple(self._conditions(document.get("Condition", {}))),
            action_tests=tuple(self._action(one) for one in actions or not_actions),
            resource_tests=tuple(
                _resource(one, self.variables, whole=named is not None or excepted is not None)
                for one in resources or not_resources
            ),
        )

    def _pair(self, document: dict[str, Any], name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """`(Action, NotAction)`, or the same of Resource."""
        if name in document and f"Not{name}" in document:
            self.wrong(f"has both {name} and Not{name}")
        elif name == "Action" and name not in document and f"Not{name}" not in document:
            self.wrong("must contain actions (Action or NotAction)")
        return self._strings(document, name), self._strings(document, f"Not{name}")

    def _strings(self, document: dict[str, Any], name: str) -> tuple[str, ...]:
        if name not in document:
            return ()
        given = document[name]
        values = tuple(given) if isinstance(given, list) else (given,)
        if not values or not all(isinstance(value, str) and value for value in values):
            self.wrong(f"{name} must be a non-empty string or a non-empty list of them")
            return ()
        return values

    def _action(self, action: str) -> Callable[[str], bool]:
        if not _ACTION.fullmatch(action):
            self.wrong(f"{action!r} is no action: a service prefix, one colon and a name, or *")
        elif action.count(":") > 1:
            self.wrong(f"action {action!r} can contain only one colon")
        return patterns.compiled(patterns.read(action.lower(), variables=False), "text")

    def _principals(self, document: dict[str, Any]) -> tuple[Principals | None, Principals | None]:
        if "Principal" in document and "NotPrincipal" in document:
            self.wrong("has both Principal and NotPrincipal")
        read: dict[str, Principals] = {}
        for name in ("Principal", "NotPrincipal"):
            if name in document:
                try:
                    read[name] = principals.read(document[name])
                except ValueError as error:
                    self.wrong(f"{name}: {error}")
                    read[name] = Principals()
        return read.get("Principal"), read.get("NotPrincipal")

    def _conditions(self, element: Any) -> list[Condition]:
        found: list[Condition] = []
        if not isinstance(element, dict) or not all(isinstance(keys, dict) for keys in element.values()):
            self.wrong("Condition must be an object of operators, each an object of keys")
            return found
        for operator, keys in element.items():
            if len({key.lower() for key in keys}) < len(keys):
                self.wrong(f"Condition {operator}: a key is given twice (keys are not case-sensitive)")
            for key, given in keys.items():
                found += self._condition(operator, key, given)
        return found

    def _condition(self, operator: str, key: str, given: Any) -> list[Condition]:
        values = given if isinstance(given, list) else [given]
        if not all(isinstance(value, str | bool | int | float) for value in values):
            self.wrong(f"Condition {operator} {key}: a value must be a string, a number or a Boolean")
            return []
        texts = tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
        try:
            return [conditions.read(operator, key, texts, variables=self.variables)]
        except KeyError:
            self.wrong(f"unknown condition operator {operator!r}")
        except conditions.MalformedValueError as error:
            self.wrong(f"Condition {operator} {key}: {error}")
        return []


def _resource(pattern: str, variables: bool, *, whole: bool) -> Test:
    """A test of an ARN. Variables stand for something in the last component only; elsewhere `${` is literal.

    An ARN short of components is completed with `*`; in a resource's policy (`whole`) only if it has a wildcard.
    """
    components = pattern.split(":", patterns.ARN_COMPONENTS - 1)
    missing = patterns.ARN_COMPONENTS - len(components)
    if missing and components[0] == "arn" and ("*" in pattern or not whole):
        components += ["*"] * missing
    head, last = ":".join([*components[:-1], ""]), components[-1]
    parts = patterns.read(head, variables=False) + patterns.read(last, variables=variables)
    if patterns.has_variables(parts):
        return functools.partial(_with_variables, parts)
    matches = patterns.compiled(parts, "resource")
    return lambda resource, _: matches(resource)


def _with_variables(parts: tuple[patterns.Part, ...], resource: str, context: Context) -> bool:
    resolved = patterns.resolve(parts, context)
    return resolved is not None and patterns.compiled(resolved, "resource")(resource)
