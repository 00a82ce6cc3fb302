"""Orders in the table `orders`, with the stock that they hold in the same transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix.catalogue import keys as catalogue_keys
from omnix.customers import keys as customer_keys
from omnix.dynamodb import ConditionFailedError, transact
from omnix.idempotency import AlreadyDoneError, Once
from omnix.inventory import reservations
from omnix.listing import Listing
from omnix.orders import keys
from omnix.orders.model import Order
from omnix.orders.pricing import FOR_SALE
from omnix.orders.status import Stock
from omnix.versioned import VersionChangedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omnix.dynamodb import Item, Table
    from omnix.orders.model import OrderLine

type Move = Callable[[Table, str, str, str, int, str], dict[str, Any]]

_ABSENT = "attribute_not_exists(pk)"
_SAME_VERSION = "version = :version"
_SAME_PRICE = "#price.#amount = :amount AND #price.#currency = :currency AND #status = :for_sale"
_PRICE_NAMES = {"#price": "price", "#amount": "amount", "#currency": "currency", "#status": "status"}

_MOVES: Mapping[Stock, Move] = {
    Stock.RELEASE: reservations.release,
    Stock.SHIP: reservations.ship,
    Stock.RESTOCK: reservations.restock,
}


class PriceChangedError(Exception):
    """A product was repriced or left the shop between our read and our write."""


class NoSuchCustomerError(Exception):
    """The order names a customer that the tenant does not have."""


class OutOfStockError(Exception):
    """Some lines' stock does not allow the move; `lines` are those."""

    def __init__(self, lines: Sequence[OrderLine]) -> None:
        super().__init__(f"{len(lines)} lines")
        self.lines = list(lines)


@dataclass(frozen=True)
class Tables:
    """The tables that an order's transaction writes or checks."""

    orders: Table
    inventory: Table
    products: Table
    customers: Table
    sessions: Table


