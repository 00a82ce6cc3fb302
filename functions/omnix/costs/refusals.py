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

    @property
    def is_too_large(self) -> bool:
        """Whether the call would pass the limit by itself, so that no reset makes room for it."""
        return self.needed > self.limit

    def detail(self) -> dict[str, Any]:
        """For the error's `details`. `resets_at` is null where waiting for it is in vain."""
        return {
            "scope": self.scope.value,
            "period": self.period.value,
            **({"feature": self.feature.value} if self.feature else {}),
            "limit_usd": usd(self.limit),
            "committed_usd": usd(self.committed),
            "needed_usd": usd(self.needed),
            "resets_at": None if self.is_too_large else self.resets_at,
        }


__all__ = ["LimitReachedError", "ModelNotAllowedError", "PriceMissingError", "Shortage", "refusal"]


def refusal(shortages: Sequence[Shortage], retry_after: int) -> LimitReachedError:
    """402 where a month's limit is reached, else 429 with the seconds until the next UTC day.

    Without `Retry-After` where the call is larger than a limit: it would be refused then as well.
    """
    too_large = [shortage for shortage in shortages if shortage.is_too_large]
    if too_large:
        message = f"This call is too large for {_names(too_large)}: no reset makes room for it."
    else:
        reset = max(shortage.resets_at for shortage in shortages)
        message = f"There is no room for this call in {_names(shortages)}, which resets at {reset}."
    made = LimitReachedError(message, [shortage.detail() for shortage in shortages])
    if not any(shortage.period is Period.MONTH for shortage in shortages):
        made.status = 429
        if not too_large:
            made.headers["Retry-After"] = str(retry_after)
    return made


def _names(shortages: Sequence[Shortage]) -> str:
    return " and ".join(f"the {one.scope.value}'s limit of this {one.period.value}" for one in shortages)
