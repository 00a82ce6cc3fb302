"""AWS KMS."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

import json
from typing import ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, document
from localcloud.provider.tagging import KMS
from localcloud.provider.wire import Properties


class Key(ResourceType):
    pulumi_type = "aws:kms/key:Key"
    label = Label.EXECUTED
    tagging = KMS
    importable = True
    force_new = frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion", "customKeyStoreId", "xksKeyId"})
    filled = frozenset({"policy", "description", "rotationPeriodInDays"})
    local_only = frozenset({"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"})
    defaults: ClassVar = {
        "isEnabled": True,
        "enableKeyRotation": False,
        "keyUsage": "ENCRYPT_DECRYPT",
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "multiRegion": False,
        "bypassPolicyLockoutSafetyCheck": False,
    }

    def create(self, scope: Scope, inputs: Properties) -> str:
        given = {
            "Description": inputs.get("description", ""),
            "KeyUsage": inputs.get("keyUsage", "ENCRYPT_DECRYPT"),
            "KeySpec": inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT"),
            "MultiRegion": inputs.get("multiRegion", False),
        }
        if "policy" in inputs:
            given["Policy"] = inputs["policy"]
        return str(scope.client("kms").create_key(**given)["KeyMetadata"]["KeyId"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        kms = scope.client("kms")
        if olds and news.get("description") != olds.get("description"):
            kms.update_key_description(KeyId=id, Description=news.get("description", ""))
        if news.get("policy", olds.get("policy")) and news.get("policy") != olds.get("policy") and "policy" in news:
            kms.put_key_policy(KeyId=id, PolicyName="default", Policy=news["policy"])
        if news.get("enableKeyRotation"):
            kms.enable_key_rotation(KeyId=id, RotationPeriodInDays=news.get("rotationPeriodInDays", 365))
        elif olds.get("enableKeyRotation"):
            kms.disable_key_rotation(KeyId=id)
        if not news.get("isEnabled", True):
            kms.disable_key(KeyId=id)
        elif olds.get("isEnabled") is False:
            kms.enable_key(KeyId=id)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        kms = scope.client("kms")
        found = kms.describe_key(KeyId=id)["KeyMetadata"]
        if found["KeyState"] in {"PendingDeletion", "PendingReplicaDeletion"}:
            return None
        rotation = kms.get_key_rotation_status(KeyId=id)
        policy = kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"]
        return {
            "arn": found["Arn"],
            "keyId": found["KeyId"],
            "description": found["Description"],
            "isEnabled": found["Enabled"],
            "keyUsage": found["KeyUsage"],
            "customerMasterKeySpec": found["KeySpec"],
            "multiRegion": found["MultiRegion"],
            "enableKeyRotation": rotation["KeyRotationEnabled"],
            # 365 is what AWS chooses when the period is not given
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays", 365)
            if rotation["KeyRotationEnabled"]
            else None,
            "policy": json.dumps(document(policy), separators=(",", ":")),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """The key waits out its window (30 days unless given), and can be recovered until then."""
        days = state.get("deletionWindowInDays", 30)
        scope.client("kms").schedule_key_deletion(KeyId=id, PendingWindowInDays=days)

    def tagged(self, id: str, state: Properties) -> str:
        return id


class Alias(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:kms/alias:Alias"
    label = Label.EXECUTED
    remove = ("kms", "delete_alias", "AliasName")
    importable = True
    naming = Naming(r"alias/[A-Za-z0-9/_-]+", 256, prefix="alias/")

    def create(self, scope: Scope, inputs: Properties) -> str:
        scope.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        if olds and news["targetKeyId"] != olds.get("targetKeyId"):
            scope.client("kms").update_alias(AliasName=id, TargetKeyId=news["targetKeyId"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        pages = scope.client("kms").get_paginator("list_aliases").paginate()
        found = next((row for page in pages for row in page["Aliases"] if row["AliasName"] == id), None)
        if found is None or "TargetKeyId" not in found:
            return None
        key_id = found["TargetKeyId"]
        key_arn = scope.arn("kms", f"key/{key_id}")
        given = state.get("targetKeyId")
        return {
            "name": id,
            "arn": found["AliasArn"],
            "targetKeyId": given if given in {key_id, key_arn} else key_id,
            "targetKeyArn": key_arn,
        }


TYPES = (Key(), Alias())
