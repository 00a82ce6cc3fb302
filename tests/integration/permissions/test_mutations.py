"""No statement or condition of any policy is there for nothing: without it a named job fails, in a running cloud."""

import sys
from collections.abc import Iterable

import pytest

from tests.integration.conftest import Environment
from tests.integration.permissions import mutation
from tests.integration.permissions.deployed import declared
from tests.integration.permissions.evaluated import evaluated
from tests.integration.permissions.forbidden import forbidden
from tests.integration.permissions.jobs import Job, executed
from tests.integration.permissions.mutation import Granted, Mutant
from tests.integration.permissions.site import Site

# Statements that may go unnoticed: label -> reason, printed with the figure. None, and none without a reason.
EXEMPT: dict[str, str] = {}


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    return [*executed(), *evaluated()]


@pytest.fixture(scope="module")
def dev_site(environments: dict[str, Environment]) -> Site:
    return Site(environments["dev"])


@pytest.mark.timeout(900)
def test_removing_any_statement_of_dev_stops_a_job(
    dev_site: Site, jobs: list[Job], capsys: pytest.CaptureFixture[str]
) -> None:
    granted = mutation.statements(dev_site)
    assert len(granted) == declared(dev_site.environment), "a kind of policy is deployed that this run does not read"
    judge(dev_site, granted, jobs, capsys)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_removing_any_statement_that_dev_does_not_have_stops_a_job(
    stack: str, environments: dict[str, Environment], dev_site: Site, jobs: list[Job],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    site = Site(environments[stack])
    known = {one.label for one in mutation.statements(dev_site)}
    granted = mutation.statements(site)
    assert len(granted) == declared(site.environment), "a kind of policy is deployed that this run does not read"
    judge(site, [one for one in granted if one.label not in known], jobs, capsys)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_dropping_any_condition_lets_something_through_that_must_be_refused(
    stack: str, environments: dict[str, Environment], dev_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site = dev_site if stack == "dev" else Site(environments[stack])
    granted = mutation.statements(site)
    if stack != "dev":
        known = {one.label for one in mutation.statements(dev_site)}
        granted = [one for one in granted if one.label not in known]
    calls = [*forbidden(), *evaluated()]
    before = _documents(granted)
    assert mutation.failures(site, calls) == {}, "before anything is changed"
    mutants = list(mutation.relaxations(site, granted, calls))
    with capsys.disabled():
        sys.stdout.write(f"\n{site.name}\n{mutation.table(mutants)}\n{figure(mutants, 'conditions')}\n")
    assert _documents(granted) == before
    assert mutation.failures(site, calls) == {}
    assert [f"{one.granted.label} {one.change}" for one in mutants if one.job is None] == []


def judge(site: Site, granted: list[Granted], jobs: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    """Remove each; print the table and the figure; everything is as it was afterwards, and works."""
    before = _documents(granted)
    learnt = mutation.learn(site, jobs)
    mutants = list(mutation.removals(site, granted, jobs, learnt))
    with capsys.disabled():
        sys.stdout.write(f"\n{site.name}\n{mutation.table(mutants)}\n{figure(mutants, 'statements')}\n")
    assert _documents(granted) == before
    assert mutation.failures(site, jobs) == {}
    assert [one.granted.label for one in mutants if one.job is None and one.granted.label not in EXEMPT] == []
    assert mutation.for_probes_only(granted, jobs, learnt) == []


def figure(mutants: list[Mutant], what: str) -> str:
    """`56 of 56 statements killed in 104 s`, and every exception with its reason."""
    killed = sum(1 for one in mutants if one.job)
    said = [f"{killed} of {len(mutants)} {what} killed in {sum(one.seconds for one in mutants):.0f} s"]
    said += [f"exempt: {label}: {EXEMPT[label]}" for label in sorted(EXEMPT)]
    return "\n".join(said)


def _documents(granted: Iterable[Granted]) -> dict[str, object]:
    return {one.holder.title: one.holder.read() for one in granted}
