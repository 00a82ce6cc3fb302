"""Take each statement away, one at a time, and see which of the platform's jobs no longer can do its work."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.integration.permissions.deployed import Attachment, Document, Holder, RolePolicy
from tests.integration.permissions.jobs import Job
from tests.integration.permissions.site import Site

# How a job says that it could not do its work.
FAILED = (AssertionError, pytest.fail.Exception, ClientError, BotoCoreError, httpx.HTTPError)

type Key = tuple[str, str, int]


@dataclass(frozen=True)
class Granted:
    """One statement of one policy: `label` without the environment's names, the same in dev and prod."""

    holder: Holder
    position: int
    label: str

    @property
    def statement(self) -> Document:
        found: Document = self.holder.read()["Statement"][self.position]
        return found

    @property
    def key(self) -> Key | None:
        """Where the usage record counts it: role, policy, index. None for what is no identity policy."""
        if isinstance(self.holder, RolePolicy):
            return (self.holder.subject, self.holder.name, self.position)
        if isinstance(self.holder, Attachment):
            return (self.holder.subject, self.holder.arn, 0)
        return None


@dataclass(frozen=True)
class Mutant:
    """What happened when a statement was changed. `job` noticed first and `said` why; None: nobody noticed."""

    granted: Granted
    change: str
    job: str | None
    said: str
    seconds: float


@dataclass
class Learnt:
    """Which jobs used which statement when nothing was changed."""

    used: dict[Key, list[str]] = field(default_factory=dict)

    def order(self, granted: Granted, jobs: Iterable[Job]) -> list[Job]:
        """The likeliest jobs first: those that used the statement, those about its policy, the rest."""
        users = self.used.get(granted.key, []) if granted.key else []
        return sorted(
            jobs, key=lambda job: 0 if job.name in users else 1 if any(one in granted.label for one in job.about) else 2
        )


def statements(site: Site) -> list[Granted]:
    """Every statement that the environment deploys."""
    found = []
    for holder in site.policies:
        for position, statement in enumerate(holder.read()["Statement"]):
            sid = f"/{statement['Sid']}" if statement.get("Sid") else ""
            found.append(Granted(holder, position, site.label(holder) + sid))
    return found


def failures(site: Site, jobs: Iterable[Job]) -> dict[str, str]:
    """The jobs that fail, and what they say. Functions start anew first."""
    site.restart()
    return {job.name: said for job in jobs if (said := _said(site, job)) is not None}


def learn(site: Site, jobs: Iterable[Job]) -> Learnt:
    """Run every job once on the untouched environment. Raises AssertionError where one fails.

    One cold start for all, and the probes last: what a function asks once and keeps counts for the work it does.
    """
    learnt = Learnt()
    site.restart()
    before = _usage(site)
    for job in sorted(jobs, key=lambda job: job.probe):
        said = _said(site, job)
        assert said is None, f"{job.name} fails before anything is changed: {said}"
        after = _usage(site)
        for key, count in after.items():
            if count > before.get(key, 0):
                learnt.used.setdefault(key, []).append(job.name)
        before = after
    return learnt


def for_probes_only(granted: Iterable[Granted], jobs: Iterable[Job], learnt: Learnt) -> list[str]:
    """Statements that no job uses for its work, only a probe to look whether it could."""
    probes = {job.name for job in jobs if job.probe}
    used = {one.label: set(learnt.used.get(one.key, ())) for one in granted if one.key}
    return [label for label, users in used.items() if users and users <= probes]


def without(document: Document, position: int) -> Document:
    """A policy less one of its statements."""
    kept = [one for index, one in enumerate(document["Statement"]) if index != position]
    return {**document, "Statement": kept}


def mutate(site: Site, granted: Granted, change: str, document: Document, jobs: Iterable[Job]) -> Mutant:
    """Put a changed document in place of a policy until a job fails; the policy is what it was afterwards."""
    started = time.perf_counter()
    original = granted.holder.read()
    granted.holder.write(document)
    try:
        site.restart()
        for job in jobs:
            if (said := _said(site, job)) is not None:
                return Mutant(granted, change, job.name, said, time.perf_counter() - started)
        return Mutant(granted, change, None, "", time.perf_counter() - started)
    finally:
        granted.holder.write(original)


def removals(site: Site, chosen: Iterable[Granted], jobs: list[Job], learnt: Learnt) -> Iterator[Mutant]:
    """Each of the chosen statements taken away in turn."""
    for granted in chosen:
        changed = without(granted.holder.read(), granted.position)
        yield mutate(site, granted, "removed", changed, learnt.order(granted, jobs))


def unconditioned(document: Document, position: int) -> Iterator[tuple[str, Document]]:
    """A policy with one condition less, for each condition of one of its statements: operator and key, document."""
    statement = document["Statement"][position]
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            fewer = {
                other: {name: value for name, value in named.items() if (other, name) != (operator, key)}
                for other, named in statement["Condition"].items()
            }
            left = {other: named for other, named in fewer.items() if named}
            changed = {name: value for name, value in statement.items() if name != "Condition"}
            changed |= {"Condition": left} if left else {}
            several = list(document["Statement"])
            several[position] = changed
            yield f"{operator} {key}", {**document, "Statement": several}


def relaxations(site: Site, chosen: Iterable[Granted], jobs: list[Job]) -> Iterator[Mutant]:
    """Each condition of the chosen statements taken away in turn."""
    for granted in chosen:
        for name, changed in unconditioned(granted.holder.read(), granted.position):
            ordered = Learnt().order(granted, jobs)
            yield mutate(site, granted, f"without {name}", changed, ordered)


def _said(site: Site, job: Job) -> str | None:
    try:
        job.run(site)
    except FAILED as error:
        return f"{type(error).__name__}: {error}"
    return None


def _usage(site: Site) -> Mapping[Key, int]:
    roles: dict[str, Any] = site.cloud("iam/usage")["roles"]
    return {
        (role, row["policy"], 0 if row["policy"].startswith("arn:") else row["index"]): sum(row["used"].values())
        for role, record in roles.items()
        for row in record["statements"]
        if row["used"]
    }


def table(mutants: Iterable[Mutant]) -> str:
    """One line a mutant: the statement, the job that noticed, how long it took, what it said."""
    rows = [(f"{mutant.granted.label} {mutant.change}", mutant) for mutant in mutants]
    width = max((len(title) for title, _ in rows), default=0)
    return "\n".join(
        f"{title:{width}}  {mutant.job or 'NOBODY NOTICED':50}  {mutant.seconds:5.1f} s  {_short(mutant.said)}"
        for title, mutant in rows
    )


def _short(said: str) -> str:
    line = " ".join(said.split())
    return line if len(line) <= 110 else f"{line[:109]}…"
