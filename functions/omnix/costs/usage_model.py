"""What `GET /assistant/usage` gives."""

from pydantic import BaseModel, Field

from omnix.costs.model import Feature, Period

MAX_DAYS = 92


class AiCost(BaseModel):
    """An amount of AI cost."""

    nano_usd: int = Field(description="10⁻⁹ USD, exact.")
    usd: str = Field(description="USD with six decimals.", examples=["0.001234"])


class Tokens(BaseModel):
    """Tokens by the five components of a price."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    cache_write_1h: int


class AiSpend(BaseModel):
    """What a group of calls used and cost."""

    key: str = Field(description="The day, the feature or the model's id; `total` for all.")
    calls: int = Field(description="Calls that a model answered.")
    refused: int = Field(description="Calls for which a limit had no room; they cost nothing.")
    failed: int = Field(description="Calls that no model was paid for.")
    lapsed: int = Field(description="Calls of which nobody knows the usage; counted with the most that they can cost.")
    tokens: Tokens
    cost: AiCost
    latency_ms_mean: float | None = Field(description="Of the model's own time; null without calls.")


class LimitStanding(BaseModel):
    """One of the tenant's limits now."""

    period: Period
    limit: AiCost | None = Field(description="Null: without.")
    spent: AiCost
    held: AiCost = Field(description="Kept for calls under way.")
    resets_at: str


class CheapestModel(BaseModel):
    """The cheapest allowed model that would do."""

    model: str
    cost: AiCost = Field(description="Of the period's tokens at its prices.")
    saving: AiCost
    proven: bool = Field(description="False where it answered fewer than 20 calls of the feature: one to try.")


class FeatureWatch(BaseModel):
    """How well a feature uses its tokens. Shares are 0 to 1; null of nothing."""

    feature: Feature
    cache_hit_share: float | None = Field(description="Of the tokens that were sent, those that a cache had.")
    tokens_per_answer: float | None
    input_tokens_per_answer: float | None
    truncated_share: float | None = Field(description="Answers that ended before their end.")
    unread_share: float | None = Field(description="Answers that were paid for and thrown away.")
    wasted: AiCost = Field(description="What truncated, unread and lapsed answers did cost.")
    cheapest_model: CheapestModel | None


class UsageReport(BaseModel):
    """A tenant's use of the AI features over a number of UTC days."""

    since: str
    until: str
    total: AiSpend
    days: list[AiSpend] = Field(description="Days with calls, the oldest first.")
    features: list[AiSpend]
    models: list[AiSpend]
    limits: list[LimitStanding]
    watch: list[FeatureWatch]
