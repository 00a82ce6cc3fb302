"""Whose call it is: an access key leads to a role's session, a user, or the operator; and to their policies."""

import datetime
import re
from dataclasses import dataclass
from typing import Any

from localcloud.enforcement.account import Account
from localcloud.iam.policy import Policy, parse
from localcloud.iam.request import Principal

# What AWS issues, and moto for it: a user's key and a session's ("Unique identifiers"). No key that a person or a tool
# invents to talk to a local cloud ("test", "local") looks so: those are the operator's.
_ISSUED = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,}")


class UnknownKey(ValueError):  # noqa: N818 - a fact about the call
    """Nobody holds this access key (any more); `expired` when it was a session's."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


@dataclass(frozen=True)
class Caller:
    """A principal with its policies; `name`: of the role or user."""

    principal: Principal
    user_id: str
    name: str
    identity: tuple[Policy, ...]
    boundary: Policy | None
    limits: tuple[Policy, ...]
    tags: tuple[tuple[str, str], ...]

    @property
    def operator(self) -> bool:
        """The account's administrator: nothing but a resource policy's Deny stands in his way."""
        return self.principal.kind == "root"


class Callers:
    """Reads callers from moto's IAM and STS, and remembers them until an IAM write."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: dict[str, tuple[Caller, datetime.datetime | None]] = {}
        self._roles: dict[str, Caller] = {}
        self._entities: dict[str, tuple[tuple[Policy, ...], Policy | None]] = {}
        root = Principal(f"arn:aws:iam::{account.id}:root", account.id, "root")
        self.operator = Caller(root, account.id, "root", (), None, (), ())

    def forget(self) -> None:
        """IAM was written: read everything anew."""
        self._known, self._roles, self._entities = {}, {}, {}

    def find(self, access_key_id: str) -> Caller:
        """The holder of a key. Raises `UnknownKey`, and `UnreadablePolicy` naming role and policy."""
        if not _ISSUED.fullmatch(access_key_id):
            return self.operator
        known = self._known.get(access_key_id)
        if known is None:
            known = self._known[access_key_id] = self._read(access_key_id)
        caller, ends = known
        if ends is not None and ends < datetime.datetime.now(datetime.UTC):
            raise UnknownKey("The security token included in the request is expired", expired=True)
        return caller

    def _read(self, access_key_id: str) -> tuple[Caller, datetime.datetime | None]:
        session = self._account.backend("sts", "aws").get_assumed_role_from_access_key(access_key_id)
        if session is not None:
            ends = session.expiration.replace(tzinfo=datetime.UTC)
            return self.in_role(session.role_arn, session.session_name, session.policy), ends
        for user in self._account.backend("iam", "aws").users.values():
            if any(key.access_key_id == access_key_id and key.status == "Active" for key in user.access_keys):
                return self._user(user), None
        raise UnknownKey("The security token included in the request is invalid.")

    def in_role(self, role_arn: str, session: str, session_policy: str | None = None) -> Caller:
        """A session of a role. A role that is gone has no policies, as on AWS: nothing is allowed any more."""
        role: Any = self._account.role(role_arn)
        name = role_arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{self._account.id}:assumed-role/{name}/{session}"
        owner = f"role {name}"
        limits = (parse(session_policy, owner=f"{owner}, session policy"),) if session_policy else ()
        identity, boundary = self._policies(role, owner) if role is not None else ((), None)
        return Caller(
            principal=Principal(arn, self._account.id, "role", role_arn),
            user_id=f"{getattr(role, 'id', 'AROA')}:{session}",
            name=name,
            identity=identity,
            boundary=boundary,
            limits=limits,
            tags=tuple(sorted(self._account.tags(role_arn).items())),
        )

    def role(self, role_arn: str, session: str) -> Caller:
        """`in_role`, remembered: for services that act with a role again and again."""
        key = f"{role_arn} {session}"
        if key not in self._roles:
            self._roles[key] = self.in_role(role_arn, session)
        return self._roles[key]

    def _user(self, user: Any) -> Caller:
        identity, boundary = self._policies(user, f"user {user.name}")
        for group in self._account.backend("iam", "aws").groups.values():
            if user in group.users:
                identity += self._policies(group, f"group {group.name}")[0]
        return Caller(Principal(user.arn, self._account.id, "user"), user.id, user.name, identity, boundary, (), ())

    def _policies(self, entity: Any, owner: str) -> tuple[tuple[Policy, ...], Policy | None]:
        """Inline and attached policies of a role, user or group, and its boundary; read once."""
        if owner not in self._entities:
            self._entities[owner] = self._read_policies(entity, owner)
        return self._entities[owner]

    def _read_policies(self, entity: Any, owner: str) -> tuple[tuple[Policy, ...], Policy | None]:
        inline = [parse(text, owner=f"{owner}, policy {name}") for name, text in sorted(entity.policies.items())]
        attached = [
            parse(_document(policy), owner=f"{owner}, policy {arn}")
            for arn, policy in sorted(entity.managed_policies.items())
        ]
        arn = getattr(entity, "permissions_boundary_arn", None)
        if not arn:
            return (*inline, *attached), None
        policy = self._account.backend("iam", "aws").managed_policies.get(arn)
        if policy is None:
            return (), None  # a boundary that is gone allows nothing
        return (*inline, *attached), parse(_document(policy), owner=f"{owner}, boundary {arn}")


def _document(policy: Any) -> str:
    """A managed policy's default version."""
    return next(str(version.document) for version in policy.versions if version.is_default)
