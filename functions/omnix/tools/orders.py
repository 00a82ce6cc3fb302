"""Tools on orders."""

from typing import Annotated

from pydantic import BaseModel, Field

from omnix.authorisation import PEOPLE, Principal, Role
from omnix.orders.model import MAX_QUANTITY, Location, Order, OrderChanges, OrderInput, OrderLine, Step, Totals
from omnix.orders.service import orders
from omnix.orders.status import OrderStatus
from omnix.scopes import Scope
from omnix.tools.bounds import MOST_ITEMS, Cursor, Limit, excerpt, fitted, paged
from omnix.tools.tool import Arguments, Id, Listed, Result, Tool, WriteArguments

_NAME_LENGTH = 80


class FindOrders(Arguments):
    """Which orders."""

    status: Annotated[OrderStatus | None, Field(strict=False)] = None
    customer_id: Id | None = Field(default=None, description="Only this customer's.")
    limit: Limit = 10
    cursor: Cursor = None


class GetOrder(Arguments):
    """One order."""

    order_id: Id


class NewLine(Arguments):
    """So many of a product, from a location."""

    product_id: Id
    quantity: int = Field(ge=1, le=MAX_QUANTITY)
    location_id: Location = "main"


class CreateOrder(WriteArguments):
    """A new order; prices and totals come from the catalogue."""

    lines: list[NewLine] = Field(min_length=1, max_length=MOST_ITEMS)
    customer_id: Id | None = None


class ChangeOrderStatus(WriteArguments):
    """The step that an order takes."""

    order_id: Id
    status: Annotated[OrderStatus, Field(strict=False, description="What the order becomes.")]


class OrderEntry(BaseModel):
    """An order in a list, without its lines. `total` is in minor units (ISO 4217)."""

    order_id: str
    status: OrderStatus
    customer_id: str | None
    currency: str
    units: int
    total: int
    created_at: str


class OrdersFound(Result):
    """Orders, the newest first."""

    items: list[OrderEntry]
    next_cursor: str | None


class LineEntry(BaseModel):
    """A line as it was sold; amounts in minor units (ISO 4217)."""

    product_id: str
    sku: str
    name: str
    location_id: str
    quantity: int
    unit_price: int
    total: int


class OrderFound(Listed):
    """An order; `left_out` says how many of its lines are not shown."""

    order_id: str
    status: OrderStatus
    customer_id: str | None
    currency: str
    totals: Totals
    history: list[Step]
    version: int
    created_at: str
    updated_at: str
    already_done: bool = Field(default=False, description="Whether an earlier call with the same key did it.")
    items: list[LineEntry]


def _find(caller: Principal, asked: FindOrders) -> OrdersFound:
    def page(limit: int) -> OrdersFound:
        found = orders().list(
            caller, status=asked.status, customer_id=asked.customer_id, limit=limit, after=asked.cursor
        )
        return OrdersFound(items=[_entry(order) for order in found.items], next_cursor=found.next_cursor)

    return paged(page, asked.limit)


def _get(caller: Principal, asked: GetOrder) -> OrderFound:
    return _shown(orders().get(caller, asked.order_id))


def _create(caller: Principal, asked: CreateOrder) -> OrderFound:
    content = {"lines": [line.model_dump() for line in asked.lines], "customer_id": asked.customer_id or ""}
    order = OrderInput.model_validate({name: value for name, value in content.items() if value})
    return _shown(*orders().create(caller, order, asked.idempotency_key))


def _change(caller: Principal, asked: ChangeOrderStatus) -> OrderFound:
    changes = OrderChanges(status=asked.status)
    return _shown(*orders().change(caller, asked.order_id, changes, None, asked.idempotency_key))


def _entry(order: Order) -> OrderEntry:
    return OrderEntry(
        order_id=order.order_id,
        status=order.status,
        customer_id=order.customer_id,
        currency=order.currency,
        units=order.totals.units,
        total=order.totals.amount,
        created_at=order.created_at,
    )


def _shown(order: Order, replayed: bool = False) -> OrderFound:
    shown = OrderFound(
        **order.model_dump(exclude={"lines"}), already_done=replayed, items=[_line(line) for line in order.lines]
    )
    return fitted(shown)


def _line(line: OrderLine) -> LineEntry:
    kept = line.model_dump(include=set(LineEntry.model_fields))
    return LineEntry.model_validate(kept | {"name": excerpt(line.name, _NAME_LENGTH)})


TOOLS = (
    Tool(
        name="find_orders",
        title="Find orders",
        description="Orders, the newest first, of one status or one customer or both; without their lines. Amounts "
        "are in minor units (ISO 4217).",
        input=FindOrders,
        output=OrdersFound,
        scope=Scope.ORDERS_READ,
        roles=PEOPLE,
        run=_find,
    ),
    Tool(
        name="get_order",
        title="Read an order",
        description="One order with its lines, totals and history. Amounts are in minor units (ISO 4217).",
        input=GetOrder,
        output=OrderFound,
        scope=Scope.ORDERS_READ,
        roles=frozenset(Role),
        run=_get,
    ),
    Tool(
        name="create_order",
        title="Create an order",
        description="Creates an order and reserves its goods; prices come from the catalogue.",
        input=CreateOrder,
        output=OrderFound,
        scope=Scope.ORDERS_WRITE,
        roles=frozenset(Role),
        run=_create,
        writes=True,
    ),
    Tool(
        name="change_order_status",
        title="Change an order's status",
        description="Takes an order one step on: pending to paid or cancelled, paid to fulfilled, cancelled or "
        "refunded, fulfilled to delivered or refunded, delivered to refunded.",
        input=ChangeOrderStatus,
        output=OrderFound,
        scope=Scope.ORDERS_WRITE,
        roles=frozenset(Role),
        run=_change,
        writes=True,
    ),
)
