"""Entities of the domain as migrated: the domain's own code says what is valid and which items make one up.

Without its index entries a product would be in no list, and without its SKU's entry there could be two of them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from omnix.authorisation import Role
from omnix.catalogue import entries
from omnix.catalogue.model import Product, ProductInput
from omnix.catalogue.store import product_item, sku_item
from omnix.customers.model import Customer, CustomerInput
from omnix.customers.store import customer_item, email_item
from omnix.dynamodb import Table, dump_item, load_item
from omnix.identity import keys as identity_keys
from omnix.identity.model import Email, Name, User
from omnix.identity.nobody import NOBODY
from omnix.identity.store import new_user
from omnix.inventory.model import Level, LocationId, Units, is_low
from omnix.inventory.store import level_item, location_item
from omnix.migration.values import ValueRefusedError
from omnix.orders.model import MAX_LINES, Order, OrderLine, Step, Totals
from omnix.orders.model import Id as Identity
from omnix.orders.status import OrderStatus
from omnix.orders.store import order_item, status_item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omnix.dynamodb import Item as PlainItem
    from omnix.migration.wire import Item

type Values = dict[str, Any]
type Built = list[tuple[str, PlainItem]]

_ARGON2 = "$argon2id$"


def build(entity: str, tenant: str | None, values: Mapping[str, Any]) -> list[tuple[str, Item]]:
    """(logical table, item) pairs, head first, in DynamoDB's JSON. Raises ValueRefusedError with all that is wrong."""
    if tenant is None:
        raise ValueRefusedError(f"a {entity} belongs to a tenant, and the source has no `tenant`")
    try:
        built = ENTITIES[entity](tenant, _nested(values))
        return [(table, dump_item(item)) for table, item in built]
    except ValidationError as error:
        raise ValueRefusedError("; ".join(_line(one) for one in error.errors())) from None
    except KeyError as error:
        raise ValueRefusedError(f"{error.args[0]} is missing") from None
    except (TypeError, ValueError) as error:
        raise ValueRefusedError(str(error)) from None


