"""What the routes of a tenant's users take and give."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from omnix.authorisation import Role
from omnix.identity.model import Email, Name, NewPassword, User
from omnix.request_model import Body

# People sign in as one of these; a device has an API key.
PersonRole = Literal["owner", "manager", "staff"]


def _as_changes(schema: dict[str, Any]) -> None:
    """A field left out stays as it is: the defaults that the model needs are no part of the contract."""
    for field in schema["properties"].values():
        field.pop("default", None)
    schema["minProperties"] = 1
    schema["examples"] = [{"role": "manager"}]


class UserInput(Body):
    """A user to be added, with a first password, which the user changes by `POST /auth/password`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "grace@shop.example",
                    "name": "Grace Staff",
                    "role": "staff",
                    "password": "a first password to change",
                }
            ]
        }
    )

    email: Email = Field(description="Unique in the environment: it is what signs in.")
    name: Name = Field(examples=["Grace Staff"])
    role: PersonRole
    password: NewPassword = Field(repr=False)


class UserChanges(Body):
    """What changes about a user; at least one field. A field that is left out stays; null is not a value."""

    model_config = ConfigDict(json_schema_extra=_as_changes)

    name: Name = ""
    role: PersonRole = "staff"

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change at least one field")
        return self

    def applied_to(self, user: User) -> User:
        """The user with the changes, of the next version; the same user where nothing changes."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        if "role" in changes:
            changes["role"] = Role(changes["role"])
        changed = user.model_copy(update=changes)
        return user if changed == user else changed.model_copy(update={"version": user.version + 1})


class UserPage(BaseModel):
    """Users of a tenant in the order of their ids."""

    items: list[User]
    next_cursor: Annotated[str | None, Field(description="Pass as `cursor` for the next page; null on the last one.")]
