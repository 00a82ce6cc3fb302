"""What a caller can do with the orders of its tenant."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from omnix import clock, etag
from omnix.authorisation import EDITORS, PEOPLE, Role
from omnix.catalogue.prices import prices
from omnix.errors import ConflictError, NotFoundError, UnavailableError, ValidationFailedError
from omnix.idempotency import AlreadyDoneError, Once
from omnix.orders.model import Order, OrderPage, Step
from omnix.orders.pricing import priced
from omnix.orders.status import EARNING, STEPS, OrderStatus, following
from omnix.orders.store import (
    NoSuchCustomerError,
    OrderStore,
    OutOfStockError,
    PriceChangedError,
    Tables,
)
from omnix.tables import opened
from omnix.versioned import VersionChangedError

if TYPE_CHECKING:
    from omnix.authorisation import Principal
    from omnix.dynamodb import Table
    from omnix.orders.model import OrderChanges, OrderInput

_ORDER_ID = re.compile(r"[0-9a-f]{32}")
_WRITE_ATTEMPTS = 5
# A till sells and takes money; goods are moved by people; money is given back by who answers for it.
_SELLERS = frozenset(Role)
_WHO = {OrderStatus.PAID: _SELLERS, OrderStatus.REFUNDED: EDITORS}
_GIVES_BACK = frozenset(step for step in STEPS if step[0] in EARNING and step[1] not in EARNING)


class Orders:
    """The orders context of one environment."""

    def __init__(self, store: OrderStore, products: Table, sessions: Table) -> None:
        self._store = store
        self._products = products
        self._sessions = sessions

    def list(
        self, caller: Principal, *, status: OrderStatus | None, customer_id: str | None, limit: int, after: str | None
    ) -> OrderPage:
        """A page of the caller's orders, newest first, of one status or one customer or both, if asked. Forbidden."""
        caller.require(PEOPLE)
        items, following_page = self._store.page(
            caller.tenant_id, status.value if status else None, customer_id, limit, after
        )
        return OrderPage(items=items, next_cursor=following_page)

    def get(self, caller: Principal, order_id: str) -> Order:
        """Raises NotFoundError for what is not the caller's as for what is not there."""
        order = self._store.get(caller.tenant_id, order_id) if _ORDER_ID.fullmatch(order_id) else None
        if order is None:
            raise NotFoundError("There is no such order.")
        return order

    def create(self, caller: Principal, asked: OrderInput, idempotency_key: str | None) -> tuple[Order, bool]:
        """The order, and whether an earlier request with the same key made it.

        Raises ConflictError for what is not for sale or too little in stock, for an unknown customer and for prices of
        two currencies, ValidationFailedError for more of one product than an order may have.
        """
        caller.require(_SELLERS)
        payload = asked.model_dump_json().encode()
        once = Once.of(caller, "POST /orders", idempotency_key, payload) if idempotency_key else None
        try:
            return self._created(caller, asked, once), False
        except AlreadyDoneError as done:
            return self.get(caller, done.made), True
        except (ConflictError, ValidationFailedError):
            # What was for sale when the key was used may no longer be.
            earlier = once.earlier(self._sessions) if once else None
            if earlier is None:
                raise
            return self.get(caller, earlier), True

    def change(
        self,
        caller: Principal,
        order_id: str,
        changes: OrderChanges,
        if_match: str | None,
        idempotency_key: str | None = None,
    ) -> tuple[Order, bool]:
        """The order after its step, and whether an earlier request with the same key made it.

        Without a key a step that is repeated is a conflict: two tills that both take the money must not both be told
        that it was them. Not found, precondition failed, conflict, forbidden.
        """
        caller.require(_WHO.get(changes.status, PEOPLE))
        once = None
        if idempotency_key:
            payload = f"{order_id} {changes.model_dump_json()}".encode()
            once = Once.of(caller, "PATCH /orders/{order_id}", idempotency_key, payload)
        for _ in range(_WRITE_ATTEMPTS):
            before = self.get(caller, order_id)
            # After the read: a twin that is not yet seen here has not changed what was read, and meets the version.
            if once and once.earlier(self._sessions):
                return self.get(caller, order_id), True
            if (before.status, changes.status) in _GIVES_BACK:
                caller.require(EDITORS)
            etag.require(if_match, before.version, "order")
            after = _stepped(before, changes.status)
            try:
                self._store.step(caller.tenant_id, before, after, STEPS[before.status, after.status], once)
            except (VersionChangedError, AlreadyDoneError):
                continue  # read again: the step may no longer be one, or have been done with this key
            except OutOfStockError as short:
                raise _no_stock(short, "The stock of these lines does not hold what the order reserved.") from None
            return after, False
        raise UnavailableError

    def _created(self, caller: Principal, asked: OrderInput, once: Once | None) -> Order:
        """Prices are read, and the transaction holds only while they are still so; else they are read again."""
        for _ in range(_WRITE_ATTEMPTS):
            order = self._made(caller, asked)
            try:
                self._store.create(caller.tenant_id, order, once)
            except PriceChangedError:
                continue
            except NoSuchCustomerError:
                fault = {"location": "body.customer_id", "reason": "unknown", "message": "there is no such customer"}
                raise ConflictError("The order names a customer that is not there.", [fault]) from None
            except OutOfStockError as short:
                raise _no_stock(short, "There is too little stock.") from None
            return order
        raise UnavailableError

    def _made(self, caller: Principal, asked: OrderInput) -> Order:
        found = prices(self._products, caller.tenant_id, {line.product_id for line in asked.lines})
        lines, currency, totals = priced(asked.lines, found)
        now = clock.iso_now()
        return Order(
            order_id=uuid.uuid4().hex,
            status=OrderStatus.PENDING,
            customer_id=asked.customer_id or None,
            currency=currency,
            lines=lines,
            totals=totals,
            history=[Step(status=OrderStatus.PENDING, at=now)],
            version=1,
            created_at=now,
            updated_at=now,
        )


def _stepped(order: Order, status: OrderStatus) -> Order:
    if (order.status, status) not in STEPS:
        allowed = [after.value for after in following(order.status)]
        says = f"it may become {' or '.join(allowed)}" if allowed else "that is its end"
        fault = {"location": "body.status", "reason": "not_allowed", "message": says, "allowed": allowed}
        raise ConflictError(f"An order that is {order.status.value} cannot become {status.value}.", [fault])
    now = clock.iso_now()
    changes = {
        "status": status,
        "history": [*order.history, Step(status=status, at=now)],
        "version": order.version + 1,
        "updated_at": now,
    }
    return order.model_copy(update=changes)


def _no_stock(short: OutOfStockError, message: str) -> ConflictError:
    return ConflictError(
        message,
        [
            {
                "location": "body.lines",
                "reason": "out_of_stock",
                "message": f"not {line.quantity} of them at {line.location_id}",
                "product_id": line.product_id,
                "location_id": line.location_id,
            }
            for line in short.lines
        ],
    )


def orders() -> Orders:
    """The orders context of the environment that this process serves."""
    names = ("orders", "inventory", "products", "customer-profiles", "sessions")
    stores = Tables(*map(opened, names))
    return Orders(OrderStore(stores), stores.products, stores.sessions)
