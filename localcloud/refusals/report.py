"""The catalogue for a reader: what is refused, where, at which limit, by whose word, and what is not."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from itertools import groupby

from localcloud.refusals.registry import not_covered, rules
from localcloud.refusals.rule import NotCovered, Rule

_WIDTH = 72  # of a limit in the table; JSON has it whole
_WHERE = {
    "check": "refused by a preview",
    "apply": "refused while it is applied",
    "call": "refused at the call",
    "invoke": "refused at the invocation",
    "acting": "refused when a service acts for us",
}


def as_json() -> str:
    """{"covered": [rule, …], "not_covered": [rule, …]}, each with the fields of its class."""
    names = [field.name for field in fields(Rule)]
    covered = [{name: getattr(rule, name) for name in names} for rule in rules()]
    return json.dumps({"covered": covered, "not_covered": [asdict(rule) for rule in not_covered()]}, indent=1)


def as_text() -> str:
    """A table a service, then what is not covered, then the counts."""
    covered, missing = rules(), not_covered()
    counts = {where: sum(rule.where == where for rule in covered) for where in _WHERE}
    lines = [line for service, found in _by_service(covered) for line in _covered(service, list(found))]
    lines += ["", "NOT COVERED: rules of AWS that are known and not enforced here"]
    lines += [line for service, found in _by_service(missing) for line in _missing(service, list(found))]
    lines += ["", f"{len(covered)} refusals: " + ", ".join(f"{counts[key]} {text}" for key, text in _WHERE.items())]
    return "\n".join([*lines, f"{len(missing)} known and not enforced"])


def service_of(subject: str) -> str:
    """`aws:kms/key:Key` and `kms:Encrypt` → `kms`."""
    return subject.removeprefix("aws:").partition(":")[0].partition("/")[0]


def _by_service[R: Rule | NotCovered](found: Iterable[R]) -> Iterator[tuple[str, Iterator[R]]]:
    return groupby(sorted(found, key=lambda rule: service_of(rule.subject)), key=lambda rule: service_of(rule.subject))


def _covered(service: str, found: list[Rule]) -> Iterator[str]:
    yield from ("", f"{service} ({len(found)})")
    for subject, of in groupby(found, key=lambda rule: rule.subject):
        yield f"  {subject}"
        for rule in of:
            yield f"    {rule.where:6}  {rule.what}{_short(rule.limit)}  [{rule.source}]"


def _missing(service: str, found: list[NotCovered]) -> Iterator[str]:
    yield from ("", f"{service} ({len(found)})")
    for rule in found:
        yield f"  {rule.subject}: {rule.what}"
        yield f"      {rule.why} [{rule.source}]"


def _short(limit: str) -> str:
    text = limit if len(limit) <= _WIDTH else f"{limit[: _WIDTH - 1]}…"
    return f": {text}" if text else ""