def _line(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"])
    return f"{path}: {error['msg'].removeprefix('Value error, ')}" if path else str(error["msg"])


def _nested(values: Mapping[str, Any]) -> Values:
    """`{"price.amount": 1}` as `{"price": {"amount": 1}}`."""
    found: Values = {}
    for name, value in values.items():
        *path, last = name.split(".")
        inner = found
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return found


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _valid(kind: Any, name: str, value: Any) -> Any:
    try:
        return _adapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        raise ValueRefusedError(f"{name}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


def _common(values: Values) -> Values:
    """Version and times, which the platform sets and a migration brings along."""
    created = values.pop("created_at", None) or values.get("updated_at")
    updated = values.pop("updated_at", None) or created
    if not created:
        raise ValueRefusedError("created_at or updated_at is missing")
    return {"version": values.pop("version", 1), "created_at": created, "updated_at": updated}


def _identity(values: Values) -> str:
    found: str = _valid(Identity, "id", values.pop("id"))
    return found


def _product(tenant: str, values: Values) -> Built:
    identity, common = _identity(values), _common(values)
    content = ProductInput.model_validate(values)
    product = Product(product_id=identity, **{**content.model_dump(), **common})
    listed = entries.of(tenant, product).values()
    own: Built = [("products", product_item(tenant, product)), ("products", sku_item(tenant, product))]
    return own + [("products", item) for item in listed]


def _customer(tenant: str, values: Values) -> Built:
    identity, common = _identity(values), _common(values)
    content = CustomerInput.model_validate(values)
    customer = Customer(customer_id=identity, **{**content.model_dump(), **common})
    return [
        ("customer-profiles", customer_item(tenant, customer)),
        ("customer-profiles", email_item(tenant, customer)),
    ]


def _order(tenant: str, values: Values) -> Built:
    """`expected_amount`, where the source has it, is what the lines must come to."""
    identity, common = _identity(values), _common(values)
    rows: Sequence[Values] = values.pop("lines")
    if not 1 <= len(rows) <= MAX_LINES:
        raise ValueRefusedError(f"{len(rows)} lines, of 1 to {MAX_LINES}")
    lines = [OrderLine(**row, total=row["quantity"] * row["unit_price"]) for row in rows]
    totals = Totals(units=sum(line.quantity for line in lines), amount=sum(line.total for line in lines))
    expected = values.pop("expected_amount", totals.amount)
    if expected != totals.amount:
        raise ValueRefusedError(f"the lines come to {totals.amount}, and the order says {expected}")
    status = OrderStatus(values.pop("status"))
    history = [Step(status=status, at=common["updated_at"])]
    customer = values.pop("customer_id", None)
    order = Order(
        order_id=identity,
        status=status,
        customer_id=customer,
        currency=values.pop("currency"),
        lines=lines,
        totals=totals,
        history=history,
        **common,
    )
    _nothing_left(values)
    return [("orders", order_item(tenant, order)), ("orders", status_item(tenant, order))]


def _level(tenant: str, values: Values) -> Built:
    common = _common(values)
    on_hand = _valid(Units, "on_hand", values.pop("on_hand"))
    reserved = _valid(Units, "reserved", values.pop("reserved", 0))
    reorder_point = _valid(Units, "reorder_point", values.pop("reorder_point", 0))
    if reserved > on_hand:
        raise ValueRefusedError(f"{reserved} are reserved, of {on_hand} on hand")
    level = Level(
        product_id=_valid(Identity, "product_id", values.pop("product_id")),
        location_id=_valid(LocationId, "location_id", values.pop("location_id", "main")),
        on_hand=on_hand,
        reserved=reserved,
        available=on_hand - reserved,
        reorder_point=reorder_point,
        low=is_low(on_hand - reserved, reorder_point),
        version=common["version"],
        updated_at=common["updated_at"],
    )
    _nothing_left(values)
    return [("inventory", level_item(tenant, level)), ("inventory", location_item(tenant, level))]


def _user(tenant: str, values: Values) -> Built:
    """A password's hash goes over where it is argon2id's; with any other the account waits for a new password."""
    identity, common = _identity(values), _common(values)
    stored = str(values.pop("password_hash", ""))
    user = User(
        user_id=identity,
        tenant_id=tenant,
        email=_valid(Email, "email", values.pop("email")),
        name=_valid(Name, "name", values.pop("name")),
        role=Role(values.pop("role")),
        version=common["version"],
        created_at=common["created_at"],
    )
    _nothing_left(values)
    actions = new_user(_UNUSED, user, stored if stored.startswith(_ARGON2) else NOBODY)
    credential, profile = (action["Put"]["Item"] for action in actions)
    return [("users", load_item(profile)), ("users", load_item(credential))]


def _tenant(tenant: str, values: Values) -> Built:
    pk, sk = identity_keys.tenant(tenant)
    common = _common(values)
    item = {
        "pk": pk,
        "sk": sk,
        "tenant_id": tenant,
        "entity": "tenant",
        "name": _valid(Name, "name", values.pop("name")),
        "owners": _valid(int, "owners", values.pop("owners", 1)),
        "created_at": common["created_at"],
    }
    _nothing_left(values)
    return [("users", item)]


def _nothing_left(values: Values) -> None:
    if values:
        raise ValueRefusedError(f"unknown: {', '.join(sorted(values))}")


# The domain's writers take a table; these never reach one.
_UNUSED = Table(None, "users")  # type: ignore[arg-type]

ENTITIES: Mapping[str, Callable[[str, Values], Built]] = {
    "product": _product,
    "customer": _customer,
    "order": _order,
    "level": _level,
    "user": _user,
    "tenant": _tenant,
}
# Which standard table an entity is in.
TABLES: Mapping[str, str] = {
    "product": "products",
    "customer": "customer-profiles",
    "order": "orders",
    "level": "inventory",
    "user": "users",
    "tenant": "users",
}
