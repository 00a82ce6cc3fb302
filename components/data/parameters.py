"""The Parameter Store entries that functions read at run time, as data, and the grants to read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pulumi

from components.iam import Grantee, Statement
from components.naming import Names


@dataclass(frozen=True)
class Entry:
    """One parameter: its path below the environment's prefix, its type, its value."""

    path: str
    type: Literal["String", "StringList"]
    value: pulumi.Input[str]
    description: str

    @property
    def slug(self) -> str:
        """The path as part of a logical name."""
        return self.path.replace("/", "-")


def entries(
    names: Names, *, tables: Iterable[str], origins: Iterable[str], model_id: str, log_level: str, commit: str
) -> list[Entry]:
    """Everything known before an API exists; `api/url` and `api/usage-key` come with the API."""
    endpoint = f"https://dynamodb.{names.region}.amazonaws.com"
    return [
        Entry("database/endpoint", "String", endpoint, "DynamoDB endpoint"),
        *(
            Entry(f"database/tables/{table}", "String", names.table(table), f"Name of the table {table}")
            for table in tables
        ),
        Entry("api/cors-origins", "StringList", ",".join(sorted(origins)), "Origins a browser may call from"),
        Entry("bedrock/model-id", "String", model_id, "Model of the assistant"),
        Entry("monitoring/log-level", "String", log_level, "Log level of every function"),
        Entry("release/commit", "String", commit, "Git commit of the last deployment"),
    ]


@dataclass(frozen=True)
class Parameters:
    """Grants on the environment's parameters."""

    names: Names
    key_arn: pulumi.Input[str]

    def grant_read(self, grantee: Grantee) -> None:
        """Read any parameter of the environment by its name; a SecureString stays encrypted."""
        prefix = self.names.parameter_arn(self.names.parameter_prefix)
        grantee.allow(
            "read-parameters",
            [
                Statement(
                    "ReadParameters",
                    ["ssm:GetParameters"],
                    [f"{prefix}/*"],
                )
            ],
        )

    def grant_decrypt(self, grantee: Grantee, area: str, name: str) -> None:
        """Decrypt one SecureString: Parameter Store puts the parameter's ARN in the encryption context."""
        grantee.allow(
            f"decrypt-{area}-{name}",
            [
                Statement(
                    "DecryptParameter",
                    ["kms:Decrypt"],
                    [self.key_arn],
                    {
                        "StringEquals": {
                            "kms:EncryptionContext:PARAMETER_ARN": [
                                self.names.parameter_arn(self.names.parameter(area, name))
                            ],
                            "kms:ViaService": [f"ssm.{self.names.region}.amazonaws.com"],
                        }
                    },
                )
            ],
        )
