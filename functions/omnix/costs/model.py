"""The cost guard's own terms. Amounts are integers of nano-dollars (10⁻⁹ USD), prices nano-dollars a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NANO = 1_000_000_000


class Feature(StrEnum):
    """What a model is called for. MCP's tools call none."""

    CHAT = "chat"
    INSIGHTS = "insights"


class Period(StrEnum):
    """How long a limit counts: a UTC day or a UTC month."""

    DAY = "day"
    MONTH = "month"


class Scope(StrEnum):
    """Whose limit it is."""

    TENANT = "tenant"
    FEATURE = "feature"
    ENVIRONMENT = "environment"


class Outcome(StrEnum):
    """How a reservation ended."""

    SETTLED = "settled"  # the model answered: counted with what it used
    RELEASED = "released"  # the model was certainly not paid
    LAPSED = "lapsed"  # nobody knows: counted in full
    CORRECTED = "corrected"  # had lapsed, and what it did cost was found out


COMPONENTS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")


@dataclass(frozen=True)
class Usage:
    """Tokens of one call by the five components of its price. `input` are those that no cache read or wrote."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0

    @classmethod
    def of_converse(cls, usage: Mapping[str, Any]) -> Usage:
        """Of Converse's `usage` (ConverseStream: the `metadata` event's). `cacheDetails` tells writes by their TTL."""
        details = usage.get("cacheDetails") or ()
        hour = sum(part.get("inputTokens", 0) for part in details if part.get("ttl") == "1h")
        return cls(
            input=usage.get("inputTokens", 0),
            output=usage.get("outputTokens", 0),
            cache_read=usage.get("cacheReadInputTokens", 0),
            cache_write=usage.get("cacheWriteInputTokens", 0) - hour,
            cache_write_1h=hour,
        )

    def tokens(self) -> dict[str, int]:
        """By component."""
        return {name: getattr(self, name) for name in COMPONENTS}

    @property
    def total(self) -> int:
        """Tokens in all."""
        return sum(self.tokens().values())

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(**{name: count + getattr(other, name) for name, count in self.tokens().items()})


@dataclass(frozen=True)
class Prices:
    """Nano-dollars a token, by component."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    cache_write_1h: int

    def by_component(self, usage: Usage) -> dict[str, int]:
        """What the usage costs, by component."""
        return {name: getattr(self, name) * count for name, count in usage.tokens().items()}

    def cost(self, usage: Usage) -> int:
        """What the usage costs in all."""
        return sum(self.by_component(usage).values())

    def worst(self, input_tokens: int, max_output: int) -> int:
        """The most that a call can cost: every input token at its dearest, every output token that it may make.

        No request asks for a cache of an hour, so that its price, twice the input's, is none of them.
        """
        return max(self.input, self.cache_read, self.cache_write) * input_tokens + self.output * max_output


@dataclass(frozen=True)
class Model:
    """A model of `bedrock/models`. `call` is what Converse takes as `modelId`, the application inference profile's ARN.

    `foundation` is the foundation model's own id, which CountTokens takes where `counting` says so.
    `max_output` is the most tokens that it answers with, `context` the most that go in and come out together.
    """

    model_id: str
    call: str
    foundation: str
    prices: Prices
    max_output: int
    context: int
    caching: bool
    tools: bool
    counting: bool = False


@dataclass(frozen=True)
class Reservation:
    """Money that is kept for one call of a model. `amount` is its worst case, `day` the UTC day that it counts on."""

    reservation_id: str
    tenant_id: str
    user_id: str
    feature: Feature
    model_id: str
    prices: Prices
    amount: int
    input_tokens: int
    max_output: int
    day: str
    request_id: str
    reserved_at: str


@dataclass(frozen=True)
class Settled:
    """What became of a reservation: tokens, and nano-dollars by component and in all."""

    reservation_id: str
    outcome: Outcome
    usage: Usage = field(default_factory=Usage)
    by_component: Mapping[str, int] = field(default_factory=dict)
    cost: int = 0

    @property
    def usd(self) -> str:
        """The cost as `0.001234`."""
        return usd(self.cost)


def usd(amount: int) -> str:
    """Nano-dollars as USD with six decimals, rounded half up: `0.001234`."""
    micro = (abs(amount) + 500) // 1000
    sign = "-" if amount < 0 and micro else ""
    return f"{sign}{micro // 1_000_000}.{micro % 1_000_000:06d}"
