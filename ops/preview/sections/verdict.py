"""What a reviewer reads first: may it go on, and if not, why."""

from ops.preview.blocks import (
    Alert,
    Block,
    Bullets,
    Details,
    Fence,
    Line,
    Paragraph,
    Section,
    Span,
    code,
    line,
    mark,
    strong,
)
from ops.preview.model import Action, Environment
from ops.preview.report import Report
from ops.preview.sections.rows import where
from ops.preview.sections.words import count, signed

_ORDER = (Action.DELETE, Action.REPLACE, Action.CREATE, Action.IMPORT, Action.UPDATE, Action.UNKNOWN)
_WORDS = {
    Action.CREATE: "to create",
    Action.DELETE: "to delete",
    Action.IMPORT: "to import",
    Action.REPLACE: "to replace",
    Action.UNKNOWN: "with an unknown operation",
    Action.UPDATE: "to update",
}


def section(report: Report) -> Section:
    """The verdict, a line an environment, and every reason why the gate is shut."""
    verdict = "This change may go on" if report.gate.open else "This change is refused"
    lines = [_environment(report, environment) for environment in report.environments]
    blocks: list[Block] = [
        Paragraph(line(mark(report.gate.open), " ", strong(verdict))),
        Bullets((*lines, *_contract(report))),
    ]
    if report.gate.refusals:
        blocks.append(Alert("caution", (Bullets(_refusals(report)),)))
    if any(refusal.rule.startswith("stateful") for refusal in report.gate.refusals):
        blocks.append(
            Paragraph(line("To let a loss happen on purpose, commit an override: see the end of this report."))
        )
    return Section("", 100, tuple(blocks))


def headline(report: Report) -> str:
    """The verdict in a few words, for a page's title."""
    return f"Preview of {', '.join(e.name for e in report.environments)}: {'ok' if report.gate.open else 'refused'}"


def _environment(report: Report, environment: Environment) -> Line:
    passed = not report.gate.of(environment.name)
    parts: list[str | Span] = [mark(passed), " ", strong(environment.name), ": "]
    if environment.failure:
        parts.append(
            "preview failed; what follows of it is incomplete. " if environment.changes else "preview failed. "
        )
    parts.append(_counts(environment))
    cost = report.costs.get(environment.name)
    if cost and not environment.failure and (cost.resources or cost.unpriced):
        parts.append(f"; {signed(cost.difference)} {report.prices.currency} a month")
    if environment.policy and environment.policy.violations:
        mandatory = sum(v.mandatory for v in environment.policy.violations)
        parts.append(f"; policy: {mandatory} mandatory, {len(environment.policy.violations) - mandatory} advisory")
    return line(*parts)


def _contract(report: Report) -> tuple[Line, ...]:
    if report.contract is None:
        return ()
    if report.contract.problem:
        return (line(mark(False), " ", strong("API contract"), ": not compared"),)
    breaking = len(report.contract.breaking)
    words = count(breaking, "breaking change") if breaking else "not breaking"
    return (line(mark(not breaking), " ", strong("API contract"), f": {words}"),)


def _counts(environment: Environment) -> str:
    found = [f"{len(environment.of(a)):,} {_WORDS[a]}" for a in _ORDER if environment.of(a)]
    if not found:
        return "" if environment.failure else "no changes"
    unchanged = len(environment.of(Action.SAME)) if environment.inventory else 0
    return ", ".join([*found, *([f"{unchanged:,} unchanged"] if unchanged else [])])


def _refusals(report: Report) -> tuple[Line, ...]:
    """Each reason once, with the environments that it is of."""
    names = [environment.name for environment in report.environments]
    places: dict[tuple[str | None, str], list[str]] = {}
    for refusal in report.gate.refusals:
        found = places.setdefault((refusal.subject, refusal.text), [])
        found += [refusal.environment] if refusal.environment else []
    lines = []
    for (subject, text), found in places.items():
        place = f"{where(found, names)}: " if found and len(names) > 1 else ""
        lines.append(line(place, *((code(subject), " ") if subject else ()), text))
    return tuple(lines)


def failures(report: Report) -> Section | None:
    """The engine's own words, of previews that failed and of warnings."""
    blocks: list[Block] = []
    for environment in report.environments:
        if environment.failure:
            blocks.append(Paragraph(line(strong(environment.name), f": {environment.failure}.")))
            if environment.changes:
                blocks.append(
                    Paragraph(
                        line("What would be deleted is found out last and is not known here; the rest is partial.")
                    )
                )
        blocks += _diagnostics(environment)
    return Section("What the engine said", 90, tuple(blocks)) if blocks else None


def _diagnostics(environment: Environment) -> list[Block]:
    """Errors, then warnings; what is said of one resource together."""
    said: dict[tuple[str, str | None], list[str]] = {}
    for diagnostic in sorted(environment.diagnostics, key=lambda d: d.severity):
        if diagnostic.severity in {"error", "warning"}:
            said.setdefault((diagnostic.severity, diagnostic.resource), []).extend(diagnostic.message.splitlines())
    blocks: list[Block] = []
    for (severity, resource), lines in said.items():
        about = (" of ", code(resource)) if resource else ()
        blocks += [Paragraph(line(f"{environment.name}, {severity}", *about, ":")), Fence(tuple(lines), "text")]
    return blocks


def notes(report: Report) -> Section | None:
    """How to override, and what somebody should tidy up."""
    blocks: list[Block] = []
    if report.gate.notes:
        blocks.append(Bullets(tuple(line(note) for note in report.gate.notes)))
    if snippet := _override_lines(report):
        how = line("An override for what is refused above (", code("overrides/stateful.yaml"), ", reviewed like code)")
        blocks.append(Details(how, (Fence(tuple(snippet), "yaml"),)))
    return Section("Overrides", 20, tuple(blocks)) if blocks else None


def _override_lines(report: Report) -> list[str]:
    """Entries to copy; reason, owner and date are left for a person to write."""
    refused = [r for r in report.gate.refusals if r.rule.startswith("stateful-") and r.subject]
    lines = ["overrides:"] if refused else []
    for refusal in refused:
        lines += [
            f"  - name: {_quoted(refusal.subject or '')}",
            f"    environment: {refusal.environment}",
            f"    action: {refusal.rule.removeprefix('stateful-')}",
            '    reason: "" # why the data may go, in a sentence',
            '    owner: "" # who answers for it',
            "    expires: # a day, 90 days from now at most",
        ]
    return lines


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def summary_of(report: Report) -> str:
    """One line for logs."""
    return f"{headline(report)} ({count(len(report.gate.refusals), 'refusal')})"
