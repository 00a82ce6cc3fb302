"""The parameter `bedrock/models`: the models that may be called, in the order of preference, with their prices."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from omnix.costs.model import COMPONENTS, Model, Prices
from omnix.costs.refusals import ModelNotAllowedError, PriceMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS = "bedrock/models"
_ALWAYS_PAID = frozenset({"input", "output"})


class ModelsError(RuntimeError):
    """The parameter's value is none that the stack writes."""


class Catalogue:
    """The allowed models, in the order of preference. A model without prices is known and never called."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._entries = entries

    @property
    def ids(self) -> tuple[str, ...]:
        """Every allowed model's id, in the order of preference."""
        return tuple(self._entries)

    def model(self, model_id: str) -> Model:
        """Raises ModelNotAllowedError, and PriceMissingError where nobody could say what a call may cost."""
        entry = self._entries.get(model_id)
        if entry is None:
            raise ModelNotAllowedError(
                "This model is not allowed here.", [{"model": model_id[:256], "allowed": list(self._entries)}]
            )
        return Model(
            model_id=model_id,
            call=entry.get("call") or model_id,
            foundation=entry.get("foundation") or model_id,
            prices=_prices(model_id, entry.get("prices") or {}, caching=entry.get("caching") is True),
            max_output=entry["max_output"],
            context=entry["context"],
            caching=entry.get("caching") is True,
            tools=entry.get("tools") is True,
            counting=entry.get("counting") is True,
        )

    def priced(self) -> list[Model]:
        """The models that can be called, in the order of preference."""
        found = []
        for model_id in self._entries:
            try:
                found.append(self.model(model_id))
            except PriceMissingError:
                continue
        return found


@functools.lru_cache(maxsize=4)
def parse(text: str) -> Catalogue:
    """The parameter's value; raises ModelsError."""
    try:
        entries = json.loads(text)
        whole = all(type(entry[name]) is int for entry in entries.values() for name in ("max_output", "context"))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelsError(f"{MODELS} is not an object of models") from error
    if not whole:
        raise ModelsError("max_output and context of a model are whole numbers of tokens")
    return Catalogue(entries)


def _prices(model_id: str, given: Mapping[str, Any], *, caching: bool) -> Prices:
    """All five. Without a cache there are no tokens of its three kinds: they are priced as input, should any come."""
    fallback = {} if caching else dict.fromkeys(set(COMPONENTS) - _ALWAYS_PAID, given.get("input"))
    found: dict[str, Any] = fallback | {name: value for name, value in given.items() if value is not None}
    missing = [name for name in COMPONENTS if not _is_price(found.get(name), free=name not in _ALWAYS_PAID)]
    if missing:
        raise PriceMissingError(
            "This model has no price, so no call of it is made.", [{"model": model_id, "missing": missing}]
        )
    return Prices(**{name: found[name] for name in COMPONENTS})


def _is_price(value: object, *, free: bool) -> bool:
    """Whole nano-dollars a token; input and output are never free (some models' cache writes are)."""
    return type(value) is int and value >= (0 if free else 1)
