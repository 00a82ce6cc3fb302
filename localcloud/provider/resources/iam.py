"""AWS Identity and Access Management."""
# ruff: noqa: A002, ARG002, D101, D102, PLR2004 - `ResourceType` says what each method does

import json
from typing import Any, ClassVar

from localcloud.iam.lint import aggregate_findings
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, document, failed_precondition
from localcloud.provider.tagging import IAM_POLICY, IAM_ROLE
from localcloud.provider.wire import Properties

_NAME = r"[\w+=,.@-]+"


def _text(policy: object) -> str:
    return json.dumps(policy, separators=(",", ":")) if isinstance(policy, dict) else str(policy)


class Role(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:iam/role:Role"
    label = Label.ENFORCED
    naming = Naming(_NAME, 64)
    tagging = IAM_ROLE
    importable = True
    force_new = frozenset({"path", "namePrefix"})
    unordered = frozenset({"managedPolicyArns", "inlinePolicies"})
    defaults: ClassVar = {"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False}

    def create(self, scope: Scope, inputs: Properties) -> str:
        given = {
            "RoleName": inputs["name"],
            "AssumeRolePolicyDocument": inputs["assumeRolePolicy"],
            "Path": inputs.get("path", "/"),
            "MaxSessionDuration": inputs.get("maxSessionDuration", 3600),
            "Description": inputs.get("description", ""),
        }
        if "permissionsBoundary" in inputs:
            given["PermissionsBoundary"] = inputs["permissionsBoundary"]
        return str(scope.client("iam").create_role(**given)["Role"]["RoleName"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        iam = scope.client("iam")
        if olds:
            iam.update_role(
                RoleName=id,
                Description=news.get("description", ""),
                MaxSessionDuration=news.get("maxSessionDuration", 3600),
            )
            iam.update_assume_role_policy(RoleName=id, PolicyDocument=news["assumeRolePolicy"])
        if "permissionsBoundary" in news:
            iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=news["permissionsBoundary"])
        elif olds.get("permissionsBoundary"):
            iam.delete_role_permissions_boundary(RoleName=id)
        self._settle_policies(iam, id, news, olds)

    def _settle_policies(self, iam: Any, id: str, news: Properties, olds: Properties) -> None:
        wanted, current = set(news.get("managedPolicyArns", ())), set(olds.get("managedPolicyArns", ()))
        for arn in sorted(wanted - current):
            iam.attach_role_policy(RoleName=id, PolicyArn=arn)
        if "managedPolicyArns" in news:
            for arn in sorted(current - wanted):
                iam.detach_role_policy(RoleName=id, PolicyArn=arn)
        if "inlinePolicies" in news:
            for name in sorted(_inline(olds).keys() - _inline(news).keys()):
                iam.delete_role_policy(RoleName=id, PolicyName=name)
        for name, policy in _inline(news).items():
            iam.put_role_policy(RoleName=id, PolicyName=name, PolicyDocument=policy)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("iam").get_role(RoleName=id)["Role"]
        return {
            "name": found["RoleName"],
            "arn": found["Arn"],
            "uniqueId": found["RoleId"],
            "createDate": found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "path": found["Path"],
            "maxSessionDuration": found.get("MaxSessionDuration", 3600),
            "description": found.get("Description") or "",
            "assumeRolePolicy": _text(found["AssumeRolePolicyDocument"]),
            "permissionsBoundary": found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Refused while policies are attached, unless they were this resource's own or force is on."""
        iam = scope.client("iam")
        force = state.get("forceDetachPolicies", False)
        own = set(state.get("managedPolicyArns", ()))
        for policy in iam.list_attached_role_policies(RoleName=id)["AttachedPolicies"]:
            if force or policy["PolicyArn"] in own:
                iam.detach_role_policy(RoleName=id, PolicyArn=policy["PolicyArn"])
        for name in iam.list_role_policies(RoleName=id)["PolicyNames"]:
            if force or name in _inline(state):
                iam.delete_role_policy(RoleName=id, PolicyName=name)
        iam.delete_role(RoleName=id)

    def tagged(self, id: str, state: Properties) -> str:
        return id


def _inline(state: Properties) -> dict[str, str]:
    return {policy["name"]: policy["policy"] for policy in state.get("inlinePolicies", ()) if policy.get("name")}


class RolePolicy(ResourceType):
    id_format = "{role}:{name}"
    pulumi_type = "aws:iam/rolePolicy:RolePolicy"
    label = Label.ENFORCED
    naming = Naming(_NAME, 128)
    force_new = frozenset({"role"})
    importable = True

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        role, name = id.split(":", 1)
        iam = scope.client("iam")
        others = [row for row in iam.list_role_policies(RoleName=role)["PolicyNames"] if row != name]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=row)["PolicyDocument"] for row in others]
        if faults := aggregate_findings([*documents, news["policy"]], f"role {role}"):
            raise failed_precondition(f"LimitExceeded: {faults[0]}")
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=news["policy"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        role, name = id.split(":", 1)
        found = scope.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        return {"role": role, "name": name, "policy": _text(found["PolicyDocument"])}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        role, name = id.split(":", 1)
        scope.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicyAttachment(ResourceType):
    id_format = "{role}/{policyArn}"
    pulumi_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    label = Label.ENFORCED
    force_new = frozenset({"role", "policyArn"})
    importable = True

    def create(self, scope: Scope, inputs: Properties) -> str:
        """Ten is IAM's default quota of managed policies a role."""
        iam = scope.client("iam")
        attached = iam.list_attached_role_policies(RoleName=inputs["role"])["AttachedPolicies"]
        if len({row["PolicyArn"] for row in attached} - {inputs["policyArn"]}) >= 10:
            raise failed_precondition("LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10")
        iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        role, arn = id.split("/", 1)
        pages = scope.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = {policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]}
        return {"role": role, "policyArn": arn} if arn in attached else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        role, arn = id.split("/", 1)
        scope.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


class Policy(ResourceType):
    pulumi_type = "aws:iam/policy:Policy"
    label = Label.ENFORCED
    naming = Naming(_NAME, 128)
    tagging = IAM_POLICY
    force_new = frozenset({"path", "description", "namePrefix"})
    importable = True
    defaults: ClassVar = {"path": "/"}

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return f"arn:aws:iam::{scope.account_id}:policy{inputs.get('path', '/')}{inputs['name']}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        made = scope.client("iam").create_policy(
            PolicyName=inputs["name"],
            Path=inputs.get("path", "/"),
            PolicyDocument=inputs["policy"],
            Description=inputs.get("description", ""),
        )
        return str(made["Policy"]["Arn"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """A changed document is a new default version; AWS keeps five, so the oldest other one goes."""
        if not olds or document(news["policy"]) == document(olds.get("policy")):
            return
        iam = scope.client("iam")
        versions = iam.list_policy_versions(PolicyArn=id)["Versions"]
        if len(versions) >= 5:
            oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
            iam.delete_policy_version(PolicyArn=id, VersionId=oldest["VersionId"])
        iam.create_policy_version(PolicyArn=id, PolicyDocument=news["policy"], SetAsDefault=True)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        iam = scope.client("iam")
        found = iam.get_policy(PolicyArn=id)["Policy"]
        version = iam.get_policy_version(PolicyArn=id, VersionId=found["DefaultVersionId"])["PolicyVersion"]
        return {
            "arn": id,
            "name": found["PolicyName"],
            "path": found["Path"],
            "policyId": found["PolicyId"],
            "attachmentCount": found["AttachmentCount"],
            "description": found.get("Description") or "",
            "policy": _text(version["Document"]),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        iam = scope.client("iam")
        for version in iam.list_policy_versions(PolicyArn=id)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=id, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=id)


TYPES = (Role(), RolePolicy(), RolePolicyAttachment(), Policy())
