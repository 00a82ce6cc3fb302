"""What a caller can do with the customers of its tenant."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from typing import TYPE_CHECKING

from omnix import clock, versioned
from omnix.authorisation import EDITORS, PEOPLE
from omnix.customers import rfm
from omnix.customers.model import (
    Customer,
    CustomerPage,
    CustomerValue,
    Scores,
    SegmentCount,
    Segments,
    Spent,
)
from omnix.customers.store import CustomerStore
from omnix.errors import ConflictError, NotFoundError, ValidationFailedError
from omnix.idempotency import AlreadyDoneError, Once
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from omnix.authorisation import Principal
    from omnix.customers.model import BuyerSegment, CustomerChanges, CustomerInput

_CUSTOMER_ID = re.compile(r"[0-9a-f]{32}")
_COHORT = re.compile(r"f([1-5])m([1-5])")


class Customers:
    """The customers context of one environment. Personal data is for people: a device has no business with it."""

    def __init__(self, store: CustomerStore) -> None:
        self._store = store

    def list(
        self, caller: Principal, *, prefix: str, segment: BuyerSegment | None, limit: int, after: str | None
    ) -> CustomerPage:
        """A page of the caller's customers by name, with names that begin so, or of a segment by their last order.

        Raises ValidationFailedError for both.
        """
        caller.require(PEOPLE)
        if segment:
            return self._of_segment(caller.tenant_id, prefix, rfm.Segment(segment), limit, after)
        items, following = self._store.page(caller.tenant_id, prefix, limit, after)
        return CustomerPage(items=items, next_cursor=following)

    def get(self, caller: Principal, customer_id: str) -> Customer:
        """Raises NotFoundError for who is not the caller's as for who is not there."""
        caller.require(PEOPLE)
        customer = self._store.get(caller.tenant_id, customer_id) if _CUSTOMER_ID.fullmatch(customer_id) else None
        if customer is None:
            raise NotFoundError("There is no such customer.")
        return customer

    def create(self, caller: Principal, content: CustomerInput, idempotency_key: str | None) -> tuple[Customer, bool]:
        """The customer, and whether an earlier request with the same key made it. Conflict, forbidden."""
        caller.require(PEOPLE)
        customer = _made(uuid.uuid4().hex, content, version=1, created_at=clock.iso_now())
        payload = content.model_dump_json().encode()
        once = Once.of(caller, "POST /customers", idempotency_key, payload) if idempotency_key else None
        try:
            self._store.create(caller.tenant_id, customer, once)
        except AlreadyDoneError as done:
            return self._replayed(caller, done.made), True
        return customer, False

    def replace(self, caller: Principal, customer_id: str, content: CustomerInput, if_match: str | None) -> Customer:
        """The customer with another profile. Not found, precondition failed, conflict, forbidden."""
        return self._change(caller, customer_id, lambda _: content, if_match)

    def update(self, caller: Principal, customer_id: str, changes: CustomerChanges, if_match: str | None) -> Customer:
        """The customer with some fields changed. Not found, precondition failed, conflict, forbidden."""
        return self._change(caller, customer_id, changes.applied_to, if_match)

    def delete(self, caller: Principal, customer_id: str, if_match: str | None) -> None:
        """Erases who it was; the orders stay, with an id that names nobody. Not found, precondition failed."""
        caller.require(EDITORS)
        versioned.delete(
            lambda: self.get(caller, customer_id),
            lambda customer: self._store.delete(caller.tenant_id, customer),
            if_match,
            "customer",
        )

    def value(self, caller: Principal, customer_id: str) -> CustomerValue:
        """What the customer is worth today. Not found, forbidden."""
        self.get(caller, customer_id)
        value = self._store.value(caller.tenant_id, customer_id)
        if value.orders <= 0 or value.last_order_at is None:
            scores, segment = None, rfm.Segment.PROSPECT
        else:
            recent = rfm.recency(rfm.days_between(value.last_order_at, clock.iso_now()))
            often, much = rfm.frequency(value.orders), rfm.money(value.spent)
            scores = Scores(recency=recent, frequency=often, monetary=much)
            segment = rfm.segment(recent, often, much)
        return CustomerValue(
            customer_id=customer_id,
            segment=segment,
            scores=scores,
            orders=max(value.orders, 0),
            lifetime_value=[Spent(currency=name, amount=max(total, 0)) for name, total in value.spent.items()],
            first_order_at=value.first_order_at,
            last_order_at=value.last_order_at,
        )

    def segments(self, caller: Principal) -> Segments:
        """The caller's buyers by segment, as of today: from the days' counters, so time moves them without a write."""
        caller.require(PEOPLE)
        counts = self.segment_counts(caller.tenant_id)
        return Segments(items=[SegmentCount(segment=name, customers=counts[name]) for name in rfm.BUYERS])

    def segment_counts(self, tenant_id: str) -> Counter[rfm.Segment]:
        """Buyers by segment, as of today."""
        today = clock.iso_now()
        found: Counter[rfm.Segment] = Counter()
        for day, counts in self._store.cohorts(tenant_id):
            recent = rfm.recency(rfm.days_between(day, today))
            for name, count in counts.items():
                cohort = _COHORT.fullmatch(name)
                if cohort:
                    found[rfm.segment(recent, int(cohort[1]), int(cohort[2]))] += count
        return found

    def _of_segment(
        self, tenant_id: str, prefix: str, segment: rfm.Segment, limit: int, after: str | None
    ) -> CustomerPage:
        if prefix:
            fault = {"location": "query.prefix", "reason": "not_with_segment", "message": "leave one of the two out"}
            raise ValidationFailedError("A segment is listed by the last order, not by name.", [fault])
        items, following = self._store.page_of_segment(tenant_id, segment, clock.iso_now(), limit, after)
        return CustomerPage(items=items, next_cursor=following)

    def _change(
        self,
        caller: Principal,
        customer_id: str,
        change: Callable[[CustomerInput], CustomerInput],
        if_match: str | None,
    ) -> Customer:
        caller.require(PEOPLE)

        def changed(before: Customer) -> Customer:
            content = change(before.content())
            if content == before.content():
                return before
            return _made(customer_id, content, before.version + 1, before.created_at)

        return versioned.change(
            lambda: self.get(caller, customer_id),
            changed,
            lambda before, after: self._store.replace(caller.tenant_id, before, after),
            if_match,
            "customer",
        )

    def _replayed(self, caller: Principal, customer_id: str) -> Customer:
        customer = self._store.get(caller.tenant_id, customer_id)
        if customer is None:
            raise ConflictError("The customer that this Idempotency-Key made is gone.")
        return customer


def _made(customer_id: str, content: CustomerInput, version: int, created_at: str) -> Customer:
    return Customer(
        customer_id=customer_id,
        name=content.name,
        email=content.email,
        phone=content.phone,
        notes=content.notes,
        version=version,
        created_at=created_at,
        updated_at=clock.iso_now(),
    )


def customers() -> Customers:
    """The customers context of the environment that this process serves."""
    return Customers(CustomerStore(opened("customer-profiles"), opened("sessions")))
