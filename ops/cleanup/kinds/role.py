"""IAM roles: policies archived, detached and deleted first, as IAM demands."""

from __future__ import annotations

import json
from typing import Any, override

from ops.cleanup.account import pages, present
from ops.cleanup.kinds.removal import Known, Removal, Step


class RoleRemoval(Removal):
    """One role with its inline policies, attachments and instance profiles; the profiles themselves stay."""

    lasting = "its unique id (AROA…): policies that name the role as principal must be saved again"

    @property
    def _name(self) -> dict[str, str]:
        return {"RoleName": self.entry.name}

    @override
    def exists(self) -> bool:
        return self._role() is not None

    def _role(self) -> Any:
        answer = present(lambda: self.client("iam").get_role(**self._name))
        return answer["Role"] if answer else None

    @override
    def obstacles(self) -> list[str]:
        role = self._role()
        if role and role["Path"].startswith("/aws-service-role/"):
            return ["it is a service-linked role: its service deletes it"]
        if role and role["Path"].startswith("/aws-reserved/"):
            return ["it belongs to IAM Identity Center: it goes with its permission set"]
        return []

    @override
    def described(self) -> dict[str, Any]:
        iam = self.client("iam")
        inline = pages(iam, "list_role_policies", "PolicyNames", **self._name)
        return {
            "role": self._role(),
            "inline": {one: iam.get_role_policy(**self._name, PolicyName=one)["PolicyDocument"] for one in inline},
            "attached": [one["PolicyArn"] for one in self._attached()],
            "profiles": self._profiles(),
            "tags": pages(iam, "list_role_tags", "Tags", **self._name),
        }  # fmt: skip

    def _attached(self) -> list[Any]:
        return pages(self.client("iam"), "list_attached_role_policies", "AttachedPolicies", **self._name)

    def _profiles(self) -> list[str]:
        found = pages(self.client("iam"), "list_instance_profiles_for_role", "InstanceProfiles", **self._name)
        return [one["InstanceProfileName"] for one in found]

    @override
    def removing(self) -> list[Step]:
        return [
            Step("leave instance profiles", self._leave_profiles),
            Step("detach policies", self._detach),
            Step("delete inline policies", self._delete_inline),
            Step("delete role", self._delete),
        ]

    def _leave_profiles(self, _: Known) -> None:
        iam = self.client("iam")
        for profile in self._profiles() if self.exists() else ():
            present(lambda one=profile: iam.remove_role_from_instance_profile(InstanceProfileName=one, **self._name))  # type: ignore[misc]

    def _detach(self, known: Known) -> None:
        iam = self.client("iam")
        for arn in self.archived(known)["attached"]:
            present(lambda one=arn: iam.detach_role_policy(PolicyArn=one, **self._name))  # type: ignore[misc]

    def _delete_inline(self, known: Known) -> None:
        iam = self.client("iam")
        for name in self.archived(known)["inline"]:
            present(lambda one=name: iam.delete_role_policy(PolicyName=one, **self._name))  # type: ignore[misc]

    def _delete(self, _: Known) -> None:
        # DeleteConflict for some seconds: IAM is one database in many places.
        iam = self.client("iam")
        present(lambda: self.account.settled(lambda: iam.delete_role(**self._name)))

    @override
    def undoing(self) -> list[Step]:
        return [Step("create role", self._create), Step("put policies back", self._put_back)]

    def _create(self, known: Known) -> None:
        if self.exists():
            return
        archived = self.archived(known)
        role = archived["role"]
        more: dict[str, Any] = {"Description": role["Description"]} if role.get("Description") else {}
        if boundary := role.get("PermissionsBoundary"):
            more["PermissionsBoundary"] = boundary["PermissionsBoundaryArn"]
        self.client("iam").create_role(
            **self._name,
            Path=role["Path"],
            AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]),
            MaxSessionDuration=role.get("MaxSessionDuration", 3600),
            Tags=archived["tags"],
            **more,
        )

    def _put_back(self, known: Known) -> None:
        archived, iam = self.archived(known), self.client("iam")
        for name, document in archived["inline"].items():
            iam.put_role_policy(**self._name, PolicyName=name, PolicyDocument=json.dumps(document))
        for arn in archived["attached"]:
            iam.attach_role_policy(**self._name, PolicyArn=arn)
        present_in = set(self._profiles())
        for profile in set(archived["profiles"]) - present_in:
            iam.add_role_to_instance_profile(InstanceProfileName=profile, **self._name)
