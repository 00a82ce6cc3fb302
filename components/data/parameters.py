"""The Parameter Store entries that functions read at run time, as data, and the grants to read them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import pulumi

from components.iam import Grantee, Statement
from components.naming import Names

TABLES_PATH = "database/tables"


@dataclass(frozen=True)
class Entry:
    """One parameter: its path below the environment's prefix, its type, its value."""

    path: str
    type: Literal["String", "StringList"]
    value: pulumi.Input[str]
    description: str
    ignore_changes: Sequence[str] = ()

    @property
    def slug(self) -> str:
        """The path as part of a logical name."""
        return self.path.replace("/", "-")


def entries(
    names: Names,
    *,
    tables: Iterable[str],
    origins: Iterable[str],
    log_level: str,
    commit: str,
    bedrock: Sequence["Entry"] = (),
    legacy: Mapping[str, str] = MappingProxyType({}),
) -> list[Entry]:
    """Everything known before an API exists; `api/url` and `api/usage-key` come with the API.

    `bedrock`: what is to know about models. `legacy` are tables under their old names, by logical name, that a cut-over
    is to end.
    """
    standard = {table: names.table(table) for table in tables}
    endpoint = f"https://dynamodb.{names.region}.amazonaws.com"
    return [
        Entry("database/endpoint", "String", endpoint, "DynamoDB endpoint"),
        _of_all_tables(standard, legacy),
        *(_of_one_table(table, name) for table, name in standard.items()),
        Entry("api/cors-origins", "StringList", ",".join(sorted(origins)), "Origins a browser may call from"),
        *bedrock,
        Entry("monitoring/log-level", "String", log_level, "Log level of every function"),
        Entry("release/commit", "String", commit, "Git commit of the last deployment"),
    ]


def table_names(tables: Mapping[str, str]) -> str:
    """The value of `database/tables`: physical names by logical name, canonical.

    One parameter for all, so that a cut-over of several tables is one write, and no function needs more than the ten
    names that `GetParameters` takes.
    """
    return json.dumps(tables, sort_keys=True, separators=(",", ":"))


def _of_all_tables(standard: Mapping[str, str], legacy: Mapping[str, str]) -> Entry:
    """The names of all tables. While any is a legacy one, `omnix cutover` alone moves the value.

    Pulumi sends the value with every other change of a parameter, and an ignored one as its state remembers it: that
    would undo a move. So nothing else changes here while legacy tables are configured; and with the last one going the
    description changes, so that the standard names are written, whatever the state remembers.
    """
    value = table_names({**standard, **legacy})
    if not legacy:
        return Entry(TABLES_PATH, "String", value, "Names of the tables by their logical names")
    described = "Names of the tables by their logical names, moved by `omnix cutover`"
    return Entry(TABLES_PATH, "String", value, described, ignore_changes=["value"])


def _of_one_table(logical: str, physical: str) -> Entry:
    """Deprecated, to go with the next release: the functions of the last one read a parameter a table.

    Where the deployment service moves the alias, those functions serve on after this program's update until the shift,
    and again after a rollback; and a name that they miss is an error at once, whatever they have in their cache.
    """
    return Entry(f"{TABLES_PATH}/{logical}", "String", physical, f"Name of the table {logical}")


@dataclass(frozen=True)
class Parameters:
    """Grants on the environment's parameters.

    `written` are their names, known once they are there: a role may read them only then, and a function gets its code
    after its role's policies, so that no new version looks for a parameter that is still to come.
    """

    names: Names
    key_arn: pulumi.Input[str]
    written: pulumi.Output[list[str]]

    def grant_read(self, grantee: Grantee) -> None:
        """Read any parameter of the environment by its name; a SecureString stays encrypted."""
        prefix = self.names.parameter_arn(self.names.parameter_prefix)
        grantee.allow(
            "read-parameters",
            [
                Statement(
                    "ReadParameters",
                    ["ssm:GetParameters"],
                    [self.written.apply(lambda _: f"{prefix}/*")],
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
