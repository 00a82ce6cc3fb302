"""What the assistant's routes take and give."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from omnix.costs.usage_model import AiCost, Tokens
from omnix.request_model import Body

MOST_CHARACTERS = 8000
MAX_DAYS = 45

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
# Something to read in it: whitespace is a price for nothing, and refused by the models.
Text = Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS, pattern=r"\S")]
ModelId = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9._:/-]+$")]
Status = Literal["done", "failed", "waiting", "cancelled"]


def _no_defaults(schema: dict[str, Any]) -> None:
    """What may be left out has no value then."""
    for field in schema["properties"].values():
        field.pop("default", None)
    schema["examples"] = [{"message": "Which products are low on stock?"}]


class Confirmation(Body):
    """What the user says to a change that waits."""

    action_id: Id
    accept: bool = Field(description="False throws the change away.")


class ChatInput(Body):
    """A message, or the confirmation of a change that waits in the conversation; never both."""

    model_config = ConfigDict(json_schema_extra=_no_defaults)

    message: Text = Field(default="", description="In any language.")
    conversation_id: Id = Field(default="", description="Goes on with that conversation; left out, a new one begins.")
    model: ModelId = Field(default="", description="One of the allowed models, and no other in its place.")
    confirm: Confirmation | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.message) == (self.confirm is not None):
            raise ValueError("must have a message or a confirmation, and not both")
        if self.confirm and not self.conversation_id:
            raise ValueError("must name the conversation of the change that is confirmed")
        return self


class ToolCall(BaseModel):
    """A tool that was called on the way. `reason` is the code of what went wrong."""

    name: str
    status: Status
    arguments: dict[str, Any]
    reason: str | None = None


class Pending(BaseModel):
    """A change that is done when the user confirms it, once, and until `expires_at`.

    `action_id` is a digest of the change: what is confirmed is what was shown.
    """

    action_id: str
    tool: str
    title: str
    arguments: dict[str, Any]
    expires_at: str = Field(description="UTC, ISO 8601.")


class Timing(BaseModel):
    """Milliseconds. `model_ms` of `total_ms` were spent waiting for models."""

    total_ms: int = Field(ge=0)
    model_ms: int = Field(ge=0)
    first_token_ms: int | None = Field(description="Of the first call; null without one.")


class ChatAnswer(BaseModel):
    """The answer to a message or to a confirmation. `model` is null where none was called."""

    conversation_id: str
    answer: str
    stop_reason: str = Field(
        description="`end_turn`; `max_tokens`, `cut_off`, `tool_limit`, and `limit_reached` or `unavailable` after the"
        " turn's first call, for what is not whole; …"
    )
    model: str | None
    usage: Tokens
    cost: AiCost
    tools: list[ToolCall]
    pending: Pending | None
    result: dict[str, Any] | None = Field(description="Of a confirmed change: what the tool answered.")
    timing: Timing
    stand_in: bool = Field(description="Whether a stand-in of the local cloud answered instead of a model.")


class Turn(BaseModel):
    """A message and its answer."""

    at: str = Field(description="UTC, ISO 8601.")
    message: str
    answer: str


class Conversation(BaseModel):
    """The last turns of a conversation, the oldest first."""

    conversation_id: str
    created_at: str
    updated_at: str
    expires_at: str = Field(description="UTC, ISO 8601; a week after the last turn.")
    turns: list[Turn]