class OrderStore:
    """One environment's orders; every method takes the tenant first."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._orders = tables.orders

    def get(self, tenant_id: str, order_id: str) -> Order | None:
        """The order, strongly consistent."""
        item = self._orders.get(*keys.order(tenant_id, order_id))
        return _order(item) if item else None

    def page(
        self, tenant_id: str, status: str | None, customer_id: str | None, limit: int, after: str | None
    ) -> tuple[list[Order], str | None]:
        """A page, newest first, eventually consistent as every GSI is, and the cursor of the next one."""
        if customer_id:
            index, partition = keys.CUSTOMER_INDEX, keys.of_customer(tenant_id, customer_id, status)
        else:
            index, partition = keys.ALL_INDEX, keys.listed(tenant_id, status)
        own = keys.partition(tenant_id)
        items, following = Listing(self._orders, partition, "", index, own, newest_first=True).page(limit, after)
        return [_order(item) for item in items], following

    def create(self, tenant_id: str, order: Order, once: Once | None) -> None:
        """The order, its stock and the idempotency record: all or nothing.

        Raises AlreadyDoneError when the idempotency key was used before, PriceChangedError, NoSuchCustomerError,
        OutOfStockError with the lines of which there is too little.
        """
        plan = [
            ("order", self._orders.put(order_item(tenant_id, order), _ABSENT)),
            ("entry", self._orders.put(status_item(tenant_id, order))),
            *([("key", once.record(self._tables.sessions, order.order_id))] if once else []),
            *([("customer", self._customer_check(tenant_id, order.customer_id))] if order.customer_id else []),
            *(("price", check) for check in self._price_checks(tenant_id, order)),
        ]
        failed, short = self._run(plan, self._moves(tenant_id, order, reservations.reserve))
        if "order" in failed:
            return  # the id is ours alone: an attempt whose answer was lost has written everything
        if once and "key" in failed:
            raise AlreadyDoneError(once.earlier(self._tables.sessions) or order.order_id)
        if "customer" in failed:
            raise NoSuchCustomerError
        if "price" in failed:
            raise PriceChangedError
        if short:
            raise OutOfStockError([order.lines[number] for number in short])

    def step(self, tenant_id: str, before: Order, after: Order, stock: Stock, once: Once | None = None) -> None:
        """The order's next status, what it does to the stock, and the idempotency record: all or nothing.

        Raises AlreadyDoneError when the idempotency key was used before, VersionChangedError when `before` is not what
        is stored, OutOfStockError with the lines whose level does not hold what the order says.
        """
        plan = [
            ("order", self._orders.put(order_item(tenant_id, after), _SAME_VERSION, {":version": before.version})),
            ("entry", self._orders.put(status_item(tenant_id, after))),
            *([("key", once.record(self._tables.sessions, after.order_id))] if once else []),
        ]
        move = _MOVES.get(stock)
        moves = self._moves(tenant_id, after, move) if move else []
        failed, short = self._run(plan, moves)
        while stock is Stock.RESTOCK and short and not failed:
            # The product is no longer sold and its level is gone: the money goes back all the same.
            moves = [kept for number, kept in enumerate(moves) if number not in short]
            failed, short = self._run(plan, moves)
        if "key" in failed:
            raise AlreadyDoneError(after.order_id)
        if "order" in failed:
            raise VersionChangedError
        if short:
            raise OutOfStockError([after.lines[number] for number in short])

    def _run(
        self, plan: Sequence[tuple[str, dict[str, Any]]], moves: Sequence[dict[str, Any]]
    ) -> tuple[set[str], list[int]]:
        """What was refused: names of the plan's actions, and numbers of the moves (an order's lines)."""
        try:
            transact(self._orders.client, [*(action for _, action in plan), *moves])
        except ConditionFailedError as failure:
            names = {plan[number][0] for number in failure.failed if number < len(plan)}
            return names, [number - len(plan) for number in failure.failed if number >= len(plan)]
        return set(), []

    def _moves(self, tenant_id: str, order: Order, move: Move) -> list[dict[str, Any]]:
        inventory, at = self._tables.inventory, order.updated_at
        return [
            move(inventory, tenant_id, line.product_id, line.location_id, line.quantity, at) for line in order.lines
        ]

    def _price_checks(self, tenant_id: str, order: Order) -> list[dict[str, Any]]:
        """That each product still has the price that was read and is for sale; one check a product."""
        prices = {line.product_id: line.unit_price for line in order.lines}
        values = {":currency": order.currency, ":for_sale": FOR_SALE}
        return [
            self._tables.products.check(
                *catalogue_keys.product(tenant_id, product_id), _SAME_PRICE, values | {":amount": amount}, _PRICE_NAMES
            )
            for product_id, amount in prices.items()
        ]

    def _customer_check(self, tenant_id: str, customer_id: str) -> dict[str, Any]:
        return self._tables.customers.check(*customer_keys.profile(tenant_id, customer_id))


def order_item(tenant_id: str, order: Order) -> Item:
    """The item of an order, listed among all."""
    pk, sk = keys.order(tenant_id, order.order_id)
    item = {"pk": pk, "sk": sk, "entity": "order", "tenant_id": tenant_id, **order.model_dump(mode="json")}
    return item | _listed(tenant_id, order, None)


def status_item(tenant_id: str, order: Order) -> Item:
    """The copy that is listed among the orders of its status."""
    pk, sk = keys.status_entry(tenant_id, order.order_id)
    entry = {"pk": pk, "sk": sk, "entity": "order_status"}
    return order_item(tenant_id, order) | entry | _listed(tenant_id, order, order.status.value)


def _listed(tenant_id: str, order: Order, status: str | None) -> Item:
    """Its places in the indexes; an order of nobody is in gsi1 only."""
    place = keys.by_time(order.created_at, order.order_id)
    found = {"gsi1pk": keys.listed(tenant_id, status), "gsi1sk": place}
    if order.customer_id:
        found |= {"gsi2pk": keys.of_customer(tenant_id, order.customer_id, status), "gsi2sk": place}
    return found


def _order(item: Item) -> Order:
    return Order.model_validate(item)
