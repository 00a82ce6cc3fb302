"""What an item says about accounts, and how items are compared with what the domain would store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix.dynamodb import dump_item
from omnix.integrity.finding import Weight
from omnix.migration.checksum import item_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from omnix.dynamodb import Item

type Account = tuple[str, ...]
type Said = Entry | Needs | Has | Wrong

PREFIX = "TENANT#"


@dataclass(frozen=True)
class Entry:
    """`amount` on an account of a rule; all amounts of an account must come to nothing.

    `at`: when what is said was written (ISO 8601), where the item knows. `witness`: the account counts at all, for
    rules that are `witnessed`.
    """

    rule: str
    account: Account
    amount: int
    at: str = ""
    witness: bool = False


@dataclass(frozen=True)
class Needs:
    """The account must be there."""

    rule: str
    account: Account


@dataclass(frozen=True)
class Has:
    """The account is there."""

    rule: str
    account: Account


@dataclass(frozen=True)
class Wrong:
    """The item is wrong by itself."""

    rule: str
    detail: str
    weight: Weight = Weight.BROKEN


def tenant_of(item: Item) -> str | None:
    """The tenant of an item: by its partition key, or by what it says where that names none; None for nobody's."""
    pk = item["pk"]
    if pk.startswith(PREFIX):
        return str(pk.removeprefix(PREFIX).partition("#")[0])
    tenant = item.get("tenant_id")
    return tenant if isinstance(tenant, str) else None


def placed(item: Item, key: tuple[str, str]) -> Iterator[Wrong]:
    """Wrong when the item's key is not the one that its content makes."""
    if (item["pk"], item["sk"]) != key:
        yield Wrong("place", "its key is not the one of its content")


def same(item: Item, made: Item, besides: Collection[str] = ()) -> Iterator[Wrong]:
    """Wrong when an attribute is not what the domain stores for the item's content.

    Attributes that this version does not know are left alone: the next one may have written them.
    """
    wrong = sorted(name for name, value in made.items() if name not in besides and item.get(name) != value)
    if wrong:
        yield Wrong("content", f"not what its content makes: {', '.join(wrong)}")


def copy(rule: str, made: Item, amount: int) -> Entry:
    """That a copy should be (-1) or is (+1) there with exactly this content."""
    return Entry(rule, (made["pk"], made["sk"], f"{item_hash(dump_item(made)):032x}"), amount)


def counters(rule: str, key: tuple[str, str], amounts: Mapping[str, int]) -> Iterator[Entry]:
    """Counters of one item: an account each."""
    for name, amount in amounts.items():
        yield Entry(rule, (*key, name), amount)
