"""The products that sold best on a day: a board of the first hundred, from the products' own counters.

The board takes what the counters say, never a difference: writing it twice changes nothing. It is written only over the
version that was read before the counters were, so that an older count never replaces a newer one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.analytics import keys
from omnix.analytics.delta import AMOUNT, UNITS
from omnix.catalogue.prices import batch
from omnix.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Item, Table

PLACES = 100
LATELY = 7  # boards: 84 KB at most
_ATTEMPTS = 8


def lately(table: Table, tenant_id: str) -> Counter[str]:
    """Units by product over the last days on which something was sold (UTC, seven of them at most); one read."""
    pk, sk = keys.best(tenant_id, "")
    found: Counter[str] = Counter()
    for board in table.query(pk, sk, limit=LATELY, descending=True).items:
        found.update({product_id: place["units"] for product_id, place in board["places"].items()})
    return found


def rank(table: Table, tenant_id: str, date: str, products: Mapping[str, str], expires_at: int) -> None:
    """Puts products (id -> name) where their counters of the day place them. Raises UnavailableError under a rush."""
    pk, sk = keys.best(tenant_id, date)
    for _ in range(_ATTEMPTS):
        stored = table.get(pk, sk)
        counters = batch(table, [keys.product(tenant_id, date, one) for one in products])
        found = {item["pk"].rpartition("#")[2]: item for item in counters}
        places: dict[str, Any] = dict(stored["places"]) if stored else {}
        places |= {one: _place(name, found.get(one)) for one, name in products.items()}
        kept, cut = _first({one: place for one, place in places.items() if place["units"] > 0})
        item = {
            "pk": pk,
            "sk": sk,
            "entity": "rollup",
            "places": kept,
            "cut": cut or bool(stored and stored["cut"]),
            "version": (stored["version"] if stored else 0) + 1,
            "expires_at": expires_at,
        }
        if stored and stored["places"] == kept:
            return
        if _write(table, item, stored):
            return
    raise UnavailableError


def _write(table: Table, item: Item, stored: Item | None) -> bool:
    """Whether it was written over what was read. Alone, for half of a transaction's price: a lost answer that a retry
    makes a refusal costs one more read, which finds the board as it shall be.
    """
    condition = ("version = :version", {":version": stored["version"]}) if stored else ("attribute_not_exists(pk)",)
    try:
        table.client.put_item(**table.put(item, *condition)["Put"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _place(name: str, counter: Item | None) -> dict[str, Any]:
    counts = counter or {}
    amounts = {key.removeprefix(AMOUNT): n for key, n in counts.items() if key.startswith(AMOUNT) and n}
    return {"name": name, "units": counts.get(UNITS, 0), "amounts": amounts}


def _first(places: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """The best of them, and whether any was left out."""
    ordered = sorted(places.items(), key=lambda place: (-place[1]["units"], place[0]))
    return dict(ordered[:PLACES]), len(ordered) > PLACES
