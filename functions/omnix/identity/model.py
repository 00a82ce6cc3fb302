"""What the identity routes take and give."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from omnix.authorisation import Role
from omnix.request_model import Body
from omnix.text import ONE_LINE

_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)


def normalise_email(value: str) -> str:
    """The one spelling of an address: NFKC, no outer space, lower case; raises ValueError."""
    email = unicodedata.normalize("NFKC", value).strip().lower()
    if not _EMAIL.fullmatch(email):
        raise ValueError("must be an e-mail address")
    return email


Email = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    AfterValidator(normalise_email),
    Field(examples=["owner@shop.example"], json_schema_extra={"format": "email"}),
]
NewPassword = Annotated[str, StringConstraints(min_length=12, max_length=128)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=ONE_LINE), AfterValidator(str.strip)]
RefreshTokenText = Annotated[str, StringConstraints(min_length=1, max_length=512)]


_CREDENTIALS: JsonDict = {"email": "owner@shop.example", "password": "correct horse battery staple"}
_REGISTRATION: JsonDict = {**_CREDENTIALS, "name": "Ada Owner", "tenant_name": "Corner Shop"}


class Registration(Body):
    """A new tenant and its owner."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REGISTRATION]})

    email: Email
    password: NewPassword
    name: Name = Field(examples=["Ada Owner"])
    tenant_name: Name = Field(examples=["Corner Shop"])


class Credentials(Body):
    """A sign-in by password."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CREDENTIALS]})

    email: Email
    password: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class PasswordChange(Body):
    """The password that is, and the one that will be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"current_password": "correct horse battery staple", "new_password": "staple battery horse correct"}
            ]
        }
    )

    current_password: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    new_password: NewPassword


class RefreshRequest(Body):
    """The refresh token of the last answer."""

    refresh_token: RefreshTokenText


class User(BaseModel):
    """A person who signs in; `version` is also the ETag."""

    user_id: str
    tenant_id: str
    email: str
    name: str
    role: Role
    version: int = Field(ge=1)
    created_at: str


class TokenPair(BaseModel):
    """An access token for the `Authorization` header and the refresh token that renews it, once."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's name
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str
    refresh_expires_in: int = Field(description="Seconds until the session ends for good.")


class SignIn(TokenPair):
    """What a sign-in gives."""

    user: User


class SessionEntry(BaseModel):
    """One of the caller's sessions."""

    session_id: str
    client: str = Field(description="The `User-Agent` that signed in.")
    created_at: str
    renewed_at: str = Field(description="When its tokens were last renewed.")
    expires_at: str
    current: bool = Field(description="Whether it is the session that asks.")


class SessionPage(BaseModel):
    """The caller's sessions, the newest first."""

    items: list[SessionEntry]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")


class Validation(BaseModel):
    """Who the credential speaks for."""

    valid: bool
    tenant_id: str
    user_id: str
    role: Role
    session_id: str | None
    auth: str = Field(description="`jwt` or `api_key`.")
