"""Exceptions to rules: committed, reviewed, owned, and expiring. One that is malformed or expired is a violation."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from policy.model import Finding, Rule, Stack, Violation

FILE: Final = Path(__file__).with_name("overrides.yaml")
KEYS: Final = frozenset({"rule", "urn", "pattern", "reason", "owner", "expires"})
# an exception that nobody looks at again is a rule that nobody keeps
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True)
class Override:
    """One exception: `rule` is not enforced on resources whose URN matches the glob `pattern`, until `expires`."""

    rule: str
    pattern: str
    reason: str
    owner: str
    expires: date

    def covers(self, rule: str, urn: str) -> bool:
        """Say whether a violation of `rule` on `urn` is excepted."""
        return rule == self.rule and fnmatch.fnmatchcase(urn, self.pattern)


@dataclass(frozen=True)
class Overrides:
    """The exceptions in force, and what is wrong with the others."""

    entries: tuple[Override, ...] = ()
    problems: tuple[str, ...] = ()

    def covering(self, rule: str, urn: str) -> Override | None:
        """Return the exception that covers a violation, if one does."""
        return next((entry for entry in self.entries if entry.covers(rule, urn)), None)


def load(rules: Sequence[str], today: date, path: Path = FILE) -> Overrides:
    """Return the exceptions of a file; what cannot be read is a problem, never an exception in force."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return Overrides(problems=(f"{path.name} cannot be read: {error}",))
    return parse(document, rules, today)


def parse(document: Any, rules: Sequence[str], today: date) -> Overrides:
    """Return the exceptions of a file's content. `rules` are the names that exist; `today` in UTC."""
    if document is None:
        document = []
    if not isinstance(document, list):
        return Overrides(problems=("not a list of {rule, urn or pattern, reason, owner, expires}",))
    entries: list[Override] = []
    problems: list[str] = []
    for index, entry in enumerate(document):
        wrong = list(_problems(entry, rules, today))
        problems += [f"entry {index + 1}: {problem}" for problem in wrong]
        if not wrong:
            pattern = entry["pattern"] if "pattern" in entry else _literally(entry["urn"])
            entries.append(Override(entry["rule"], pattern, entry["reason"], entry["owner"], entry["expires"]))
    return Overrides(tuple(entries), tuple(problems))


def _literally(urn: str) -> str:
    return urn.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")


def _problems(entry: Any, rules: Sequence[str], today: date) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "not {rule, urn or pattern, reason, owner, expires}"
        return
    strange = sorted(set(map(str, entry)) - KEYS)
    if strange:
        yield f"unknown key {strange[0]}"
    if entry.get("rule") not in rules:
        yield f"there is no rule {entry.get('rule')!r}"
    yield from _where_problems(entry)
    for key in ("reason", "owner"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            yield f"no {key}"
    expires = entry.get("expires")
    # a datetime is a date to isinstance, and not to comparison
    if type(expires) is not date:
        yield "expires is not a date (YYYY-MM-DD)"
    elif expires < today:
        yield f"expired on {expires} (rule {entry.get('rule')})"
    elif expires > today + LONGEST:
        yield f"expires on {expires}, more than {LONGEST.days} days ahead"


def _where_problems(entry: Mapping[str, Any]) -> Iterator[str]:
    if ("urn" in entry) == ("pattern" in entry):
        yield "exactly one of urn and pattern is needed"
        return
    where = entry.get("urn", entry.get("pattern"))
    if not isinstance(where, str) or not where.startswith("urn:pulumi:"):
        yield "urn or pattern does not begin with urn:pulumi:"
    elif not where.rpartition("::")[2].strip("*?"):
        yield f"{where} takes in every resource; name the one that is meant"


def validity(overrides: Overrides) -> Rule:
    """Return the rule that refuses what is wrong with the exceptions themselves (it has no examples of resources)."""

    def check(stack: Stack) -> Iterator[Finding]:
        del stack
        for problem in overrides.problems:
            yield Violation(f"{FILE.name}, {problem}")

    return Rule(
        name="overrides-valid",
        scope="stack",
        reason="an exception that has expired, or that nobody owns, is a rule that nobody keeps",
        fix="mend the resource and delete the entry, or have it reviewed and set a new date",
        check=check,
        failing=(),
        passing=(),
        refs=("P15",),
    )
