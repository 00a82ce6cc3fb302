"""What the routes of API keys take and give."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from omnix.authorisation import Role
from omnix.identity.model import Name
from omnix.request_model import Body
from omnix.scopes import Scope

_LONGEST_DAYS = 3650

Scopes = Annotated[list[Annotated[Scope, Field(strict=False)]], Field(min_length=1, max_length=len(Scope))]


class ApiKeyInput(Body):
    """An API key to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Till 3", "role": "device", "expires_in_days": 365}]}
    )

    name: Name = Field(examples=["Till 3"])
    role: Annotated[Role, Field(strict=False, description="What the key may do; never more than its maker.")] = (
        Role.DEVICE
    )
    expires_in_days: Annotated[int, Field(ge=1, le=_LONGEST_DAYS)] | None = Field(
        default=None, description="Without it the key works until it is revoked."
    )
    scopes: Scopes | None = Field(
        default=None,
        description="What the key is for, within its role: every other route and tool refuses it. Without it the role "
        "alone decides about routes, and tools only read.",
        examples=[["stock:read", "orders:read"]],
    )


class ApiKey(BaseModel):
    """An API key, without the key."""

    key_id: str
    name: str
    role: Role
    scopes: list[Scope] | None = Field(description="Null for a key that its role alone limits.")
    created_by: str = Field(description="The user who made it.")
    created_at: str
    expires_at: str | None
    expired: bool


class CreatedApiKey(ApiKey):
    """A new API key. Its text is in this answer and in no other."""

    key: str | None = Field(
        description="`omx_…`, for `X-API-Key` or as bearer; null where `Idempotency-Key` repeats an earlier request."
    )


class ApiKeyPage(BaseModel):
    """API keys, the newest first."""

    items: list[ApiKey]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")
