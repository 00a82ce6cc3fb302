"""The models that the stand-in knows, and where their cross-region profiles lead.

Source: Bedrock user guide, "Supported foundation models", "Supported Regions and models for inference profiles",
"Prompt caching" (minimum tokens, checkpoints, fields) and each provider's model card, as of November 2025.
"""

from dataclasses import dataclass, replace

# Inference in other regions than the call's goes by geography; `global.` leads to every commercial region.
GEOGRAPHIES = ("us", "us-gov", "eu", "apac", "jp", "au", "ca", "global")
_EU3 = ("eu-central-1", "eu-west-1", "eu-west-3")
_EU4 = ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3")
_EU6 = ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3")
_US2 = ("us-east-1", "us-west-2")
_US3 = ("us-east-1", "us-east-2", "us-west-2")


@dataclass(frozen=True)
class Model:
    """Tokens are the model's own figures; `cache_least` 0: no prompt caching."""

    id: str
    context: int = 200_000
    most_output: int = 4096
    cache_least: int = 0
    cache_hour: bool = False  # whether a cache point may live an hour
    cache_tools: bool = True
    cache_results: bool = True  # whether a cache point may come right after a tool's result
    burndown: int = 1  # what an output token weighs in the quota of tokens a minute
    on_demand: bool = True  # False: only through an inference profile
    counts: bool = False  # whether CountTokens takes it
    eu: tuple[str, ...] = _EU4
    us: tuple[str, ...] = _US3


_HAIKU_3 = Model("anthropic.claude-3-haiku-20240307-v1:0", counts=True, eu=_EU3, us=_US2)
_SONNET_4 = Model(
    "anthropic.claude-sonnet-4-20250514-v1:0",
    most_output=64_000,
    cache_least=1024,
    burndown=5,
    on_demand=False,
    counts=True,
    eu=_EU6,
)
_SONNET_45 = replace(_SONNET_4, id="anthropic.claude-sonnet-4-5-20250929-v1:0", cache_hour=True, counts=False)
_NOVA = Model("amazon.nova-micro-v1:0", 128_000, 10_000, 1000, cache_tools=False, cache_results=False)
MODELS = {
    model.id: model
    for model in (
        _HAIKU_3,
        replace(_HAIKU_3, id="anthropic.claude-3-5-sonnet-20240620-v1:0"),
        replace(_SONNET_4, id="anthropic.claude-3-7-sonnet-20250219-v1:0", eu=_EU4),
        _SONNET_4,
        _SONNET_45,
        replace(_SONNET_45, id="anthropic.claude-haiku-4-5-20251001-v1:0", cache_least=4096),
        replace(_SONNET_45, id="anthropic.claude-opus-4-5-20251101-v1:0", cache_least=4096),
        _NOVA,
        replace(_NOVA, id="amazon.nova-lite-v1:0", context=300_000),
        replace(_NOVA, id="amazon.nova-pro-v1:0", context=300_000),
    )
}


def destinations(geography: str, model: Model) -> tuple[str, ...]:
    """The regions that a system-defined profile leads to; () where there is no such profile (or for `global`)."""
    return {"eu": model.eu, "us": model.us}.get(geography, ())
