"""What the policy pack found."""

from ops.preview import urn as urns
from ops.preview.blocks import Block, Bullets, Details, Line, Section, code, line, strong
from ops.preview.model import Violation
from ops.preview.report import Report
from ops.preview.sections.rows import merged
from ops.preview.sections.words import count


def section(report: Report) -> Section:
    """A line an environment, then mandatory violations, then the advisory ones folded away."""
    environments = [environment.name for environment in report.environments]
    blocks: list[Block] = [Bullets(tuple(_state(report, index) for index in range(len(environments))))]
    for mandatory in (True, False):
        rows = [
            (e.name, _row(violation))
            for e in report.environments
            for violation in (e.policy.violations if e.policy else ())
            if violation.mandatory is mandatory
        ]
        if not rows:
            continue
        table = merged(("Rule", "Resource", "What is wrong", "Fix"), rows, environments)
        blocks.append(table if mandatory else Details(line(f"{count(len(table.rows), 'advisory finding')}"), (table,)))
    return Section("Policy", 75 if any(_mandatory(report)) else 40, tuple(blocks))


def _mandatory(report: Report) -> list[Violation]:
    return [v for e in report.environments if e.policy for v in e.policy.violations if v.mandatory]


def _state(report: Report, index: int) -> Line:
    environment = report.environments[index]
    policy = environment.policy
    if policy is None:
        return line(strong(environment.name), ": not checked")
    if policy.problem:
        return line(strong(environment.name), f": not checked: {policy.problem}")
    mandatory = sum(violation.mandatory for violation in policy.violations)
    words = f": {policy.rules} rules over {count(policy.checked, 'resource')}: "
    found = (
        f"{mandatory} mandatory, {len(policy.violations) - mandatory} advisory"
        if policy.violations
        else "nothing found"
    )
    unknown = f"; {count(policy.unknown, 'answer')} not known before the deployment" if policy.unknown else ""
    excepted = f"; {count(policy.excepted, 'committed exception')}" if policy.excepted else ""
    return line(strong(environment.name), words, found, unknown, excepted)


def _row(violation: Violation) -> tuple[Line, ...]:
    name = urns.parse(violation.urn).name if urns.is_urn(violation.urn) else violation.urn
    return (
        line(code(violation.rule)),
        line(code(name)) if name else line("the stack"),
        line(violation.message),
        line(violation.fix),
    )
