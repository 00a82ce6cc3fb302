"""Customers in the table `customer-profiles`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from omnix.catalogue.keys import folded
from omnix.catalogue.prices import batch
from omnix.customers import keys
from omnix.customers.model import Customer
from omnix.customers.segment_list import SegmentList
from omnix.customers.value import Value
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import ConflictError
from omnix.idempotency import AlreadyDoneError, Once
from omnix.listing import Listing
from omnix.versioned import VersionChangedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from omnix.customers.rfm import Segment
    from omnix.dynamodb import Item, Table

_ABSENT = "attribute_not_exists(pk)"
_SAME_VERSION = "version = :version"
_SAME_CUSTOMER = "customer_id = :customer_id"


class CustomerStore:
    """One environment's customers; every method takes the tenant first."""

    def __init__(self, customers: Table, sessions: Table) -> None:
        self._customers = customers
        self._sessions = sessions

    def get(self, tenant_id: str, customer_id: str) -> Customer | None:
        """The profile, strongly consistent."""
        item = self._customers.get(*keys.profile(tenant_id, customer_id))
        return _customer(item) if item else None

    def page(self, tenant_id: str, prefix: str, limit: int, after: str | None) -> tuple[list[Customer], str | None]:
        """A page in the order of names, eventually consistent as every GSI is, and the cursor of the next one."""
        listing = Listing(
            self._customers,
            keys.all_by_name(tenant_id),
            folded(prefix),
            keys.INDEX,
            keys.partition(tenant_id),
        )
        items, following = listing.page(limit, after)
        return [_customer(item) for item in items], following

    def page_of_segment(
        self, tenant_id: str, segment: Segment, today: str, limit: int, after: str | None
    ) -> tuple[list[Customer], str | None]:
        """A page of those who are of a segment today, who bought last first; without those who were just erased."""
        ids, following = SegmentList(self._customers, tenant_id, segment, today).page(limit, after)
        items = batch(self._customers, [keys.profile(tenant_id, one) for one in ids], consistent=False)
        found = {customer.customer_id: customer for customer in map(_customer, items)}
        return [found[one] for one in ids if one in found], following

    def create(self, tenant_id: str, customer: Customer, once: Once | None) -> None:
        """Raises ConflictError when the address is taken, AlreadyDoneError when the idempotency key was used."""
        actions = [
            self._customers.put(customer_item(tenant_id, customer), _ABSENT),
            self._customers.put(email_item(tenant_id, customer), _ABSENT),
        ]
        if once:
            actions.append(once.record(self._sessions, customer.customer_id))
        try:
            transact(self._customers.client, actions)
        except ConditionFailedError as failure:
            if 0 in failure.failed:
                return  # the id is ours alone: an attempt whose answer was lost has written everything
            if once and len(actions) - 1 in failure.failed:
                raise AlreadyDoneError(once.earlier(self._sessions) or customer.customer_id) from None
            raise _email_taken() from None

    def replace(self, tenant_id: str, before: Customer, after: Customer) -> None:
        """Raises ConflictError when the new address is taken, VersionChangedError when `before` is not stored."""
        actions = [self._customers.put(customer_item(tenant_id, after), _SAME_VERSION, {":version": before.version})]
        if before.email != after.email:
            actions.append(self._customers.put(email_item(tenant_id, after), _ABSENT))
            actions.append(self._customers.delete(*keys.email(tenant_id, before.email)))
        try:
            transact(self._customers.client, actions)
        except ConditionFailedError as failure:
            if 0 in failure.failed:
                raise VersionChangedError from None
            raise _email_taken() from None

    def delete(self, tenant_id: str, customer: Customer) -> None:
        """The profile, its address and its worth. Raises VersionChangedError when `customer` is not what is stored."""
        worth = self._customers.get(*keys.value(tenant_id, customer.customer_id))
        actions = [
            self._customers.delete(
                *keys.profile(tenant_id, customer.customer_id), _SAME_VERSION, {":version": customer.version}
            ),
            self._customers.delete(
                *keys.email(tenant_id, customer.email), _SAME_CUSTOMER, {":customer_id": customer.customer_id}
            ),
            *self._forgotten(tenant_id, customer.customer_id, worth),
        ]
        try:
            transact(self._customers.client, actions)
        except ConditionFailedError:
            raise VersionChangedError from None

    def value(self, tenant_id: str, customer_id: str) -> Value:
        """What the customer's orders came to, as far as the stream's consumer has come."""
        return Value.of(self._customers.get(*keys.value(tenant_id, customer_id)))

    def cohorts(self, tenant_id: str) -> Iterator[tuple[str, Mapping[str, int]]]:
        """By day of the last order, the customers by frequency and money (`f5m3`); one small item a day."""
        for item in self._customers.query_all(keys.partition(tenant_id), keys.COHORT_PREFIX):
            counts = Counter({name: count for name, count in item.items() if isinstance(count, int)})
            yield item["sk"].removeprefix(keys.COHORT_PREFIX), counts

    def _forgotten(self, tenant_id: str, customer_id: str, worth: Item | None) -> list[dict[str, Any]]:
        key = keys.value(tenant_id, customer_id)
        if worth is None:
            return [self._customers.delete(*key, _ABSENT)]  # or else it was written since we looked
        actions = [self._customers.delete(*key, _SAME_VERSION, {":version": worth["version"]})]
        cohort = Value.of(worth).cohort
        if cohort:
            actions.append(self._customers.add(*keys.cohort(tenant_id, cohort[0]), {cohort[1]: -1}, {}))
        return actions


def _email_taken() -> ConflictError:
    return ConflictError("Another customer has this address.", [{"location": "body.email", "reason": "taken"}])


def customer_item(tenant_id: str, customer: Customer) -> Item:
    """The item of a profile, listed by name."""
    pk, sk = keys.profile(tenant_id, customer.customer_id)
    index = {"gsi1pk": keys.all_by_name(tenant_id), "gsi1sk": keys.by_name(customer.name, customer.customer_id)}
    profile = customer.model_dump(mode="json")
    return {"pk": pk, "sk": sk, **index, "entity": "customer", "tenant_id": tenant_id, **profile}


def email_item(tenant_id: str, customer: Customer) -> Item:
    """The entry that makes an address unique."""
    pk, sk = keys.email(tenant_id, customer.email)
    return {"pk": pk, "sk": sk, "entity": "customer_email", "customer_id": customer.customer_id}


def _customer(item: Item) -> Customer:
    return Customer.model_validate(item)
