"""Why no money was kept for a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix.costs.model import Feature, Period, Scope, usd
from omnix.errors import ApiError, LimitReachedError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ModelNotAllowedError(ApiError):
    """The model is none of `bedrock/models`."""

    status, code = 422, "model_not_allowed"


class PriceMissingError(ApiError):
    """The model has no price, so that nobody could say what a call may cost: none is made."""

    status, code = 503, "price_missing"


@dataclass(frozen=True)
class Shortage:
    """A limit without room, in nano-dollars. `committed` is what is spent and what is kept for calls under way."""

    scope: Scope
    period: Period
    limit: int
    committed: int
    needed: int
    resets_at: str
    feature: Feature | None = None

    def detail(self) -> dict[str, Any]:
        """For the error's `details`."""
        return {
            "scope": self.scope.value,
            "period": self.period.value,
            **({"feature": self.feature.value} if self.feature else {}),
            "limit_usd": usd(self.limit),
            "committed_usd": usd(self.committed),
            "needed_usd": usd(self.needed),
            "resets_at": self.resets_at,
        }


__all__ = ["LimitReachedError", "ModelNotAllowedError", "PriceMissingError", "Shortage", "refusal"]


def refusal(shortages: Sequence[Shortage], retry_after: int) -> LimitReachedError:
    """402 where a month's limit is reached, else 429 with the seconds until the next UTC day."""
    monthly = any(shortage.period is Period.MONTH for shortage in shortages)
    names = " and ".join(f"the {one.scope.value}'s limit of this {one.period.value}" for one in shortages)
    reset = max(shortage.resets_at for shortage in shortages)
    made = LimitReachedError(
        f"There is no room for this call in {names}, which resets at {reset}.",
        [shortage.detail() for shortage in shortages],
    )
    if not monthly:
        made.status = 429
        made.headers["Retry-After"] = str(retry_after)
    return made
