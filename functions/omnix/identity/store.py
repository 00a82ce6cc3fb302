"""The identity context's items: users and credentials in `users`, families of refresh tokens in `sessions`."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from omnix.dynamodb import ConditionFailedError, Table, dump_item, transact
from omnix.errors import ConflictError
from omnix.identity import keys
from omnix.identity.model import User
from omnix.identity.refresh import Rotation
from omnix.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Item
    from omnix.identity.asked import Asked

_ABSENT = "attribute_not_exists(pk)"


FIRST_PASSWORD = 1
FIRST_VERSION = 1


@dataclass(frozen=True)
class Credential:
    """A password hash and whose it is; `password_version` counts the account's passwords.

    `asked` is the idempotency key of the registration that made it (`Asked.stored`), if it had one.
    """

    tenant_id: str
    user_id: str
    password_hash: str = field(repr=False)
    password_version: int = FIRST_PASSWORD
    asked: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Account:
    """A user, and the version of the password whose sessions live: those of an earlier one have ended."""

    user: User
    password_version: int


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
    password_version: int = FIRST_PASSWORD
    client: str = ""


class UserStore:
    """The table `users`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def register(self, user: User, tenant_name: str, password_hash: str, asked: Asked | None = None) -> None:
        """Tenant, owner and credential, all or none; raises ConflictError when the address is taken."""
        pk, sk = keys.tenant(user.tenant_id)
        tenant: Item = {"entity": "tenant", "name": tenant_name, "owners": 1, "created_at": user.created_at}
        actions = [
            *new_user(self._table, user, password_hash, asked),
            self._table.put({"pk": pk, "sk": sk, "tenant_id": user.tenant_id, **tenant}, _ABSENT),
        ]
        try:
            transact(self._table.client, actions)
        except ConditionFailedError:
            raise address_taken() from None

    def credential(self, email: str) -> Credential | None:
        """The credential of a normalised address."""
        item = self._table.get(*keys.credential(email))
        if item is None:
            return None
        owner = item["tenant_id"], item["user_id"]
        return Credential(*owner, item["password_hash"], _password_version(item), item.get("asked"))

    def forget_asked(self, email: str, before: Mapping[str, Any]) -> None:
        """Remove what a credential's registration was asked for, if it is `before` still."""
        pk, sk = keys.credential(email)
        self._table.update_if(pk, sk, "REMOVE asked", "asked = :before", {":before": before})

    def account(self, tenant_id: str, user_id: str) -> Account | None:
        """A user's profile and password version."""
        item = self._table.get(*keys.user(tenant_id, user_id))
        return Account(user_of(item), _password_version(item)) if item else None

    def change_password(self, user: User, before: Credential, password_hash: str, kept: dict[str, Any]) -> None:
        """The next password and, by `kept`, the one session that lives on with it; all or none.

        Raises ConditionFailedError: action 0 when the password is not `before` any more, 2 when the session has ended.
        """
        version = before.password_version + 1
        changed: Item = {"password_hash": password_hash, "password_version": version}
        credential = assign(
            self._table,
            keys.credential(user.email),
            changed,
            "password_hash = :before",
            {":before": before.password_hash},
            removed="asked",
        )
        profile = assign(
            self._table, keys.user(user.tenant_id, user.user_id), {"password_version": version}, "attribute_exists(pk)"
        )
        transact(self._table.client, [credential, profile, kept])


