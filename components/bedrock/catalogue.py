"""The models that a stack may allow, with what is known of each: prices, limits, where it runs. Data.

What AWS calls a model is a foundation model id (`anthropic.claude-…`), called in one region, or the id of a
cross-region profile, which has a geography before it (`eu.anthropic.claude-…`) and leads to several. Prices are of the
id that is called: since Claude 4.5 a geography costs a tenth more than `global.`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from components.bedrock.prices import Prices, claude, uncached

_EU3 = ("eu-central-1", "eu-west-1", "eu-west-3")
_EU4 = ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3")
_EU6 = ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3")


@dataclass(frozen=True)
class CatalogueModel:
    """One id that can be called from the platform's regions.

    `destinations`: the regions that answer. `context` and `max_output` in tokens. `caching`: takes cache points in
    system and tools. `counting`: CountTokens takes it. `ended`: the day on which AWS stopped serving it.
    """

    id: str
    prices: Prices
    destinations: tuple[str, ...]
    context: int
    max_output: int
    caching: bool = True
    tools: bool = True
    counting: bool = False
    ended: date | None = None


# Prices: on demand, standard tier, in the platform's regions, from memory of aws.amazon.com/bedrock/pricing; compared
# on 2026-11-22 with BerriAI/litellm's `model_prices_and_context_window.json` (commit 00035b69, whose source is that
# page): the same for every `eu.` model here. AWS changes prices without asking: compare with the bill once a month
# (`omnix costs reconcile`), and put what differs into the stack's `bedrock.models`.
# Destinations: Bedrock user guide, model cards and "Supported Regions and models for inference profiles".
# Counting: user guide, "Supported models and Regions for token counting" (read 2026-11-22): of Claude none later than
# 4, of Nova none. Where it says otherwise by now, `counting: true` in the stack's list of models turns it on.
# Haiku 4.5's card promises service until 2026-10-01 at least and names no end.
_ENTRIES = (
    CatalogueModel("eu.anthropic.claude-haiku-4-5-20251001-v1:0", claude("1.10", "5.50"), _EU6, 200_000, 64_000),
    CatalogueModel("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", claude("3.30", "16.50"), _EU6, 200_000, 64_000),
    # Nova takes cache points in system and messages, and refuses them in tools ("Prompt caching", supported models).
    CatalogueModel("eu.amazon.nova-micro-v1:0", uncached("0.046", "0.184"), _EU4, 128_000, 10_000, caching=False),
    CatalogueModel("eu.amazon.nova-lite-v1:0", uncached("0.078", "0.312"), _EU4, 300_000, 10_000, caching=False),
    CatalogueModel("eu.amazon.nova-pro-v1:0", uncached("1.05", "4.20"), _EU4, 300_000, 10_000, caching=False),
    *(
        CatalogueModel(id_, uncached("0.25", "1.25"), _EU3, 200_000, 4096, caching=False, ended=date(2026, 9, 10))
        for id_ in ("anthropic.claude-3-haiku-20240307-v1:0", "eu.anthropic.claude-3-haiku-20240307-v1:0")
    ),
)
MODELS: Mapping[str, CatalogueModel] = {model.id: model for model in _ENTRIES}
