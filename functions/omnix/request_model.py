"""What every request body's model has in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body: nothing unknown, nothing coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
