"""Runs the checks over items as they come: a first pass, and a second one where something does not settle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from omnix.dynamodb import load_item
from omnix.integrity import analytics, customers, inventory, orders, products, sessions, users
from omnix.integrity.balance import Balance, Books, Doubts
from omnix.integrity.finding import Finding, Weight
from omnix.integrity.rules import RULES
from omnix.integrity.saying import Entry, Has, Needs, Said, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from omnix.dynamodb import Item
    from omnix.migration.checksum import WireItem

# Logical table -> entity -> what its items say. A table that stores nothing yet knows no entity.
TABLES: Mapping[str, Mapping[str, Callable[[Item, int], Iterator[Said]]]] = {
    "users": users.CHECKS,
    "products": products.CHECKS,
    "orders": orders.CHECKS,
    "inventory": inventory.CHECKS,
    "sessions": sessions.CHECKS,
    "customer-profiles": customers.CHECKS,
    "recommendations": analytics.PAIRS,
    "analytics": analytics.CHECKS,
    "workspaces": {},
}
MOST_FINDINGS = 1000  # kept of each pass; all are counted


def said(table: str, wire: WireItem, now: int) -> Iterator[Said]:
    """What an item of a (logical) table says at `now` (epoch seconds). Never raises for an item, whatever is in it."""
    try:
        item = load_item(wire)
        check = TABLES[table].get(item["entity"])
        if check is None:
            yield Wrong("entity", "of a kind that this version does not know")
            return
        yield from check(item, now)
    except ValidationError as error:
        places = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
        yield Wrong("model", f"not valid: {', '.join(places)}")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        yield Wrong("model", f"cannot be read ({type(error).__name__})")


@dataclass
class Check:
    """The first pass over a set of tables or over a part of it. `tables`: those that are read, all of the items of.

    Holds 65,536 sums, 8 bytes for each product with stock, and at most `MOST_FINDINGS` findings.
    """

    now: int
    balance: Balance = field(default_factory=Balance)
    findings: list[Finding] = field(default_factory=list)
    found: Counter[Weight] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)

    def add(self, table: str, item: WireItem) -> None:
        """Take one item of a logical table in."""
        self.items[table] += 1
        for one in said(table, item, self.now):
            match one:
                case Entry():
                    self.balance.add(one)
                case Needs():
                    self.balance.needs(one)
                case Has():
                    self.balance.has(one)
                case Wrong():
                    self._keep(Finding(table, one.rule, key_of(item), one.detail, one.weight))

    def merge(self, other: Check) -> None:
        """Add another part's."""
        self.balance.merge(other.balance)
        self.found.update(other.found)
        self.items.update(other.items)
        self.findings = [*self.findings, *other.findings][:MOST_FINDINGS]

    def doubts(self) -> Doubts:
        """What a second pass has to look at; empty when all is settled."""
        return self.balance.doubts()

    def _keep(self, finding: Finding) -> None:
        self.found[finding.weight] += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@dataclass
class Resolution:
    """The second pass: names what did not settle, for rules whose tables were all read (`tables`)."""

    doubts: Doubts
    now: int
    tables: frozenset[str]
    books: Books = field(init=False)
    orphans: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.books = Books(self.doubts)

    def add(self, table: str, item: WireItem) -> None:
        """Take one item of a logical table in."""
        for one in said(table, item, self.now):
            if isinstance(one, Entry):
                self.books.add(one)
            elif isinstance(one, Needs) and self.doubts.miss(one) and self._judges(one.rule):
                rule = RULES[one.rule]
                self.orphans.append(Finding(table, one.rule, key_of(item), rule.text, rule.weight))

    def merge(self, other: Resolution) -> None:
        """Add another part's."""
        self.books.merge(other.books)
        self.orphans += other.orphans

    def findings(self, changed_since: str | None = None) -> list[Finding]:
        """One for each account. What changed since (ISO 8601), while tables were read one after another, is behind."""
        found = list(self.orphans)
        for name, account, standing in self.books.unsettled():
            rule = RULES[name]
            if not self._judges(name) or (rule.witnessed and not standing.witnessed):
                continue
            late = changed_since is not None and standing.latest >= changed_since
            weight = Weight.BEHIND if late else rule.weight
            found.append(Finding(rule.table, name, " ".join(account[:2]), _told(rule.text, standing.total), weight))
        return sorted(set(found))

    def _judges(self, rule: str) -> bool:
        return ACROSS.get(rule, {RULES[rule].table}) <= self.tables


# Rules whose accounts are of several tables: they say nothing when one of these was not read.
ACROSS: Mapping[str, set[str]] = {
    "reservations": {"inventory", "orders"},
    "level-product": {"inventory", "products"},
    "customer-value": {"customer-profiles", "orders"},
    "catalogue-counts": {"analytics", "products"},
    "sales-counts": {"analytics", "orders"},
    "stock-counts": {"analytics", "inventory"},
}


def key_of(item: WireItem) -> str:
    """An item's key as one text."""
    return " ".join(str(item.get(name, {}).get("S", "?")) for name in ("pk", "sk"))


def _told(text: str, total: int) -> str:
    return f"{text} ({total:+})" if abs(total) < 1 << 40 else text
