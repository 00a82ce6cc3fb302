"""What an agent can read by address: each resource is what a tool gives, and as bounded and guarded as it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix.errors import NotFoundError
from omnix.tools import registry

if TYPE_CHECKING:
    from omnix.authorisation import Principal

MEDIA_TYPE = "application/json"


@dataclass(frozen=True)
class Resource:
    """An address, or a template of them with one `{variable}`, and the tool that reads it."""

    uri: str
    name: str
    title: str
    description: str
    tool: str

    @property
    def variable(self) -> str | None:
        """The tool's argument that the address ends with."""
        found = re.search(r"{(\w+)}$", self.uri)
        return found[1] if found else None

    def arguments(self, uri: str) -> dict[str, str] | None:
        """The tool's arguments where the address is this one's, else None. What the variable may be, the tool says."""
        if self.variable is None:
            return {} if uri == self.uri else None
        found = re.fullmatch(re.escape(self.uri.partition("{")[0]) + r"([^/?#]+)", uri)
        return {self.variable: found[1]} if found else None


RESOURCES = (
    Resource(
        "omnix://shop/summary",
        "shop_summary",
        "The shop today",
        "Products, orders by status, stock and today's sales, some seconds old.",
        "shop_summary",
    ),
    Resource(
        "omnix://products/{product_id}", "product", "A product", "A product of the catalogue by its id.", "get_product"
    ),
    Resource("omnix://orders/{order_id}", "order", "An order", "An order with its lines by its id.", "get_order"),
    Resource(
        "omnix://customers/{customer_id}", "customer", "A customer", "A customer's profile by its id.", "get_customer"
    ),
)


def allowed(caller: Principal) -> tuple[Resource, ...]:
    """The resources and templates that the caller may read."""
    names = {tool.name for tool in registry.allowed(caller)}
    return tuple(resource for resource in RESOURCES if resource.tool in names)


def read(caller: Principal, uri: str) -> str:
    """The JSON text of a resource; raises NotFoundError for an unknown address, and ApiError as its tool does."""
    for resource in RESOURCES:
        arguments = resource.arguments(uri)
        if arguments is not None:
            return registry.call(caller, resource.tool, arguments).text
    raise NotFoundError("There is no such resource.")
