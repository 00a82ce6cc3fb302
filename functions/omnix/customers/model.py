"""What the customer routes take and give."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from omnix.customers.rfm import Segment
from omnix.identity.model import Email, Name
from omnix.request_model import Body

Phone = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{3,14})?$", max_length=16)]
# Whom an index can list: a prospect has bought nothing.
BuyerSegment = Literal["champion", "loyal", "big_spender", "new", "promising", "at_risk", "hibernating", "lost"]
Notes = Annotated[str, StringConstraints(max_length=2000)]

_EXAMPLE: JsonDict = {
    "name": "Grace Buyer",
    "email": "grace@example.com",
    "phone": "+4930123456",
    "notes": "Prefers loose leaf.",
}


def _as_changes(schema: dict[str, Any]) -> None:
    """A field left out stays as it is: the defaults that the model needs are no part of the contract."""
    for field in schema["properties"].values():
        field.pop("default", None)
    schema["minProperties"] = 1
    schema["examples"] = [{"notes": "Prefers loose leaf. Asks for samples."}]


class CustomerInput(Body):
    """A whole profile, to create or to replace one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Name = Field(examples=["Grace Buyer"])
    email: Email = Field(description="Unique in the tenant.")
    phone: Phone = Field(default="", description="E.164, or empty.")
    notes: Notes = ""


class CustomerChanges(Body):
    """The fields of a profile that change; at least one. A field that is left out stays; null is not a value."""

    model_config = ConfigDict(json_schema_extra=_as_changes)

    name: Name = ""
    email: Email = ""
    phone: Phone = ""
    notes: Notes = ""

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change at least one field")
        return self

    def applied_to(self, profile: CustomerInput) -> CustomerInput:
        """The profile with the changes in it."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        return profile.model_copy(update=changes)


class Customer(BaseModel):
    """A profile as it is stored; `version` is also its ETag."""

    customer_id: str
    name: str
    email: str
    phone: str
    notes: str
    version: int = Field(ge=1)
    created_at: str = Field(description="UTC, ISO 8601.")
    updated_at: str = Field(description="UTC, ISO 8601.")

    def content(self) -> CustomerInput:
        """What a caller may set."""
        return CustomerInput.model_construct(name=self.name, email=self.email, phone=self.phone, notes=self.notes)


class CustomerPage(BaseModel):
    """A page of customers in the order of their names."""

    items: list[Customer]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")


class Spent(BaseModel):
    """What a customer's orders came to in one currency, minor units; refunds are taken off."""

    currency: str
    amount: int = Field(ge=0)


class Scores(BaseModel):
    """1 (worst) to 5 (best)."""

    recency: int = Field(ge=1, le=5)
    frequency: int = Field(ge=1, le=5)
    monetary: int = Field(ge=1, le=5)


class CustomerValue(BaseModel):
    """What a customer is worth to the shop, from paid orders that were not given back; a moment behind them."""

    customer_id: str
    segment: Segment
    scores: Scores | None = Field(description="Null before the first paid order.")
    orders: int = Field(ge=0)
    lifetime_value: list[Spent] = Field(description="By currency.")
    first_order_at: str | None = Field(description="UTC, ISO 8601.")
    last_order_at: str | None = Field(description="UTC, ISO 8601.")


class SegmentCount(BaseModel):
    """Customers of one segment."""

    segment: Segment
    customers: int = Field(ge=0)


class Segments(BaseModel):
    """Customers with paid orders, by segment, as of today."""

    items: list[SegmentCount]
