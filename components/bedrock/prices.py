"""Prices of tokens: US dollars a million as AWS lists them, nano-dollars a token as the cost guard counts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, Decimal

NANO_USD = 1_000_000_000
# 1 USD a million tokens = 10⁻⁶ USD a token = 1000 nano-dollars.
_NANO_A_TOKEN = 1000


@dataclass(frozen=True)
class Prices:
    """US dollars a million tokens, by the five components of a call's cost.

    `input` are tokens that no cache read or wrote; `cache_write` is kept five minutes, `cache_write_1h` an hour. A
    model without prompt caching has `input` for the three of the cache: nothing is ever counted under them, and the
    guard's worst case is the input's own.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    cache_write_1h: Decimal

    def nano_usd(self) -> dict[str, int]:
        """Nano-dollars a token, by component. A fraction of one counts in full: the guard must never spend more."""
        return {
            part.name: int((getattr(self, part.name) * _NANO_A_TOKEN).to_integral_value(ROUND_CEILING))
            for part in fields(self)
        }


COMPONENTS = tuple(part.name for part in fields(Prices))


def claude(input_usd: str, output_usd: str) -> Prices:
    """A Claude model's: reading a cache costs a tenth of the input, writing it 1.25 times or, for an hour, twice.

    Source: platform.claude.com/docs, "Prompt caching", pricing; Bedrock lists the same figures.
    """
    base = Decimal(input_usd)
    return Prices(base, Decimal(output_usd), base / 10, base * Decimal("1.25"), base * 2)


def uncached(input_usd: str, output_usd: str) -> Prices:
    """Of a model without prompt caching."""
    base = Decimal(input_usd)
    return Prices(base, Decimal(output_usd), base, base, base)


def nano_usd(usd: float) -> int:
    """US dollars of a config as nano-dollars."""
    return int(Decimal(str(usd)) * NANO_USD)


def of_config(prices: Mapping[str, float]) -> Prices:
    """A config's prices; a component of the cache that is left out costs as the input does."""
    given = {name: Decimal(str(value)) for name, value in prices.items()}
    return Prices(
        **{name: given.get(name, given["input"]) for name in ("input", *COMPONENTS[2:])}, output=given["output"]
    )
