"""The functions behind the REST API: what each is told, and what each may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi

from components.bedrock.access import Models
from components.data.parameters import Parameters
from components.data.table import CREDENTIAL_KEYS, TENANT_KEYS, ItemAction, Table
from components.iam import Grantee
from components.security.secret import Secret
from components.security.secrets import SecretName

type ApiFunction = Literal["api", "assistant", "auth", "authorizer"]

DESCRIPTIONS: Mapping[ApiFunction, str] = {
    "api": "System, retail and workspace routes",
    "assistant": "Chat, insights and MCP: the only caller of models",
    "auth": "Identity routes: the only reader of password hashes and of the refresh secret",
    "authorizer": "Verifies bearer credentials and names the usage key",
}
# Those that a route of the contract may name; the authorizer answers to the gateway itself.
ROUTED: tuple[ApiFunction, ...] = ("api", "assistant", "auth")

_SECRET_VARIABLES: Mapping[ApiFunction, Mapping[str, SecretName]] = {
    "api": {},
    "assistant": {},
    "auth": {"OMNIX_JWT_SECRET_ID": "JWT_SECRET", "OMNIX_JWT_REFRESH_SECRET_ID": "JWT_REFRESH_SECRET"},
    "authorizer": {"OMNIX_JWT_SECRET_ID": "JWT_SECRET", "OMNIX_API_KEY_SECRET_ID": "API_KEY_1"},
}

# Refresh families, and the counters of attempts to sign in.
_SESSION_KEYS = ("FAMILY#*", "LIMIT#*")
_API_KEY_KEYS = ("CREDENTIAL#APIKEY#*",)


@dataclass(frozen=True)
class Stores:
    """What functions read and write, as handles with grants."""

    tables: Mapping[str, Table]
    secrets: Mapping[SecretName, Secret]
    parameters: Parameters
    models: Models


def secret_variables(function: ApiFunction, stores: Stores) -> dict[str, pulumi.Input[str]]:
    """Environment variables that name `function`'s secrets, by ARN; never a value."""
    return {variable: stores.secrets[name].arn for variable, name in _SECRET_VARIABLES[function].items()}


def grant(function: ApiFunction, grantee: Grantee, stores: Stores) -> None:
    """Give `function` what it needs and nothing else.

    Only `auth` sees items under `CREDENTIAL#` and `FAMILY#`; every other role is held to tenant-owned
    partitions of the two tables in which those lie, but for the authorizer, which reads API keys' hashes and
    nothing else. Only the authorizer decrypts the usage key, and only `assistant` calls models.
    """
    stores.parameters.grant_read(grantee)
    for name in _SECRET_VARIABLES[function].values():
        stores.secrets[name].grant_read(grantee)
    tables = stores.tables
    match function:
        case "api":
            tables["products"].grant(
                grantee, ["GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem", "ConditionCheckItem"]
            )
            tables["inventory"].grant(
                grantee, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"]
            )
            tables["analytics"].grant(grantee, ["BatchGetItem", "Query", "PutItem", "UpdateItem"])
            tables["orders"].grant(grantee, ["GetItem", "Query", "PutItem"])
            tables["customer-profiles"].grant(
                grantee,
                ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"],
            )
            tables["recommendations"].grant(grantee, ["BatchGetItem"])
            # Without Query, and so without the indexes. Refresh families lie under `FAMILY#`, but their entry in
            # `gsi1` is under the tenant's key: it would show them, hashes and all, to a role held to `TENANT#`.
            tables["sessions"].grant(grantee, ["GetItem", "PutItem"], TENANT_KEYS)
        case "assistant":
            _grant_tools(grantee, tables)
            stores.models.grant_invoke(grantee)
        case "auth":
            everything: list[ItemAction] = ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"]
            tables["users"].grant(grantee, everything, (*TENANT_KEYS, *CREDENTIAL_KEYS))
            tables["sessions"].grant(grantee, everything, (*TENANT_KEYS, *_SESSION_KEYS))
        case "authorizer":
            tables["users"].grant(grantee, ["GetItem"], _API_KEY_KEYS)
            stores.parameters.grant_decrypt(grantee, "api", "usage-key")


def _grant_tools(grantee: Grantee, tables: Mapping[str, Table]) -> None:
    """What the assistant's tools do through the domain's own services, and what the guard and a conversation keep."""
    tables["products"].grant(grantee, ["GetItem", "BatchGetItem", "Query", "ConditionCheckItem"])
    tables["inventory"].grant(grantee, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"])
    tables["orders"].grant(grantee, ["GetItem", "Query", "PutItem"])
    tables["customer-profiles"].grant(
        grantee, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"]
    )
    # Roll-ups of tenants, and the ledger: holds, limits of a month, calls.
    tables["analytics"].grant(
        grantee, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"], (*TENANT_KEYS, "AI#*")
    )
    # Conversations and pending actions, each by its key: without Query, for the reason given above.
    tables["sessions"].grant(grantee, ["GetItem", "PutItem", "UpdateItem", "DeleteItem"], TENANT_KEYS)
