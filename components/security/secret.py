"""A Secrets Manager secret as siblings see it: its ARN, and the grant to read it."""

from dataclasses import dataclass

import pulumi

from components.iam import Grantee, Statement, Value
from components.security.secrets import SecretName


@dataclass(frozen=True)
class Secret:
    """One secret's outputs and grants. The value is read at run time, never here."""

    name: SecretName
    arn: pulumi.Output[str]
    key_arn: pulumi.Input[str]
    region: str

    def grant_read(self, grantee: Grantee) -> None:
        """Let `grantee` read every version of this secret, and decrypt it through Secrets Manager only."""
        grantee.allow(
            "read-" + self.name.lower().replace("_", "-"),
            [
                Statement("ReadSecret", ["secretsmanager:GetSecretValue"], [self.arn]),
                decrypt_secrets(self.key_arn, self.region, [self.arn]),
            ],
        )


def decrypt_secrets(
    key_arn: Value, region: str, secret_arns: list[Value], actions: tuple[str, ...] = ("kms:Decrypt",)
) -> Statement:
    """Use of the key for exactly `secret_arns`: Secrets Manager puts each secret's ARN in the context."""
    return Statement(
        "UseKeyForSecrets",
        actions,
        [key_arn],
        {
            "StringEquals": {
                "kms:EncryptionContext:SecretARN": secret_arns,
                "kms:ViaService": [f"secretsmanager.{region}.amazonaws.com"],
            }
        },
    )
