"""Rules that a preview enforces: data with a function, and the few forms that most of them have."""
# ruff: noqa: D102 - each form says itself

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.provider.wire import has_unknown
from localcloud.refusals.rule import Rule

type Inputs = Mapping[str, Any]
type Violation = tuple[str, str]  # property path, what is wrong and how to mend it
type Judge = Callable[[Any], str | None]  # of one value: what is wrong with it


@dataclass(frozen=True)
class Place:
    """Where a resource is deployed to."""

    account_id: str
    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)


type Finder = Callable[[Inputs, Place], Iterable[Violation]]


@dataclass(frozen=True)
class Check(Rule):
    """A rule of the inputs of one resource type.

    `reads`: top-level properties; while one of them is given and not known yet, the rule is not judged.
    `whole`: false where single values are judged on their own, so that unknown neighbours do not matter.
    """

    find: Finder = field(compare=False, repr=False, kw_only=True)
    reads: tuple[str, ...] = field(default=(), kw_only=True)
    whole: bool = field(default=True, kw_only=True)


def violations(checks: Iterable[Check], inputs: Inputs, place: Place) -> list[Violation]:
    """Everything that is wrong with inputs of which some may be unknown, each reason with its rule's id.

    How inputs go together is judged once each of them is known and right by itself.
    """
    unclear = {key for key, value in inputs.items() if has_unknown(value)}
    known = {key: value for key, value in inputs.items() if key not in unclear}
    found: list[Violation] = []
    for check in sorted(checks, key=lambda check: check.whole):
        if check.whole and unclear.intersection(check.reads):
            continue
        faults = [
            (path, f"{reason} [{check.id}]") for path, reason in check.find(known if check.whole else inputs, place)
        ]
        if not check.whole:
            unclear |= {root(path) for path, _ in faults}
        found += faults
    return found


_STEP = re.compile(r"([^.\[\]{}]+)|(\[\])|(\{\})")


def values(inputs: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(concrete path, value) of everything a path such as `rules[].schedule` or `variables{}` names, if given.

    `[]` stands for each item of a list, `{}` for each value of a map.
    """
    found: list[tuple[str, Any]] = [("", inputs)]
    for match in _STEP.finditer(path):
        name, items, entries = match.groups()
        if items:
            found = [
                (f"{at}[{i}]", item) for at, value in found if isinstance(value, list) for i, item in enumerate(value)
            ]
        elif entries:
            found = [(f"{at}.{k}", v) for at, value in found if isinstance(value, dict) for k, v in value.items()]
        else:
            found = [
                (f"{at}.{name}" if at else name, value[name])
                for at, value in found
                if isinstance(value, dict) and name in value
            ]
    yield from found


def number(value: Any) -> float | None:
    """A number, or a string that the provider converts to one."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


@dataclass(frozen=True)
class Of:
    """The rules of one resource type; `source` is what they have in common."""

    token: str
    source: str

    def rule(
        self, name: str, reads: str, find: Finder, what: str, limit: str = "", source: str = "", *, whole: bool = True
    ) -> Check:
        """`reads`: the top-level properties, separated by spaces; `name`: its last part of the id."""
        return Check(
            f"{subject_name(self.token)}.{name}",
            "check",
            self.token,
            what,
            limit,
            source or self.source,
            find=find,
            reads=tuple(reads.split()),
            whole=whole,
        )

    def each(self, name: str, path: str, judge: Judge, what: str, limit: str = "", source: str = "") -> Check:
        """`judge` is asked of every known value at `path`."""

        def find(inputs: Inputs, _: Place) -> Iterator[Violation]:
            for at, value in values(inputs, path):
                reason = None if has_unknown(value) else judge(value)
                if reason:
                    yield at, reason

        return self.rule(name, root(path), find, what, limit, source, whole=False)

    def within(self, path: str, low: float, high: float, source: str = "", *, also: Sequence[Any] = ()) -> Check:
        extra = "".join(f" or {value}" for value in also)
        limit = f"{low:g} to {high:g}{extra}"

        def judge(value: Any) -> str | None:
            found = number(value)
            good = found is None or low <= found <= high or value in also
            return None if good else f"{value} is outside {limit}"

        return self.each(f"{short(path)}-range", path, judge, f"{path} outside its range", limit, source)

    def one_of(self, path: str, choices: Iterable[Any], source: str = "") -> Check:
        allowed = list(choices)
        text = ", ".join(map(str, allowed))

        def judge(value: Any) -> str | None:
            return None if value in allowed else f"{value!r} is not one of {text}"

        return self.each(f"{short(path)}-choice", path, judge, f"{path} that the service does not know", text, source)

    def matching(self, path: str, pattern: str, words: str, source: str = "") -> Check:
        compiled = re.compile(pattern, re.ASCII)

        def judge(value: Any) -> str | None:
            return None if compiled.fullmatch(str(value)) else f"{value!r} is not {words}"

        return self.each(f"{short(path)}-form", path, judge, f"{path} is not {words}", pattern, source)

    def count(self, path: str, most: int, source: str = "", *, least: int = 0) -> Check:
        limit = f"{least} to {most}" if least else f"at most {most}"

        def judge(value: Any) -> str | None:
            found = len(value) if isinstance(value, list | dict) else least
            return None if least <= found <= most else f"{found} given; AWS takes {limit}"

        return self.each(f"{short(path)}-count", path, judge, f"too many or too few {path}", limit, source)

    def length(self, path: str, low: int, high: int, source: str = "") -> Check:
        """Of the text in characters."""

        def judge(value: Any) -> str | None:
            found = len(str(value))
            return None if low <= found <= high else f"{found} characters; AWS takes {low} to {high}"

        what = f"{path} too short or too long"
        return self.each(f"{short(path)}-length", path, judge, what, f"{low} to {high} characters", source)

    def exclusive(self, *keys: str, source: str = "") -> Check:
        """Top-level inputs of which one may be given."""

        def find(inputs: Inputs, _: Place) -> Iterator[Violation]:
            given = [key for key in keys if inputs.get(key) not in (None, "")]
            for key in given[1:]:
                yield key, f"conflicts with {given[0]}: give one of them"

        what = f"more than one of {', '.join(keys)}"
        return self.rule(f"{short(keys[0])}-or-{short(keys[1])}", " ".join(keys), find, what, "one", source)


def subject_name(token: str) -> str:
    """`aws:s3/bucketLogging:BucketLogging` → `s3.BucketLogging`."""
    package, home, name = token.split(":")
    return f"{home.split('/')[0]}.{name}" if package else token


def root(path: str) -> str:
    """The top-level property of a path."""
    return re.split(r"[.\[{]", path, maxsplit=1)[0]


def short(path: str) -> str:
    """A path as part of an id."""
    return re.sub(r"[\[\]{}]", "", path)
