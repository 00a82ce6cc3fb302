"""The identity context's items: users and credentials in `users`, families of refresh tokens in `sessions`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.dynamodb import ConditionFailedError, Table, dump_item, transact
from omnix.errors import ConflictError
from omnix.identity import keys
from omnix.identity.model import User
from omnix.identity.refresh import Rotation

if TYPE_CHECKING:
    from omnix.dynamodb import Item

_ABSENT = "attribute_not_exists(pk)"


@dataclass(frozen=True)
class Credential:
    """A password hash and whose it is."""

    tenant_id: str
    user_id: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True)
class Family:
    """A sign-in's refresh tokens: the one that is valid, and how it was made of the one before it."""

    family_id: str
    tenant_id: str
    user_id: str
    generation: int
    token_hash: str
    key_id: str
    rotation: Rotation | None
    created_at: str
    expires_at: int


class UserStore:
    """The table `users`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def register(self, user: User, tenant_name: str, password_hash: str) -> None:
        """Tenant, owner and credential, all or none; raises ConflictError when the address is taken."""
        tenant_pk, tenant_sk = keys.tenant(user.tenant_id)
        user_pk, user_sk = keys.user(user.tenant_id, user.user_id)
        credential_pk, credential_sk = keys.credential(user.email)
        tenant: Item = {"entity": "tenant", "name": tenant_name, "created_at": user.created_at}
        credential: Item = {
            "entity": "credential",
            "tenant_id": user.tenant_id,
            "user_id": user.user_id,
            "password_hash": password_hash,
            "created_at": user.created_at,
        }
        actions = [
            self._table.put({"pk": credential_pk, "sk": credential_sk, **credential}, _ABSENT),
            self._table.put({"pk": tenant_pk, "sk": tenant_sk, "tenant_id": user.tenant_id, **tenant}, _ABSENT),
            self._table.put({"pk": user_pk, "sk": user_sk, "entity": "user", **user.model_dump(mode="json")}, _ABSENT),
        ]
        try:
            transact(self._table.client, actions)
        except ConditionFailedError:
            raise ConflictError("This e-mail address is registered already.") from None

    def credential(self, email: str) -> Credential | None:
        """The credential of a normalised address."""
        item = self._table.get(*keys.credential(email))
        return Credential(item["tenant_id"], item["user_id"], item["password_hash"]) if item else None

    def user(self, tenant_id: str, user_id: str) -> User | None:
        """A user's profile."""
        item = self._table.get(*keys.user(tenant_id, user_id))
        return User.model_validate(item) if item else None


class FamilyStore:
    """The families in the table `sessions`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, family: Family) -> None:
        """Store a new family."""
        pk, sk = keys.family(family.family_id)
        index = {"gsi1pk": keys.families_of_user(family.tenant_id, family.user_id), "gsi1sk": family.created_at}
        item = {"pk": pk, "sk": sk, **index, "entity": "family", **asdict(family)}
        self._table.client.put_item(TableName=self._table.name, Item=dump_item(item), ConditionExpression=_ABSENT)

    def get(self, family_id: str) -> Family | None:
        """The family, strongly consistent."""
        item = self._table.get(*keys.family(family_id))
        if item is None:
            return None
        fields: dict[str, Any] = {name: item[name] for name in Family.__dataclass_fields__}
        return Family(**fields | {"rotation": Rotation(**item["rotation"]) if item["rotation"] else None})

    def claim(self, used: Family, claimed: Family) -> bool:
        """Replace a family's token if it is still the one that was read; False when someone else was first."""
        pk, sk = keys.family(used.family_id)
        values = {
            ":used": used.token_hash,
            ":generation": used.generation,
            ":next": claimed.token_hash,
            ":next_generation": claimed.generation,
            ":key_id": claimed.key_id,
            ":rotation": asdict(claimed.rotation) if claimed.rotation else None,
        }
        try:
            self._table.client.update_item(
                TableName=self._table.name,
                Key=dump_item({"pk": pk, "sk": sk}),
                UpdateExpression="SET token_hash = :next, generation = :next_generation, key_id = :key_id, "
                "#rotation = :rotation",
                ExpressionAttributeNames={"#rotation": "rotation"},
                ConditionExpression="token_hash = :used AND generation = :generation",
                ExpressionAttributeValues=dump_item(values),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def delete(self, family_id: str) -> None:
        """End a family; nothing happens when it is gone."""
        pk, sk = keys.family(family_id)
        self._table.client.delete_item(TableName=self._table.name, Key=dump_item({"pk": pk, "sk": sk}))
