"""Money is kept before a model is called and counted after it: what is spent never passes a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from omnix.costs.model import Feature, Model, Reservation, Settled, Usage


class Guard:
    """The cost guard of one environment."""

    def reserve(
        self,
        *,
        tenant_id: str,
        user_id: str,
        feature: Feature,
        model: Model,
        input_tokens: int,
        max_output: int,
        request_id: str,
        exact: Callable[[], int | None] | None = None,
    ) -> Reservation:
        """Keep the worst case of one call. `input_tokens` is an upper bound (`omnix.costs.bound`).

        Where that finds no room and `exact` is given, it is asked once for the exact count (None: unknown).
        Raises LimitReachedError (402, 429), UnavailableError.
        """
        raise NotImplementedError

    def settle(self, reservation: Reservation, usage: Usage, *, stop_reason: str, latency_ms: int) -> Settled:
        """The model answered: count what it used, give the rest back. Never raises for a busy table."""
        raise NotImplementedError

    def release(self, reservation: Reservation, reason: str) -> None:
        """The model was certainly not paid: give everything back."""
        raise NotImplementedError

    def lapse(self, reservation: Reservation, reason: str) -> Settled:
        """Nobody knows whether the model was paid: count everything."""
        raise NotImplementedError

    def sweep(self) -> int:
        """Finish what dead functions left; how many."""
        raise NotImplementedError


def guard() -> Guard:
    """The cost guard of the environment that this process serves."""
    return Guard()
