"""`SecretRotation`: the function that rotates the secrets, their first values, and their schedules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.iam import Statement, Value
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.security.secret import Secret, decrypt_secrets
from components.security.secrets import SecretName


def rotation_statements(key_arn: Value, region: str, secret_arns: Sequence[Value]) -> list[Statement]:
    """What rotating needs, on exactly these secrets."""
    return [
        Statement(
            "RotateSecrets",
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            list(secret_arns),
        ),
        # PutSecretValue encrypts with a data key and checks that it can decrypt it again.
        decrypt_secrets(key_arn, region, list(secret_arns), ("kms:Decrypt", "kms:GenerateDataKey")),
    ]


@dataclass(frozen=True)
class SecretRotationArgs:
    """`function`: all of the rotation function but the secrets' ids, which this component adds."""

    function: LambdaFunctionArgs
    secrets: Mapping[SecretName, Secret]
    rotation_days: int


class SecretRotation(pulumi.ComponentResource):
    """Rotation of the secrets, attached after secrets and functions exist.

    Makes: a `LambdaFunction`, `aws:lambda:Permission` for Secrets Manager, and for each secret
    `aws:lambda:Invocation` (the function writes the first value; state sees `{"written": true}` only) and
    `aws:secretsmanager:SecretRotation`.

    No value is a resource: Secrets Manager deletes deprecated versions, so a first version kept in state
    would vanish after two rotations and be made anew, and perhaps promoted. The schedule's resource reads
    back ARN, rules and `rotationEnabled`, none of which a rotation changes.
    """

    function: LambdaFunction
    initialised: Sequence[pulumi.Resource]  # the secrets have values once these are done

    def __init__(self, name: str, args: SecretRotationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:SecretRotation", name, None, opts)
        self._name, self._args = name, args
        self.function = self._rotation_function()
        permission = self._permission()
        written = []
        for secret in args.secrets.values():
            first = self._first_value(secret)
            self._schedule(secret, permission, first)
            written.append(first)
        self.initialised = tuple(written)
        self.register_outputs({"functionName": self.function.name})

    def _rotation_function(self) -> LambdaFunction:
        base = self._args.function
        arns = [secret.arn for secret in self._args.secrets.values()]
        return LambdaFunction(
            f"{self._name}-lambda",
            replace(
                base,
                environment={
                    **base.environment,
                    "OMNIX_ROTATION_SECRET_IDS": pulumi.Output.all(*arns).apply(",".join),
                },
                grants={"rotate": rotation_statements(base.key_arn, base.names.region, arns)},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _permission(self) -> aws.lambda_.Permission:
        """Secrets Manager may call the alias, for secrets of this account only."""
        return aws.lambda_.Permission(
            f"{self._name}-permission",
            statement_id="SecretsManagerRotates",
            action="lambda:InvokeFunction",
            function=self.function.name,
            qualifier=self.function.alias.name,
            principal="secretsmanager.amazonaws.com",
            source_account=self._args.function.names.account_id,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _first_value(self, secret: Secret) -> aws.lambda_.Invocation:
        """Turning rotation on calls the function before a secret has a value: write that one first."""
        return aws.lambda_.Invocation(
            f"{self._name}-first-{secret.name}",
            function_name=self.function.name,
            qualifier=self.function.alias.name,
            input=secret.arn.apply(_initialise),
            lifecycle_scope="CREATE_ONLY",
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.function.grants)),
        )

    def _schedule(self, secret: Secret, *after: pulumi.Resource) -> None:
        """The schedule. Not at once: an `up` must not rotate; Secrets Manager only tests the function."""
        aws.secretsmanager.SecretRotation(
            f"{self._name}-schedule-{secret.name}",
            secret_id=secret.arn,
            rotation_lambda_arn=self.function.alias_arn,
            rotate_immediately=False,
            rotation_rules={"automatically_after_days": self._args.rotation_days},
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )


def _initialise(secret_arn: str) -> str:
    event = {"secret_id": secret_arn, "source": "omnix.initialise"}
    return json.dumps(event, sort_keys=True, separators=(",", ":"))
