"""The legacy tables' items, made from their index alone: the same every time, whatever the size.

Values are what boto3's TypeSerializer takes (Decimal, str, set, bytes). `flaw` tells which items are broken and how;
`twin` which ones repeat another item under another key. Nothing here is random, so that a test can count both.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

type Item = dict[str, Any]

SHOPS = ("shop-1", "shop-2", "shop-3")
LOCATIONS = ("main", "Berlin Mitte", "warehouse-2")
CATEGORIES = ("Tea", "Coffee & Cocoa", "accessories", "Gift Sets", "")
STATUSES = ("PENDING", "paid", "Shipped", "DELIVERED", "cancelled")
_START = datetime(2023, 3, 1, 8, tzinfo=UTC)
_FLAW_EVERY, _FLAW_AT = 101, 50
_TWIN_EVERY, _TWIN_AT = 97, 60

FLAWS: dict[str, tuple[str, ...]] = {
    "product": ("price is text that is no number", "price is negative", "name is missing", "sku is empty"),
    "product_old": ("price_cents is missing", "title is empty"),
    "order": ("items is empty", "total is not the sum of its items", "status is unknown", "quantity is zero"),
    "order_rows": ("a line without its head",),
    "order_numbered": ("amount is text that is no number",),
    "stock": ("stock is negative", "reserved is more than stock"),
    "stock_text": ("key has no location",),
    "customer": ("email is no address", "fullName is missing"),
    "customer_by_email": ("name is missing",),
    "customer_split": ("email is no address",),
    "user": ("role is unknown",),
    "metric": ("value is text that is no number",),
}


def flaw(shape: str, index: int) -> str | None:
    """What is wrong with item `index` of a shape, in words; None for a good one."""
    words = FLAWS.get(shape)
    if not words or index % _FLAW_EVERY != _FLAW_AT:
        return None
    return words[index // _FLAW_EVERY % len(words)]


def twin(shape: str, index: int) -> int | None:
    """The index of the item of the same shape that this one repeats with a newer time, under another key."""
    repeats = shape in ("product", "customer") and index % _TWIN_EVERY == _TWIN_AT
    return index - 1 if repeats and flaw(shape, index) is None else None


def items(shape: str, count: int) -> Iterator[Item]:
    """The first `count` items of a shape (a row each: an order of `order_rows` takes three)."""
    make = _SHAPES[shape]
    return (make(index) for index in range(count))


def _moment(index: int) -> datetime:
    return _START + timedelta(minutes=7 * (index % 180_000))


def _ms(moment: datetime) -> Decimal:
    return Decimal(int(moment.timestamp() * 1000))


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _price(index: int) -> Decimal:
    return Decimal(199 + index * 37 % 9800) / 100


def _product(index: int) -> Item:
    original = twin("product", index)
    subject, when = (index, _moment(index)) if original is None else (original, _moment(index) + timedelta(days=30))
    item: Item = {
        "id": f"P{index:07d}",
        "shopId": SHOPS[subject % 3],
        "sku": f"SKU-{subject:07d}",
        "name": f"Product {subject}" + (" (neu)" if original is not None else ""),
        "category": CATEGORIES[subject % 5],
        # half of the writers sent text
        "price": _price(subject) if subject % 2 else str(_price(subject)),
        "isActive": subject % 9 != 0,
        "tags": {f"tag-{subject % 4}", "legacy"},
        "createdAt": _ms(_moment(subject)),
        "updatedAt": _iso(when),
    }
    if subject % 3:
        item["currency"] = "EUR"
    if subject % 5 == 0:
        item["description"] = f"Über {subject}: ☕ and more"
    match flaw("product", index):
        case "price is text that is no number":
            item["price"] = "on request"
        case "price is negative":
            item["price"] = Decimal("-1.5")
        case "name is missing":
            del item["name"]
        case "sku is empty":
            item["sku"] = ""
    return item


def _product_old(index: int) -> Item:
    """The same products as `product` (by SKU), as they were a year before."""
    item: Item = {
        "product_id": f"P{index:07d}", "store": SHOPS[index % 3], "SKU": f"sku-{index:07d}",
        "title": f"Product {index} old", "price_cents": Decimal(int(_price(index) * 100) - 50),
        "modified": (_moment(index) - timedelta(days=365)).strftime("%Y-%m-%d %H:%M:%S"),
    }  # fmt: skip
    match flaw("product_old", index):
        case "price_cents is missing":
            del item["price_cents"]
        case "title is empty":
            item["title"] = ""
    return item


def _order(index: int) -> Item:
    lines: list[Item] = [
        {
            "productId": f"P{(index * 3 + n) % 1000:07d}",
            "qty": Decimal(1 + (index + n) % 4),
            "price": _price(index * 3 + n),
        }
        for n in range(1 + index % 3)
    ]
    item: Item = {
        "orderId": f"O{index:08d}",
        "createdAt": _ms(_moment(index)),
        "shopId": SHOPS[index % 3],
        "customerId": f"C{index % 500:06d}",
        "status": STATUSES[index % 5],
        "items": lines,
        "total": sum((line["qty"] * line["price"] for line in lines), Decimal(0)),
        "currency": "EUR",
    }
    match flaw("order", index):
        case "items is empty":
            item |= {"items": [], "total": Decimal(0)}
        case "total is not the sum of its items":
            item["total"] += Decimal("0.01")
        case "status is unknown":
            item["status"] = "???"
        case "quantity is zero":
            lines[0]["qty"] = Decimal(0)
    return item


def _order_rows(index: int) -> Item:
    """Three rows an order: a head and two lines that migration merges. A flawed one hangs on a head that is not."""
    order, row = divmod(index, 3)
    if row == 0:
        return {
            "pk": f"ORDER#S{order:07d}", "sk": "META", "shop": SHOPS[order % 3],
            "customer": f"buyer{order % 200}@example.com", "state": STATUSES[order % 5].lower(),
            "placed": _iso(_moment(order)),
        }  # fmt: skip
    owner = f"ORDER#LOST{index}" if flaw("order_rows", index) else f"ORDER#S{order:07d}"
    product = (order * 2 + row) % 1000
    return {
        "pk": owner,
        "sk": f"LINE#{row}",
        "product": f"P{product:07d}",
        "count": Decimal(row),
        "cents": _price(product) * 100,
    }


def _order_numbered(index: int) -> Item:
    amount: Any = "n/a" if flaw("order_numbered", index) else str(_price(index))
    return {
        "order_number": Decimal(1000 + index),
        "shop": SHOPS[index % 3],
        "amount": amount,
        "when": _iso(_moment(index)),
        "product": f"P{index % 1000:07d}",
    }


def _stock(index: int) -> Item:
    item: Item = {
        "productId": f"P{index // 3:07d}", "location": LOCATIONS[index % 3],
        "stock": Decimal(5 + index % 200), "reserved": Decimal(index % 5), "lastCount": _iso(_moment(index)),
    }  # fmt: skip
    match flaw("stock", index):
        case "stock is negative":
            item["stock"] = Decimal(-3)
        case "reserved is more than stock":
            item["reserved"] = item["stock"] + 1
    return item


def _stock_text(index: int) -> Item:
    place = "" if flaw("stock_text", index) else f"|{LOCATIONS[index % 3]}"
    return {"key": f"P{index // 3:07d}-{index % 3}{place}", "qty": str(5 + index % 50)}


def _customer(index: int) -> Item:
    original = twin("customer", index)
    subject = index if original is None else original
    item: Item = {
        "customerId": f"C{index:06d}",
        "shopId": SHOPS[subject % 3],
        "fullName": f"Grace Buyer {subject}",
        "email": f"Buyer{subject}@Example.com" if subject % 4 == 0 else f"buyer{subject}@example.com",
        "phone": f"+4930{1_000_000 + subject}" if subject % 3 else "",
        "address": {"street": f"Straße {subject}", "zip": f"{10_000 + subject % 80_000}", "city": "Berlin"},
        "loyaltyPoints": Decimal(subject % 700),
        "updatedAt": _iso(_moment(index) + timedelta(days=0 if original is None else 60)),
    }
    match flaw("customer", index):
        case "email is no address":
            item["email"] = "unknown"
        case "fullName is missing":
            del item["fullName"]
    return item


def _customer_by_email(index: int) -> Item:
    """The buyers of the Serverless shop; half of them are in `customer` too."""
    item: Item = {
        "email": f"buyer{index * 2}@example.com",
        "shop": SHOPS[index * 2 % 3],
        "name": f"Grace Buyer {index * 2}",
        "since": _iso(_moment(index)),
    }
    if flaw("customer_by_email", index):
        del item["name"]
    return item


def _customer_split(index: int) -> Item:
    email = "none" if flaw("customer_split", index) else f"buyer{index * 5}@example.com"
    return {
        "id": f"v2-{index}", "shop": SHOPS[index * 5 % 3], "email": email, "phone": f"+4940{index}",
        "first_name": "Grace", "last_name": f"Buyer {index * 5}",
        "changed": Decimal(int((_moment(index) + timedelta(days=400)).timestamp())),
    }  # fmt: skip


def _user(index: int) -> Item:
    role = "root?" if flaw("user", index) else ("owner", "admin", "STAFF")[index % 3]
    return {
        "userId": f"U{index:05d}", "email": f"staff{index}@omnix.example", "role": role, "shopId": SHOPS[index % 3],
        "passwordHash": f"$2b$12${index:053d}", "createdAt": _ms(_moment(index)),
    }  # fmt: skip


def _session(index: int) -> Item:
    ends = _moment(index) + timedelta(days=7)
    return {"sessionId": f"S{index:08d}", "userId": f"U{index % 50:05d}", "expiresAt": Decimal(int(ends.timestamp()))}


def _session_old(index: int) -> Item:
    return {"token": f"t{index:08d}", "ttl": Decimal(int(_moment(index).timestamp())), "blob": bytes([index % 256] * 8)}


def _recommendation(index: int) -> Item:
    return {
        "customerId": f"C{index:06d}", "productIds": [f"P{(index + n) % 1000:07d}" for n in range(3)],
        "scores": {Decimal(index % 9), Decimal(10) + index % 7}, "model": "collab-v1", "at": _iso(_moment(index)),
    }  # fmt: skip


def _metric(index: int) -> Item:
    day = (_START + timedelta(days=index // 4 % 1000)).strftime("%Y-%m-%d")
    value: Any = "NaN" if flaw("metric", index) else Decimal(index) / 4
    return {
        "metric": f"{('revenue', 'orders', 'visits', 'returns')[index % 4]}#{index // 4000}",
        "date": day,
        "value": value,
    }


def _junk(index: int) -> Item:
    return {"row": str(index), "raw": f"a;b;{index}"}


_SHAPES: dict[str, Callable[[int], Item]] = {
    "product": _product, "product_old": _product_old, "product_copy": _product, "order": _order,
    "order_rows": _order_rows, "order_numbered": _order_numbered, "stock": _stock, "stock_text": _stock_text,
    "customer": _customer, "customer_by_email": _customer_by_email, "customer_split": _customer_split,
    "user": _user, "session": _session, "session_old": _session_old, "recommendation": _recommendation,
    "metric": _metric, "junk": _junk,
}  # fmt: skip
