"""Where tokens are wasted, by feature, and which model would do for less. Pure.

The cheapest model that would do, of those that the environment allows, is the one whose prices make the least of the
period's tokens, among models that

1. take tools, if the feature's calls used any;
2. answer with as many tokens as the feature may ask for (`max_output` of `bedrock/limits`);
3. hold the largest call that was made (by the ledger's classes of size);
4. did no worse where they were used: of at least 20 calls no more than 5 % truncated, unread, failed or lapsed.

With fewer than 20 calls nothing is known of how well it answers: `proven` is false then, and it is one to try.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix.costs import ledger
from omnix.costs.model import Feature

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omnix.costs.ledger import Row
    from omnix.costs.limits import Limits
    from omnix.costs.model import Model, Usage

ENOUGH_CALLS = 20
MOST_BAD_SHARE = 0.05


@dataclass(frozen=True)
class Choice:
    """The model that would do, what the period's tokens cost with it and what that saves, nano-dollars."""

    model_id: str
    cost: int
    saving: int
    proven: bool


@dataclass(frozen=True)
class Watch:
    """How a feature uses its tokens. Shares are 0 to 1, None of nothing; amounts are nano-dollars.

    `wasted` is what truncated, unread and lapsed answers did cost, each once.
    """

    feature: Feature
    calls: int
    cost: int
    cache_hit_share: float | None
    tokens_per_answer: float | None
    input_tokens_per_answer: float | None
    truncated_share: float | None
    unread_share: float | None
    wasted: int
    cheapest: Choice | None


def watch(rows: Iterable[Row], models: Sequence[Model], limits: Limits) -> list[Watch]:
    """One for each feature that was used, in the enum's order."""
    found = list(rows)
    return [
        _of_feature(feature, own, models, limits.output(feature))
        for feature in Feature
        if (own := [row for row in found if row.feature == feature])
    ]


def _of_feature(feature: Feature, rows: Sequence[Row], models: Sequence[Model], max_output: int) -> Watch:
    counts = ledger.total(rows)
    usage, calls = ledger.usage(counts), counts[ledger.CALLS]
    sent = usage.total - usage.output
    return Watch(
        feature=feature,
        calls=calls,
        cost=counts[ledger.COST],
        cache_hit_share=share(usage.cache_read, sent),
        tokens_per_answer=share(usage.output, calls),
        input_tokens_per_answer=share(sent, calls),
        truncated_share=share(counts[ledger.TRUNCATED], calls),
        unread_share=share(counts[ledger.UNREAD], calls),
        wasted=counts[ledger.COST_WASTED] + counts[ledger.COST_LAPSED],
        cheapest=cheapest(rows, models, max_output),
    )


def cheapest(rows: Sequence[Row], models: Iterable[Model], max_output: int) -> Choice | None:
    """Of one feature's rows; None where nothing was answered or no model would do."""
    counts = ledger.total(rows)
    usage = ledger.usage(counts)
    if not counts[ledger.CALLS]:
        return None
    paid = sum(counts[f"{ledger.COST_}{name}"] for name in usage.tokens())
    by_model = {row.model_id: Counter[str]() for row in rows}
    for row in rows:
        by_model[row.model_id].update(row.counts)
    able = [
        model
        for model in models
        if _able(model, counts, max_output) and not _bad(by_model.get(model.model_id, Counter()))
    ]
    if not able:
        return None
    best = min(able, key=lambda model: (_cost(model, usage), model.model_id))
    own = by_model.get(best.model_id, Counter())
    cost = _cost(best, usage)
    return Choice(best.model_id, cost, paid - cost, proven=_tried(own) >= ENOUGH_CALLS)


def share(part: float, whole: float) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def _able(model: Model, counts: Mapping[str, int], max_output: int) -> bool:
    largest = max((most for most in ledger.SIZES if counts.get(f"{ledger.SIZE_}{most}")), default=0)
    fits = model.context >= largest or largest == ledger.SIZES[0]
    return fits and model.max_output >= max_output and (model.tools or not counts.get(ledger.TOOL_ROUNDS))


def _bad(counts: Mapping[str, int]) -> bool:
    tried = _tried(counts)
    wrong = sum(counts.get(name, 0) for name in (ledger.TRUNCATED, ledger.UNREAD, ledger.FAILED, ledger.LAPSED))
    return tried >= ENOUGH_CALLS and wrong > MOST_BAD_SHARE * tried


def _tried(counts: Mapping[str, int]) -> int:
    return sum(counts.get(name, 0) for name in (ledger.CALLS, ledger.FAILED, ledger.LAPSED))


def _cost(model: Model, usage: Usage) -> int:
    return model.prices.cost(usage)
