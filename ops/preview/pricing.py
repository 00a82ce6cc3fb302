"""What a change costs or saves a month, from list prices and stated assumptions. What has no price is counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ops.preview import urn as urns
from ops.preview.disclosure import Scalar
from ops.preview.model import Action, Change, Environment
from ops.preview.price_table import Line, PriceTable, Usage

type Facts = Mapping[str, Scalar]
type _Siblings = Mapping[tuple[str | None, str], Facts]


class _UnknownFactError(LookupError):
    """A line needs a fact that the preview does not hold."""


@dataclass(frozen=True)
class ResourceCost:
    """A resource's month before and after, USD."""

    name: str
    type: str
    component: str
    before: float
    after: float

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True)
class Cost:
    """An environment's difference. `unpriced`: changed resources by type without a price, or with unknown facts.

    `total_before` and `total_after` are of everything priced, where the preview lists what stays the same too.
    """

    resources: tuple[ResourceCost, ...]
    unpriced: Mapping[str, int]
    borrowed: tuple[str, ...]
    total_before: float | None
    total_after: float | None

    @property
    def difference(self) -> float:
        """The whole month's difference."""
        return sum(resource.difference for resource in self.resources)

    def by_component(self) -> tuple[tuple[str, float, float], ...]:
        """(component, before, after) of what changes, in order of name."""
        names = sorted({resource.component for resource in self.resources})
        return tuple(
            (
                name,
                sum(r.before for r in self.resources if r.component == name),
                sum(r.after for r in self.resources if r.component == name),
            )
            for name in names
        )


def cost(environment: Environment, table: PriceTable, usage: Usage) -> Cost:
    """The month of every resource before and after the change."""
    book = _Book(
        table, usage, environment.name, _siblings(environment, after=False), _siblings(environment, after=True)
    )
    unpriced: Counter[str] = Counter()
    priced: list[tuple[Change, float, float]] = []
    for change in environment.changes:
        type_token = change.resource.type
        if urns.is_component(type_token) or type_token.startswith("pulumi:") or type_token in table.free:
            continue
        amounts = book.amounts(change)
        if amounts is not None:
            priced.append((change, *amounts))
        elif change.action is not Action.SAME:
            unpriced[type_token] += 1
    changed = [
        ResourceCost(c.resource.name, c.resource.type, c.resource.component, before, after)
        for c, before, after in priced
        if _cents(before) != _cents(after)
    ]
    whole = environment.inventory and environment.failure is None
    return Cost(
        resources=tuple(sorted(changed, key=lambda r: (-abs(r.difference), r.name))),
        unpriced=dict(sorted(unpriced.items())),
        borrowed=tuple(sorted(book.borrowed)),
        total_before=sum(before for _, before, _ in priced) if whole else None,
        total_after=sum(after for _, _, after in priced) if whole else None,
    )


def _cents(amount: float) -> int:
    """Hundredths of a cent: what is smaller is no difference."""
    return round(amount * 10_000)


def _siblings(environment: Environment, *, after: bool) -> _Siblings:
    return {(c.parent, c.resource.type): c.after if after else c.before for c in environment.changes}


@dataclass
class _Book:
    """Prices resources of one environment; `borrowed` collects the price names of another region that were used."""

    table: PriceTable
    usage: Usage
    environment: str
    siblings_before: _Siblings
    siblings_after: _Siblings

    def __post_init__(self) -> None:
        self.borrowed: set[str] = set()

    def amounts(self, change: Change) -> tuple[float, float] | None:
        """(before, after), or None when the type has no price or a fact is missing."""
        lines = self.table.resources.get(change.resource.type)
        if lines is None or change.action is Action.UNKNOWN:
            return None
        exists = change.action is not Action.CREATE, change.action is not Action.DELETE
        try:
            before = self._month(lines, change, change.before, self.siblings_before) if exists[0] else 0.0
            after = self._month(lines, change, change.after, self.siblings_after) if exists[1] else 0.0
        except _UnknownFactError:
            return None
        # an import costs what it cost before the stack knew of it
        return (after, after) if change.action is Action.IMPORT else (before, after)

    def _month(self, lines: Iterable[Line], change: Change, facts: Facts, siblings: _Siblings) -> float:
        return sum(self._line(line, change, facts, siblings) for line in lines)

    def _line(self, line: Line, change: Change, facts: Facts, siblings: _Siblings) -> float:
        if line.when is not None:
            condition, _, wanted = line.when.rpartition(" = ")
            if _word(self._term(condition, change, facts, siblings)) != wanted:
                return 0.0
        price = self.table.prices[line.price]
        amount = price.usd
        for term in line.times:
            value = self._term(term, change, facts, siblings) if isinstance(term, str) else term
            amount *= _number(value)
        if amount and price.basis != "region":
            self.borrowed.add(line.price)
        return amount

    def _term(self, text: str, change: Change, facts: Facts, siblings: _Siblings) -> Scalar:
        term, _, default = text.partition("|")
        kind, _, name = term.partition(":")
        value: Scalar | None
        if kind == "usage":
            value = self.usage.value(name, self.environment, change.resource.name)
        elif kind == "sum":
            value = _sum(name, facts)
        elif kind == "sibling":
            type_token, _, path = name.rpartition(":")
            value = siblings.get((change.parent, type_token), {}).get(path)
        else:
            value = facts.get(name)
        if value is None and not default:
            raise _UnknownFactError(text)
        return value if value is not None else _scalar(default)


def _sum(name: str, facts: Facts) -> float | None:
    """A table's capacity with that of its indexes: each is billed."""
    if name not in facts:
        return None
    values = [value for path, value in facts.items() if path == name or path.endswith(f"].{name}")]
    return sum(_number(value) for value in values)


def _number(value: Scalar) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnknownFactError(value)
    return float(value)


def _word(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _scalar(text: str) -> Scalar:
    if text in {"true", "false"}:
        return text == "true"
    return float(text) if text.replace(".", "", 1).isdigit() else text


def sources(table: PriceTable, costs: Sequence[Cost]) -> tuple[str, ...]:
    """The names of the price lists behind what is shown."""
    used = {resource.type for cost in costs for resource in cost.resources}
    names = {table.prices[line.price].source for kind in used for line in table.resources.get(kind, ())}
    return tuple(sorted(names))
