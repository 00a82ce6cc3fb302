"""What to do about what a feature's use of tokens shows. Pure.

Each rule is a threshold of ours and says what it saw; none of them changes anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from omnix.costs.model import usd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omnix.costs.optimising import Watch

ENOUGH_CALLS = 20
LOW_CACHE_HITS = 0.3
HIGH_TRUNCATED = 0.02
HIGH_UNREAD = 0.02
HIGH_WASTE = 0.05


@dataclass(frozen=True)
class Advice:
    """What was seen of a feature, and what to do."""

    feature: str
    seen: str
    do: str

    def document(self) -> dict[str, str]:
        """As JSON shows it."""
        return asdict(self)


def advice(watched: Iterable[Watch], *, default_model: str, caching: bool) -> list[Advice]:
    """For each feature with enough calls. `caching`: whether the default model can cache prompts."""
    return [
        one
        for watch in watched
        if watch.calls >= ENOUGH_CALLS
        for one in (*_cache(watch, caching=caching), *_answers(watch), *_model(watch, default_model))
    ]


def _cache(watch: Watch, *, caching: bool) -> Iterable[Advice]:
    hits = watch.cache_hit_share
    if hits is None or hits >= LOW_CACHE_HITS:
        return
    seen = f"{hits:.0%} of the input came from the cache"
    if not caching:
        yield Advice(watch.feature.value, seen, "the default model keeps no cache: compare one that does")
    else:
        yield Advice(
            watch.feature.value,
            seen,
            "calls come more than five minutes apart, or what stands before the cache point is too short to be kept",
        )


def _answers(watch: Watch) -> Iterable[Advice]:
    feature = watch.feature.value
    if (watch.truncated_share or 0) > HIGH_TRUNCATED:
        yield Advice(
            feature,
            f"{watch.truncated_share:.1%} of the answers were cut off",
            f"raise omnix-ai:bedrock.maxOutput.{feature}, or ask for less in its prompt",
        )
    if (watch.unread_share or 0) > HIGH_UNREAD:
        yield Advice(
            feature,
            f"{watch.unread_share:.1%} of the answers were paid for and thrown away",
            "look at the log lines `model call` for what ended them: a guardrail, or a model that calls tools badly",
        )
    if watch.cost and watch.wasted / watch.cost > HIGH_WASTE:
        yield Advice(
            feature,
            f"USD {usd(watch.wasted)} of {usd(watch.cost)} was wasted",
            "`omnix costs reconcile --apply` gives back what lapsed calls did not cost; the rest is above",
        )


def _model(watch: Watch, default_model: str) -> Iterable[Advice]:
    best = watch.cheapest
    if best is None or best.model_id == default_model or best.saving <= 0:
        return
    seen = f"{best.model_id} would have cost USD {usd(best.cost)}, {usd(best.saving)} less"
    how = "it did as well where it was used" if best.proven else "it was hardly used here: try it in dev first"
    yield Advice(watch.feature.value, seen, f"{how}; set omnix-ai:bedrock.modelId")


def documents(watched: Iterable[Watch]) -> list[dict[str, Any]]:
    """The watches as JSON shows them."""
    return [{**asdict(watch), "feature": watch.feature.value, "cost_usd": usd(watch.cost)} for watch in watched]
