"""What the assistant needs, without calling a model: a look at one is a call that is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.assistant.callers import guardrail
from omnix.costs.parameters import MODEL_ID, catalogue, current_limits, parameters
from omnix.probes import table_probes

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = ("analytics", "sessions", "products", "inventory", "orders", "customer-profiles")


def probes() -> dict[str, Callable[[], object]]:
    """The tables of the guard, of conversations and of tools; the default model with its price; limits; guardrail."""
    return table_probes(*TABLES) | {
        "model": lambda: catalogue().model(parameters().get(MODEL_ID)),
        "limits": current_limits,
        "guardrail": guardrail,
    }
