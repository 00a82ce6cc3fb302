"""The rules that accounts are of."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from omnix.integrity.finding import Weight


@dataclass(frozen=True)
class Rule:
    """`text` is what a broken account is told as. `witnessed`: an account without a witness is nobody's."""

    name: str
    table: str
    text: str
    weight: Weight = Weight.BROKEN
    witnessed: bool = False


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            Rule("owners", "users", "the tenant's count of owners is not how many there are"),
            Rule("credential", "users", "profile and credential do not belong together"),
            Rule("api-key", "users", "an API key and its credential do not belong together"),
            Rule("product-copies", "products", "a product and its entries do not agree"),
            Rule("order-copies", "orders", "an order and its status entry do not agree"),
            Rule("customer-address", "customer-profiles", "a profile and the entry of its address do not agree"),
            Rule("cohorts", "customer-profiles", "a day's counter is not how many customers it counts"),
            Rule("location-entries", "inventory", "a level and its entry under the location do not agree"),
            Rule("guard", "inventory", "a product's guard does not count its levels", witnessed=True),
            Rule("reservations", "inventory", "what is reserved is not what open orders hold"),
            Rule("level-product", "inventory", "a level of a product that is not there"),
            Rule("customer-value", "customer-profiles", "a worth is not what the orders come to", Weight.BEHIND, True),
            Rule("catalogue-counts", "analytics", "a counter is not what the products come to", Weight.BEHIND),
            Rule("sales-counts", "analytics", "a counter is not what the orders come to", Weight.BEHIND),
            Rule("stock-counts", "analytics", "a counter is not what the levels come to", Weight.BEHIND),
        )
    }
)
