"""Tools on the catalogue."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from omnix.authorisation import Principal, Role
from omnix.catalogue.model import Category, Money, Product, Sku, Status
from omnix.catalogue.search import Search
from omnix.catalogue.service import catalogue
from omnix.errors import NotFoundError
from omnix.scopes import Scope
from omnix.tools.bounds import Cursor, Limit, excerpt, paged
from omnix.tools.tool import Arguments, Id, Result, Tool

_DESCRIPTION_LENGTH = 2000


class FindProducts(Arguments):
    """Which products."""

    prefix: str = Field(default="", max_length=100, description="Only names that begin so, case ignored.")
    category: Category | None = Field(default=None, description="Only this category, as products name it.")
    status: Annotated[Status | None, Field(strict=False)] = None
    limit: Limit = 10
    cursor: Cursor = None


class GetProduct(Arguments):
    """One product, by exactly one of the two."""

    product_id: Id | None = None
    sku: Sku | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.product_id is None) == (self.sku is None):
            raise ValueError("give either product_id or sku")
        return self


class ProductEntry(BaseModel):
    """A product in a list."""

    product_id: str
    sku: str
    name: str
    category: str
    price: Money
    status: Status


class ProductsFound(Result):
    """Products in the order of their names."""

    items: list[ProductEntry]
    next_cursor: str | None


class ProductFound(Result, ProductEntry):
    """A product; a long description is cut."""

    description: str
    version: int
    created_at: str
    updated_at: str


def _find(caller: Principal, asked: FindProducts) -> ProductsFound:
    search = Search.of(None, category=asked.category, status=asked.status, prefix=asked.prefix)

    def page(limit: int) -> ProductsFound:
        found = catalogue().list(caller, search, limit, asked.cursor)
        return ProductsFound(items=[_entry(product) for product in found.items], next_cursor=found.next_cursor)

    return paged(page, asked.limit)


def _get(caller: Principal, asked: GetProduct) -> ProductFound:
    product = catalogue().by_sku(caller, asked.sku) if asked.sku else catalogue().get(caller, asked.product_id or "")
    if product is None:
        raise NotFoundError("There is no such product.")
    return ProductFound(
        **_entry(product).model_dump(),
        description=excerpt(product.description, _DESCRIPTION_LENGTH),
        version=product.version,
        created_at=product.created_at,
        updated_at=product.updated_at,
    )


def _entry(product: Product) -> ProductEntry:
    return ProductEntry.model_validate(product.model_dump(include=set(ProductEntry.model_fields)))


TOOLS = (
    Tool(
        name="find_products",
        title="Find products",
        description="Products of the catalogue by the beginning of their name, category or status. Amounts are in "
        "minor units (ISO 4217).",
        input=FindProducts,
        output=ProductsFound,
        scope=Scope.PRODUCTS_READ,
        roles=frozenset(Role),
        run=_find,
    ),
    Tool(
        name="get_product",
        title="Read a product",
        description="One product by its id or its SKU, with its description and price in minor units (ISO 4217).",
        input=GetProduct,
        output=ProductFound,
        scope=Scope.PRODUCTS_READ,
        roles=frozenset(Role),
        run=_get,
    ),
)
