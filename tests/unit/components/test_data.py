"""The tables as data, and the parameters that name them."""

import json

from components.config.adoption import ADOPTABLE
from components.data.parameters import entries
from components.data.tables import TABLES, TableDefinition
from components.naming import Names

NAMES = Names("dev", "111122223333", "eu-central-1")


def test_there_are_nine_tables_with_the_promised_names() -> None:
    assert set(TABLES) == {
        "analytics", "customer-profiles", "inventory", "orders", "products", "recommendations", "sessions",
        "users", "workspaces",
    }  # fmt: skip


def test_a_table_defines_its_key_attributes_and_no_other() -> None:
    """DynamoDB refuses an attribute definition that no key uses."""
    table = TableDefinition("t", indexes=("gsi1", "gsi2"), ttl="expires_at")
    assert table.attributes == ("pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")


def test_what_expires_has_a_ttl() -> None:
    expiring = {name for name, table in TABLES.items() if table.ttl == "expires_at"}
    assert expiring == {"analytics", "recommendations", "sessions", "workspaces"}


def test_parameters_tell_functions_where_everything_is() -> None:
    origins = ["https://b.example", "https://a.example"]
    made = entries(NAMES, tables=TABLES, origins=origins, log_level="INFO", commit="c0ffee")
    values = {entry.path: entry.value for entry in made}
    assert values["database/endpoint"] == "https://dynamodb.eu-central-1.amazonaws.com"
    assert json.loads(str(values["database/tables"])) == {table: f"omnix-ai-dev-{table}" for table in TABLES}
    assert values["api/cors-origins"] == "https://a.example,https://b.example"
    assert values["monitoring/log-level"] == "INFO"
    assert values["release/commit"] == "c0ffee"
    assert len({entry.slug for entry in made}) == len(made)


def test_every_stateful_resource_can_be_adopted() -> None:
    assert {"key", "vault", "artefact-bucket", "tables/users", "secrets/JWT_SECRET"} <= ADOPTABLE
