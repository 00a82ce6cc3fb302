"""The allowed models of a stack: what the config names, joined with what the catalogue knows. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from components.bedrock.catalogue import MODELS, CatalogueModel
from components.bedrock.prices import Prices, of_config
from components.bedrock.settings import ModelSetting

# Geographies of cross-region profiles (Bedrock user guide, "Geographic cross-Region inference").
_GEOGRAPHY = re.compile(r"(?:eu|us|us-gov|apac|au|ca|jp|global)\.")


class UnknownModelError(ValueError):
    """A model of which neither catalogue nor config say enough to call it."""


@dataclass(frozen=True)
class AllowedModel:
    """One model that the assistant may call from `region`.

    `destinations`: the regions that answer; of a foundation model, `region` alone. `context` and `max_output` in
    tokens. `counting`: CountTokens takes it.
    """

    id: str
    region: str
    prices: Prices
    destinations: tuple[str, ...]
    context: int
    max_output: int
    caching: bool
    tools: bool
    counting: bool

    @property
    def foundation(self) -> str:
        """The foundation model behind the id: `anthropic.claude-…`."""
        return foundation(self.id)

    @property
    def key(self) -> str:
        """`model_key` of its id."""
        return model_key(self.id)

    def foundation_arns(self) -> list[str]:
        """ARNs of the foundation model in every region that may answer: it belongs to no account."""
        return [f"arn:aws:bedrock:{region}::foundation-model/{self.foundation}" for region in self.destinations]

    def source_arn(self, account_id: str) -> str:
        """ARN of what an application inference profile copies: the cross-region profile, or the model itself."""
        if is_profile(self.id):
            return f"arn:aws:bedrock:{self.region}:{account_id}:inference-profile/{self.id}"
        return f"arn:aws:bedrock:{self.region}::foundation-model/{self.id}"


def is_profile(model: str) -> bool:
    """Whether a model's id is a cross-region profile's."""
    return _GEOGRAPHY.match(model) is not None


def foundation(model: str) -> str:
    """`model` without its geography."""
    return _GEOGRAPHY.sub("", model, count=1)


def model_key(model: str) -> str:
    """A model's id as words and hyphens, for names: `eu-anthropic-claude-haiku-4-5-20251001-v1-0`."""
    return re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")


def allowed_models(settings: Iterable[ModelSetting], region: str) -> tuple[AllowedModel, ...]:
    """The models in the config's order. Raises `UnknownModelError` (see `allowed`)."""
    return tuple(allowed(setting, region) for setting in settings)


def allowed(setting: ModelSetting, region: str) -> AllowedModel:
    """One model, the config's word before the catalogue's.

    Raises `UnknownModelError` where price, limits or destinations are not known.
    """
    known = MODELS.get(setting.id)
    context = setting.context or (known.context if known else None)
    max_output = setting.max_output or (known.max_output if known else None)
    if context is None or max_output is None:
        raise UnknownModelError("the catalogue does not know its limits: give context and maxOutput")
    return AllowedModel(
        id=setting.id,
        region=region,
        prices=_prices(setting, known),
        destinations=_destinations(setting, known, region),
        context=context,
        max_output=max_output,
        caching=(known is not None and known.caching) if setting.caching is None else setting.caching,
        tools=(known is None or known.tools) if setting.tools is None else setting.tools,
        counting=(known is not None and known.counting) if setting.counting is None else setting.counting,
    )


def _prices(setting: ModelSetting, known: CatalogueModel | None) -> Prices:
    if setting.prices is not None:
        return of_config(setting.prices.model_dump(exclude_none=True))
    if known is None:
        raise UnknownModelError("the catalogue does not know its price, and what has none is never called: give prices")
    return known.prices


def _destinations(setting: ModelSetting, known: CatalogueModel | None, region: str) -> tuple[str, ...]:
    """A profile's regions, the caller's among them: it may always answer itself."""
    if not is_profile(setting.id):
        return (region,)
    given = setting.regions or (known.destinations if known else None)
    if given is None:
        raise UnknownModelError("the catalogue does not know where this profile leads to: give regions")
    return tuple(sorted({region, *given}))
