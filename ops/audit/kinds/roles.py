"""IAM roles, from the account's authorization details: the only list that tells when a role was last used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, settled, tags
from ops.audit.reader import GLOBAL, GLOBAL_HOME
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.ROLE,)


def read(reader: Reader, _region: str, only: str | None = None) -> Iterator[Seen]:
    """The account's roles, or the one named `only`."""
    found = reader.pages(
        "iam", "get_account_authorization_details", GLOBAL_HOME, "RoleDetailList", KINDS, Filter=["Role"]
    )
    for role in found:
        if only and role["RoleName"] != only:
            continue
        used = role.get("RoleLastUsed") or {}
        facts = chosen(role, "RoleId", "Path", "AssumeRolePolicyDocument", "RolePolicyList", "PermissionsBoundary")
        facts["AttachedManagedPolicies"] = sorted(one["PolicyArn"] for one in role.get("AttachedManagedPolicies") or [])
        facts["InstanceProfiles"] = sorted(one["Arn"] for one in role.get("InstanceProfileList") or [])
        when = moment(used.get("LastUsedDate"))
        resource = Resource(
            kind=Kind.ROLE, arn=role["Arn"], name=role["RoleName"], region=GLOBAL, account_id=reader.account_id,
            created_at=moment(role.get("CreateDate")), tags=tags(role.get("Tags")), facts=settled(facts),
            measures={"last_used": when.isoformat() if when else None, "last_used_region": used.get("Region")},
        )  # fmt: skip
        yield Seen(resource)
