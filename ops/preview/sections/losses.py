"""What would be lost: first data, then everything else that goes or is made anew, then the protections taken away."""

from collections.abc import Iterable

from ops.preview.blocks import Block, Bullets, Line, Paragraph, Section, Span, code, joined, line, strong
from ops.preview.model import Action, Change
from ops.preview.report import Report
from ops.preview.sections.rows import merged
from ops.preview.sections.words import count, marked, names, resource
from ops.preview.urn import short_type

_TAKEN = (Action.DELETE, Action.REPLACE)


def stateful(report: Report) -> Section | None:
    """Every resource whose loss loses data: what goes, what protects it, who allows it."""
    found = _by_resource((e.name, c) for e in report.environments for c in e.of(*_TAKEN) if c.loss and c.loss.gated)
    if not found:
        return None
    rows = [(name, _stateful_row(report, name, change)) for name, change in found]
    table = merged(("Resource", "What happens", "What is lost", "What protects it", "Override"), rows, _names(report))
    lead = line(strong(f"{count(len({c.urn.split('::', 2)[-1] for _, c in found}), 'stateful resource')} affected."))
    blocks: list[Block] = [Paragraph(lead), table]
    hints = {
        line(code(c.resource.name), " goes and ", code(c.recreated_as), " is created under the same physical name: a "
             "rename? Give the new one ", code("aliases"), " and nothing is replaced.")
        for _, c in found
        if c.recreated_as
    }  # fmt: skip
    if hints:
        blocks.append(Bullets(tuple(sorted(hints, key=repr))))
    return Section("Data at stake", 95, tuple(blocks))


def _by_resource(found: Iterable[tuple[str, Change]]) -> list[tuple[str, Change]]:
    """A resource's rows of several environments together."""
    return sorted(found, key=lambda pair: pair[1].urn.split("::", 2)[-1])


def _names(report: Report) -> list[str]:
    return [environment.name for environment in report.environments]


def _stateful_row(report: Report, environment: str, change: Change) -> tuple[Line, ...]:
    loss = change.loss
    override = report.gate.override_of(change, environment)
    allowed = (
        line(f"{override.owner}, until {override.expires}: {override.reason}") if override else line(strong("none"))
    )
    return (
        resource(change),
        _happens(change),
        line(loss.lost if loss else ""),
        joined([marked(text) for text in change.protections], "; ") or line(strong("nothing")),
        allowed,
    )


def _happens(change: Change) -> Line:
    noun = change.loss.noun if change.loss else short_type(change.resource.type)
    if change.action is Action.DELETE:
        return line(strong("deleted"), f" ({noun})")
    why = change.reasons or tuple(p.path for p in change.paths if p.kind.endswith("-replace"))
    because: Line = (Span(", because of "), *names(why)) if why else ()
    return line(strong("replaced"), f" by an empty {noun}", *because)


def others(report: Report) -> Section | None:
    """Deletions and replacements that lose no data."""
    found = [(e.name, c) for e in report.environments for c in e.of(*_TAKEN) if not (c.loss and c.loss.gated)]
    if not found:
        return None
    rows = [(name, _other_row(change)) for name, change in _deletions_first(found)]
    return Section(
        "Also deleted or replaced",
        80,
        (merged(("Change", "Resource", "Type", "Component", "Note"), rows, _names(report)),),
    )


def _deletions_first(found: Iterable[tuple[str, Change]]) -> list[tuple[str, Change]]:
    return sorted(found, key=lambda pair: (pair[1].action is not Action.DELETE, pair[1].loss is None))


def _other_row(change: Change) -> tuple[Line, ...]:
    verb = "deleted" if change.action is Action.DELETE else "replaced"
    notes = [line(f"lost: {change.loss.lost}")] if change.loss else []
    if change.reasons:
        notes.append(line("because of ", *names(change.reasons)))
    if change.retain:
        notes.append(line("stays in the account"))
    return (
        line(verb),
        resource(change),
        line(code(short_type(change.resource.type))),
        line(change.resource.component),
        joined(notes, "; "),
    )


def weakened(report: Report) -> Section | None:
    """Protections taken away, and updates in place that do more than they say."""
    rows: list[tuple[str, tuple[Line, ...]]] = []
    for environment in report.environments:
        for change in environment.changes:
            found = [line("less protection: ", code(path), *_values(change, path)) for path in change.weakened]
            found += [marked(note) for note in change.cautions]
            rows += [(environment.name, (resource(change), why)) for why in found]
    if not rows:
        return None
    return Section("Look twice", 85, (merged(("Resource", "Why"), rows, _names(report)),))


def _values(change: Change, path: str) -> Line:
    before, after = change.before.get(path), change.after.get(path)
    if path == "protect" or before is None:
        return line(" from on to off") if path == "protect" else ()
    return line(" from ", code(str(before)), " to ", code("unset" if after is None else str(after)))