class FamilyStore:
    """The families in the table `sessions`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, family: Family) -> None:
        """Store a new family. Its id is 128 random bits that nobody else has: writing it again after a lost answer is
        the same write, and a condition would refuse that.
        """
        pk, sk = keys.family(family.family_id)
        index = {"gsi1pk": keys.families_of_user(family.tenant_id, family.user_id), "gsi1sk": family.created_at}
        item = {"pk": pk, "sk": sk, **index, "entity": "family", **asdict(family)}
        self._table.client.put_item(TableName=self._table.name, Item=dump_item(item))

    def get(self, family_id: str) -> Family | None:
        """The family, strongly consistent."""
        item = self._table.get(*keys.family(family_id))
        if item is None:
            return None
        return _family(item)

    def page(self, tenant_id: str, user_id: str, limit: int, after: str | None) -> tuple[list[Family], str | None]:
        """A page of a user's families, the newest first, eventually consistent as every GSI is; the next cursor."""
        partition = keys.families_of_user(tenant_id, user_id)
        items, following = Listing(self._table, partition, index=keys.FAMILIES_INDEX, newest_first=True).page(
            limit, after
        )
        return [_family(item) for item in items], following

    def keep(self, family: Family, password_version: int) -> dict[str, Any]:
        """An action for `transact`: the family lives on with the next password; its condition is that it is there."""
        return assign(
            self._table, keys.family(family.family_id), {"password_version": password_version}, "attribute_exists(pk)"
        )

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
        return self._table.update_if(
            pk,
            sk,
            "SET token_hash = :next, generation = :next_generation, key_id = :key_id, #rotation = :rotation",
            "token_hash = :used AND generation = :generation",
            values,
            {"#rotation": "rotation"},
        )

    def delete(self, family_id: str) -> None:
        """End a family; nothing happens when it is gone."""
        pk, sk = keys.family(family_id)
        self._table.client.delete_item(TableName=self._table.name, Key=dump_item({"pk": pk, "sk": sk}))

    def delete_own(self, tenant_id: str, user_id: str, family_id: str) -> bool:
        """End one of a user's families; False when the user has no such one."""
        pk, sk = keys.family(family_id)
        action = self._table.delete(
            pk, sk, "tenant_id = :tenant AND user_id = :user", {":tenant": tenant_id, ":user": user_id}
        )
        try:
            transact(self._table.client, [action])
        except ConditionFailedError:
            return False
        return True

    def delete_of_earlier_password(self, family_id: str, password_version: int) -> None:
        """End a family unless it began, or lives on, with this password or a later one."""
        pk, sk = keys.family(family_id)
        condition = "attribute_not_exists(password_version) OR password_version < :version"
        action = self._table.delete(pk, sk, condition, {":version": password_version})
        with contextlib.suppress(ConditionFailedError):
            transact(self._table.client, [action])


def new_user(table: Table, user: User, password_hash: str, asked: Asked | None = None) -> list[dict[str, Any]]:
    """Actions for `transact` that make a user: credential, whose condition is that the address is free, and profile."""
    credential_pk, credential_sk = keys.credential(user.email)
    user_pk, user_sk = keys.user(user.tenant_id, user.user_id)
    credential: Item = {
        "entity": "credential",
        "tenant_id": user.tenant_id,
        "user_id": user.user_id,
        "password_hash": password_hash,
        "created_at": user.created_at,
        **({"asked": asked.stored()} if asked else {}),
    }
    return [
        table.put({"pk": credential_pk, "sk": credential_sk, **credential}, _ABSENT),
        table.put({"pk": user_pk, "sk": user_sk, "entity": "user", **user.model_dump(mode="json")}, _ABSENT),
    ]


def address_taken() -> ConflictError:
    """An address signs in to one account of the whole environment."""
    return ConflictError("This e-mail address is registered already.")


def user_of(item: Item) -> User:
    """The user of a stored profile; those that are older than versions are of the first."""
    return User.model_validate({"version": FIRST_VERSION, **item})


def _password_version(item: Item) -> int:
    return int(item.get("password_version", FIRST_PASSWORD))


def _family(item: Item) -> Family:
    fields: dict[str, Any] = {name: item[name] for name in Family.__dataclass_fields__ if name in item}
    return Family(**fields | {"rotation": Rotation(**item["rotation"]) if item["rotation"] else None})


def assign(
    table: Table,
    key: keys.Key,
    assigned: Item,
    condition: str,
    values: Mapping[str, Any] | None = None,
    removed: str | None = None,
) -> dict[str, Any]:
    """An Update for `transact` that assigns plain attributes, and removes one whose name is no reserved word."""
    names = {f"#n{number}": name for number, name in enumerate(assigned)}
    sets = ", ".join(f"{placeholder} = :v{placeholder[2:]}" for placeholder in names)
    given = {f":v{number}": value for number, value in enumerate(assigned.values())}
    return {
        "Update": {
            "TableName": table.name,
            "Key": dump_item({"pk": key[0], "sk": key[1]}),
            "UpdateExpression": f"SET {sets} REMOVE {removed}" if removed else f"SET {sets}",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": dump_item({**given, **(values or {})}),
        }
    }
