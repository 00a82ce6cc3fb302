"""AWS Secrets Manager. Values never pass through here: only secrets, policies and rotation."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

from typing import Any, ClassVar

from botocore.exceptions import ClientError

from localcloud.provider.errors import is_conflict
from localcloud.provider.naming import Naming
from localcloud.provider.resource import (
    Label,
    ResourceType,
    Scope,
    failed_precondition,
)
from localcloud.provider.resources.lambda_permission import permits
from localcloud.provider.tagging import Tagging
from localcloud.provider.wire import Properties

_TAGS = Tagging("secretsmanager", "SecretId", "describe_secret")


class Secret(ResourceType):
    pulumi_type = "aws:secretsmanager/secret:Secret"
    label = Label.EXECUTED
    naming = Naming(r"[A-Za-z0-9/_+=.@-]+", 512)
    tagging = _TAGS
    importable = True
    force_new = frozenset({"namePrefix"})
    local_only = frozenset({"recoveryWindowInDays", "forceOverwriteReplicaSecret"})
    defaults: ClassVar = {"recoveryWindowInDays": 30, "forceOverwriteReplicaSecret": False}

    def create(self, scope: Scope, inputs: Properties) -> str:
        given = {"Name": inputs["name"], "Description": inputs.get("description", "")}
        if "kmsKeyId" in inputs:
            given["KmsKeyId"] = inputs["kmsKeyId"]
        client = scope.client("secretsmanager")
        try:
            return str(client.create_secret(**given)["ARN"])
        except ClientError as error:
            if is_conflict(error) and client.describe_secret(SecretId=inputs["name"]).get("DeletedDate"):
                raise failed_precondition(
                    f"InvalidRequestException: a secret named {inputs['name']} is already scheduled for deletion:"
                    " restore and import it, wait until its recovery window ends, or delete it without recovery"
                ) from error
            raise

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        client = scope.client("secretsmanager")
        changed = [key for key in ("description", "kmsKeyId") if news.get(key) != olds.get(key)]
        if olds and changed:
            given = {"Description": news.get("description", "")}
            if news.get("kmsKeyId"):
                given["KmsKeyId"] = news["kmsKeyId"]
            client.update_secret(SecretId=id, **given)
        if news.get("policy"):
            client.put_resource_policy(SecretId=id, ResourcePolicy=news["policy"])
        elif olds.get("policy"):
            client.delete_resource_policy(SecretId=id)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("secretsmanager").describe_secret(SecretId=id)
        if found.get("DeletedDate"):
            return None
        return {
            "arn": found["ARN"],
            "name": found["Name"],
            "description": found.get("Description") or "",
            "kmsKeyId": found.get("KmsKeyId"),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """A window of 0 deletes for good; otherwise the name stays taken until the window ends."""
        days = state.get("recoveryWindowInDays", 30)
        how: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        scope.client("secretsmanager").delete_secret(SecretId=id, **how)


class SecretPolicy(ResourceType):
    id_format = "{secretArn}"
    pulumi_type = "aws:secretsmanager/secretPolicy:SecretPolicy"
    label = Label.STORED
    remove = ("secretsmanager", "delete_resource_policy", "SecretId")
    force_new = frozenset({"secretArn"})
    local_only = frozenset({"blockPublicPolicy"})
    importable = True

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        scope.client("secretsmanager").put_resource_policy(SecretId=id, ResourcePolicy=news["policy"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("secretsmanager").get_resource_policy(SecretId=id)
        policy = found.get("ResourcePolicy")
        return {"secretArn": found["ARN"], "policy": policy} if policy else None


class SecretRotation(ResourceType):
    id_format = "{secretId}"
    pulumi_type = "aws:secretsmanager/secretRotation:SecretRotation"
    label = Label.EXECUTED
    remove = ("secretsmanager", "cancel_rotate_secret", "SecretId")
    force_new = frozenset({"secretId"})
    local_only = frozenset({"rotateImmediately"})
    defaults: ClassVar = {"rotateImmediately": True}

    def create(self, scope: Scope, inputs: Properties) -> str:
        """Refuses what AWS refuses: a secret without a value, a function Secrets Manager may not invoke."""
        client = scope.client("secretsmanager")
        secret = client.describe_secret(SecretId=inputs["secretId"])
        stages = {stage for found in secret.get("VersionIdsToStages", {}).values() for stage in found}
        if "AWSCURRENT" not in stages:
            raise failed_precondition(
                f"InvalidRequestException: secret {secret['Name']} has no AWSCURRENT value to rotate:"
                " write its first version before turning rotation on"
            )
        function = inputs.get("rotationLambdaArn")
        if function and not permits(scope, function, "secretsmanager.amazonaws.com", secret["ARN"]):
            raise failed_precondition(
                f"AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function {function}:"
                " its policy needs lambda:InvokeFunction for secretsmanager.amazonaws.com"
            )
        self._rotate(scope, inputs)
        return str(secret["ARN"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """New rules or another function take effect without an extra rotation where that is off."""
        if olds and any(news.get(key) != olds.get(key) for key in ("rotationRules", "rotationLambdaArn")):
            self._rotate(scope, news)

    def _rotate(self, scope: Scope, inputs: Properties) -> None:
        rules = inputs.get("rotationRules", {})
        names = (
            ("automaticallyAfterDays", "AutomaticallyAfterDays"),
            ("scheduleExpression", "ScheduleExpression"),
            ("duration", "Duration"),
        )
        given: dict[str, Any] = {
            "SecretId": inputs["secretId"],
            "RotationRules": {target: rules[source] for source, target in names if source in rules},
            "RotateImmediately": inputs.get("rotateImmediately", True),
        }
        if "rotationLambdaArn" in inputs:
            given["RotationLambdaARN"] = inputs["rotationLambdaArn"]
        scope.client("secretsmanager").rotate_secret(**given)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("secretsmanager").describe_secret(SecretId=id)
        # moto knows intervals only: it calls a rotation by schedule expression off
        scheduled = "scheduleExpression" in (state.get("rotationRules") or {}) and found.get("RotationLambdaARN")
        if found.get("DeletedDate") or not (found.get("RotationEnabled") or scheduled):
            return None
        return {
            "secretId": id,
            "rotationEnabled": True,
            "rotationLambdaArn": found["RotationLambdaARN"],
        }


TYPES = (Secret(), SecretPolicy(), SecretRotation())
