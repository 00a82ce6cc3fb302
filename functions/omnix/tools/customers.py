"""Tools on customers. What a list shows of a person is what tells one from another, and no more."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from omnix.authorisation import PEOPLE, Principal
from omnix.customers.model import BuyerSegment, Customer, CustomerChanges, CustomerValue, Notes, Phone
from omnix.customers.service import customers
from omnix.identity.model import Email, Name
from omnix.scopes import Scope
from omnix.tools.bounds import Cursor, Limit, paged
from omnix.tools.tool import Arguments, Id, Result, Tool

_CHANGES = ("name", "email", "phone", "notes")


class FindCustomers(Arguments):
    """Which customers."""

    prefix: str = Field(default="", max_length=100, description="Only names that begin so; not with `segment`.")
    segment: BuyerSegment | None = Field(default=None, description="Only who is of this segment today.")
    limit: Limit = 10
    cursor: Cursor = None


class GetCustomer(Arguments):
    """One customer."""

    customer_id: Id


class UpdateCustomer(Arguments):
    """The fields of a profile that change; at least one. A field that is left out stays."""

    customer_id: Id
    name: Name | None = None
    email: Annotated[Email | None, Field(description="No other customer may have it.")] = None
    phone: Annotated[Phone | None, Field(description="E.164, or empty.")] = None
    notes: Notes | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if all(getattr(self, name) is None for name in _CHANGES):
            raise ValueError("must change at least one field")
        return self

    def changes(self) -> CustomerChanges:
        """What changes, as the service takes it."""
        given = {name: getattr(self, name) for name in _CHANGES}
        return CustomerChanges.model_validate({name: value for name, value in given.items() if value is not None})


class CustomerEntry(BaseModel):
    """A customer in a list."""

    customer_id: str
    name: str
    email: str
    created_at: str


class CustomersFound(Result):
    """Customers in the order of their names, or of a segment by their last order."""

    items: list[CustomerEntry]
    next_cursor: str | None


class CustomerFound(Result, CustomerEntry):
    """A profile."""

    phone: str
    notes: str
    version: int
    updated_at: str


class CustomerWorth(CustomerFound):
    """A profile, and what the customer is worth to the shop."""

    value: CustomerValue


def _find(caller: Principal, asked: FindCustomers) -> CustomersFound:
    def page(limit: int) -> CustomersFound:
        found = customers().list(caller, prefix=asked.prefix, segment=asked.segment, limit=limit, after=asked.cursor)
        return CustomersFound(items=[_entry(customer) for customer in found.items], next_cursor=found.next_cursor)

    return paged(page, asked.limit)


def _get(caller: Principal, asked: GetCustomer) -> CustomerWorth:
    found = customers().get(caller, asked.customer_id)
    return CustomerWorth(**found.model_dump(), value=customers().value(caller, asked.customer_id))


def _update(caller: Principal, asked: UpdateCustomer) -> CustomerFound:
    changed = customers().update(caller, asked.customer_id, asked.changes(), None)
    return CustomerFound(**changed.model_dump())


def _entry(customer: Customer) -> CustomerEntry:
    return CustomerEntry.model_validate(customer.model_dump(include=set(CustomerEntry.model_fields)))


TOOLS = (
    Tool(
        name="find_customers",
        title="Find customers",
        description="Customers by the beginning of their name, or of a segment (champion, loyal, at_risk, …) by their "
        "last order.",
        input=FindCustomers,
        output=CustomersFound,
        scope=Scope.CUSTOMERS_READ,
        roles=PEOPLE,
        run=_find,
    ),
    Tool(
        name="get_customer",
        title="Read a customer",
        description="One customer's profile, segment and lifetime value in minor units (ISO 4217).",
        input=GetCustomer,
        output=CustomerWorth,
        scope=Scope.CUSTOMERS_READ,
        roles=PEOPLE,
        run=_get,
    ),
    Tool(
        name="update_customer",
        title="Change a customer",
        description="Changes some fields of a customer's profile.",
        input=UpdateCustomer,
        output=CustomerFound,
        scope=Scope.CUSTOMERS_WRITE,
        roles=PEOPLE,
        run=_update,
        writes=True,
    ),
)
