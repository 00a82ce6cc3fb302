"""The part of a stack's config that says which models may be called, how, and for how much."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from components.section import Section

type Feature = Literal["chat", "insights"]
FEATURES: tuple[Feature, ...] = ("chat", "insights")

type Usd = Annotated[float, Field(gt=0, le=1_000_000, description="US dollars, more than 0")]
type Price = Annotated[float, Field(ge=0, le=10_000, description="US dollars a million tokens")]
type Tokens = Annotated[int, Field(ge=1, le=10_000_000, description="tokens, 1 or more")]
type RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="a region, e.g. eu-west-1")]


type TenantId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="a tenant's id")]


class ModelPrices(Section):
    """US dollars a million tokens. A component of the cache that is left out costs what the input does."""

    input: Price
    output: Price
    cache_read: Price | None = None
    cache_write: Price | None = None
    cache_write_1h: Annotated[Price | None, Field(alias="cacheWrite1h")] = None


class ModelSetting(Section):
    """One allowed model. A model of the catalogue (components/bedrock/catalogue.py) needs its id alone."""

    id: Annotated[
        str,
        Field(pattern=r"^[a-z0-9-]+(\.[A-Za-z0-9-]+){1,2}(:\d+)?$", description="a Bedrock model id or profile id"),
    ]
    prices: Annotated[ModelPrices | None, Field(description="{input, output, cacheRead, cacheWrite, cacheWrite1h}")] = (
        None
    )
    max_output: Tokens | None = None
    context: Tokens | None = None
    regions: Annotated[
        tuple[RegionName, ...] | None,
        Field(min_length=1, description="the regions that a cross-region profile leads to"),
    ] = None
    caching: Annotated[bool | None, Field(description="true where it takes cache points in system and tools")] = None
    tools: Annotated[bool | None, Field(description="false where it cannot call tools")] = None
    counting: Annotated[bool | None, Field(description="true where CountTokens takes it")] = None


def _by_id(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


def _distinct_ids(models: tuple[ModelSetting, ...]) -> tuple[ModelSetting, ...]:
    ids = [model.id for model in models]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise ValueError(f"listed more than once: {', '.join(twice)}")
    return models


class Limit(Section):
    """What may be spent in a UTC day and in a UTC month."""

    daily_usd: Usd
    monthly_usd: Usd

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.daily_usd > self.monthly_usd:
            raise ValueError("a day may cost more than the month")
        return self


class Limits(Section):
    """Limits below the environment's own. What is left out is held by the environment's alone."""

    tenant: Annotated[Limit | None, Field(description="{dailyUsd, monthlyUsd} of every tenant")] = None
    tenants: dict[TenantId, Limit] = Field(
        default_factory=dict, description="{dailyUsd, monthlyUsd} by tenant id, in place of `tenant`"
    )
    features: dict[Feature, Limit] = Field(
        default_factory=dict, description="{dailyUsd, monthlyUsd} of chat and of insights"
    )


class Guardrail(Section):
    """A Bedrock guardrail of this account and region that looks at every question and answer.

    One of the tier Standard works across regions, by a guardrail profile (`eu.guardrail.v1:0`): its role may then apply
    that profile in each region that it leads to, or every call of a model is denied.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,64}$", description="the guardrail's id")]
    # DRAFT changes under the functions' feet.
    version: Annotated[str, Field(pattern=r"^[1-9]\d{0,7}$", description="a published version's number, in quotes")]
    profile: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9-]+\.guardrail\.v[0-9:]+$", description="the guardrail's profile, or leave it out"),
    ] = None
    regions: tuple[RegionName, ...] = Field(
        default=(), description="the regions that the profile leads to; without a profile leave it out"
    )

    @model_validator(mode="after")
    def _regions_of_a_profile(self) -> Self:
        if (self.profile is None) != (not self.regions):
            raise ValueError("profile and regions go together: what the one names, the other leads to")
        return self


class Bedrock(Section):
    """The models that may be called, and what they may cost."""

    # Six of six regions each would not fit into the policies that IAM takes of one role.
    models: Annotated[
        tuple[Annotated[ModelSetting, BeforeValidator(_by_id)], ...],
        AfterValidator(_distinct_ids),
        Field(min_length=1, max_length=5, description="one to five Bedrock model ids, or {id, prices, …} of each"),
    ]
    model_id: Annotated[str, Field(min_length=1, description="one of bedrock.models")]
    daily_budget_usd: Usd
    monthly_budget_usd: Usd
    limits: Annotated[Limits, Field(description="{tenant, tenants, features}, each {dailyUsd, monthlyUsd}")] = Limits()
    max_output: dict[Feature, Tokens] = Field(
        default_factory=dict, description="the longest answer of chat and of insights, in tokens"
    )
    guardrail: Annotated[Guardrail | None, Field(description="{id, version, profile, regions}, or leave it out")] = None
    # One setting of the account in its region, which AWS replaces without asking.
    invocation_log: Annotated[
        bool, Field(description="false where something else records the account's calls of models already")
    ] = True
    # A budget knows hours later: what holds is the reservation before each call.
    budget_action: Annotated[
        Literal["automatic", "manual", "none"],
        Field(description="automatic, manual (somebody approves it) or none: deny model calls at 100 % of the month"),
    ] = "automatic"

    @property
    def model_ids(self) -> tuple[str, ...]:
        """The allowed ids, in the order in which they stand in for one another."""
        return tuple(model.id for model in self.models)
