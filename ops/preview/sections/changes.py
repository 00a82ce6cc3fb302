"""Creates, updates and renames, by component and environment: the paths that change, never what is in them."""

from collections.abc import Sequence

from ops.preview import urn as urns
from ops.preview.blocks import Block, Details, Line, Paragraph, Section, Span, code, joined, line
from ops.preview.model import Action, Change, Environment, PathChange
from ops.preview.report import Report
from ops.preview.sections.rows import merged
from ops.preview.sections.words import VERBS, count, resource
from ops.preview.urn import short_type

_SHOWN = (Action.CREATE, Action.IMPORT, Action.UPDATE, Action.UNKNOWN)
_MOST_PATHS = 12


def section(report: Report) -> Section | None:
    """A table a component; components and resources in order of name."""
    components = sorted({c.resource.component for e in report.environments for c in _listed(e)})
    blocks: list[Block] = []
    for component in components:
        found = [(e.name, c) for e in report.environments for c in _listed(e) if c.resource.component == component]
        rows = [(name, _row(change)) for name, change in sorted(found, key=lambda pair: _order(pair[1]))]
        table = merged(("Change", "Resource", "Type", "What changes"), rows, [e.name for e in report.environments])
        blocks.append(Details(line(code(component), f": {_tally([c for _, c in found])}"), (table,)))
    if renamed := _renamed(report):
        blocks.append(Paragraph(renamed))
    return Section("Created and updated", 50, tuple(blocks)) if blocks else None


def _listed(environment: Environment) -> Sequence[Change]:
    """The program's own components exist in the state only: nothing is created for them."""
    return [c for c in environment.of(*_SHOWN) if not urns.is_component(c.resource.type)]


def _order(change: Change) -> tuple[int, str]:
    return (_SHOWN.index(change.action), change.urn.split("::", 2)[-1])


def _tally(found: Sequence[Change]) -> str:
    """How many resources, each counted once however many environments it is in."""
    actions = [(action, len({c.urn.split("::", 2)[-1] for c in found if c.action is action})) for action in _SHOWN]
    return ", ".join(f"{number} to {VERBS[action]}" for action, number in actions if number)


def _row(change: Change) -> tuple[Line, ...]:
    return (
        line(VERBS[change.action] if change.action is not Action.UNKNOWN else f"unknown operation {change.op}"),
        resource(change),
        line(code(short_type(change.resource.type))),
        _what(change),
    )


def _what(change: Change) -> Line:
    if change.action in {Action.CREATE, Action.IMPORT}:
        known = sorted(change.after.items())
        sizes = [_scalar(path, value) for path, value in known if not path.startswith("count ") and value is not False]
        return joined(sizes[:_MOST_PATHS], ", ")
    paths = [_path(path) for path in change.paths[:_MOST_PATHS]]
    rest = len(change.paths) - _MOST_PATHS
    return joined(paths, ", ") + (line(f" and {count(rest, 'more path')}") if rest > 0 else ())


def _scalar(path: str, value: object) -> Line:
    return line(code(path), f" {_value(value)}")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _path(change: PathChange) -> Line:
    sign = {"add": "+", "delete": "-"}.get(change.kind.removesuffix("-replace"), "")
    parts: list[str | Span] = [sign, code(change.path)] if sign else [code(change.path)]
    if change.before is not None and change.after is not None:
        parts.append(f" {_value(change.before)} → {_value(change.after)}")
    return line(*parts)


def _renamed(report: Report) -> Line:
    """What an alias found under another URN: it costs nothing, and says that the alias works."""
    found = {c.urn.split("::", 2)[-1] for e in report.environments for c in e.changes if c.renamed_from}
    return line(f"{count(len(found), 'resource')} renamed by alias; nothing is replaced for it.") if found else ()
